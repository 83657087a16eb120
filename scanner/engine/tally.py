"""A lane's day in numbers, and its last passages; without a name."""

from __future__ import annotations

from collections import deque

from scanner.control.messages import PassageView
from scanner.engine.person import Person
from scanner.values import Outcome

LAST_KEPT = 10


class Tally:
    """Counts since local midnight or the start, whichever is later."""

    def __init__(self) -> None:
        self._last: deque[PassageView] = deque(maxlen=LAST_KEPT)
        self.counts = dict.fromkeys(Outcome, 0)

    @property
    def last(self) -> tuple[PassageView, ...]:
        """The last passages, newest first."""
        return tuple(self._last)

    def has_passed(self, seq: int) -> bool:
        """Whether entry `seq` is one of the last passages, and admitted somebody."""
        return any(one.seq == seq and one.outcome is Outcome.PASS for one in self._last)

    def begin_day(self) -> None:
        """Count from nothing again."""
        self.counts = dict.fromkeys(Outcome, 0)

    def count(self, person: Person) -> None:
        """Note a result that is being shown; an override is shown too, and counted only as itself."""
        decision, overridden = person.decision, person.overridden
        if overridden is None:
            self.counts[decision.outcome] += 1
        if person.seq is None:
            return
        self._last.appendleft(
            PassageView(
                seq=person.seq,
                at=person.at,
                outcome=decision.outcome if overridden is None else Outcome.PASS,
                reasons=decision.reasons if overridden is None else (overridden,),
                colour=person.verdict.colour,
                temperature_centi=person.measurement.result_centi if person.measurement else None,
            )
        )
