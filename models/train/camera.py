"""What cheap cameras do to a picture; nothing here moves a box."""

import math
from functools import lru_cache
from random import Random

import cv2
import numpy as np

NOISE_SIDE = 1024


def degrade(rnd: Random, image: np.ndarray) -> np.ndarray:
    """BGR uint8 in and out, in the order in which light, lens, sensor and encoder act."""
    night = rnd.random() < 0.1
    if rnd.random() < 0.7:
        image = tone(rnd, image)
    if night or rnd.random() < 0.4:
        image = saturate(image, 0 if night or rnd.random() < 0.15 else rnd.uniform(0.4, 1.5))
    if rnd.random() < 0.1:
        image = motion_blur(image, rnd.randrange(3, 10), rnd.uniform(0, math.pi))
    elif rnd.random() < 0.12:
        image = cv2.GaussianBlur(image, (0, 0), rnd.uniform(0.5, 1.4))
    image = sensor(rnd, image, night)
    if rnd.random() < 0.12:
        image = sharpen(image, rnd.uniform(0.3, 1.2))
    if rnd.random() < 0.5:
        worst = rnd.random() < 0.6
        image = jpeg(image, rnd.randrange(10, 31) if worst else rnd.randrange(30, 75), rnd.random() < 0.5)
    return image


def tone(rnd: Random, image: np.ndarray) -> np.ndarray:
    """Exposure, colour cast, gamma and black level, as one table per channel."""
    cast = np.array([rnd.uniform(0.82, 1.18) if rnd.random() < 0.5 else 1 for _ in range(3)])
    ramp = 255 * (np.arange(256) / 255) ** math.exp(rnd.uniform(-0.35, 0.35))
    table = ramp[:, None] * cast * rnd.uniform(0.6, 1.4) + rnd.uniform(-18, 18)
    return cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)[None])


def saturate(image: np.ndarray, amount: float) -> np.ndarray:
    """0 is grey, as cameras are at night under infrared light."""
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return grey if amount == 0 else cv2.addWeighted(image, amount, grey, 1 - amount, 0)


def motion_blur(image: np.ndarray, length: int, angle: float) -> np.ndarray:
    side = length | 1
    kernel = np.zeros((side, side), np.float32)
    reach, middle = (length - 1) / 2, side // 2
    step = np.array([math.cos(angle), math.sin(angle)]) * reach
    start, end = (tuple(int(v) for v in np.rint(middle + sign * step)) for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def sensor(rnd: Random, image: np.ndarray, night: bool) -> np.ndarray:
    """Vignetting, too little light, and the noise that comes with amplifying it."""
    dark = night or rnd.random() < 0.12
    vignetted = rnd.random() < (0.6 if night else 0.15)
    noisy = dark or rnd.random() < 0.2
    if not (vignetted or noisy):
        return image
    out = image.astype(np.float32)
    height, width = image.shape[:2]
    if vignetted:
        out *= 1 - rnd.uniform(0.2, 0.75 if night else 0.5) * falloff(width, height)
    if dark:
        out *= rnd.uniform(0.2, 0.7)
    if noisy:
        y, x = rnd.randrange(NOISE_SIDE - height), rnd.randrange(NOISE_SIDE - width)
        grain = noise(rnd.random() < 0.4)[y : y + height, x : x + width]
        out += (grain[..., :1] if night else grain) * rnd.uniform(2, 13 if dark else 9)
    if dark and rnd.random() < 0.5:
        # Automatic gain: bright again, and the noise with it.
        out *= rnd.uniform(1.2, 2.2)
    return np.clip(out, 0, 255).astype(np.uint8)


@lru_cache(maxsize=8)
def falloff(width: int, height: int) -> np.ndarray:
    """0 in the middle, 1 in the corners."""
    x, y = np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32)
    return ((x[None] ** 2 + y[:, None] ** 2) / 2)[..., None]


@lru_cache(maxsize=2)
def noise(smeared: bool) -> np.ndarray:
    """A field to cut pieces from, of deviation 1; smeared as by demosaicing."""
    field = np.random.default_rng(1).normal(0, 1, (NOISE_SIDE, NOISE_SIDE, 3)).astype(np.float32)
    if smeared:
        field = cv2.GaussianBlur(field, (3, 3), 0)
        field /= field.std()
    return field


def sharpen(image: np.ndarray, amount: float) -> np.ndarray:
    """With halos, as in the firmware of small cameras."""
    return cv2.addWeighted(image, 1 + amount, cv2.GaussianBlur(image, (0, 0), 1), -amount, 0)


def jpeg(image: np.ndarray, quality: int, coarse_colour: bool) -> np.ndarray:
    """OV2640 halves colour across (4:2:2); other cameras both ways (4:2:0)."""
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if coarse_colour else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return cv2.imdecode(cv2.imencode(".jpg", image, options)[1], cv2.IMREAD_COLOR)
