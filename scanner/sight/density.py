"""Where a picture is densely patterned in a compact place, as a code is. Pure.

Density is the mean step between neighbouring pixels, divided by the range of brightness around: it tells how often
dark and light alternate, and so does not ask how bright or how strong a pattern is. It is looked at in three sizes, for
modules from one pixel to some tens of pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Map = NDArray[np.float32]
Box = tuple[tuple[float, float], tuple[float, float], float]
"""Centre, width and height in pixels, and the turn in degrees, as cv2.minAreaRect gives them."""

FAINTEST = 10.0
"""Grey levels added to the range: below this, what alternates is mostly the sensor's noise."""
MOST_OBLONG = 3.0
"""A third of a code may be in the picture."""
LEAST_FILLED = 0.78
MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class _Size:
    """One size in which the picture is looked at."""

    level: int
    """Of the pyramid."""
    window: int
    keep_every: int
    densities: tuple[float, ...]


_COARSE = (
    _Size(level=1, window=7, keep_every=1, densities=(0.15, 0.18, 0.21, 0.24, 0.28, 0.36)),
    _Size(level=2, window=7, keep_every=1, densities=(0.15, 0.21, 0.28, 0.36)),
)
_FINE = (_Size(level=0, window=11, keep_every=2, densities=(0.12, 0.17, 0.25)),)
_OPEN = np.ones((7, 7), np.uint8)
_CLOSE = np.ones((9, 9), np.uint8)
_SMALLEST = 14
"""Pixels of the density map."""


def pyramid(grey: Grey) -> tuple[Grey, ...]:
    """Return a picture in its own size, half, quarter and eighth, as far as something is left of it."""
    levels = [grey]
    while len(levels) < 4 and min(levels[-1].shape) >= 2 * _SMALLEST:
        last = levels[-1]
        height, width = last.shape[0] // 2, last.shape[1] // 2
        whole = last[: 2 * height, : 2 * width]
        levels.append(np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8))
    return tuple(levels)


def dense_places(levels: tuple[Grey, ...], *, fine: bool) -> tuple[Box, ...]:
    """Return compact, densely patterned places of a `pyramid`, the largest first, near duplicates left out.

    `fine`: those of the finest patterns, which take as long to find as all others.
    """
    found: list[Box] = []
    for size in _FINE if fine else _COARSE:
        if size.level < len(levels):
            density = _density(levels[size.level], size)
            for least in size.densities:
                found += [_enlarged(box, 2**size.level * size.keep_every) for box in _compact(density, least)]
    found.sort(key=lambda box: -box[1][0] * box[1][1])
    kept: list[Box] = []
    for box in found:
        if not any(_alike(box, other) for other in kept):
            kept.append(box)
    return tuple(kept[:MOST_PLACES])


def _density(grey: Grey, size: _Size) -> Map:
    calm = cv2.GaussianBlur(grey, (3, 3), 0)
    square = cv2.getStructuringElement(cv2.MORPH_RECT, (size.window, size.window))
    span = cv2.morphologyEx(calm, cv2.MORPH_GRADIENT, square)
    steps = cv2.add(cv2.absdiff(calm[:-1, 1:], calm[:-1, :-1]), cv2.absdiff(calm[1:, :-1], calm[:-1, :-1]))
    every = size.keep_every
    if every > 1:
        width, height = steps.shape[1] // every, steps.shape[0] // every
        steps = cv2.resize(steps[: height * every, : width * every], (width, height), interpolation=cv2.INTER_AREA)
        span = span[every // 2 :: every, every // 2 :: every][:height, :width]
    mean = cv2.boxFilter(steps, cv2.CV_32F, ((size.window // every) | 1,) * 2)
    around = span[: mean.shape[0], : mean.shape[1]].astype(np.float32) + FAINTEST
    return np.asarray(cv2.blur(cv2.divide(mean, around), (5, 5)), np.float32)


def _compact(density: Map, least: float) -> Iterator[Box]:
    mask = (density > least).astype(np.uint8)
    mask = np.asarray(
        cv2.morphologyEx(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _OPEN), cv2.MORPH_CLOSE, _CLOSE), np.uint8
    )
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        if len(contour) < 4:
            continue
        hull = cv2.convexHull(contour)
        (x, y), (width, height), turn = cv2.minAreaRect(hull)
        if min(width, height) < _SMALLEST or max(width, height) > MOST_OBLONG * min(width, height):
            continue
        if cv2.contourArea(hull) >= LEAST_FILLED * width * height:
            yield (x, y), (width, height), turn


def _enlarged(box: Box, pixels: int) -> Box:
    (x, y), (width, height), turn = box
    return ((x + 0.5) * pixels, (y + 0.5) * pixels), (width * pixels, height * pixels), turn


def _alike(box: Box, other: Box) -> bool:
    (ax, ay), (aw, ah), _ = box
    (bx, by), (bw, bh), _ = other
    side = max(bw, bh)
    return max(abs(ax - bx), abs(ay - by)) < 0.08 * side and abs(aw * ah - bw * bh) < 0.2 * bw * bh
