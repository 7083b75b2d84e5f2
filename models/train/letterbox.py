"""How a camera's picture lies in the network's input: scaled to fit, at the top left, the rest grey."""

from typing import NamedTuple

import cv2
import numpy as np

PAD = 114


class Size(NamedTuple):
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


def parse_size(text: str) -> Size:
    """`320x256` is a size; both sides must be multiples of the coarsest stride."""
    width, _, height = text.partition("x")
    size = Size(int(width), int(height))
    if size.width % 32 or size.height % 32 or min(size) < 64:
        raise ValueError(f"{text}: both sides must be multiples of 32, and 64 or more")
    return size


def fit_scale(image: np.ndarray, size: Size) -> float:
    height, width = image.shape[:2]
    return min(size.width / width, size.height / height)


def letterbox(image: np.ndarray, size: Size) -> tuple[np.ndarray, float]:
    """The input picture, and what to multiply the camera's pixels with to get the input's."""
    scale = fit_scale(image, size)
    width, height = round(image.shape[1] * scale), round(image.shape[0] * scale)
    out = np.full((size.height, size.width, 3), PAD, np.uint8)
    out[:height, :width] = scaled(image, width, height)
    return out, scale


def scaled(image: np.ndarray, width: int, height: int) -> np.ndarray:
    if image.shape[:2] == (height, width):
        return image
    shrinks = width < image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
