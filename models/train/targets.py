"""What each cell should say, from labels and from a teacher, and how far off it is.

Labels: as in SimOTA and RTMDet, the cells of least cost answer for a person; their score learns the IoU of their own
box (quality focal loss), their box learns GIoU. The teacher: every cell's score learns the teacher's, and the box too
where the teacher is fairly sure.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from network import Grid, decode

CANDIDATES = 13
BOX_WEIGHT = 2.0
# A teacher's scores leave little to learn from each cell, so that they count more than those of labels.
TEACHER_SCORE_WEIGHT = 6.0
# A teacher's box is worth copying from here.
TEACHER_BOX_MIN = 0.3
# A teacher that gives a labelled person less than this overlooks them, and is not followed there.
TEACHER_OVERLOOKS = 0.1


@dataclass
class Truth:
    """Of one batch, on the network's device; the teacher's share is missing where there is none."""

    people: list[Tensor]
    """Per picture, corners [n, 4] in pixels."""
    unsure: list[Tensor]
    """Places where labels teach nothing."""
    teacher_scores: Tensor | None = None
    """[B, N]"""
    teacher_boxes: Tensor | None = None
    """[B, N, 4]"""


@dataclass
class Losses:
    score: Tensor
    box: Tensor
    teacher_score: Tensor
    teacher_box: Tensor

    def total(self, distil: float) -> Tensor:
        label = self.score + BOX_WEIGHT * self.box
        return label + distil * (TEACHER_SCORE_WEIGHT * self.teacher_score + BOX_WEIGHT * self.teacher_box)

    def values(self) -> Tensor:
        return torch.stack([self.score, self.box, self.teacher_score, self.teacher_box]).detach()


def ious(a: Tensor, b: Tensor) -> Tensor:
    """[N, 4] and [M, 4] -> [N, M]"""
    sides = (torch.min(a[:, None, 2:], b[None, :, 2:]) - torch.max(a[:, None, :2], b[None, :, :2])).clamp(0)
    shared = sides[..., 0] * sides[..., 1]
    area_a, area_b = ((box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]) for box in (a, b))
    return shared / (area_a[:, None] + area_b[None] - shared + 1e-6)


def gious(a: Tensor, b: Tensor) -> Tensor:
    """Pairwise in step: [N, 4] and [N, 4] -> [N]"""
    shared = (torch.min(a[:, 2:], b[:, 2:]) - torch.max(a[:, :2], b[:, :2])).clamp(0).prod(1)
    union = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1) - shared + 1e-6
    hull = (torch.max(a[:, 2:], b[:, 2:]) - torch.min(a[:, :2], b[:, :2])).prod(1) + 1e-6
    return shared / union - (hull - union) / hull


def cells_within(grid: Grid, boxes: Tensor) -> Tensor:
    """Whether a cell's centre is in a box, [N, M]."""
    centre = grid.centre[:, None]
    return ((centre > boxes[None, :, :2]) & (centre < boxes[None, :, 2:])).all(-1)


def assign(grid: Grid, boxes: Tensor, logits: Tensor, people: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Which cells answer for which person, and how well their boxes fit already: (cell, person, IoU), each [P].

    A person gets as many cells as their candidates' IoUs add up to, at least one; a cell answers for one person.
    """
    overlap = ious(boxes, people)
    middle = (people[:, :2] + people[:, 2:]) / 2
    distance = (grid.centre[:, None] - middle[None]).pow(2).sum(-1).sqrt() / grid.stride
    near = cells_within(grid, people) | (distance < 1.0)
    misfit = F.binary_cross_entropy_with_logits(logits[:, None].expand_as(overlap), overlap, reduction="none")
    cost = misfit * (overlap - logits.sigmoid()[:, None]).pow(2) - 3 * torch.log(overlap + 1e-7)
    cost = cost + torch.pow(10.0, (distance - 3).clamp(max=6)) + (~near) * 1e8
    least, candidates = cost.topk(CANDIDATES, 0, largest=False)
    wanted = overlap.topk(CANDIDATES, 0).values.sum(0).int().clamp(1)
    rank = torch.arange(CANDIDATES, device=cost.device)[:, None]
    picked = torch.zeros_like(overlap, dtype=torch.bool)
    picked.scatter_(0, candidates, (rank < wanted[None]) & (least < 1e7))
    contested = picked.sum(1) > 1
    picked[contested] = F.one_hot(cost[contested].argmin(1), len(people)).bool()
    cell, person = picked.nonzero(as_tuple=True)
    return cell, person, overlap[cell, person]


def quality_focal(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross entropy that counts by how far off a score is, so that the many easy cells do not drown the rest."""
    misfit = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return misfit * (targets - logits.sigmoid()).detach().pow(2)


def losses_of(raw: Tensor, grid: Grid, truth: Truth) -> Losses:
    raw = raw.float()
    boxes, logits = decode(raw, grid), raw[..., 4]
    answers, weights = torch.zeros_like(logits), torch.ones_like(logits)
    picture, cell, wanted = [], [], []
    with torch.no_grad():
        for k, (people, unsure) in enumerate(zip(truth.people, truth.unsure, strict=True)):
            if len(unsure):
                weights[k, cells_within(grid, unsure).any(1)] = 0
            if len(people):
                cells, persons, quality = assign(grid, boxes[k], logits[k], people)
                answers[k, cells], weights[k, cells] = quality, 1
                picture.append(torch.full_like(cells, k))
                cell.append(cells)
                wanted.append(people[persons])
    count = answers.sum().clamp(1)
    score = (quality_focal(logits, answers) * weights).sum() / count
    box = raw.new_zeros(())
    if cell:
        at = torch.cat(picture), torch.cat(cell)
        box = ((1 - gious(boxes[at], torch.cat(wanted))) * answers[at].clamp(0.05)).sum() / count
    return Losses(score, box, *teacher_losses(boxes, logits, answers, truth))


def teacher_losses(boxes: Tensor, logits: Tensor, answers: Tensor, truth: Truth) -> tuple[Tensor, Tensor]:
    if truth.teacher_scores is None or truth.teacher_boxes is None:
        return logits.new_zeros(()), logits.new_zeros(())
    scores = truth.teacher_scores
    followed = ~((answers > 0) & (scores < TEACHER_OVERLOOKS))
    score = (quality_focal(logits, scores) * followed).sum() / scores.sum().clamp(1)
    sure = scores > TEACHER_BOX_MIN
    worth = scores[sure]
    box = ((1 - gious(boxes[sure], truth.teacher_boxes[sure])) * worth).sum() / worth.sum().clamp(1)
    return score, box
