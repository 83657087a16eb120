"""What the log says to a supervisor: some hours in numbers, and entries page by page. The clear part only.

Reads the log's file beside the engine's own writer, from its newest entry backwards, and never holds that up.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from keys.reasons import Reason
from scanner.control.duty import GuardCount, HourCount, LogPage, LogRow, ReasonCount, Report
from scanner.journal.detail import EntryKind, ManualDetail, OverrideDetail
from scanner.journal.entry import Entry, decode
from scanner.journal.errors import EntryError
from scanner.journal.files import journal_path
from scanner.journal.reader import open_reader
from scanner.values import ClockTrust, Outcome

HOUR: Final = 3600
PAGE: Final = 500
"""Entries read at a time; between two pages other threads have their turn."""
MOST: Final = 100_000
"""Entries that one report looks at: a day of a busy gate."""
NEWEST: Final = 2**63 - 1
"""Above every entry's number: the largest integer SQLite compares with."""
RECENT_S: Final = 48 * HOUR
MOST_RECENT: Final = 20_000
_DECIDED: Final = frozenset({EntryKind.PASSAGE, EntryKind.MANUAL_ENTRY})


def newest(folder: Path, before: int | None = None) -> Iterator[Entry]:
    """Yield the entries of a state folder's log, newest first; what cannot be read is left out, `verify` names it.

    Raises JournalError.
    """
    with open_reader(journal_path(folder)) as connection:
        end = NEWEST if before is None else max(0, min(before, NEWEST))
        while True:
            rows = connection.execute(
                "SELECT seq, body FROM entry WHERE seq < ? ORDER BY seq DESC LIMIT ?", (end, PAGE)
            ).fetchall()
            for _, body in rows:
                try:
                    yield decode(body)
                except EntryError:
                    continue
            if len(rows) < PAGE:
                return
            end = rows[-1][0]
            time.sleep(0)


def recent(folder: Path, now: int) -> list[Entry]:
    """Return the entries of the last two days, oldest first, of the newest `MOST_RECENT`. Raises JournalError."""
    found: list[Entry] = []
    for entry in islice(newest(folder), MOST_RECENT):
        if _is_before(entry, now - RECENT_S):
            break
        found.append(entry)
    return found[::-1]


def last_slip(folder: Path) -> int:
    """Return the number of the newest slip in the newest `MOST_RECENT` entries, 0 without one. Raises JournalError."""
    details = (entry.detail for entry in islice(newest(folder), MOST_RECENT))
    return next((one.slip for one in details if isinstance(one, ManualDetail) and one.slip is not None), 0)


def _is_before(entry: Entry, at: int) -> bool:
    """Whether everything older was written before `at`: what a clock without evidence says of the time ends nothing."""
    return entry.time_ms // 1000 < at and entry.clock is ClockTrust.TRUSTED


class Reading:
    """One appliance's log, for its supervisor's screens."""

    def __init__(self, folder: Path, now: Callable[[], int], different: Callable[[], tuple[int, int]]) -> None:
        """`different`: how many different codes there were, and since when; `now`: seconds since 1970 UTC."""
        self._folder = folder
        self._now = now
        self._different = different
        self._counting = threading.Lock()

    def report(self, hours: int) -> Report | None:
        """Return what the last hours came to; None while another report is being counted. Raises JournalError."""
        if not self._counting.acquire(blocking=False):
            return None
        try:
            return report(self._folder, hours, self._now(), *self._different())
        finally:
            self._counting.release()

    def page(self, before: int | None, count: int) -> LogPage:
        """Return entries below number `before`, newest first. Raises JournalError."""
        return page(self._folder, before, count)


def report(folder: Path, hours: int, now: int, distinct: int, distinct_since: int) -> Report:
    """Count the last hours, up to `now` in seconds since 1970; distinct codes are counted elsewhere.

    Raises JournalError.
    """
    first = now // HOUR - hours + 1
    outcomes: Counter[tuple[int, Outcome]] = Counter()
    reasons: Counter[Reason] = Counter()
    guards: dict[str, Counter[str]] = {}
    for entry in islice(newest(folder), MOST):
        hour = entry.time_ms // 1000 // HOUR
        if _is_before(entry, first * HOUR):
            break
        if entry.kind in _DECIDED and entry.outcome is not None:
            outcomes[hour, entry.outcome] += 1
            reasons.update(entry.reasons)
        if entry.staff is not None and (did := _act(entry)) is not None:
            guards.setdefault(entry.staff, Counter())[did] += 1
    return Report(
        since=first * HOUR,
        until=now,
        hours=tuple(
            HourCount(
                at=hour * HOUR,
                passed=outcomes[hour, Outcome.PASS],
                referred=outcomes[hour, Outcome.REFER],
                stopped=outcomes[hour, Outcome.STOP],
            )
            for hour in range(first, now // HOUR + 1)
        ),
        reasons=tuple(ReasonCount(reason=reason, count=count) for reason, count in reasons.most_common()),
        guards=tuple(
            GuardCount(
                staff=staff,
                admitted=did["admitted"],
                refused=did["refused"],
                activated=did["activated"],
                by_hand=did["by_hand"],
            )
            for staff, did in sorted(guards.items())
        ),
        distinct_codes=distinct,
        distinct_since=distinct_since,
    )


def _act(entry: Entry) -> str | None:
    if isinstance(entry.detail, OverrideDetail):
        return "admitted" if entry.detail.admit else "refused"
    if entry.kind is EntryKind.ACTIVATION:
        return "activated"
    return "by_hand" if entry.kind is EntryKind.MANUAL_ENTRY and entry.outcome is Outcome.PASS else None


def page(folder: Path, before: int | None, count: int) -> LogPage:
    """Return `count` entries below number `before`, newest first; from the newest for None. Raises JournalError."""
    rows: list[LogRow] = []
    for entry in newest(folder, before):
        if len(rows) == count:
            return LogPage(rows=tuple(rows), more=True)
        rows.append(_row(entry))
    return LogPage(rows=tuple(rows), more=False)


def _row(entry: Entry) -> LogRow:
    said = {one.name: getattr(entry.detail, one.name) for one in dataclasses.fields(entry.detail)}
    words = [f"{name}={_plain(value)}" for name, value in said.items() if value is not None]
    return LogRow(
        seq=entry.seq,
        at=entry.time_ms // 1000,
        lane=entry.lane,
        kind=entry.kind.name.lower(),
        staff=entry.staff,
        outcome=entry.outcome,
        reasons=entry.reasons,
        colour=entry.colour,
        temperature_centi=entry.temperature.result if entry.temperature else None,
        refers_to=entry.refers_to,
        detail=" ".join(words),
    )


def _plain(value: object) -> str:
    name = getattr(value, "name", None)
    return str(name).lower() if name is not None else str(value).lower() if isinstance(value, bool) else str(value)
