"""Judges the pictures of a live camera: frozen, empty, damaged, slow, or changing their size. Pure.

A sensor always has noise. A picture that stays the same for seconds comes from a driver or a camera that has hung,
and would show the last person's code for ever.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import numpy as np

from scanner.camera.frame import Frame, Grey

FROZEN_S: Final = 3.0
"""The same picture for so long is a fault."""
EMPTY_S: Final = 2.0
"""A picture without anything in it for so long is a fault: a hand or a coat may pass before the lens."""
WINDOW_S: Final = 4.0
"""Over which rate, damage and changes of size are counted."""
SAME: Final = 1
"""Levels by which a pixel of the same picture may differ: cameras that compress a standing picture anew."""
FLAT: Final = 3
"""Levels within which a picture of one colour lies, beside its outermost hundredths."""
FLAT_DARK: Final = 8
"""The same where all is black or white: with noise."""
BLACK: Final = 32
WHITE: Final = 235
DAMAGED_SHARE: Final = 0.3
DAMAGED_LEAST: Final = 3
SIZES_LEAST: Final = 3
"""Changes of size within the window that are a fault; one is somebody's new setting."""
SLOW_FPS: Final = 5.0
"""Fewer pictures a second than this are said, where more were asked for."""
POOR_LASTS_S: Final = 10.0
"""Poor pictures are over when they have been good for so long: what comes and goes is said once."""
_GRID: Final = 8
"""Every so manieth row and column is compared."""


class Grade(Enum):
    """How bad it is."""

    POOR = auto()
    """Codes may still be read."""
    LOST = auto()
    """There is no picture to read from."""
    FROZEN = auto()
    """There is one, of the past: it must not be used."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with the pictures, in words that say what to do."""

    grade: Grade
    words: str


class PictureWatch:
    """Follows one camera, also over its being opened anew."""

    def __init__(self, asked_fps: int) -> None:
        self._asked_fps = asked_fps
        self._grid: Grey | None = None
        self._same_since = 0.0
        self._empty_since: float | None = None
        self._began: float | None = None
        self._seen: deque[tuple[float, bool, bool]] = deque(maxlen=1024)
        """When, whether damaged, whether of another size than the one before."""
        self._shape: tuple[int, ...] | None = None
        self._last_poor: tuple[Fault, float] | None = None

    def reopened(self) -> None:
        """Forget the pace: the camera was opened anew, or was silent. What its picture looked like is kept."""
        self._began = None
        self._seen.clear()

    def judge(self, frame: Frame) -> Fault | None:
        """Take the next frame; returns what is wrong with the pictures now, the gravest only."""
        grid = frame.grey[::_GRID, ::_GRID]
        self._began = frame.at if self._began is None else self._began
        resized = self._shape is not None and frame.grey.shape != self._shape
        self._shape = frame.grey.shape
        self._seen.append((frame.at, frame.damaged, resized))
        while frame.at - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()
        return self._empty(grid, frame.at) or self._frozen(grid, frame.at) or self._lasting(self._poor(frame), frame.at)

    def _empty(self, grid: Grey, at: float) -> Fault | None:
        if float(grid[::3, ::3].std()) > FLAT_DARK:  # most pictures; the percentiles below cost more
            self._empty_since = None
            return None
        low, high = (int(level) for level in np.percentile(grid, (1, 99)))
        if high < BLACK and high - low <= FLAT_DARK:
            words = "its picture is black: is the lens covered, or the light out?"
        elif low > WHITE and high - low <= FLAT_DARK:
            words = "its picture is white: does a lamp or the sun shine into the lens?"
        elif high - low <= FLAT:
            words = "its picture is of one colour: is the lens covered? If it is green, try another USB socket or cable"
        else:
            self._empty_since = None
            return None
        self._empty_since = at if self._empty_since is None else self._empty_since
        return Fault(Grade.LOST, words) if at - self._empty_since >= EMPTY_S else None

    def _frozen(self, grid: Grey, at: float) -> Fault | None:
        if self._empty_since is not None:  # black is black whether it moves or not
            self._grid = None
            return None
        before = self._grid
        if before is None or before.shape != grid.shape or _differ(before, grid):
            self._grid = grid.copy()
            self._same_since = at
            return None
        if at - self._same_since < FROZEN_S:
            return None
        words = f"its picture has not changed for {FROZEN_S:g} s: it has hung; unplug it and plug it in again"
        return Fault(Grade.FROZEN, words)

    def _lasting(self, poor: Fault | None, at: float) -> Fault | None:
        """Keep saying what was poor a moment ago; of several reasons the first."""
        last = self._last_poor
        if last is not None and at - last[1] < POOR_LASTS_S:
            self._last_poor = last[0], at if poor is not None else last[1]
        else:
            self._last_poor = None if poor is None else (poor, at)
        return None if self._last_poor is None else self._last_poor[0]

    def _poor(self, frame: Frame) -> Fault | None:
        count = len(self._seen)
        damaged = sum(1 for _, torn, _ in self._seen if torn)
        if damaged >= DAMAGED_LEAST and damaged >= DAMAGED_SHARE * count:
            return Fault(Grade.POOR, "many of its pictures arrive damaged: try another cable, socket or power supply")
        if sum(1 for _, _, resized in self._seen if resized) >= SIZES_LEAST:
            return Fault(Grade.POOR, "the size of its pictures keeps changing: does another program set it?")
        if self._began is not None and frame.at - self._began >= WINDOW_S:
            rate = count / WINDOW_S
            if rate < min(SLOW_FPS, self._asked_fps / 2):
                gives = f"it gives {max(1, round(rate))} of {self._asked_fps} pictures a second"
                return Fault(Grade.POOR, f"{gives}: bring light, or try another USB socket")
        return None


def _differ(one: Grey, other: Grey) -> bool:
    """Whether any pixel differs by more than a picture does that was compressed twice."""
    return bool((np.maximum(one, other) - np.minimum(one, other)).max() > SAME)
