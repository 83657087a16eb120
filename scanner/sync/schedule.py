"""When to talk to the hub: by how much waits and for how long; after a failure later and later. Pure.

After a failure the next attempt is drawn evenly from the whole of a span that doubles each time ("full jitter"): ten
thousand appliances that lose the hub at the same moment come back as a steady trickle, not as waves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

FIRST_S: Final = (1.0, 30.0)
"""After a start: boxes that get their power back together must not ask together."""
BATCH: Final = 500
"""So many entries are not kept waiting for their age."""
BACK_OFF_S: Final = 10.0
"""The span after the first failure."""
LONGEST_S: Final = 600.0
"""The span that is not exceeded."""
REFUSED_S: Final = 900.0
"""When the hub refused: people have to do something first."""
PRESENCE_S: Final = 240.0
"""With nothing to send, how often the hub is told that this gate is alive."""
SPREAD: Final = 0.25
"""Part by which a steady interval is longer or shorter."""
PATIENT_S: Final = 0.5
"""Part of what the hub asked for that is added at most, so that not everybody takes it by the word."""


@dataclass(slots=True)
class Schedule:
    """Times are seconds of a steady clock; `spread(a, b)` draws a number between."""

    age_s: float
    """How long an entry may wait for company."""
    spread: Callable[[float, float], float]
    not_before: float
    present_by: float
    failures: int = 0

    @classmethod
    def begin(cls, age_s: float, now: float, spread: Callable[[float, float], float]) -> Schedule:
        """Begin at a start of the appliance."""
        first = now + spread(*FIRST_S)
        return cls(age_s * spread(1 - SPREAD, 1 + SPREAD), spread, first, first)

    def is_due(self, now: float, waiting: int, waited_s: float) -> bool:
        """Whether to talk to the hub, with `waiting` entries of which the first has waited for `waited_s` seconds."""
        if now < self.not_before:
            return False
        return waiting >= BATCH or (waiting > 0 and waited_s >= self.age_s) or now >= self.present_by

    def succeeded(self, now: float) -> None:
        """Note that the hub answered as it should."""
        self.failures = 0
        self.not_before = now
        self.present_by = now + PRESENCE_S * self.spread(1 - SPREAD, 1 + SPREAD)

    def failed(self, now: float) -> None:
        """Note that it could not be reached."""
        self._wait(now, self._back_off())

    def told(self, now: float, retry_after_s: float) -> None:
        """Note that it said when to come back; never sooner than after any other failure."""
        asked = min(max(retry_after_s, 0.0), LONGEST_S * 6)
        self._wait(now, max(asked * self.spread(1.0, 1.0 + PATIENT_S), self._back_off()))

    def refused(self, now: float) -> None:
        """Note that it will not take what we have."""
        self.failures += 1
        self._wait(now, REFUSED_S * self.spread(1 - SPREAD, 1 + SPREAD))

    def _back_off(self) -> float:
        span = min(LONGEST_S, BACK_OFF_S * 2.0 ** min(self.failures, 16))
        self.failures += 1
        return self.spread(0.0, span)

    def _wait(self, now: float, seconds: float) -> None:
        self.not_before = self.present_by = now + seconds
