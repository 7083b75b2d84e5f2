"""Makes an int8 model of an exported one: static, QDQ, per channel, calibrated on training pictures.

models/train/run quantise --data ../shared/data/train-person.tar --onnx person-384-float.onnx --out person-384.onnx

The last three convolutions and the decoding stay float32: a score needs its digits. Without VNNI, a CPU sums pairs of
products in 16 bits and saturates: --reduce-range keeps weights to 7 bits so that this cannot happen.
"""

import argparse
import os
from collections.abc import Iterator
from random import Random

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from camera import degrade
from export import describe
from letterbox import Size, letterbox
from pack import Picture, read_pack
from score import held_out_ap50, onnx_detector

PICTURES = 200
VALUES_PER_CELL = 5
QUANTISED = ["Conv", "Add", "MaxPool", "Concat", "Resize", "Relu"]


class Calibration(CalibrationDataReader):
    """Half of the pictures as they are, half as a cheap camera gives them."""

    def __init__(self, pictures: list[Picture], size: Size) -> None:
        self.inputs = self.each(Random(0), pictures, size)

    def each(self, rnd: Random, pictures: list[Picture], size: Size) -> Iterator[np.ndarray]:
        for k, picture in enumerate(rnd.sample(pictures, min(PICTURES, len(pictures)))):
            image = degrade(rnd, picture.image) if k % 2 else picture.image
            yield np.ascontiguousarray(letterbox(image, size)[0][None, ..., ::-1])

    def get_next(self) -> dict[str, np.ndarray] | None:
        image = next(self.inputs, None)
        return None if image is None else {"image": image}


def nodes_to_keep(model: onnx.ModelProto) -> list[str]:
    """The prediction layers and everything behind them."""
    outputs = {tensor.name: tensor.dims[0] for tensor in model.graph.initializer if len(tensor.dims) == 4}
    behind: set[str] = set()
    keep = []
    for node in model.graph.node:
        predicts = node.op_type == "Conv" and outputs.get(node.input[1]) == VALUES_PER_CELL
        if predicts or behind.intersection(node.input):
            behind.update(node.output)
            keep.append(node.name)
    return keep


def quantise(source: str, out: str, pictures: list[Picture], size: Size, reduce_range: bool) -> None:
    quantize_static(
        source,
        out,
        Calibration(pictures, size),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=reduce_range,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=QUANTISED,
        nodes_to_exclude=nodes_to_keep(onnx.load(source)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--onnx", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--reduce-range", action="store_true")
    options = parser.parse_args()
    _, size = onnx_detector(options.onnx)
    quantise(options.onnx, options.out, read_pack(options.data, "train"), size, options.reduce_range)
    describe(options.out)
    detect, _ = onnx_detector(options.out)
    ap50 = held_out_ap50(detect, read_pack(options.data, "val"), size)
    print(f"{options.out}: {os.path.getsize(options.out)} bytes, held-out AP50 {ap50:.4f}")


if __name__ == "__main__":
    main()
