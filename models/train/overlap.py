"""How much boxes overlap, and which of many on one person stays (numpy; corners x1, y1, x2, y2)."""

import numpy as np


def areas(boxes: np.ndarray) -> np.ndarray:
    return np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)


def intersections(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[n, 4] and [m, 4] -> shared area [n, m]."""
    sides = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    return np.maximum(sides, 0).prod(-1)


def ious(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    shared = intersections(a, b)
    return shared / (areas(a)[:, None] + areas(b)[None] - shared + 1e-9)


def suppress(boxes: np.ndarray, scores: np.ndarray, iou_max: float = 0.65) -> np.ndarray:
    """Indices of the boxes that stay, best first."""
    order = scores.argsort(kind="stable")[::-1]
    overlaps = ious(boxes[order], boxes[order]) > iou_max
    gone = np.zeros(len(order), bool)
    for k in range(len(order)):
        if not gone[k]:
            gone[k + 1 :] |= overlaps[k, k + 1 :]
    return order[~gone]
