"""Why a code that is in the picture cannot be read, decided from the picture alone. Pure: no clock, no decoder."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

import cv2
import numpy as np

from scanner.sight.density import Box, Grey, dense_places, pyramid
from scanner.sight.texture import MOSTLY, Grain, Texture, grain, measure

Point = tuple[float, float]
Cut = tuple[bool, bool, bool, bool]
"""Whether something reaches the left, upper, right and lower edge of the picture."""
Region = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels: where people hold their phone."""

SMALLEST_PICTURE = 64
SMALLEST_CODE = 40
BALANCE = 0.37, 0.56
BALANCE_IN_GLARE = 0.64
BALANCE_BLOWN_OUT = 0.78
CALMEST = 0.57
WILDEST = 1.45
BUSYNESS = 0.065
BUSYNESS_IN_GLARE = 0.09
BUSYNESS_FAINT = 0.115
FAINTEST_CODE = 5.5
"""Grey levels between dark and light, of a place with its noise smoothed away."""
QUIET = 0.85
QUIET_SMEARED = 1.2
QUIET_AT_EDGE = 0.72
ALONE = 0.35
QUIET_COARSE = 0.42
CALMEST_ALONE = 0.45
BALANCE_ALONE = 0.34
BUSYNESS_ALONE = 0.045
OBLONG = 1.65
BOLD = 60.0
FINEST_PX = 3.0
INNER = 0.85
GROWN = 1.35
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
SMEARED = 0.6
SMEARED_COARSE = 0.48
VERY_COARSE_PX = 16.0
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
    best: tuple[float, Candidate] | None = None
    levels = pyramid(grey)
    places = dense_places(levels if region is None else pyramid(view))
    for (x, y), size, turn in places:
        rated = _rate(levels, ((x + left, y + top), size, turn))
        if rated is not None and (best is None or rated[0] > best[0]):
            best = rated
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
    if not _bordered(texture, cut):
        if any(cut) or not _even(texture):
            return None
        place = _grown(place)  # a part of a code: its middle is denser than its rim
        if not _bordered(measure(levels, place), cut):
            return None
    if any(cut):
        texture = measure(levels, _inner(place))
    if not _even(texture):
        return None
    spots = grain(texture)
    noise = spots.size_px < FINEST_PX and texture.contrast < BOLD
    blurred = spots.size_px > COARSE_PX and not _smeared(texture, spots) and not any(cut)
    if blurred and max(texture.quiet) > QUIET_COARSE:
        return None
    if texture.washed_out > WASHED_OUT and spots.size_px < SMALL_PX:  # print on white paper, in too much light
        return None
    if noise or spots.repeats > REPEATS or spots.reach > REACH:
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
    near = min(12.0, 6 + 0.02 * max(box[1]))
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return bool(x0 < near), bool(y0 < near), bool(x1 > width - near), bool(y1 > height - near)


def _upright(box: Box, grey: Grey) -> Box:
    """Return the upright part of a place that lies in the picture."""
    corners = cv2.boxPoints(box)
    height, width = grey.shape
    (x0, y0), (x1, y1) = np.maximum(corners.min(axis=0), 0), np.minimum(corners.max(axis=0), (width, height))
    return (float(x0 + x1) / 2, float(y0 + y1) / 2), (float(x1 - x0), float(y1 - y0)), 0.0


def _inner(box: Box) -> Box:
    """Return the middle of a place that leaves the picture: its corners may hold something else."""
    centre, (width, height), turn = box
    return centre, (width * INNER, height * INNER), turn


def _grown(box: Box) -> Box:
    centre, (width, height), turn = box
    return centre, (width * GROWN, height * GROWN), turn


def _even(texture: Texture) -> bool:
    """Whether a place is patterned as a code: by halves, evenly, densely. What light has changed is judged apart."""
    alone = max(texture.quiet) < ALONE
    lowest, highest = BALANCE_ALONE if alone else BALANCE[0], BALANCE[1]
    busiest = BUSYNESS_ALONE if alone else BUSYNESS
    if texture.washed_out > MOSTLY or texture.dark > BRIGHTEST_DARK:
        highest = BALANCE_BLOWN_OUT
    elif texture.washed_out > WASHED_OUT:
        highest, busiest = BALANCE_IN_GLARE, BUSYNESS_IN_GLARE
    elif texture.contrast < FAINT:
        busiest = BUSYNESS_FAINT
    return (
        lowest < texture.balance < highest
        and texture.calmest > (CALMEST_ALONE if alone else CALMEST)
        and texture.wildest < WILDEST
        and texture.busyness > busiest
        and texture.contrast > FAINTEST_CODE
    )


def _bordered(texture: Texture, cut: Cut) -> bool:
    """Whether a place has calmer margins where it does not leave the picture."""
    margins = sorted(quiet for quiet, outside in zip(texture.quiet, cut, strict=True) if not outside)
    if all(cut):  # a cloth or a carpet, but for the margins of a code that only just fills the picture
        return min(texture.quiet) < QUIET_COARSE and texture.contrast > BOLD
    if any(cut):
        return margins[0] < QUIET_AT_EDGE or (texture.contrast > BOLD and _too_large(cut))
    smeared = texture.evenness < SMEARED
    return margins[0] < QUIET and margins[2] < (QUIET_SMEARED if smeared else QUIET)


def _too_large(cut: Cut) -> bool:
    return (cut[0] and cut[2]) or (cut[1] and cut[3])


def _smeared(texture: Texture, spots: Grain) -> bool:
    return texture.evenness < (SMEARED if spots.size_px < VERY_COARSE_PX else SMEARED_COARSE)


def _what_helps(texture: Texture, spots: Grain, box: Box, cut: Cut, height: int) -> Hint | None:
    if any(cut):
        return Hint.FARTHER if _too_large(cut) or max(box[1]) > LARGEST * height else Hint.CUT_OFF
    if texture.washed_out > WASHED_OUT or texture.dark > BRIGHTEST_DARK:
        return Hint.TOO_BRIGHT
    if texture.contrast < FAINT:
        return Hint.TURN_UP_SCREEN
    if spots.size_px < SMALL_PX:
        return Hint.CLOSER
    if _smeared(texture, spots):
        return Hint.HOLD_STILL
    return Hint.FARTHER if spots.size_px > COARSE_PX else None
