"""How a hand brings a code up, trembles, and takes it away; how a person walks up. Pure functions of time, seeded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from demo.geometry import HEIGHT, WIDTH, Pose

RISE_S = 0.5
LOWER_S = 0.35
WALK_S = 0.8
_BELOW = HEIGHT + 420.0


@dataclass(frozen=True, slots=True)
class Hold:
    """How a carrier is held once it is up."""

    module_px: float = 4.2
    """Pixels a module, face on."""
    x: float = 760.0
    y: float = 330.0
    pitch: float = 8.0
    yaw: float = -6.0
    roll: float = 3.0
    tremble_px: float = 2.5
    tremble_deg: float = 1.0
    rise_s: float = RISE_S


class Course:
    """One carrier's way through the picture: up from below, held, and down again."""

    def __init__(self, hold: Hold, module_mm: float, seed: int, begin: float) -> None:
        """`begin` is the monotonic second at which the hand sets out."""
        self._hold = hold
        self._scale = hold.module_px / module_mm
        self._begin = begin
        self._lowered: float | None = None
        rng = np.random.default_rng(seed)
        self._tones = tuple(
            tuple((float(rng.uniform(low, high)), float(rng.uniform(0, math.tau))) for low, high in ((1, 2), (3, 5)))
            for _ in range(5)
        )
        self._twist = float(rng.uniform(-14, 14))

    def lower(self, at: float) -> None:
        """Begin to go down at the monotonic second `at`."""
        if self._lowered is None:
            self._lowered = at

    def gone(self, at: float) -> bool:
        """Whether the carrier has left the picture for good."""
        return self._lowered is not None and at >= self._lowered + LOWER_S

    def pose(self, at: float) -> Pose:
        """How it is held at the monotonic second `at`."""
        hold = self._hold
        up = min(1.0, max(0.0, (at - self._begin) / hold.rise_s))
        away = (1 - up) ** 3
        if self._lowered is not None and at > self._lowered:
            away = max(away, min(1.0, (at - self._lowered) / LOWER_S) ** 2)
        x, y, pitch, yaw, roll = (self._tremble(axis, at - self._begin) for axis in range(5))
        return Pose(
            x=hold.x + 90 * away + hold.tremble_px * x,
            y=hold.y + (_BELOW - hold.y) * away + hold.tremble_px * y,
            scale=self._scale * (1 - 0.25 * away),
            pitch=hold.pitch + 30 * away + hold.tremble_deg * pitch,
            yaw=hold.yaw + hold.tremble_deg * yaw,
            roll=hold.roll + self._twist * away + hold.tremble_deg * roll,
        )

    def _tremble(self, axis: int, t: float) -> float:
        return sum(math.sin(math.tau * rate * t + phase) for rate, phase in self._tones[axis]) / 2


class Walk:
    """A person's way: in from the right, a stop before the camera, and out to the left."""

    def __init__(self, begin: float, stand_x: float = 430.0) -> None:
        self._begin = begin
        self._stand = stand_x
        self._left: float | None = None

    def leave(self, at: float) -> None:
        """Begin to walk on at the monotonic second `at`."""
        if self._left is None:
            self._left = at

    def gone(self, at: float) -> bool:
        """Whether the person has left the picture."""
        return self._left is not None and at >= self._left + WALK_S

    def place(self, at: float) -> tuple[float, float]:
        """Pixels by which the person's middle is right of the picture's left edge, and bobs down."""
        come = min(1.0, max(0.0, (at - self._begin) / WALK_S))
        x = self._stand + (WIDTH + 240 - self._stand) * (1 - come) ** 2
        stride = 1 - come
        if self._left is not None and at > self._left:
            go = min(1.0, (at - self._left) / WALK_S)
            x -= (self._stand + 260) * go**2
            stride = go
        return x, 10 * min(1.0, 2 * stride) * abs(math.sin(math.tau * 1.6 * (at - self._begin)))
