"""Boxes in pictures by a decoding of its own, to compare ours with: NumPy, OpenCV and the published formulas alone.

Reads a list of jobs from standard input, writes what was found in each, in pixels of the picture:
[{model, picture, layout, size: [width, height], colour, mean, std, placement, channels_last, score_min, overlap_max}]
"""

import json
import sys

import cv2
import numpy as np
import onnxruntime


def place(picture, job):
    """The network's input, and what turns its pixels into those of the picture."""
    width, height = job["size"]
    if job["placement"] == "stretched":
        scale_x, scale_y = width / picture.shape[1], height / picture.shape[0]
        ratio = None
    else:
        scale_x = scale_y = ratio = min(width / picture.shape[1], height / picture.shape[0])
    inner = (width, height) if ratio is None else (round(picture.shape[1] * ratio), round(picture.shape[0] * ratio))
    left, top = ((width - inner[0]) // 2, (height - inner[1]) // 2) if job["placement"] == "centred" else (0, 0)
    smaller = inner[0] < picture.shape[1]
    resized = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    canvas = np.full((height, width, 3), 114, np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = resized
    if job["colour"] == "rgb":
        canvas = canvas[:, :, ::-1]
    return canvas, lambda boxes: (boxes - [left, top, left, top]) / [scale_x, scale_y, scale_x, scale_y]


def cells(size, strides):
    """Column, row and stride of each cell, level by level."""
    levels = []
    for stride in strides:
        rows, columns = -(-size[1] // stride), -(-size[0] // stride)
        y, x = np.mgrid[:rows, :columns]
        levels.append(np.stack([x.ravel(), y.ravel(), np.full(rows * columns, stride)], 1))
    return np.concatenate(levels).astype(np.float64)


def from_centres(boxes):
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def yolox(outputs, job):
    rows = outputs[0][0].astype(np.float64)
    grid = cells(job["size"], (8, 16, 32))
    centres = (rows[:, :2] + grid[:, :2]) * grid[:, 2:]
    sides = np.exp(rows[:, 2:4]) * grid[:, 2:]
    return from_centres(np.concatenate([centres, sides], 1)), rows[:, 4] * rows[:, 5]


def decoded(outputs, job):
    rows = outputs[0][0]
    return from_centres(rows[:, :4]), rows[:, 4]


def yolov8(outputs, job):
    rows = outputs[0][0].T
    return from_centres(rows[:, :4]), rows[:, 4]


def ssd(outputs, job):
    boxes, scores = outputs
    width, height = job["size"]
    return boxes[0] * [width, height, width, height], scores[0][:, 1]


def picodet(outputs, job):
    half = len(outputs) // 2
    scores = np.concatenate([o[0] for o in outputs[:half]])[:, 0]
    distances = np.concatenate([o[0] for o in outputs[half:]]).reshape(len(scores), 4, -1)
    grid = cells(job["size"], (8, 16, 32, 64))
    sides = softmax(distances) @ np.arange(distances.shape[-1]) * grid[:, 2:]
    middles = (grid[:, :2] + 0.5) * grid[:, 2:]
    return np.concatenate([middles - sides[:, :2], middles + sides[:, 2:]], 1), scores


def fastestdet(outputs, job):
    rows = outputs[0][0].reshape(outputs[0].shape[1], -1).T.astype(np.float64)
    width, height = job["size"]
    grid = cells(job["size"], (16,))
    centres = (grid[:, :2] + np.tanh(rows[:, 1:3])) * 16
    sides = [width, height] / (1 + np.exp(-rows[:, 3:5]))
    return from_centres(np.concatenate([centres, sides], 1)), rows[:, 0] ** 0.6 * rows[:, 5] ** 0.4


def labelled(outputs, job):
    rows, labels = outputs[0].reshape(-1, 5), outputs[1].ravel()
    return rows[labels == 0, :4], rows[labels == 0, 4]


def sevens(outputs, job):
    rows = outputs[0].reshape(-1, 7)
    return rows[:, 1:5], rows[:, 6]


LAYOUTS = {f.__name__: f for f in (yolox, decoded, yolov8, ssd, picodet, fastestdet, labelled, sevens)}


def find(job):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(job["model"], options, providers=["CPUExecutionProvider"])
    picture = cv2.imread(job["picture"])
    canvas, back = place(picture, job)
    if job["channels_last"]:
        tensor = canvas[None]
    else:
        tensor = ((canvas - np.array(job["mean"])) / np.array(job["std"])).transpose(2, 0, 1)[None].astype(np.float32)
    outputs = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(tensor)})
    boxes, scores = LAYOUTS[job["layout"]](outputs, job)
    sure = scores >= job["score_min"]
    boxes, scores = np.asarray(boxes[sure], np.float64), scores[sure].astype(float)
    height, width = picture.shape[:2]
    boxes = np.array([np.clip(back(box), 0, [width, height, width, height]) for box in boxes]).reshape(-1, 4)
    corners_and_sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    kept = cv2.dnn.NMSBoxes(corners_and_sides.tolist(), scores.tolist(), job["score_min"], job["overlap_max"])
    return [{"score": float(scores[i]), "box": boxes[i].tolist()} for i in np.asarray(kept, int).ravel()]


json.dump([find(job) for job in json.load(sys.stdin)], sys.stdout)
