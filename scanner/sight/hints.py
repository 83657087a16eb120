"""Why a code that is in the picture cannot be read, decided from the picture alone. Pure: no clock, no decoder."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Point = tuple[float, float]
Region = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels: where people hold their phone."""


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
    """Return the most code-like thing in a picture (rows × columns, uint8) in which nothing was read, or None."""
    del grey, region
    return None


def find_hint(grey: Grey, region: Region | None = None) -> Hint | None:
    """Return what would make the code in this picture readable, or None where nothing code-like is there."""
    candidate = find_candidate(grey, region)
    return None if candidate is None else candidate.hint
