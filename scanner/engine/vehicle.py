"""The vehicle before a lane: who of its people may pass, when all may, and what is remembered once it goes.

Not thread-safe: everything here happens in the lane's own thread. Times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable

from scanner.engine.party import Parties, Seat
from scanner.engine.person import Person
from scanner.engine.visitors import Visitors
from scanner.memory import Memory
from scanner.values import Direction


class Vehicle:
    """What a lane's passages mean for the vehicle whose people are checked there, if any."""

    def __init__(
        self,
        parties: Parties,
        memory: Memory,
        visitors: Visitors,
        now: Callable[[], int],
        direction: Direction,
    ) -> None:
        """`now`: seconds since 1970 UTC; `direction`: which way the lane leads."""
        self._parties = parties
        self._memory = memory
        self._visitors = visitors
        self._now = now
        self._direction = direction
        self._released_by: int | None = None
        """Number of the entry by which it may go, until the gate has been told."""

    @property
    def number(self) -> int | None:
        """Number of the vehicle that is being checked."""
        party = self._parties.checking
        return None if party is None else party.number

    def seat(self, person: Person, at: float) -> None:
        """Note what became of an occupant, where a vehicle is being checked."""
        party = self._parties.checking
        if party is None:
            return
        party.take(
            self._parties.tag(person.holder),
            Seat(
                outcome=person.outcome,
                colour=person.verdict.colour,
                temperature_centi=person.measurement.result_centi if person.measurement else None,
                seq=person.seq,
                tags=self._memory.tags(person.verdict, person.beside),
                checked_at=at,
                by_hand=person.form is not None,
                slip=None if person.form is None else person.form.slip,
            ),
        )

    def may_go(self, at: float) -> bool:
        """Whether everybody in it may pass.

        Whose code has opened a gate since, in another vehicle or at another lane, or was checked too long ago, must be
        seen by staff again.
        """
        party = self._parties.checking
        if party is None or not party.complete:
            return False
        party.doubt(self._memory.gate_opened_since, at)
        return party.complete

    def release(self, seq: int) -> bool:
        """Let it go by entry `seq`; False where there is none that is being checked."""
        party = self._parties.checking
        if party is None:
            return False
        party.released, self._released_by = True, seq
        return True

    def goes(self, at: float) -> int | None:
        """Return the entry by which the gate opens for it, and remember who goes; None where it may not go, or has."""
        party, by = self._parties.current, self._released_by
        if party is None or not party.released or by is None:
            return None
        self._released_by = None
        for seat in party.seats.values():
            self._memory.gate_opened_by_tags(seat.tags, at)
            self.visitor_passed(seat.slip)
        return by

    def visitor_passed(self, slip: int | None) -> None:
        """Note that the gate has opened for the visitor with this slip, if it is one."""
        if slip is not None:
            self._visitors.note(slip, self._direction, self._now())

    def drop_released(self) -> None:
        """Let go of a vehicle that was told to go, once its result has been shown."""
        if self._parties.current is not None and self._parties.current.released:
            self._parties.end()
