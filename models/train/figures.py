"""Rendered people: walking figures of capsules on drawn rooms, or in photographs where nobody is.

They show what the pack has little of (somebody alone, far away, in odd light); one in eight has nobody in it at all.
"""

from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from overlap import intersections
from pack import Picture, boxes_of

WIDTH, HEIGHT = 320, 240
# Coordinates go to OpenCV in eighths of a pixel, so that far figures keep their shape.
SHIFT_BITS = 3
SHIFT = 1 << SHIFT_BITS
TOP, LEGS, HAIR, SKIN, SHOES = range(5)


class Limb(NamedTuple):
    """A capsule; lengths in heights of the figure, from its feet: x to the right, y up."""

    start: tuple[float, float]
    end: tuple[float, float]
    radius: float
    part: int


class Figures:
    """Picture number i is the same whenever and wherever it is drawn, and is drawn when first asked for."""

    def __init__(self, count: int, seed: int, photographs: list[Picture]) -> None:
        self.count, self.seed, self.photographs = count, seed, photographs
        self.drawn: dict[int, Picture] = {}

    def __len__(self) -> int:
        return self.count

    @cached_property
    def empty_places(self) -> list[np.ndarray]:
        return places_without_people(self.photographs)

    def __getitem__(self, index: int) -> Picture:
        if index not in self.drawn:
            self.drawn[index] = render(np.random.default_rng([self.seed, index]), self.empty_places)
        return self.drawn[index]


def places_without_people(pictures: list[Picture]) -> list[np.ndarray]:
    """What is left (and right) of everybody makes a picture of its own."""
    places = []
    for picture in pictures:
        image = picture.image
        height, width = image.shape[:2]
        boxes = np.concatenate([picture.people, picture.unsure])
        first, last = (boxes[:, 0].min(), boxes[:, 2].max()) if len(boxes) else (width, 0)
        for left, right in ((0, int(first) - 8), (int(last) + 8, width)):
            if right - left < 170 or image[:, left:right].std() < 25:
                continue
            rows = min(height, int((right - left) * 0.75))
            top = 0 if len(places) % 2 else height - rows
            places.append(image[top : top + rows, left:right])
    return places


def render(rng: np.random.Generator, empty_places: list[np.ndarray]) -> Picture:
    photograph = bool(empty_places) and rng.random() < 0.6
    canvas = zoomed(rng, empty_places[rng.integers(len(empty_places))]) if photograph else room(rng)
    horizon, nearest_px = rng.uniform(-60, 90), rng.uniform(90, 260)
    count = 0 if rng.random() < 0.125 else rng.integers(1, 6)
    boxes = []
    for foot in sorted(rng.uniform(max(60, horizon + 40), HEIGHT + 15, count)):
        height_px = max(22, nearest_px * (foot - horizon) / (HEIGHT - horizon))
        box = draw_person(rng, canvas, rng.uniform(10, WIDTH - 10), foot, height_px)
        if box:
            boxes.append(box)
    image = np.clip(cv2.GaussianBlur(canvas, (3, 3), rng.uniform(0.3, 1)), 0, 255).astype(np.uint8)
    boxes = boxes_of(boxes)
    hidden = hidden_by_later(boxes)
    return Picture(image, boxes[~hidden], boxes[hidden], boxes[~hidden])


def hidden_by_later(boxes: np.ndarray) -> np.ndarray:
    """Which figures a nearer one, drawn after them, covers almost whole."""
    if not len(boxes):
        return np.zeros(0, bool)
    share = intersections(boxes, boxes) / (boxes[:, 2:] - boxes[:, :2]).prod(1)[:, None]
    return (np.triu(share, 1) > 0.75).any(1)


def zoomed(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    zoom = rng.uniform(1, 1.8)
    large = cv2.resize(image, (int(WIDTH * zoom), int(HEIGHT * zoom))).astype(np.float32)
    part = large[:HEIGHT, :WIDTH] if rng.random() < 0.5 else large[-HEIGHT:, -WIDTH:]
    return np.ascontiguousarray(part)


def room(rng: np.random.Generator) -> np.ndarray:
    """A wall and a floor with furniture, windows, tiles and poles: things that are not people."""
    horizon = int(rng.uniform(20, 150))
    canvas = np.empty((HEIGHT, WIDTH, 3), np.float32)
    canvas[:horizon], canvas[horizon:] = rng.uniform(30, 240, 3), rng.uniform(30, 220, 3)
    canvas *= np.linspace(rng.uniform(0.6, 1.1), rng.uniform(0.7, 1.3), HEIGHT)[:, None, None]
    for _ in range(rng.integers(0, 12)):
        x, y = (int(v) for v in rng.integers(-40, WIDTH, 2))
        width, height = (int(v) for v in rng.integers(5, 110, 2))
        if rng.random() < 0.3:
            width = int(rng.integers(4, 14))
        colour = rng.uniform(10, 250, 3).tolist()
        if rng.random() < 0.8:
            cv2.rectangle(canvas, (x, y), (x + width, y + height), colour, -1 if rng.random() < 0.7 else 2)
        else:
            cv2.ellipse(canvas, (x, y), (width // 2, height // 2), 0, 0, 360, colour, -1)
    blotches = rng.uniform(0.8, 1.2, (20, 26)).astype(np.float32)
    return canvas * cv2.resize(blotches, (WIDTH, HEIGHT))[..., None]


def body(rng: np.random.Generator) -> list[Limb]:
    swing, width = rng.uniform(-1, 1), rng.uniform(0.55, 1.0)
    limbs = []
    for side in (-1, 1):
        step = side * swing * 0.13
        bend = max(0.0, -step) * 0.5
        hip, knee = side * 0.05 * width, side * 0.05 * width + step * 0.6
        ankle = (side * 0.05 * width + step - bend * 0.3, 0.02 + bend * 0.2)
        shoulder, elbow = side * 0.13 * width, side * 0.16 * width - step * 0.6
        hand = side * 0.15 * width - step * 1.3
        limbs += [
            Limb((hip, 0.48), (knee, 0.26), 0.058, LEGS),
            Limb((knee, 0.26), ankle, 0.042, LEGS),
            Limb((shoulder, 0.80), (elbow, 0.60), 0.036, TOP),
            Limb((elbow, 0.60), (hand, 0.45), 0.028, SKIN),
            Limb(ankle, (ankle[0] + 0.04 * np.sign(swing), 0.015), 0.026, SHOES),
        ]
    return [
        *limbs,
        Limb((-0.07 * width, 0.76), (-0.04 * width, 0.50), 0.075, TOP),
        Limb((0.07 * width, 0.76), (0.04 * width, 0.50), 0.075, TOP),
        Limb((0, 0.78), (0, 0.52), 0.085, TOP),
        Limb((0, 0.84), (0, 0.88), 0.035, SKIN),
        Limb((0, 0.90), (0, 0.945), 0.052, SKIN),
        Limb((0, 0.935), (0, 0.955), 0.054, HAIR),
    ]


def colours(rng: np.random.Generator) -> dict[int, np.ndarray]:
    """BGR, one per part."""
    skin = rng.uniform(60, 235) * np.array([0.64, 0.78, 1])
    return {
        TOP: rng.uniform(10, 250, 3),
        LEGS: rng.uniform(10, 160, 3) if rng.random() < 0.8 else skin,
        HAIR: rng.uniform(10, 110) * np.array([0.6, 0.8, 1]),
        SKIN: skin,
        SHOES: rng.uniform(5, 200) * np.ones(3),
    }


def cloth(rng: np.random.Generator, colour: np.ndarray, height: int, width: int) -> np.ndarray:
    """Plain, striped, checked or blotched."""
    texture = np.full((height, width, 3), colour, np.float32)
    kind = rng.integers(5)
    if kind in (1, 2):
        texture[(np.arange(height) // rng.integers(2, 7)) % 2 == 0] *= rng.uniform(0.5, 0.9)
    if kind == 2:
        texture[:, (np.arange(width) // rng.integers(2, 7)) % 2 == 0] *= rng.uniform(0.5, 0.9)
    if kind == 3:
        blotches = rng.uniform(0.5, 1.3, (height // 6 + 2, width // 6 + 2)).astype(np.float32)
        texture *= cv2.resize(blotches, (width, height))[..., None]
    return texture


def draw_person(rng: np.random.Generator, canvas: np.ndarray, x: float, foot: float, height_px: float) -> list | None:
    """Draws one onto the float canvas; returns the box of the pixels drawn, or nothing where too few are."""
    # Only this part of the canvas can change, which is much quicker than the whole.
    x0, x1 = max(0, int(x - height_px * 0.45)), min(WIDTH, int(x + height_px * 0.45) + 1)
    y0, y1 = max(0, int(foot - height_px * 1.05)), min(HEIGHT, int(foot + height_px * 0.1) + 2)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    around = canvas[y0:y1, x0:x1]
    shape = around.shape[:2]
    lean = rng.uniform(-0.04, 0.04)

    def pixel(point: tuple[float, float]) -> tuple[int, int]:
        right, up = point
        across, down = x - x0 + (right + lean * up) * height_px, foot - y0 - up * height_px
        return int(across * SHIFT), int(down * SHIFT)

    contact_shadow(rng, around, pixel((rng.uniform(-0.15, 0.15), 0)), height_px)
    light = np.linspace(rng.uniform(0.6, 1.2), rng.uniform(0.6, 1.2), shape[1], dtype=np.float32)[None, :, None]
    paints = {
        part: (cloth(rng, colour, *shape) if part in (TOP, LEGS) else colour.astype(np.float32)) * light
        for part, colour in colours(rng).items()
    }
    whole = np.zeros(shape, np.uint8)
    for limb in body(rng):
        mask = np.zeros(shape, np.uint8)
        thickness = max(1, int(limb.radius * 2 * height_px))
        cv2.line(mask, pixel(limb.start), pixel(limb.end), 255, thickness, cv2.LINE_AA, SHIFT_BITS)
        cover = mask[..., None].astype(np.float32) / 255
        around += (paints[limb.part] * rng.uniform(0.85, 1.1) - around) * cover
        whole |= mask
    solid = (whole > 100).astype(np.uint8)
    if np.count_nonzero(solid) < 30:
        return None
    left, top, width, height = cv2.boundingRect(solid)
    return [x0 + left, y0 + top, x0 + left + width, y0 + top + height]


def contact_shadow(rng: np.random.Generator, canvas: np.ndarray, at: tuple[int, int], height_px: float) -> None:
    shadow = np.zeros(canvas.shape[:2], np.uint8)
    axes = (int(height_px * SHIFT * rng.uniform(0.12, 0.35)), int(height_px * SHIFT * 0.04))
    cv2.ellipse(shadow, at, axes, 0, 0, 360, 255, -1, shift=SHIFT_BITS)
    soft = cv2.blur(shadow, (7, 3)).astype(np.float32)[..., None] / 255
    canvas *= 1 - rng.uniform(0.2, 0.6) * soft
