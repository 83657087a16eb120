"""The people of one vehicle, checked together; vehicles that stand aside meanwhile. Not thread-safe: a lane's own.

Nothing here names anybody: an occupant is a tag, and what the gate's opening must remember of a code is tags too.
A party lives in memory only and does not survive the engine.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from keys.verdict import Colour
from scanner import plates
from scanner.control.people import PartyView, SeatView
from scanner.memory import PassTags
from scanner.values import Outcome

MOST_ASIDE: Final = 20
MOST_SEATS: Final = 60
"""A coach has some fifty; who comes after is of no vehicle that there is."""
HOLDS_S: Final = 3600.0
"""A check older than this does not let a vehicle go: temperatures and codes change."""
GIVEN_UP_S: Final = 6 * 3600
"""A vehicle that has stood aside for so long at midnight is given up."""


@dataclass(slots=True)
class Seat:
    """One occupant."""

    outcome: Outcome
    colour: Colour | None
    temperature_centi: int | None
    seq: int | None
    tags: PassTags | None
    """What to remember when the gate opens; None: no code was proved."""
    checked_at: float = 0.0
    """Monotonic seconds."""
    driver: bool = False
    by_hand: bool = False
    slip: int | None = None
    """Of a visitor."""


@dataclass(slots=True)
class Party:
    """One vehicle. `plate` is whole: it is sealed with what becomes of the party, and only ever shown masked."""

    number: int
    """Of the log's entry with which it began."""
    plate: str = field(repr=False)
    people: int
    since: int
    """Seconds since 1970 UTC."""
    seats: dict[bytes, Seat] = field(default_factory=dict)
    """By the tag of the occupant, in the order of first checks."""
    set_aside_at: int | None = None
    released: bool = False

    @property
    def complete(self) -> bool:
        """Whether everybody in the vehicle was checked and may pass."""
        return len(self.seats) >= self.people and all(seat.outcome is Outcome.PASS for seat in self.seats.values())

    @property
    def missing(self) -> int:
        """How many have not been checked."""
        return max(0, self.people - len(self.seats))

    @property
    def outcome(self) -> Outcome:
        """The worst of its occupants; who is missing must still be seen by staff."""
        worst = max((seat.outcome for seat in self.seats.values()), default=Outcome.PASS)
        return max(worst, Outcome.REFER) if self.missing else worst

    def take(self, tag: bytes, seat: Seat) -> None:
        """Note what became of an occupant: of a new one, or of one who was checked before."""
        before = self.seats.get(tag)
        if before is None and len(self.seats) >= MOST_SEATS:
            self.people = MOST_SEATS + 1  # never complete
            return
        seat.driver = before.driver if before is not None else not self.seats
        self.seats[tag] = seat
        self.people = max(self.people, len(self.seats))

    def doubt(self, opened_since: Callable[[PassTags | None, float], bool], at: float) -> None:
        """Refer whoever's code a gate has opened for since they were checked, or whose check is too old; monotonic."""
        for seat in self.seats.values():
            if at - seat.checked_at > HOLDS_S or opened_since(seat.tags, seat.checked_at):
                seat.outcome = Outcome.REFER

    def mark_driver(self, number: int) -> bool:
        """Let the occupant of seat `number`, from 1, be the driver; False where nobody sits there."""
        if not 1 <= number <= len(self.seats):
            return False
        for place, seat in enumerate(self.seats.values(), 1):
            seat.driver = place == number
        return True

    def view(self) -> PartyView:
        """Return the party as the screens are shown it."""
        return PartyView(
            party=self.number,
            plate=plates.masked(self.plate),
            people=self.people,
            seats=tuple(
                SeatView(
                    seat=place,
                    outcome=seat.outcome,
                    colour=seat.colour,
                    temperature_centi=seat.temperature_centi,
                    seq=seat.seq,
                    driver=seat.driver,
                    by_hand=seat.by_hand,
                )
                for place, seat in enumerate(self.seats.values(), 1)
            ),
            since=self.since,
            released=self.released,
            set_aside_at=self.set_aside_at,
        )


class Parties:
    """The vehicle before one lane, and those that stand aside."""

    def __init__(self) -> None:
        self.current: Party | None = None
        self.aside: list[Party] = []
        self._key = secrets.token_bytes(32)
        """Of the occupants' tags: it lives as long as the parties, which midnight does not end."""

    def tag(self, who: str) -> bytes:
        """Return what stands for an occupant: it tells one from another and names nobody."""
        return hmac.digest(self._key, who.encode("utf-8", "surrogatepass"), hashlib.sha256)[:16]

    @property
    def checking(self) -> Party | None:
        """The vehicle whose people are being checked now; None also once it may go."""
        return self.current if self.current is not None and not self.current.released else None

    def put_aside(self, now: int) -> None:
        """Let the vehicle before the lane wait aside."""
        if self.current is not None:
            self.current.set_aside_at = now
            self.aside.append(self.current)
            self.current = None

    def take_up(self, number: int) -> Party | None:
        """Take up the vehicle with this number; None where none of that number stands aside."""
        found = next((party for party in self.aside if party.number == number), None)
        if found is not None:
            self.aside.remove(found)
            found.set_aside_at = None
            self.current = found
        return found

    def give_up(self, now: int) -> list[Party]:
        """Let go of vehicles that have stood aside too long, and return them."""
        old = [one for one in self.aside if one.set_aside_at is not None and now - one.set_aside_at > GIVEN_UP_S]
        self.aside = [one for one in self.aside if one not in old]
        return old

    def end(self) -> None:
        """Let go of the vehicle before the lane."""
        self.current = None
