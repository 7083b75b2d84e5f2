"""Boxes must stay on the people, whatever is done to the picture."""

from random import Random

import numpy as np
import pytest

from camera import degrade
from letterbox import PAD, Size, letterbox
from pack import Picture, boxes_of
from placement import Scene, as_deployed, compose, hide, mosaic, place, through_lens

SIZE = Size(320, 256)
RED = (0, 0, 255)


def one_person(x0: int, y0: int, x1: int, y1: int) -> Picture:
    image = np.zeros((240, 320, 3), np.uint8)
    image[y0:y1, x0:x1] = RED
    box = boxes_of([[x0, y0, x1, y1]])
    return Picture(image, box, boxes_of([]), box)


def red_box(image: np.ndarray) -> np.ndarray:
    y, x = np.nonzero(image[..., 2] > 127)
    return np.array([x.min(), y.min(), x.max() + 1, y.max() + 1])


@pytest.mark.parametrize("seed", range(40))
def test_box_follows_the_picture(seed: int) -> None:
    scene = place(Random(seed), one_person(120, 60, 170, 200), SIZE, 0.5, 1.9, (0, 0, 0))
    boxes = np.concatenate([scene.people, scene.unsure])
    if (scene.image[..., 2] > 127).any():
        np.testing.assert_allclose(red_box(scene.image), boxes[0], atol=1.6)


@pytest.mark.parametrize("strength", [0.08, 0.25, 0.5])
@pytest.mark.parametrize("corners", [(10, 20, 60, 150), (140, 100, 180, 200), (200, 150, 290, 205)])
def test_box_follows_through_the_lens(strength: float, corners: tuple) -> None:
    picture = one_person(*corners)
    scene = through_lens(Scene(picture.image.copy(), picture.people, picture.unsure, Size(320, 240)), strength)
    np.testing.assert_allclose(red_box(scene.image), scene.people[0], atol=2)


def test_mosaic_keeps_everybody_apart() -> None:
    for seed in range(10):
        scene = mosaic(Random(seed), lambda: one_person(120, 60, 170, 200), SIZE, (0, 0, 0))
        red = (scene.image[..., 2] > 127).astype(int)
        covered = np.zeros_like(red)
        for x0, y0, x1, y1 in np.rint(np.concatenate([scene.people, scene.unsure])).astype(int):
            covered[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2] = 1
        assert (red & ~covered.astype(bool)).sum() == 0
        for x0, y0, x1, y1 in np.rint(scene.people).astype(int):
            assert red[y0:y1, x0:x1].mean() > 0.75


def test_too_small_or_cut_is_unsure() -> None:
    far = one_person(100, 100, 108, 116)
    scene = place(Random(0), far, SIZE, 0.5, 0.5, (0, 0, 0))
    assert len(scene.people) == 0 and len(scene.unsure) == 1
    assert (scene.unsure[0, 2:] - scene.unsure[0, :2] >= 8).all()


def test_as_deployed_is_the_letterbox() -> None:
    picture = one_person(120, 60, 170, 200)
    for seed in range(4):
        scene = as_deployed(Random(seed), picture, Size(416, 320))
        plain, scale = letterbox(picture.image, Size(416, 320))
        assert scale == pytest.approx(1.3) and scene.view == Size(416, 312)
        assert (scene.image[312:] == PAD).all() and (plain[312:] == PAD).all()
        np.testing.assert_allclose(red_box(scene.image), scene.people[0], atol=1.6)


def test_the_hidden_are_not_expected() -> None:
    for seed in range(200):
        scene = Scene(np.zeros((256, 320, 3), np.uint8), boxes_of([[150, 100, 160, 112]]), boxes_of([]), SIZE)
        scene.image[100:112, 150:160] = RED
        hide(Random(seed), scene)
        visible = (scene.image[100:112, 150:160] == RED).all(-1).mean()
        assert len(scene.people) == (visible >= 0.4) and len(scene.people) + len(scene.unsure) == 1


def test_every_scene_is_sound(pictures: list[Picture]) -> None:
    for seed in range(60):
        rnd = Random(seed)
        size = rnd.choice((SIZE, Size(416, 320)))
        scene = compose(rnd, lambda rnd=rnd: rnd.choice(pictures), size, calm=seed % 2 == 0)
        spoilt = degrade(rnd, scene.image)
        assert scene.image.shape == spoilt.shape == (size.height, size.width, 3) and spoilt.dtype == np.uint8
        assert scene.people.dtype == scene.unsure.dtype == np.float32
        if len(scene.people):
            assert (scene.people[:, 2:] - scene.people[:, :2]).min() >= 4
            assert scene.people.min() >= 0 and (scene.people.max(0)[2:] <= size).all()
