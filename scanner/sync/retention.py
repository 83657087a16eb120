"""What is erased when: sealed parts first, whole entries later, and only what the hub has said again that it holds.

Erasing is for ever, and a clock may be wrong that everybody believes: days count only where this appliance's clock and
the hub's have both counted them. Neither needs to be right for that, only to go; whichever leaps is alone with it.

Work is done in small slices with pauses between: a person's entry waits behind one slice at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from scanner.config.model import RetentionSection
from scanner.journal.database import Erasure
from scanner.journal.detail import Erased

DAY_S: Final = 86_400
EVERY_S: Final = 6 * 3600.0
"""How often it is looked whether something is due."""
TICK_S: Final = 1.5
"""In so many seconds a clock that goes has moved by one."""
SLICE: Final = 256
"""Entries in one transaction."""


class Ledger(Protocol):
    """What retention asks of the log; `scanner.journal.store.Journal` is one. All raise JournalError."""

    @property
    def pruned(self) -> int:
        """How many of the first entries are gone."""

    def durable_since(self, seen_by: int) -> int:
        """Tell how many entries a witness had seen by then."""

    def erased_up_to(self, what: int) -> int:
        """Tell up to which entry one kind of data was erased."""

    def erase_sealed(self, start: int, stop: int) -> int:
        """Erase the sealed bytes of entries."""

    def prune(self, stop: int) -> int:
        """Remove the entries below `stop`."""

    def sweep(self) -> bool:
        """Cut what was erased from the write-ahead log."""

    def note_erasure(self, erasure: Erasure) -> None:
        """Add a line to the report."""


@dataclass(frozen=True, slots=True)
class WitnessClock:
    """What the hub's clock says of a head; seconds since 1970 UTC."""

    cosigned_at: int
    """When it cosigned the head, or the hub did that was joined before it."""
    now: int
    """When it was heard last."""
    stands: bool
    """Whether it showed the same at two answers between which it should have moved."""

    def has_counted(self, days: int) -> bool:
        """Whether so many days have gone by; a clock that stands counts nothing, and does not say no."""
        return self.stands or self.now - self.cosigned_at >= days * DAY_S


class HubClock:
    """What the hub's clock has shown, so as to tell one that goes from one that stands."""

    def __init__(self) -> None:
        self.time: int | None = None
        """What it showed at its last answer, seconds since 1970 UTC; None where it did not say."""
        self.stands: bool | None = None
        """Whether it stands still; None: nobody has looked twice."""
        self._since = 0.0

    def heard(self, shown: int | None, asked_at: float, now: float) -> None:
        """Take an answer that came at `now` to a question of `asked_at`, both monotonic seconds.

        Answers travel, and this one may be as old as its question: only what lies between the one that first showed
        this time and that question has surely gone by.
        """
        if shown is None or shown != self.time:
            self.stands = None if shown is None or self.time is None else False
            self.time, self._since = shown, now
        elif asked_at - self._since >= TICK_S:
            self.stands = True


@dataclass(frozen=True, slots=True)
class Due:
    """What may go now."""

    sealed: int
    """Sealed parts of the entries below this."""
    entries: int
    """Whole entries below this."""


def due(
    ledger: Ledger, section: RetentionSection, now: int, held: int, witnessed: Callable[[int], WitnessClock]
) -> Due:
    """Return what may go at `now` (seconds), when the hub has just said that it holds the first `held` entries.

    `witnessed` gives the hub's clock for the head over so many entries.
    """

    def aged(days: int) -> int:
        size = ledger.durable_since(now - days * DAY_S)
        return min(size, held) if size and witnessed(size).has_counted(days) else 0

    return Due(aged(section.sealed_days), aged(section.entries_days))


def erase(ledger: Ledger, found: Due, now: int, pause: Callable[[], bool]) -> tuple[Erasure, ...]:
    """Erase what is due and write it into the report; return the report's new lines.

    `pause` is called between two slices, and tells whether to stop there: the rest is for another time.
    """
    lines = []
    start = max(ledger.pruned, ledger.erased_up_to(Erased.SEALED))
    stop, count = _in_slices(ledger.erase_sealed, start, found.sealed, pause)
    if stop > start:
        lines.append(Erasure(now, Erased.SEALED, start, stop, count))
    first = ledger.pruned
    stop, removed = _in_slices(lambda _, until: ledger.prune(until), first, found.entries, pause)
    if removed:
        lines.append(Erasure(now, Erased.ENTRIES, first, stop, removed))
    for line in lines:
        ledger.note_erasure(line)
    return tuple(lines)


def _in_slices(step: Callable[[int, int], int], start: int, stop: int, pause: Callable[[], bool]) -> tuple[int, int]:
    """Do a step for each slice; return where it ended, and the sum of what each step returned."""
    count = 0
    at = start
    while at < stop:
        until = min(at + SLICE, stop)
        count += step(at, until)
        at = until
        if at < stop and pause():
            break
    return at, count
