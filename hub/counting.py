"""What the hub counts of a batch of entries, so that no page ever has to read the log; pure.

Passages are counted by the hour they happened in, by the appliance's clock. Where that clock was not trusted, or lies
ahead of the hub's, the hour of arrival counts instead: a wrong clock must not fill years that have not come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from hashlib import sha256

from hub.columns import UNREADABLE, Columns, columns, seal_digest
from hub.values import FLEET_SHARDS, Appliance, Count, Scope, SealedPart, StoredEntry, Trouble
from keys import cbor
from keys.errors import CborError
from keys.verdict import Colour
from scanner.journal import detail as details
from scanner.journal import entry as wire
from scanner.journal.detail import EntryKind
from scanner.journal.errors import EntryError
from scanner.values import Outcome

AHEAD_MS = 300_000
"""How far an appliance's clock may be ahead of the hub's."""
HOUR_MS = 3_600_000
PEOPLE = "people"
"""What everybody is counted as whom a gate decided on."""
_DECIDED = frozenset({EntryKind.PASSAGE, EntryKind.MANUAL_ENTRY})
_TOLD = frozenset({EntryKind.OVERRIDE, EntryKind.FAULT, EntryKind.UPDATE, EntryKind.RUN})
"""Rare kinds whose detail is read: completely, since they are few."""
_ERASURE, _DETAIL, _EVERYTHING = 14, 17, 2
"""The entry about an erasure, its detail, and what the last one of a retired appliance says was erased."""
_LISTS = frozenset({details.Updated.LISTS, details.Updated.REPOSITORY})
_OUTCOMES = {int(one): f"outcome/{one.name.lower()}" for one in Outcome}
_COLOURS = {int(one): f"colour/{one.name.lower()}" for one in Colour}


@dataclass(slots=True)
class Findings:
    """What was found in the entries of one batch."""

    stored: list[StoredEntry] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    begins_anew: bool = False
    """Whether the engine started, or ended for good; `troubles` are those since then."""
    troubles: list[Trouble] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    """Numbers of the entries that could not be read."""
    entry_ms: int | None = None
    lists_ms: int | None = None
    software: str | None = None
    ended: bool = False
    """Whether the last entry says that the appliance erased everything, as it was ordered to."""


def find(appliance: Appliance, first: int, entries: Iterable[bytes], arrived_ms: int, zone: tzinfo = UTC) -> Findings:
    """Look through entries `first` and on, which were proved to be the appliance's; `zone`: of its site's days."""
    found = Findings()
    device, latest = appliance.id, arrived_ms + AHEAD_MS
    decided: Counter[tuple[int, int | None, int | None, tuple[str, ...]]] = Counter()
    others: Counter[tuple[int, str]] = Counter()
    for seq, body in enumerate(entries, start=first):
        read = columns(body, device, seq)
        if read is None:
            found.unreadable.append(seq)
            found.stored.append(StoredEntry(seq, arrived_ms, UNREADABLE, body))
            continue
        found.stored.append(StoredEntry(seq, read.time_ms, read.kind, body))
        found.entry_ms = read.time_ms
        time_ms = read.time_ms if read.trusted and read.time_ms <= latest else arrived_ms
        if read.kind in _DECIDED and read.outcome is not None:
            decided[time_ms // HOUR_MS, read.outcome, read.colour, read.reasons] += 1
        else:
            others[time_ms // HOUR_MS, f"kind/{read.kind}"] += 1
        if read.kind in _TOLD:
            _told(found, others, read, body, time_ms)
    if found.stored and found.stored[-1].kind != UNREADABLE:
        found.software = _software(found.stored[-1].body)
        found.ended = _ends(found.stored[-1])
        if found.ended:
            _begin_anew(found)
    found.counts = _counts(appliance, decided, others, zone)
    return found


def sealed_parts(first: int, entries: Iterable[bytes], parts: Iterable[bytes]) -> tuple[list[SealedPart], list[int]]:
    """Pair sealed parts with their entries: those that belong, and the numbers of those that do not."""
    good: list[SealedPart] = []
    bad: list[int] = []
    for seq, (body, part) in enumerate(zip(entries, parts, strict=True), start=first):
        if not part:
            continue
        if seal_digest(body) == sha256(part).digest():
            good.append(SealedPart(seq, part))
        else:
            bad.append(seq)
    return good, bad


def _told(found: Findings, others: Counter[tuple[int, str]], read: Columns, body: bytes, time_ms: int) -> None:
    """Take from an entry's detail what the pages show."""
    try:
        entry = wire.decode(body)
    except EntryError:
        return  # its front is well and is counted; the rest is newer than this hub
    hour = time_ms // HOUR_MS
    match entry.detail:
        case details.OverrideDetail(admit=admit, cause=cause):
            others[hour, f"guard/{read.staff or '-'}/{'admit' if admit else 'refuse'}"] += 1
            others[hour, f"cause/{cause}"] += 1
        case details.FaultDetail(code=code, began=began):
            found.troubles.append(Trouble(entry.lane, code, began, time_ms))
        case details.RunDetail(started=True):
            _begin_anew(found)
        case details.UpdateDetail() as update if update.what in _LISTS and update.refused is None:
            if update.issued_at is not None:
                found.lists_ms = update.issued_at * 1000


def _begin_anew(found: Findings) -> None:
    """Forget what was degraded: an engine that was killed could not say that it is over, and says anew what is."""
    found.begins_anew = True
    found.troubles.clear()


def day_of(hour: int, zone: tzinfo) -> int:
    """Return the day, since 1970 and of a zone, in which an hour since 1970 UTC begins."""
    return (datetime.fromtimestamp(hour * 3600, zone).date() - date(1970, 1, 1)).days


def _software(body: bytes) -> str | None:
    try:
        return wire.decode(body).software
    except EntryError:
        return None


def _ends(last: StoredEntry) -> bool:
    if last.kind != _ERASURE:
        return False
    try:
        entry = cbor.decode(last.body, limit=wire.MAX_ENTRY)
    except CborError:
        return False
    detail = entry.get(_DETAIL) if isinstance(entry, dict) else None
    return isinstance(detail, dict) and detail.get(1) == _EVERYTHING


def _counts(
    appliance: Appliance,
    decided: Counter[tuple[int, int | None, int | None, tuple[str, ...]]],
    others: Counter[tuple[int, str]],
    zone: tzinfo,
) -> list[Count]:
    """Spread what was counted over fleet, site and appliance; the appliance's own hours keep outcomes only."""
    outcomes: Counter[tuple[int, str]] = Counter()
    all_of_it = Counter(others)
    for (hour, outcome, colour, reasons), many in decided.items():
        all_of_it[hour, PEOPLE] += many
        if outcome is not None:
            outcomes[hour, _OUTCOMES[outcome]] += many
        if colour is not None:
            all_of_it[hour, _COLOURS[colour]] += many
        for reason in reasons:
            all_of_it[hour, f"reason/{reason}"] += many
    all_of_it.update(outcomes)
    shard = appliance.number % FLEET_SHARDS
    days: Counter[int] = Counter()
    found = [Count(Scope.DEVICE, appliance.number, *key, many) for key, many in outcomes.items()]
    for (hour, measure), many in all_of_it.items():
        found.append(Count(Scope.SITE, appliance.site.number, hour, measure, many))
        if measure == PEOPLE:
            days[day_of(hour, zone)] += many
        if not measure.startswith("guard/"):  # a guard's number means something at a site only
            found.append(Count(Scope.FLEET, shard, hour, measure, many))
    found += [Count(Scope.SITE_DAY, appliance.site.number, day, PEOPLE, many) for day, many in days.items()]
    return found
