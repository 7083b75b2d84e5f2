"""Measures AP50 on the held-out pictures, against the boxes that humans drew.

models/train/run score --data ../shared/data/train-person.tar --onnx models/person-384.onnx
"""

import argparse
from collections.abc import Callable

import numpy as np
import onnxruntime

from letterbox import Size, letterbox
from overlap import ious, suppress
from pack import Picture, read_pack

Detect = Callable[[np.ndarray], np.ndarray]
"""uint8 [n, H, W, 3] RGB -> [n, N, 5]: centre x, centre y, width, height, score"""

SCORE_MIN = 0.01
BOXES_MAX = 500
BATCH = 16


def held_out_ap50(detect: Detect, pictures: list[Picture], size: Size) -> float:
    found = []
    for first in range(0, len(pictures), BATCH):
        boxed = [letterbox(picture.image, size) for picture in pictures[first : first + BATCH]]
        rows = detect(np.ascontiguousarray(np.stack([image for image, _ in boxed])[..., ::-1]))
        found += [detections(row, scale) for row, (_, scale) in zip(rows, boxed, strict=True)]
    return ap50(found, [picture.human for picture in pictures])


def detections(rows: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners in the camera's pixels, and scores, after suppression."""
    best = rows[:, 4].argsort()[::-1][:BOXES_MAX]
    rows = rows[best][rows[best, 4] > SCORE_MIN]
    half = rows[:, 2:4] / 2
    corners = np.concatenate([rows[:, :2] - half, rows[:, :2] + half], 1) / scale
    keep = suppress(corners, rows[:, 4])
    return corners[keep], rows[keep, 4]


def ap50(found: list[tuple[np.ndarray, np.ndarray]], truth: list[np.ndarray]) -> float:
    """The area under precision over recall; a box is right when it is the first to overlap a person by half."""
    scores, right = [], []
    for (boxes, box_scores), people in zip(found, truth, strict=True):
        overlaps = ious(boxes, people)
        taken = np.zeros(len(people), bool)
        for k in box_scores.argsort(kind="stable")[::-1]:
            free = np.where(taken, -1, overlaps[k])
            hit = len(people) > 0 and free.max() >= 0.5
            if hit:
                taken[free.argmax()] = True
            scores.append(box_scores[k])
            right.append(hit)
    order = np.argsort(scores, kind="stable")[::-1]
    hits = np.array(right, float)[order].cumsum()
    recall = hits / max(sum(map(len, truth)), 1)
    precision = hits / np.arange(1, len(hits) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0) * precision).sum())


def onnx_detector(path: str, threads: int = 2) -> tuple[Detect, Size]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    _, height, width, _ = session.get_inputs()[0].shape
    return lambda images: session.run(None, {"image": images})[0], Size(width, height)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--onnx", required=True)
    options = parser.parse_args()
    detect, size = onnx_detector(options.onnx)
    print(f"held-out AP50 {held_out_ap50(detect, read_pack(options.data, 'val'), size):.4f}")


if __name__ == "__main__":
    main()
