"""When to look for an update: at an interval, never all appliances at the same moment. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

FIRST_S = (5.0, 60.0)
"""After a start: soon, but ten thousand boxes that get their power back together must not ask together."""
AGAIN_S = 60.0
"""After the first failure; then twice as long each time, up to the interval."""
SPREAD = 0.25
"""Part of the interval by which it may be shorter or longer."""


@dataclass(slots=True)
class Schedule:
    """When the next attempt is due. Times are seconds of a steady clock; `spread(a, b)` draws a number between."""

    interval_s: float
    spread: Callable[[float, float], float]
    due_at: float
    _failures: int = 0

    @classmethod
    def begin(cls, interval_s: float, now: float, spread: Callable[[float, float], float]) -> Schedule:
        """Begin at a start of the appliance."""
        return cls(interval_s, spread, now + spread(*FIRST_S))

    def is_due(self, now: float) -> bool:
        """Whether it is time to look."""
        return now >= self.due_at

    def succeeded(self, now: float) -> None:
        """Note that the source was reached and what it gave was good, new or not."""
        self._failures = 0
        self.due_at = now + self.interval_s * self.spread(1 - SPREAD, 1 + SPREAD)

    def failed(self, now: float) -> None:
        """Note that it was not."""
        wait = min(self.interval_s, AGAIN_S * 2 ** min(self._failures, 16))
        self._failures += 1
        self.due_at = now + wait * self.spread(1 - SPREAD, 1 + SPREAD)
