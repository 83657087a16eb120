"""How often one appliance may ring: an alarm is a durable write, and whoever has a stolen key could do nothing else.

A burst is written in full, so that people see how often it came; of what follows, one a second. Kept in memory, by each
hub process for itself: what is refused is refused all the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from time import monotonic

BURST = 20
EVERY_S = 1.0
"""After a burst, one in so many seconds."""
REMEMBERED = 10_000
"""Appliances whose rings are counted; of more, those that rang longest ago are forgotten."""


class Bell:
    """Counts rings by appliance; used by many threads."""

    def __init__(self, steady: Callable[[], float] = monotonic) -> None:
        """`steady`: seconds of a clock that nobody sets."""
        self._steady = steady
        self._lock = Lock()
        self._rung: OrderedDict[int, tuple[float, float]] = OrderedDict()
        """Appliance → rings that are left, and when that was so."""

    def may_ring(self, appliance: int) -> bool:
        """Count a ring of an appliance, by the hub's number; False where it is to stay silent."""
        now = self._steady()
        with self._lock:
            left, at = self._rung.pop(appliance, (float(BURST), now))
            left = min(float(BURST), left + (now - at) / EVERY_S)
            rings = left >= 1.0
            self._rung[appliance] = (left - 1.0 if rings else left, now)
            if len(self._rung) > REMEMBERED:
                self._rung.popitem(last=False)
        return rings
