"""Everything that moves boxes: one picture or several laid into the input, seen through a lens, or half hidden.

Whoever ends up too small or too much hidden to count becomes `unsure`: nothing is learnt there.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from random import Random

import cv2
import numpy as np

from letterbox import PAD, Size, fit_scale, scaled
from overlap import areas, intersections
from pack import Picture

HEIGHT_MIN_PX, WIDTH_MIN_PX = 10, 4
VISIBLE_MIN = 0.2
# The centre of some cell should lie in a place without loss, however small the place is.
UNSURE_MARGIN_PX = 4
LENS_STRENGTHS = (0.08, 0.15, 0.25, 0.35, 0.5)

Draw = Callable[[], Picture]


@dataclass
class Scene:
    """The network's input before the camera spoils it; `view` is the part at the top left that a camera saw."""

    image: np.ndarray
    people: np.ndarray
    unsure: np.ndarray
    view: Size


def compose(rnd: Random, draw: Draw, size: Size, calm: bool) -> Scene:
    """One training scene. Calm ones, at the end of a training, look like what the product sees."""
    fill = (PAD,) * 3 if rnd.random() < 0.7 else tuple(rnd.randrange(256) for _ in range(3))
    kind = rnd.random()
    if kind < (0.1 if calm else 0.5):
        scene = mosaic(rnd, draw, size, fill)
    elif kind < (0.6 if calm else 0.65):
        scene = as_deployed(rnd, draw(), size)
    else:
        zoom_min, zoom_max = (0.8, 1.3) if calm else (0.5, 1.9)
        scene = place(rnd, draw(), size, zoom_min, zoom_max, fill)
    if rnd.random() < 0.12:
        scene = through_lens(scene, rnd.choice(LENS_STRENGTHS))
    if rnd.random() < 0.12:
        hide(rnd, scene)
    return scene


def mosaic(rnd: Random, draw: Draw, size: Size, fill: tuple) -> Scene:
    """Four to nine pictures: many people, and most of them small."""
    columns, rows = rnd.choice(((2, 2), (2, 2), (3, 2), (2, 3), (3, 3), (3, 3)))
    xs, ys = cuts(rnd, size.width, columns), cuts(rnd, size.height, rows)
    image = np.empty((size.height, size.width, 3), np.uint8)
    people, unsure = [], []
    for top, bottom in pairwise(ys):
        for left, right in pairwise(xs):
            tile = place(rnd, draw(), Size(right - left, bottom - top), 0.75, 1.8, fill)
            image[top:bottom, left:right] = tile.image
            offset = np.array([left, top, left, top], np.float32)
            people.append(tile.people + offset)
            unsure.append(tile.unsure + offset)
    return Scene(image, np.concatenate(people), np.concatenate(unsure), size)


def cuts(rnd: Random, length: int, parts: int) -> list[int]:
    """Where to cut a side into so many parts of about the same length."""
    inner = [int(length * (k + rnd.uniform(-0.25, 0.25)) / parts) for k in range(1, parts)]
    return [0, *inner, length]


def as_deployed(rnd: Random, picture: Picture, size: Size) -> Scene:
    """Fitted at the top left, the rest grey, as the product does with a camera's picture."""
    scale = fit_scale(picture.image, size)
    height, width = picture.image.shape[:2]
    view = Size(round(width * scale), round(height * scale))
    scene = lay(picture, size, view, (0, 0), rnd.random() < 0.5, (PAD,) * 3)
    scene.view = view
    return scene


def place(rnd: Random, picture: Picture, size: Size, zoom_min: float, zoom_max: float, fill: tuple) -> Scene:
    """One picture scaled, stretched, mirrored and shifted; a zoom of 1 fits it into the size."""
    height, width = picture.image.shape[:2]
    zoom = math.exp(rnd.uniform(math.log(zoom_min), math.log(zoom_max)))
    scale, stretch = zoom * fit_scale(picture.image, size), math.exp(rnd.uniform(-0.13, 0.13))
    to = Size(max(8, round(width * scale * stretch)), max(8, round(height * scale / stretch)))
    mirrored = rnd.random() < 0.5
    free_x, free_y = size.width - to.width, size.height - to.height
    left, top = (rnd.randint(min(0, free), max(0, free)) for free in (free_x, free_y))
    if len(picture.people) and zoom > 1 and rnd.random() < 0.7:
        # Zoomed in, it is mostly at somebody; often so that the border cuts them, as it does with those who come in.
        box = picture.people[rnd.randrange(len(picture.people))]
        x, y = (box[0] + box[2]) / 2 * to.width / width, (box[1] + box[3]) / 2 * to.height / height
        x = to.width - x if mirrored else x
        left = min(0, max(free_x, int(size.width * aim(rnd) - x)))
        top = min(0, max(free_y, int(size.height * aim(rnd) - y)))
    return lay(picture, size, to, (left, top), mirrored, fill)


def aim(rnd: Random) -> float:
    """Where a person's middle comes to lie, as a fraction of the side."""
    if rnd.random() < 0.7:
        return rnd.uniform(0.25, 0.75)
    return rnd.choice((rnd.uniform(-0.05, 0.1), rnd.uniform(0.9, 1.05)))


def lay(picture: Picture, size: Size, to: Size, offset: tuple[int, int], mirrored: bool, fill: tuple) -> Scene:
    """The picture resized to `to`, its top left corner at `offset`, cut at the borders of `size`."""
    height, width = picture.image.shape[:2]
    left, top = offset
    resized = scaled(picture.image, to.width, to.height)
    if mirrored:
        resized = resized[:, ::-1]
    image = np.full((size.height, size.width, 3), fill, np.uint8)
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(size.width, left + to.width), min(size.height, top + to.height)
    image[y0:y1, x0:x1] = resized[y0 - top : y1 - top, x0 - left : x1 - left]

    def follow(boxes: np.ndarray) -> np.ndarray:
        moved = boxes * np.array([to.width / width, to.height / height] * 2, np.float32)
        if mirrored:
            moved[:, [0, 2]] = to.width - moved[:, [2, 0]]
        return moved + np.array([left, top, left, top], np.float32)

    return cut_at_border(Scene(image, follow(picture.people), follow(picture.unsure), size))


def cut_at_border(scene: Scene) -> Scene:
    limits = np.array([scene.view.width, scene.view.height] * 2, np.float32)
    people, unsure = np.clip(scene.people, 0, limits), np.clip(scene.unsure, 0, limits)
    visible = areas(people) / np.maximum(areas(scene.people), 1e-6)
    tall = people[:, 3] - people[:, 1] >= HEIGHT_MIN_PX
    wide = people[:, 2] - people[:, 0] >= WIDTH_MIN_PX
    counts = tall & wide & (visible > VISIBLE_MIN)
    doubtful = np.concatenate([people[~counts], unsure])
    doubtful = doubtful[areas(doubtful) > 0]
    margin = np.array([-1, -1, 1, 1], np.float32) * UNSURE_MARGIN_PX
    small = (doubtful[:, 2:] - doubtful[:, :2]).min(1) < 2 * UNSURE_MARGIN_PX
    doubtful[small] += margin
    scene.people, scene.unsure = people[counts], doubtful
    return scene


def through_lens(scene: Scene, strength: float) -> Scene:
    """Barrel distortion, as wide angles have it: the middle is large, what is near the corners is small and bent."""
    size = scene.view
    seen = np.s_[: size.height, : size.width]
    image = scene.image.copy()
    image[seen] = cv2.remap(scene.image[seen], *lens_map(size, strength), cv2.INTER_LINEAR)
    bent = Scene(image, bend(scene.people, size, strength), bend(scene.unsure, size, strength), size)
    return cut_at_border(bent)


def lens_radius(r: np.ndarray, strength: float) -> np.ndarray:
    """From how far out (corner = 1) the lens takes what it shows at r. Corners stay, so no border comes into view."""
    return r * (1 + strength * r * r) / (1 + strength)


@lru_cache(maxsize=64)
def lens_map(size: Size, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """For cv2.remap, in fixed point, which is quicker."""
    centre = np.array([size.width - 1, size.height - 1], np.float32) / 2
    grid = np.stack(np.meshgrid(np.arange(size.width), np.arange(size.height)), -1).astype(np.float32) - centre
    r = np.linalg.norm(grid, axis=-1) / np.linalg.norm(centre)
    source = grid * (lens_radius(r, strength) / np.maximum(r, 1e-6))[..., None] + centre
    return cv2.convertMaps(source.astype(np.float32), None, cv2.CV_16SC2)


def bend(boxes: np.ndarray, size: Size, strength: float) -> np.ndarray:
    """The boxes around where the lens shows the boxes' edges."""
    if not len(boxes):
        return boxes
    centre = np.array([size.width, size.height], np.float32) / 2
    t = np.linspace(0, 1, 9, dtype=np.float32)
    x0, y0, x1, y1 = boxes.T[..., None]
    across, down = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t
    same = np.ones_like(t)
    xs = np.concatenate([across, across, x0 * same, x1 * same], 1) - centre[0]
    ys = np.concatenate([y0 * same, y1 * same, down, down], 1) - centre[1]
    shown = np.linspace(0, 1.5, 300)
    r = np.hypot(xs, ys) / np.linalg.norm(centre)
    ratio = np.interp(r, lens_radius(shown, strength), shown) / np.maximum(r, 1e-6)
    xs, ys = xs * ratio + centre[0], ys * ratio + centre[1]
    return np.stack([xs.min(1), ys.min(1), xs.max(1), ys.max(1)], 1).astype(np.float32)


def hide(rnd: Random, scene: Scene) -> None:
    """Puts something flat in front; whoever is mostly behind it is no longer expected to be seen."""
    width, height = rnd.randrange(8, scene.view.width // 4), rnd.randrange(8, scene.view.height // 3)
    x, y = rnd.randrange(scene.view.width), rnd.randrange(scene.view.height)
    colour = tuple(rnd.randrange(256) for _ in range(3))
    thing = np.array([[x, y, min(x + width, scene.view.width), min(y + height, scene.view.height)]], np.float32)
    cv2.rectangle(scene.image, (x, y), (int(thing[0, 2]) - 1, int(thing[0, 3]) - 1), colour, -1)
    if len(scene.people):
        covered = intersections(scene.people, thing)[:, 0] / areas(scene.people) > 0.6
        scene.unsure = np.concatenate([scene.unsure, scene.people[covered]])
        scene.people = scene.people[~covered]
