"""What the pages show of the fleet, from tables that ingest keeps up to date; none of these reads the log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from hub.storage import appliances
from hub.storage.session import Session, SqlValue, integer, text
from hub.values import Appliance, Scope, Standing

ALIVE_MS = 15 * 60_000
"""An appliance asks at least every five minutes; one heard of within this is alive."""
SILENT_MS = 24 * 3_600_000
LISTS_WARN_MS, LISTS_BAD_MS = 24 * 3_600_000, 72 * 3_600_000
"""As old as lists may be before gates warn, and before they refer everybody."""


@unique
class Life(StrEnum):
    """How long ago an appliance was heard of."""

    ALIVE = "alive"
    LATE = "late"
    SILENT = "silent"
    NEVER = "never"


@unique
class Pick(StrEnum):
    """Which appliances a page lists."""

    ALL = "all"
    ALIVE = "alive"
    LATE = "late"
    SILENT = "silent"
    NEVER = "never"
    DEGRADED = "degraded"
    OLD_LISTS = "old_lists"
    GONE = "gone"
    """Retired and revoked."""


@dataclass(frozen=True, slots=True)
class FleetCounts:
    """How many appliances are in which state; gone ones are in no other."""

    alive: int
    late: int
    silent: int
    never: int
    degraded: int
    old_lists: int
    gone: int

    @property
    def all(self) -> int:
        """Every appliance that is not gone."""
        return self.alive + self.late + self.silent + self.never


@dataclass(frozen=True, slots=True)
class HourCount:
    """So many in an hour."""

    hour: int
    measure: str
    many: int


def life(appliance: Appliance, now_ms: int) -> Life:
    """Judge how long ago an appliance was heard of."""
    if appliance.seen_ms is None:
        return Life.NEVER
    age = now_ms - appliance.seen_ms
    return Life.ALIVE if age <= ALIVE_MS else Life.LATE if age <= SILENT_MS else Life.SILENT


def fleet_counts(session: Session, now_ms: int) -> FleetCounts:
    """Count the fleet by state."""
    (row,) = session.rows(
        """SELECT
            count(CASE WHEN standing = 'active' AND seen_ms >= ? THEN 1 END),
            count(CASE WHEN standing = 'active' AND seen_ms < ? AND seen_ms >= ? THEN 1 END),
            count(CASE WHEN standing = 'active' AND seen_ms < ? THEN 1 END),
            count(CASE WHEN standing = 'active' AND seen_ms IS NULL THEN 1 END),
            count(CASE WHEN standing = 'active' AND coalesce(lists_ms, 0) < ? THEN 1 END),
            count(CASE WHEN standing <> 'active' THEN 1 END)
            FROM device""",
        now_ms - ALIVE_MS, now_ms - ALIVE_MS, now_ms - SILENT_MS, now_ms - SILENT_MS, now_ms - LISTS_WARN_MS,
    )  # fmt: skip
    degraded = session.rows(
        """SELECT count(DISTINCT t.device) FROM degraded t JOIN device d ON d.number = t.device
            WHERE d.standing = 'active'"""
    )
    alive, late, silent, never, old_lists, gone = map(integer, row)
    return FleetCounts(alive, late, silent, never, integer(degraded[0][0]), old_lists, gone)


def fleet_page(
    session: Session, pick: Pick, site: int | None, now_ms: int, *, offset: int, limit: int
) -> list[Appliance]:
    """List appliances, those not heard of for longest first."""
    conditions, values = [f"standing {'<>' if pick is Pick.GONE else '='} '{Standing.ACTIVE}'"], []
    match pick:
        case Pick.ALIVE:
            conditions.append("seen_ms >= ?")
            values.append(now_ms - ALIVE_MS)
        case Pick.LATE:
            conditions.append("seen_ms < ? AND seen_ms >= ?")
            values += [now_ms - ALIVE_MS, now_ms - SILENT_MS]
        case Pick.SILENT:
            conditions.append("seen_ms < ?")
            values.append(now_ms - SILENT_MS)
        case Pick.NEVER:
            conditions.append("seen_ms IS NULL")
        case Pick.DEGRADED:
            conditions.append("number IN (SELECT device FROM degraded)")
        case Pick.OLD_LISTS:
            conditions.append("coalesce(lists_ms, 0) < ?")
            values.append(now_ms - LISTS_WARN_MS)
        case _:
            pass
    if site is not None:
        conditions.append("site = ?")
        values.append(site)
    wanted: list[SqlValue] = [*values, limit, offset]
    rows = session.rows(
        f"""SELECT number FROM device WHERE {" AND ".join(conditions)}
            ORDER BY coalesce(seen_ms, 0), number LIMIT ? OFFSET ?""",  # noqa: S608 - conditions are constants of this function
        *wanted,
    )
    return appliances.by_numbers(session, [integer(row[0]) for row in rows])


def hours(session: Session, scope: Scope, owner: int | None, first: int, measures: tuple[str, ...]) -> list[HourCount]:
    """Read counts by hour from hour `first` on; `owner`: of one site or appliance."""
    marks = ", ".join("?" * len(measures))
    of = "" if owner is None else "AND owner = ?"
    values: list[SqlValue] = [int(scope), first, *measures]
    values += [] if owner is None else [owner]
    rows = session.rows(
        f"""SELECT hour, measure, CAST(sum(many) AS bigint) FROM tally
            WHERE scope = ? AND hour >= ? AND measure IN ({marks}) {of} GROUP BY hour, measure ORDER BY hour""",  # noqa: S608 - marks
        *values,
    )
    return [HourCount(integer(hour), text(measure), integer(many)) for hour, measure, many in rows]


def totals(
    session: Session, scope: Scope, owner: int | None, first: int, measures: tuple[str, ...]
) -> list[tuple[str, int]]:
    """Add up each of `measures` from hour `first` on, the most frequent first; those that never came are left out."""
    marks = ", ".join("?" * len(measures))
    of = "" if owner is None else "AND owner = ?"
    values: list[SqlValue] = [int(scope), first, *measures]
    values += [] if owner is None else [owner]
    rows = session.rows(
        f"""SELECT measure, CAST(sum(many) AS bigint) AS all_of_it FROM tally
            WHERE scope = ? AND hour >= ? AND measure IN ({marks}) {of}
            GROUP BY measure ORDER BY all_of_it DESC, measure""",  # noqa: S608 - marks
        *values,
    )
    return [(text(measure), integer(many)) for measure, many in rows]


def totals_below(
    session: Session, scope: Scope, owner: int | None, first: int, *, prefix: str, limit: int
) -> list[tuple[str, int]]:
    """Add up whatever begins with `prefix`, the most frequent first; names without the prefix."""
    of = "" if owner is None else "AND owner = ?"
    # No range of texts: what lies between two of them is for a database's collation to say.
    values: list[SqlValue] = [int(scope), first, len(prefix), prefix]
    values += [] if owner is None else [owner]
    rows = session.rows(
        f"""SELECT measure, CAST(sum(many) AS bigint) AS all_of_it FROM tally
            WHERE scope = ? AND hour >= ? AND substr(measure, 1, ?) = ? {of}
            GROUP BY measure ORDER BY all_of_it DESC, measure LIMIT ?""",  # noqa: S608 - one of two constants
        *values, limit,
    )  # fmt: skip
    return [(text(measure).removeprefix(prefix), integer(many)) for measure, many in rows]


def by_site(session: Session, scope: Scope, first: int, limit: int) -> list[tuple[str, int]]:
    """Count people by site, the busiest first: from hour `first` on, or with SITE_DAY from that day of each site on."""
    rows = session.rows(
        """SELECT s.name, t.all_of_it FROM
            (SELECT owner, CAST(sum(many) AS bigint) AS all_of_it FROM tally
                WHERE scope = ? AND measure = 'people' AND hour >= ? GROUP BY owner ORDER BY all_of_it DESC LIMIT ?) t
            JOIN site s ON s.number = t.owner ORDER BY t.all_of_it DESC, s.name""",
        int(scope), first, limit,
    )  # fmt: skip
    return [(text(name), integer(many)) for name, many in rows]
