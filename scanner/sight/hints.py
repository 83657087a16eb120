"""Why a code that is in the picture cannot be read, decided from the picture alone. Pure: no clock, no decoder."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

import cv2
import numpy as np

from scanner.sight.density import Box, Grey, dense_places
from scanner.sight.texture import Grain, Texture, grain, measure

Point = tuple[float, float]
Region = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels: where people hold their phone."""

SMALLEST_PICTURE = 64
BALANCE = 0.37, 0.56
CALMEST = 0.57
WILDEST = 1.45
BUSYNESS = 0.065
FAINTEST_CODE = 7.0
"""Grey levels between dark and light, of a place with its noise smoothed away."""
QUIET = 0.85
REPEATS = 0.37
REACH = 12.5

LARGEST = 0.85
"""Of the picture's height: a code that reaches an edge and is as large as this does not fit."""
WASHED_OUT = 0.1
BRIGHTEST_DARK = 180.0
FAINT = 32.0
"""Grey levels between dark and light below which a code is too faint."""
SMALL_PX = 5.4
"""Size of spots for modules of 3.25 pixels."""
SMEARED = 0.57
COARSE_PX = 12.5


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
    for box in dense_places(view):
        (x, y), size, turn = box
        place = (x + left, y + top), size, turn
        cut = _cut_sides(place, grey)
        if any(cut):
            place = _upright(place, grey)
        texture = measure(grey, place)
        if not _even(texture, cut):
            continue
        spots = grain(texture)
        if spots.repeats > REPEATS or spots.reach > REACH:
            continue
        outline = tuple((float(x), float(y)) for x, y in cv2.boxPoints(place))
        return Candidate(_what_helps(texture, spots, place, cut, grey.shape[0]), outline)
    return None


def find_hint(grey: Grey, region: Region | None = None) -> Hint | None:
    """Return what would make the code in this picture readable, or None where nothing code-like is there."""
    candidate = find_candidate(grey, region)
    return None if candidate is None else candidate.hint


def _cut_sides(box: Box, grey: Grey) -> tuple[bool, bool, bool, bool]:
    """Whether a place reaches the left, upper, right and lower edge of the picture."""
    corners = cv2.boxPoints(box)
    height, width = grey.shape
    near = 6 + 0.02 * max(box[1])
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return bool(x0 < near), bool(y0 < near), bool(x1 > width - near), bool(y1 > height - near)


def _upright(box: Box, grey: Grey) -> Box:
    """Return the upright part of a place that lies in the picture."""
    corners = cv2.boxPoints(box)
    height, width = grey.shape
    (x0, y0), (x1, y1) = np.maximum(corners.min(axis=0), 0), np.minimum(corners.max(axis=0), (width, height))
    return (float(x0 + x1) / 2, float(y0 + y1) / 2), (float(x1 - x0), float(y1 - y0)), 0.0


def _even(texture: Texture, cut: tuple[bool, bool, bool, bool]) -> bool:
    """Whether a place is patterned as a code: by halves, evenly, densely, with calmer margins."""
    margins = sorted(quiet for quiet, outside in zip(texture.quiet, cut, strict=True) if not outside)
    return (
        texture.balance > BALANCE[0]
        and texture.balance < BALANCE[1]
        and texture.calmest > CALMEST
        and texture.wildest < WILDEST
        and texture.busyness > BUSYNESS
        and texture.contrast > FAINTEST_CODE
        and (not margins or margins[-2 if len(margins) > 2 else -1] < QUIET)
    )


def _what_helps(
    texture: Texture, spots: Grain, box: Box, cut: tuple[bool, bool, bool, bool], height: int
) -> Hint | None:
    if any(cut):
        too_large = (cut[0] and cut[2]) or (cut[1] and cut[3]) or max(box[1]) > LARGEST * height
        return Hint.FARTHER if too_large else Hint.CUT_OFF
    if texture.washed_out > WASHED_OUT or texture.dark > BRIGHTEST_DARK:
        return Hint.TOO_BRIGHT
    if texture.contrast < FAINT:
        return Hint.TURN_UP_SCREEN
    if spots.size_px < SMALL_PX:
        return Hint.CLOSER
    if texture.evenness < SMEARED:
        return Hint.HOLD_STILL
    return Hint.FARTHER if spots.size_px > COARSE_PX else None
