"""Where the carrier is at any instant: a pure function of the walk, a seed and the time."""

from __future__ import annotations

import math
import random

from benchmarks.crowd.conditions import Walk
from demo.geometry import FOCAL, Pose

STEADY = 0.55
"""Share of the approach that goes at an even pace; the rest slows down evenly to a stop."""


def way(walk: Walk, at: float) -> float:
    """Share of the way that is left at `at` seconds: 1 at the beginning, 0 when held."""
    s = min(1.0, max(0.0, at / walk.approach_s))
    slow = 1 - STEADY
    pace = 1 / (STEADY + slow / 2)
    gone = pace * s if s <= STEADY else pace * (STEADY + (s - STEADY) - (s - STEADY) ** 2 / (2 * slow))
    return 1 - min(1.0, gone)


class Path:
    """One person's path."""

    def __init__(self, walk: Walk, seed: int) -> None:
        self.walk = walk
        chance = random.Random(seed)  # noqa: S311  a staged crowd, no secret
        self._phases = tuple(tuple(chance.uniform(0, math.tau) for _ in walk.tremble.hz) for _ in range(5))

    def distance_m(self, at: float) -> float:
        """Metres from the camera at `at` seconds."""
        return self.walk.hold_m + (self.walk.begin_m - self.walk.hold_m) * way(self.walk, at)

    def pose(self, at: float) -> Pose:
        """How the carrier is held at `at` seconds."""
        walk = self.walk
        left = way(walk, at)
        scale = FOCAL / (1000 * self.distance_m(at))
        x, y = (self._unrest(axis, walk.tremble.mm, at) * scale for axis in (0, 1))
        pitch, yaw, roll = (self._unrest(axis, walk.tremble.degrees, at) for axis in (2, 3, 4))
        return Pose(
            x=walk.hold_at[0] + (walk.begin_at[0] - walk.hold_at[0]) * left + x,
            y=walk.hold_at[1] + (walk.begin_at[1] - walk.hold_at[1]) * left + y,
            scale=scale,
            pitch=walk.pitch + walk.swing[0] * left + pitch,
            yaw=walk.yaw + walk.swing[1] * left + yaw,
            roll=walk.roll + walk.swing[2] * left + roll,
        )

    def _unrest(self, axis: int, amplitudes: tuple[float, ...], at: float) -> float:
        return sum(
            amplitude * math.sin(math.tau * hz * at + phase)
            for amplitude, hz, phase in zip(amplitudes, self.walk.tremble.hz, self._phases[axis], strict=True)
        )
