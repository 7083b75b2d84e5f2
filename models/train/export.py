"""Writes a training's network as ONNX for one input size, and checks that it answers as the network does.

models/train/run export --weights run1/best.pt --onnx person-320.onnx
models/train/run export --weights run1/best.pt --size 384x288 --onnx person-384-float.onnx

Input `image`: uint8 [n, H, W, 3] RGB. Output `boxes`: float32 [n, N, 5]: centre x, centre y, width, height in pixels of
the input, score. Nothing is suppressed.
"""

import argparse
import hashlib
import json
import os
from pathlib import Path

import onnx
import torch

from agreement import DIFFERENCE_MAX, difference
from letterbox import Size, parse_size
from network import Deployed, Network, grid_of

OPSET = 17
# What the detector port cannot know of the file. The confidence is to be chosen anew for other weights: see the card.
DESCRIPTION = {
    "licence": "Apache-2.0",
    "source": "trained by models/train; see models/README.md",
    "classes": ["person"],
    "confidence": {"person": 0.52},
    "overlapMax": 0.5,
    "input": {"colour": "rgb", "placement": "top-left", "pad": 114, "mean": [0, 0, 0], "std": [1, 1, 1]},
    "output": {"layout": "yolox", "decoded": True},
}


def load_weights(path: str) -> tuple[Network, dict]:
    """The moving average in a checkpoint.pt or best.pt, and the file's whole content."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    network = Network()
    network.load_state_dict(content["ema"])
    return network.eval(), content


def export(network: Network, size: Size, path: str) -> float:
    """Returns how far the file is from the network."""
    deployed = Deployed(network, size).eval()
    example = torch.zeros(2, size.height, size.width, 3, dtype=torch.uint8)
    torch.onnx.export(
        deployed,
        (example,),
        path,
        input_names=["image"],
        output_names=["boxes"],
        opset_version=OPSET,
        dynamo=False,
        dynamic_axes={"image": {0: "n"}, "boxes": {0: "n"}},
    )
    model = onnx.load(path)
    cells, values = model.graph.output[0].type.tensor_type.shape.dim[1:]
    cells.dim_value, values.dim_value = len(grid_of(size).centre), 5
    onnx.helper.set_model_props(
        model,
        {
            "author": "Passerby, models/train",
            "input": f"uint8 NHWC RGB {size}, picture at the top left, rest 114",
            "output": "centre x, centre y, width, height in input pixels, score; before suppression",
        },
    )
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return difference(network, path)


def describe(path: str) -> None:
    """Writes the JSON of the same name, by which the detector port knows the file and how to use it."""
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    Path(path).with_suffix(".json").write_text(json.dumps({"sha256": digest} | DESCRIPTION, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True, help="best.pt or checkpoint.pt")
    parser.add_argument("--onnx", required=True)
    parser.add_argument("--size", type=parse_size, help="the training's, unless given")
    options = parser.parse_args()
    network, content = load_weights(options.weights)
    size = options.size or parse_size(content["settings"]["size"])
    apart = export(network, size, options.onnx)
    told = f"step {content['progress']['step']}, held-out AP50 so far {content['progress']['best']:.4f}"
    print(f"{options.onnx}: {size}, {os.path.getsize(options.onnx)} bytes, {told}, differs from torch by {apart:.1e}")
    if apart > DIFFERENCE_MAX:
        raise SystemExit("that is too much")
    describe(options.onnx)


if __name__ == "__main__":
    main()
