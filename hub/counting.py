"""What the hub counts of a batch of entries, so that no page ever has to read the log; pure.

Passages are counted by the hour they happened in, by the appliance's clock. Where that clock was not trusted, lies
ahead of the hub's or further back than counts are kept, the hour of arrival counts instead: a wrong clock must not fill
years. Only words of closed lists are counted, so that no appliance can invent rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from hashlib import sha256

from hub.columns import UNREADABLE, Facts, Reader, seal_digest
from hub.values import FLEET_SHARDS, Appliance, Count, Scope, SealedPart, StoredEntry, Trouble
from keys.reasons import Reason
from keys.verdict import Colour
from scanner.journal import detail as details
from scanner.journal import entry as wire
from scanner.journal.detail import EntryKind
from scanner.journal.errors import EntryError
from scanner.values import Outcome

AHEAD_MS = 300_000
"""How far an appliance's clock may be ahead of the hub's."""
BEHIND_MS = 400 * 86_400_000
"""How far back an hour may lie that is counted; counts are kept no longer by default."""
HOUR_MS = 3_600_000
PEOPLE = "people"
"""What everybody is counted as whom a gate decided on."""
_DECIDED = frozenset({EntryKind.PASSAGE, EntryKind.MANUAL_ENTRY})
_TOLD = frozenset({EntryKind.OVERRIDE, EntryKind.FAULT, EntryKind.UPDATE, EntryKind.RUN})
"""Rare kinds whose detail is read: completely, since they are few."""
_REASONS = frozenset(str(one) for one in Reason)
_OTHER_REASON = "OTHER"
"""What reasons are counted as that this hub does not know."""
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
    troubles: dict[tuple[str, str], Trouble] = field(default_factory=dict)
    """By lane and code, what the batch says last of each."""
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
    device, earliest, latest = appliance.id, arrived_ms - BEHIND_MS, arrived_ms + AHEAD_MS
    many: Counter[tuple[int, Facts]] = Counter()
    others: Counter[tuple[int, str]] = Counter()
    stored, read = found.stored, Reader(device).read
    for seq, body in enumerate(entries, start=first):
        front = read(body, seq)
        if front is None:
            found.unreadable.append(seq)
            stored.append(StoredEntry(seq, arrived_ms, UNREADABLE, body))
            continue
        found.entry_ms, facts = front
        stored.append(StoredEntry(seq, front[0], facts.kind, body))
        time_ms = front[0] if facts.trusted and earliest <= front[0] <= latest else arrived_ms
        many[time_ms // HOUR_MS, facts] += 1
        if facts.kind in _TOLD:
            _told(found, others, facts, body, time_ms=time_ms, latest=latest)
    if found.stored and found.stored[-1].kind != UNREADABLE:
        _last(found, found.stored[-1].body)
        if found.ended:
            _begin_anew(found)
    found.counts = _counts(appliance, many, others, zone)
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


def _told(
    found: Findings, others: Counter[tuple[int, str]], facts: Facts, body: bytes, *, time_ms: int, latest: int
) -> None:
    """Take from an entry's detail what the pages show."""
    try:
        entry = wire.decode(body)
    except EntryError:
        return  # its front is well and is counted; the rest is newer than this hub
    hour = time_ms // HOUR_MS
    match entry.detail:
        case details.OverrideDetail(admit=admit, cause=cause):
            others[hour, f"guard/{facts.staff or '-'}/{'admit' if admit else 'refuse'}"] += 1
            others[hour, f"cause/{cause}"] += 1
        case details.FaultDetail(code=code, began=began):
            found.troubles[entry.lane, code] = Trouble(entry.lane, code, began, time_ms)
        case details.RunDetail(started=True):
            _begin_anew(found)
        case details.UpdateDetail() as update if update.what in _LISTS and update.refused is None:
            if update.issued_at is not None and update.issued_at * 1000 <= latest:
                found.lists_ms = update.issued_at * 1000


def _begin_anew(found: Findings) -> None:
    """Forget what was degraded: an engine that was killed could not say that it is over, and says anew what is."""
    found.begins_anew = True
    found.troubles.clear()


def day_of(hour: int, zone: tzinfo) -> int:
    """Return the day, since 1970 and of a zone, in which an hour since 1970 UTC begins."""
    return (datetime.fromtimestamp(hour * 3600, zone).date() - date(1970, 1, 1)).days


def _last(found: Findings, body: bytes) -> None:
    """Take from the newest entry what the appliance is now."""
    try:
        entry = wire.decode(body)
    except EntryError:
        return
    found.software = entry.software
    found.ended = isinstance(entry.detail, details.ErasureDetail) and entry.detail.what is details.Erased.EVERYTHING


def _counts(
    appliance: Appliance,
    entries: Counter[tuple[int, Facts]],
    others: Counter[tuple[int, str]],
    zone: tzinfo,
) -> list[Count]:
    """Spread what was counted over fleet, site and appliance; the appliance's own hours keep outcomes only."""
    outcomes: Counter[tuple[int, str]] = Counter()
    all_of_it = Counter(others)
    for (hour, facts), many in entries.items():
        if facts.kind not in _DECIDED or facts.outcome is None:
            all_of_it[hour, f"kind/{facts.kind}"] += many
            continue
        all_of_it[hour, PEOPLE] += many
        outcomes[hour, _OUTCOMES[facts.outcome]] += many
        if facts.colour is not None:
            all_of_it[hour, _COLOURS[facts.colour]] += many
        for reason in facts.reasons:
            all_of_it[hour, f"reason/{reason if reason in _REASONS else _OTHER_REASON}"] += many
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
