"""Visitors by the numbers of their slips: who is inside, the box does not know; how many and since when, it does.

The numbers stand in the log, so a start reads them back from there. Thread-safe: all lanes of an appliance share it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from scanner.control.people import VisitorView
from scanner.journal.detail import ManualDetail, OverrideDetail
from scanner.journal.entry import Entry
from scanner.values import Direction, Outcome

SHOWN: Final = 100


class Visitors:
    """The slips of one appliance."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 1
        self._inside: dict[int, int] = {}
        self._given: dict[int, int] = {}

    def recall(self, entries: Iterable[Entry]) -> None:
        """Take up what the log says, oldest entry first."""
        with self._lock:
            held: dict[int, int] = {}
            for entry in entries:
                detail, at = entry.detail, entry.time_ms // 1000
                if isinstance(detail, ManualDetail) and detail.slip is not None:
                    self._next = max(self._next, detail.slip + 1)
                    if entry.outcome in {None, Outcome.PASS}:
                        self._note(detail.slip, detail.direction, at)
                    else:  # unless staff admit the visitor all the same
                        held[entry.seq] = detail.slip
                elif isinstance(detail, OverrideDetail) and detail.admit and entry.refers_to in held:
                    self._note(held[entry.refers_to], Direction.ENTRY, at)

    def number_after(self, slip: int) -> None:
        """Give no number up to this one: a slip that nobody remembers may still be in somebody's pocket."""
        with self._lock:
            self._next = max(self._next, slip + 1)

    def next_slip(self) -> int:
        """Return the number of a new slip; no other gets the same."""
        with self._lock:
            self._next += 1
            return self._next - 1

    def slip_given(self, about: int) -> int | None:
        """Return the slip that was given for the passage of this number, None: none was."""
        with self._lock:
            return self._given.get(about)

    def gave(self, about: int, slip: int) -> None:
        """Remember which slip was given for a passage."""
        with self._lock:
            self._given[about] = slip
            while len(self._given) > SHOWN:
                self._given.pop(next(iter(self._given)))

    def is_inside(self, slip: int) -> bool:
        """Whether a visitor with this slip has come and not left."""
        with self._lock:
            return slip in self._inside

    def note(self, slip: int, direction: Direction, at: int) -> None:
        """Note what the log has: a visitor came or left at `at`, seconds since 1970 UTC."""
        with self._lock:
            self._note(slip, direction, at)

    def _note(self, slip: int, direction: Direction, at: int) -> None:
        self._next = max(self._next, slip + 1)
        if direction is Direction.ENTRY:
            self._inside[slip] = at
        else:
            self._inside.pop(slip, None)

    def inside(self) -> tuple[tuple[VisitorView, ...], int]:
        """Return those who are inside, longest first and at most `SHOWN`, and how many there are."""
        with self._lock:
            ordered = sorted(self._inside.items(), key=lambda item: (item[1], item[0]))
        return tuple(VisitorView(slip=slip, since=since) for slip, since in ordered[:SHOWN]), len(ordered)
