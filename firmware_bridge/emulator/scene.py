"""What stands before a virtual thermometer: a pure model of a forehead that comes, stays and goes. Seeded."""

from __future__ import annotations

import math
import random

APPROACH_TAU_S = 0.06
"""Time constant of somebody stepping in or away: within 0.3 s the reading is there to less than 1 %."""
NOISE_CENTI = 3.0
"""Standard deviation of one reading, centi-°C."""
SWAY_CENTI = 3.0
"""Height of the slow sway of somebody who stands, centi-°C."""


class Scene:
    """Object and ambient temperature over time. Centi-°C and monotonic seconds."""

    def __init__(self, ambient_centi: int, chance: random.Random, *, noise_centi: float = NOISE_CENTI) -> None:
        self.ambient_centi = ambient_centi
        self._chance = chance
        self._noise = noise_centi
        self._target: int | None = None
        self._from = float(ambient_centi)
        self._since = 0.0
        self._drift_per_s = 0.0
        self._drift_since = 0.0
        self._stuck: tuple[int, int] | None = None

    def person(self, object_centi: int, now: float) -> None:
        """Somebody with this object temperature steps in."""
        self._move(object_centi, now)

    def nobody(self, now: float) -> None:
        """Whoever stood there steps away."""
        self._move(None, now)

    def drift(self, centi_per_minute: float, now: float) -> None:
        """Let readings creep away from the truth from now on; 0 ends it."""
        self._drift_per_s = centi_per_minute / 60.0
        self._drift_since = now

    def stick(self, now: float) -> None:
        """Repeat the present reading for ever."""
        self._stuck = self.reading(now)

    def unstick(self) -> None:
        """Measure again."""
        self._stuck = None

    def reading(self, now: float) -> tuple[int, int]:
        """(object, ambient) as the module reads them now."""
        if self._stuck is not None:
            return self._stuck
        drift = self._drift_per_s * (now - self._drift_since)
        sway = SWAY_CENTI * math.sin(now * 2.1) if self._target is not None and self._noise else 0.0
        noise = self._chance.gauss(0.0, self._noise)
        ambient_noise = self._chance.gauss(0.0, self._noise / 3)
        return _int16(self._true(now) + drift + sway + noise), _int16(self.ambient_centi + ambient_noise)

    def _true(self, now: float) -> float:
        goal = float(self.ambient_centi if self._target is None else self._target)
        return goal + (self._from - goal) * math.exp(-max(0.0, now - self._since) / APPROACH_TAU_S)

    def _move(self, target: int | None, now: float) -> None:
        self._from = self._true(now)
        self._target = target
        self._since = now


def _int16(value: float) -> int:
    """Round to what the module's frame can say."""
    return max(-32768, min(32767, round(value)))
