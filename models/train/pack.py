"""Reads the training pack: a tar of JPEGs and labels.json, boxes as fractions of the picture, each of a kind."""

import json
import tarfile
from dataclasses import dataclass
from pathlib import PurePosixPath

import cv2
import numpy as np

# `gt`: a human drew it. `teacher`: two pretrained detectors agreed on somebody whom the human left out.
# `ignore`: the detectors were unsure.
POSITIVE = ("gt", "teacher")


@dataclass(frozen=True)
class Picture:
    """Boxes are float32 [n, 4], corners in pixels of `image`, which is BGR as OpenCV has it."""

    image: np.ndarray
    people: np.ndarray
    unsure: np.ndarray
    """Places where somebody may be: nothing is learnt there."""
    human: np.ndarray
    """What a human drew: the only boxes that scores are measured against."""


def boxes_of(rows: list) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def read_pack(path: str, split: str) -> list[Picture]:
    """The pictures of one split (`train` or `val`), in the order of their names."""
    with tarfile.open(path) as tar:
        members = {PurePosixPath(member.name).name: member for member in tar if member.isfile()}
        labels = json.load(tar.extractfile(members["labels.json"]))["images"]
        names = [name for name in sorted(labels) if labels[name]["split"] == split]
        return [picture_of(tar.extractfile(members[name]).read(), labels[name]["boxes"]) for name in names]


def picture_of(jpeg: bytes, rows: list) -> Picture:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    height, width = image.shape[:2]
    corners = np.array([width, height, width, height], np.float32)

    def of_kind(*kinds: str) -> np.ndarray:
        return boxes_of([row[:4] for row in rows if row[4] in kinds]) * corners

    return Picture(image, of_kind(*POSITIVE), of_kind("ignore"), of_kind("gt"))
