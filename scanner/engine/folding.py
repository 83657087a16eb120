"""What comes and goes without end fills no log: its first comings and goings have an entry each, the others share one.

A loose plug can come and go ten times a second for a week, and entries are for ever. So each cause at each lane has an
allowance of entries. What finds none left is counted, and told with the entry that follows.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from firmware_bridge.allowance import Allowance, Limit
from scanner.engine import records
from scanner.engine.degradations import Cause, Degradation
from scanner.journal.entry import EntryDraft

log = logging.getLogger(__name__)

ENTRIES: Final = Limit(at_once=6, every_s=600.0)
"""Three losses and returns as they happen; then one entry in ten minutes, 150 a day."""

UNWRITTEN: Final = frozenset({Cause.JOURNAL_FAILED, Cause.JOURNAL_FULL, Cause.JOURNAL_READONLY, Cause.MEMORY_LOST})
"""What has no entry: the log cannot say of itself that it cannot say anything, and each start forgets what passed."""


@dataclass(slots=True)
class _Story:
    """One cause at one lane."""

    allowance: Allowance
    latest: Degradation
    active: bool
    told: bool = False
    """What the last entry says."""
    begun: int = 0
    """Beginnings since then."""

    def tell(self) -> int:
        """Say how it stands in the program's own log; return how often it began since without being said."""
        own = int(self.active and self.begun > 0)
        folded, self.begun, self.told = self.begun - own, 0, self.active
        where = f" on lane {self.latest.lane}" if self.latest.lane else ""
        since = f" (and {folded} times before, since the last line of it)" if folded else ""
        if self.active:
            log.warning("degraded: %s%s: %s%s", self.latest.cause, where, self.latest.detail, since)
        else:
            log.warning("restored: %s%s%s", self.latest.cause, where, since)
        return folded


class Folding:
    """Every degradation's way into the log. Thread-safe; entries are given to `record` in order, within the lock."""

    def __init__(
        self,
        record: Callable[[EntryDraft], None],
        stamp: Callable[[str | None], records.Stamp],
        clock: Callable[[], float],
    ) -> None:
        """`stamp`: time, clock state and lane of an entry; `clock`: monotonic seconds."""
        self._record = record
        self._stamp = stamp
        self._clock = clock
        self._lock = threading.Lock()
        self._stories: dict[tuple[str, str | None], _Story] = {}

    def tell_standing(self, standing: Iterable[Degradation]) -> None:
        """Write down what is degraded, now that there is a log."""
        for one in standing:
            self._write(one, True, 0)

    def changed(self, change: Degradation, active: bool) -> None:
        """Tell a change, or keep it for later."""
        with self._lock:
            story = self._stories.get((change.cause, change.lane))
            if story is None:
                story = _Story(Allowance(ENTRIES), change, active)
                self._stories[change.cause, change.lane] = story
            story.latest, story.active = change, active
            story.begun += active
            if story.allowance.take(self._clock()):
                self._tell(story)

    def poll(self) -> None:
        """Tell what was kept, as far as it may be told by now; call it now and then."""
        with self._lock:
            for story in self._kept():
                if story.allowance.take(self._clock()):
                    self._tell(story)

    def tell_rest(self) -> None:
        """Tell all that was kept: the engine ends."""
        with self._lock:
            for story in self._kept():
                self._tell(story)

    def _tell(self, story: _Story) -> None:
        self._write(story.latest, story.active, story.tell())

    def _write(self, change: Degradation, began: bool, folded: int) -> None:
        if change.cause not in UNWRITTEN:
            self._record(records.fault(change.cause, began=began, stamp=self._stamp(change.lane), folded=folded))

    def _kept(self) -> Iterator[_Story]:
        return (story for story in self._stories.values() if story.begun or story.told is not story.active)
