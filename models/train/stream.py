"""The batches of a training. Batch k follows from the seed and k alone, so a training that goes on sees the same."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from torch.utils.data import DataLoader, Dataset

from camera import degrade
from figures import Figures
from letterbox import Size
from pack import Picture
from placement import compose
from teacher import Teacher, overlooked_by_labels

FIGURE_SHARE = 0.08
# The last part of a training sees pictures as the product does.
CALM_FROM = 0.85


@dataclass
class Batch:
    images: np.ndarray
    """uint8 [B, H, W, 3] RGB"""
    people: list[np.ndarray]
    unsure: list[np.ndarray]
    teacher_scores: np.ndarray | None = None
    """[B, N]"""
    teacher_boxes: np.ndarray | None = None
    """[B, N, 4]"""


class Batches(Dataset):
    def __init__(
        self,
        pictures: list[Picture],
        figures: Figures,
        size: Size,
        batch: int,
        steps: int,
        seed: int,
        teacher_path: str | None = None,
    ) -> None:
        self.pictures, self.figures = pictures, figures
        self.size, self.batch, self.steps, self.seed = size, batch, steps, seed
        self.teacher_path = teacher_path
        self.teacher: Teacher | None = None

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        rnds = [Random(f"{self.seed}/{step}/{row}") for row in range(self.batch)]
        calm = step >= CALM_FROM * self.steps
        scenes = [compose(rnd, lambda rnd=rnd: self.draw(rnd), self.size, calm) for rnd in rnds]
        people, unsure = [scene.people for scene in scenes], [scene.unsure for scene in scenes]
        scores = boxes = None
        if self.teacher_path:
            # The teacher sees the scenes before the camera spoils them: so the student learns to see through it.
            self.teacher = self.teacher or Teacher(self.teacher_path, self.size)
            scores, boxes = self.teacher.look(np.stack([scene.image for scene in scenes]))
            unsure = [
                np.concatenate([known, overlooked_by_labels(scores[row], boxes[row], people[row])])
                for row, known in enumerate(unsure)
            ]
        for rnd, scene in zip(rnds, scenes, strict=True):
            seen = np.s_[: scene.view.height, : scene.view.width]
            scene.image[seen] = degrade(rnd, scene.image[seen])
        rgb = np.ascontiguousarray(np.stack([scene.image for scene in scenes])[..., ::-1])
        return Batch(rgb, people, unsure, scores, boxes)

    def draw(self, rnd: Random) -> Picture:
        if len(self.figures) and rnd.random() < FIGURE_SHARE:
            return self.figures[rnd.randrange(len(self.figures))]
        return self.pictures[rnd.randrange(len(self.pictures))]


def stream(batches: Batches, first_step: int, workers: int) -> Iterator[Batch]:
    """The batches from a step to the last, in order, made ahead by so many processes (0: made when asked)."""
    cv2.setNumThreads(1)
    return iter(
        DataLoader(
            batches,
            batch_size=None,
            sampler=range(first_step, len(batches)),
            num_workers=workers,
            # Batches stay numpy on their way here: torch would want shared memory, which containers are short of.
            collate_fn=as_it_is,
            worker_init_fn=start_worker,
        )
    )


def as_it_is(batch: Batch) -> Batch:
    return batch


def start_worker(_: int) -> None:
    """A signal to the whole group is the trainer's to answer: it still needs its workers while it winds up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
