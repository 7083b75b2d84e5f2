"""How far an ONNX file is from the network it should be."""

import numpy as np
import onnxruntime
import torch

from letterbox import Size
from network import Deployed, Network

DIFFERENCE_MAX = 1e-2
"""In pixels, or of a score: more is another network, less is rounding."""


def difference(network: Network, path: str) -> float:
    """The largest, over pictures of random blocks, which are closer to pictures than random pixels are."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    _, height, width, _ = session.get_inputs()[0].shape
    blocks = np.random.default_rng(0).integers(0, 256, (3, height // 16, width // 16, 3), np.uint8)
    images = blocks.repeat(16, 1).repeat(16, 2)
    deployed = Deployed(network, Size(width, height)).eval()
    with torch.inference_mode():
        ours = deployed(torch.from_numpy(images)).numpy()
    return float(np.abs(ours - session.run(None, {"image": images})[0]).max())
