"""What a lens and a sensor do to a flat carrier: perspective, motion, defocus, glare, brightness, noise.

Only the part of the picture in which something moves is touched. Every effect is a number given from outside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from demo.artwork import Artwork, Image, PrintedCode
from demo.geometry import HEIGHT, WIDTH, Point, Pose, homography, project

WASHED_OUT = 215
"""Light added by a reflection from which a dark module is as bright as a light one."""


@dataclass(frozen=True, slots=True)
class Optics:
    """The conditions of one showing."""

    exposure: float = 1 / 125
    """Seconds the shutter stays open: what turns speed into motion blur."""
    defocus: float = 0.6
    """Sigma in pixels of the carrier's image."""
    noise: float = 3.0
    """Sigma in grey levels."""
    brightness: float = 1.0
    glare: float = 0.0
    """Peak of the light a reflection adds, in grey levels."""
    glare_size: float = 40.0
    """Sigma of the reflection in pixels."""
    glare_at: Point = (0.0, 0.0)
    """Its place, in millimetres from the carrier's origin."""


def glare_share(optics: Optics, pose: Pose, code: PrintedCode) -> float:
    """Share of the code's area that the reflection washes out."""
    if optics.glare <= WASHED_OUT:
        return 0.0
    radius = optics.glare_size * math.sqrt(2 * math.log(optics.glare / WASHED_OUT))
    (centre,) = project(pose, (optics.glare_at,))
    half = code.modules * code.module_mm / 2
    steps = np.linspace(-half, half, 25)
    grid = [(code.centre[0] + float(x), code.centre[1] + float(y)) for x in steps for y in steps]
    inside = sum(math.dist(centre, point) < radius for point in project(pose, grid))
    return inside / len(grid)


def expose(view: Image, art: Artwork, pose: Pose, moved: Point, optics: Optics) -> None:
    """Draw `art` into `view` as held at `pose`, having moved by `moved` pixels while the shutter was open."""
    height, width = art.ink.shape[:2]
    texture = np.array(
        ((1 / art.per_mm, 0, -art.origin[0] / art.per_mm), (0, 1 / art.per_mm, -art.origin[1] / art.per_mm), (0, 0, 1))
    )
    place = homography(pose) @ texture
    corners = np.array(((0, 0, 1), (width, 0, 1), (width, height, 1), (0, height, 1))) @ place.T
    xy = corners[:, :2] / corners[:, 2:]
    margin = 4 + int(max(abs(moved[0]), abs(moved[1])) + 3 * optics.defocus)
    left, top = (max(0, math.floor(edge) - margin) for edge in xy.min(axis=0))
    right, bottom = (
        min(limit, math.ceil(edge) + margin) for limit, edge in zip((WIDTH, HEIGHT), xy.max(axis=0), strict=True)
    )
    if right - left < 2 or bottom - top < 2:
        return
    shift = np.array(((1, 0, -left), (0, 1, -top), (0, 0, 1)))
    flat = cv2.warpPerspective(art.ink, shift @ place, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    drawn = _blur(np.asarray(flat, np.uint8), moved, optics.defocus)
    cover = drawn[:, :, 3]
    inverse = cv2.bitwise_not(cover)
    region = view[top:bottom, left:right]
    kept = cv2.multiply(region, cv2.merge((inverse,) * 3), scale=1 / 255)
    lit = np.asarray(cv2.add(kept, cv2.cvtColor(drawn, cv2.COLOR_BGRA2BGR)), np.uint8)
    if optics.glare > 0:
        _shine(lit, cover, pose, (left, top), optics)
    view[top:bottom, left:right] = lit


def _blur(drawn: Image, moved: Point, defocus: float) -> Image:
    """Smear back along the path of the exposure, by halves: a box of 2ⁿ taps in n additions; then defocus."""
    dx, dy = moved[0] / 2, moved[1] / 2
    while max(abs(dx), abs(dy)) >= 0.5:
        drawn = _half_shifted(drawn, round(dx), round(dy))
        dx, dy = dx / 2, dy / 2
    if defocus > 0.3:
        drawn = np.asarray(cv2.GaussianBlur(drawn, (0, 0), defocus), np.uint8)
    return drawn


def _half_shifted(drawn: Image, dx: int, dy: int) -> Image:
    """Return the mean of the image and itself moved by (−dx, −dy)."""
    height, width = drawn.shape[:2]
    if abs(dx) >= width or abs(dy) >= height:
        return drawn
    here = np.s_[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
    there = np.s_[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)]
    mean = drawn.copy()
    mean[here] = cv2.addWeighted(drawn[here], 0.5, drawn[there], 0.5, 0)
    return mean


def _shine(lit: Image, cover: Image, pose: Pose, corner: tuple[int, int], optics: Optics) -> None:
    (centre,) = project(pose, (optics.glare_at,))
    reach = int(4 * optics.glare_size)
    x, y = round(centre[0]) - corner[0], round(centre[1]) - corner[1]
    height, width = lit.shape[:2]
    left, top, right, bottom = max(0, x - reach), max(0, y - reach), min(width, x + reach), min(height, y + reach)
    if right <= left or bottom <= top:
        return
    spot = _spot(optics.glare, optics.glare_size)[
        top - y + reach : bottom - y + reach, left - x + reach : right - x + reach
    ]
    light = cv2.bitwise_and(spot, cover[top:bottom, left:right])
    lit[top:bottom, left:right] = cv2.add(lit[top:bottom, left:right], cv2.merge((light,) * 3))


@lru_cache(maxsize=8)
def _spot(peak: float, sigma: float) -> Image:
    """Draw a round reflection of 2 × 4 sigma pixels a side."""
    reach = int(4 * sigma)
    profile = np.exp(-(np.arange(-reach, reach) ** 2) / (2 * sigma**2))
    return np.minimum(peak * np.outer(profile, profile), 255).astype(np.uint8)


class Sensor:
    """Noise and gain of the whole picture, from fields drawn once."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._grain = self._rng.standard_normal((HEIGHT + 64, WIDTH + 64), np.float32)
        self._fields: dict[float, tuple[Image, Image]] = {}

    def read(self, view: Image, optics: Optics) -> Image:
        """Return the picture as the sensor gives it; `view` is used up."""
        if optics.brightness != 1.0:
            view = np.asarray(cv2.convertScaleAbs(view, alpha=optics.brightness), np.uint8)
        if optics.noise <= 0:
            return view
        brighter, darker = self._field(optics.noise)
        row, column = int(self._rng.integers(0, 64)), int(self._rng.integers(0, 64))
        window = np.s_[row : row + HEIGHT, column : column + WIDTH]
        cv2.add(view, brighter[window], view)
        cv2.subtract(view, darker[window], view)
        return view

    def _field(self, sigma: float) -> tuple[Image, Image]:
        if sigma not in self._fields:
            # Saturating conversion keeps one sign and drops the other.
            signs = (cv2.convertScaleAbs(np.maximum(sign * self._grain, 0), alpha=sigma) for sign in (1, -1))
            brighter, darker = (np.asarray(cv2.merge((one,) * 3), np.uint8) for one in signs)
            self._fields[sigma] = brighter, darker
        return self._fields[sigma]
