"""Why a code that is in the picture cannot be read, decided from the picture alone. Pure: no clock, no decoder."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

import cv2
import numpy as np

from scanner.sight import codelike
from scanner.sight.codelike import Cut
from scanner.sight.density import Box, Grey, dense_places, pyramid
from scanner.sight.texture import Grain, Texture, grain, measure

Point = tuple[float, float]
Region = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels: where people hold their phone."""

SMALLEST_PICTURE: Final = 64
"""Pixels of the shorter side; a smaller picture shows no code."""
SMALLEST_CODE: Final = 40
"""Pixels a side; 21 modules of two pixels."""
OBLONG: Final = 1.65
"""A code tilted by more than 55° is longer than this, and no decoder reads it."""
LARGEST: Final = 0.85
"""Of the picture's height: a code that reaches an edge and is as large as this does not fit."""
EDGE_PX: Final = 12.0
"""What comes so near to the edge of the picture has lost its quiet zone."""
INNER, GROWN = 0.85, 1.35


@unique
class Hint(StrEnum):
    """What the person before the camera can do so that their code is read. The words are `hint.<value>`."""

    CLOSER = "closer"
    FARTHER = "farther"
    HOLD_STILL = "hold_still"
    TOO_BRIGHT = "too_bright"
    TURN_UP_SCREEN = "turn_up_screen"
    CUT_OFF = "cut_off"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something code-like that was not read."""

    hint: Hint | None
    """None: nothing is known that would help."""
    outline: tuple[Point, ...]
    """Corners in pixels."""


@dataclass(frozen=True, slots=True)
class HintSeen:
    """What one frame in which nothing was read looks like; for the lane, which decides what is said and when."""

    hint: Hint | None
    """None: nothing code-like is there, or nothing would help."""
    at: float
    """Monotonic seconds at which the frame was captured."""


def find_candidate(grey: Grey, region: Region | None = None) -> Candidate | None:
    """Return the largest code-like thing in a picture (rows × columns, uint8) in which nothing was read, or None.

    `region`: look there only. Takes about 10 ms for 1280 × 720 pixels.
    """
    left, top = 0, 0
    view = grey
    if region is not None:
        height, width = grey.shape
        left, top = max(0, region[0]), max(0, region[1])
        view = grey[top : min(height, region[3]), left : min(width, region[2])]
    if min(view.shape) < SMALLEST_PICTURE:
        return None
    best: tuple[float, Candidate] | None = None
    levels = pyramid(grey)
    viewed = levels if region is None else pyramid(view)
    for fine in (False, True):
        for (x, y), size, turn in dense_places(viewed, fine=fine):
            rated = _rate(levels, ((x + left, y + top), size, turn))
            if rated is not None and (best is None or rated[0] > best[0]):
                best = rated
        if best is not None:
            break
    return None if best is None else best[1]


def _rate(levels: tuple[Grey, ...], place: Box) -> tuple[float, Candidate] | None:
    """Return how well a place is framed as a code, by size and evenness, and what it is; None where it is no code."""
    grey = levels[0]
    cut = _cut_sides(place, grey)
    if any(cut):
        place = _upright(place, grey)
    side = max(place[1])
    if side < SMALLEST_CODE or (not any(cut) and side > OBLONG * min(place[1])):
        return None
    texture = measure(levels, place)
    if not codelike.is_bordered(texture, cut):
        if any(cut) or not codelike.is_even(texture):
            return None
        place = _scaled(place, GROWN)  # a part of a code: its middle is denser than its rim
        if not codelike.is_bordered(measure(levels, place), cut):
            return None
    if any(cut):
        texture = measure(levels, _scaled(place, INNER))  # the corners may hold something else
    if not codelike.is_even(texture):
        return None
    spots = grain(texture)
    if not codelike.has_modules(texture, spots, cut):
        return None
    outline = tuple((float(x), float(y)) for x, y in cv2.boxPoints(place))
    return side * texture.calmest, Candidate(_what_helps(texture, spots, place, cut, grey.shape[0]), outline)


def find_hint(grey: Grey, region: Region | None = None) -> Hint | None:
    """Return what would make the code in this picture readable, or None where nothing code-like is there."""
    candidate = find_candidate(grey, region)
    return None if candidate is None else candidate.hint


def _cut_sides(box: Box, grey: Grey) -> Cut:
    """Whether a place reaches the left, upper, right and lower edge of the picture."""
    corners = cv2.boxPoints(box)
    height, width = grey.shape
    near = min(EDGE_PX, 6 + 0.02 * max(box[1]))
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return bool(x0 < near), bool(y0 < near), bool(x1 > width - near), bool(y1 > height - near)


def _upright(box: Box, grey: Grey) -> Box:
    """Return the upright part of a place that lies in the picture."""
    corners = cv2.boxPoints(box)
    height, width = grey.shape
    (x0, y0), (x1, y1) = np.maximum(corners.min(axis=0), 0), np.minimum(corners.max(axis=0), (width, height))
    return (float(x0 + x1) / 2, float(y0 + y1) / 2), (float(x1 - x0), float(y1 - y0)), 0.0


def _scaled(box: Box, by: float) -> Box:
    centre, (width, height), turn = box
    return centre, (width * by, height * by), turn


def _what_helps(texture: Texture, spots: Grain, box: Box, cut: Cut, height: int) -> Hint | None:
    if any(cut):
        return Hint.FARTHER if codelike.is_too_large(cut) or max(box[1]) > LARGEST * height else Hint.CUT_OFF
    if texture.washed_out > codelike.WASHED_OUT or texture.dark > codelike.BRIGHTEST_DARK:
        return Hint.TOO_BRIGHT
    if texture.contrast < codelike.FAINT:
        return Hint.TURN_UP_SCREEN
    if spots.size_px < codelike.SMALL_PX:
        return Hint.CLOSER
    if codelike.is_smeared(texture, spots):
        return Hint.HOLD_STILL
    return Hint.FARTHER if spots.size_px > codelike.COARSE_PX else None
