import pytest
import torch

from letterbox import Size
from network import grid_of
from targets import Truth, assign, gious, losses_of

SIZE = Size(320, 256)
GRID = grid_of(SIZE)
NOBODY = torch.zeros(0, 4)


def raw_for(box: list[float], score: float) -> torch.Tensor:
    """What a network says that shows one box in every cell that can, and a score there."""
    x0, y0, x1, y1 = box
    sides = torch.cat([GRID.centre - torch.tensor([x0, y0]), torch.tensor([x1, y1]) - GRID.centre], 1)
    within = (sides > 0).all(1)
    raw = torch.full((1, len(GRID.centre), 5), -4.0)
    raw[0, within, :4] = (sides / GRID.stride).clamp(1e-2)[within].log()
    raw[0, within, 4] = torch.logit(torch.tensor(score))
    return raw


def test_cells_in_a_person_answer_for_them() -> None:
    people = torch.tensor([[40.0, 40, 100, 200], [200.0, 100, 216, 140]])
    boxes = torch.cat([GRID.centre - 2 * GRID.stride, GRID.centre + 2 * GRID.stride], 1)
    cell, person, quality = assign(GRID, boxes, torch.zeros(len(boxes)), people)
    assert set(person.tolist()) == {0, 1} and len(set(cell.tolist())) == len(cell)
    for k in range(2):
        centres = GRID.centre[cell[person == k]]
        assert (centres > people[k, :2] - 8).all() and (centres < people[k, 2:] + 8).all()
    assert (quality >= 0).all() and (quality <= 1).all()


def test_two_on_one_spot_share_no_cell() -> None:
    people = torch.tensor([[40.0, 40, 100, 200], [42.0, 42, 98, 196]])
    boxes = people[:1].repeat(len(GRID.centre), 1)
    cell, person, _ = assign(GRID, boxes, torch.zeros(len(boxes)), people)
    assert len(set(cell.tolist())) == len(cell) and len(person)


def test_a_right_answer_costs_little_and_a_wrong_one_much() -> None:
    person = torch.tensor([[60.0, 40, 140, 220]])
    right = losses_of(raw_for([60, 40, 140, 220], 0.95), GRID, Truth([person], [NOBODY]))
    wrong = losses_of(raw_for([200, 40, 280, 220], 0.95), GRID, Truth([person], [NOBODY]))
    assert right.box < 0.01 < wrong.box and right.score < 0.2 * wrong.score


def test_nothing_is_learnt_where_it_is_unsure() -> None:
    raw = raw_for([60, 40, 140, 220], 0.9)
    loud = losses_of(raw, GRID, Truth([NOBODY], [NOBODY]))
    quiet = losses_of(raw, GRID, Truth([NOBODY], [torch.tensor([[60.0, 40, 140, 220]])]))
    assert quiet.score < 0.2 * loud.score and quiet.score >= 0


def test_a_labelled_person_counts_even_in_an_unsure_place() -> None:
    person = torch.tensor([[60.0, 40, 140, 220]])
    raw = raw_for([60, 40, 140, 220], 0.02)
    assert losses_of(raw, GRID, Truth([person], [person])).score > 0.5


def test_the_teacher_is_followed_but_not_where_it_overlooks_a_label() -> None:
    person = torch.tensor([[60.0, 40, 140, 220]])
    raw = raw_for([60, 40, 140, 220], 0.9).requires_grad_()
    blind = torch.zeros(1, len(GRID.centre))
    boxes = person[None].repeat(1, len(GRID.centre), 1)
    alone = losses_of(raw, GRID, Truth([NOBODY], [NOBODY], blind, boxes))
    labelled = losses_of(raw, GRID, Truth([person], [NOBODY], blind, boxes))
    assert labelled.teacher_score < alone.teacher_score
    seeing = (raw.detach()[..., 4].sigmoid() > 0.5).float() * 0.9
    agreed = losses_of(raw, GRID, Truth([NOBODY], [NOBODY], seeing, boxes))
    assert agreed.teacher_score < 0.05 and agreed.teacher_box < 0.05
    shifted = losses_of(raw, GRID, Truth([NOBODY], [NOBODY], seeing, boxes + 40))
    shifted.total(1.0).backward()
    assert shifted.teacher_box > 0.3 and raw.grad.abs().sum() > 0


def test_giou() -> None:
    a = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 10, 10]])
    b = torch.tensor([[0.0, 0, 10, 10], [20.0, 0, 30, 10]])
    assert gious(a, b).tolist() == pytest.approx([1, -1 / 3], abs=1e-4)
