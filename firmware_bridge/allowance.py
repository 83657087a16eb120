"""How much may be said of what comes and goes without end: some at once, then little by little. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, and one more each time so many seconds have passed."""

    at_once: int
    every_s: float


class Allowance:
    """What is left of a limit. Times are monotonic seconds."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._left = float(limit.at_once)
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Whether one more may be said now, which uses it up."""
        if self._at is not None:
            self._left = min(float(self._limit.at_once), self._left + max(0.0, now - self._at) / self._limit.every_s)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
