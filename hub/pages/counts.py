"""What passed: people by hour or day, site, colour and reason; and what guards decided against the appliance."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.counting import day_of
from hub.pages.charts import Bars, Share, bars, ranking
from hub.pages.visitor import require
from hub.storage import appliances, summary
from hub.storage.people import Role
from hub.storage.session import Session
from hub.values import Scope
from keys.reasons import Reason
from keys.verdict import Colour
from scanner.journal.detail import EntryKind

if TYPE_CHECKING:
    from hub.pages.site import Desk

_HOUR_MS = 3_600_000
_OUTCOMES = ("pass", "refer", "stop")
_COLOURS = tuple(f"colour/{colour.name.lower()}" for colour in Colour)
_REASONS = tuple(f"reason/{reason}" for reason in Reason)
SITES_RANKED = 20
SITES_OFFERED = 200
"""How many sites a page offers by name; any other can be typed."""
SiteName = Annotated[str, Query(max_length=64)]


@unique
class Period(StrEnum):
    """How far back a page looks."""

    DAY = "hours_24"
    WEEK = "days_7"
    MONTH = "days_30"

    def first_hour(self, now_ms: int, zone: ZoneInfo) -> int:
        """Return the hour it begins with, since 1970 UTC; days are whole ones of the zone, today the last."""
        if self is Period.DAY:
            return now_ms // _HOUR_MS - 23
        days = 7 if self is Period.WEEK else 30
        today = datetime.fromtimestamp(now_ms / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
        began = int((today - timedelta(days - 1)).timestamp())
        return -(-began // 3600)  # an hour is of the day that it begins in


def add(routes: APIRouter, desk: Desk) -> None:
    """Add the routes."""
    parts, render = desk.parts, desk.rendering

    @routes.get("/passages")
    def passages(request: Request, period: Period = Period.DAY, site: SiteName = "") -> Response:
        visitor = desk.visitor(request)
        require(visitor, Role.VIEWER)
        by_day = period is not Period.DAY
        with parts.database.read() as session:
            chosen = appliances.site_named(session, site) if site else None
            zone = render.zone_of(chosen)
            first = period.first_hour(visitor.now_ms, zone)
            scope, owner = (Scope.FLEET, None) if chosen is None else (Scope.SITE, chosen.number)
            hours = visitor.now_ms // _HOUR_MS - first + 1
            chart = outcome_bars(session, scope, owner, first=first, hours=hours, zone=zone, by_day=by_day)
            colours = _ranked(summary.totals(session, scope, owner, first, _COLOURS), "colour/")
            reasons = _ranked(summary.totals(session, scope, owner, first, _REASONS), "reason/")
            by_site = ranking(_busiest(session, first, zone, by_day=by_day)) if chosen is None else ()
            sites = appliances.sites(session, SITES_OFFERED)
        return render.page(
            "passages.html",
            visitor,
            chart=chart,
            colours=colours,
            reasons=reasons,
            by_site=by_site,
            sites=sites,
            site=chosen,
            period=period,
            periods=list(Period),
            by_day=by_day,
            zone=zone.key,
        )

    @routes.get("/overrides")
    def overrides(request: Request, period: Period = Period.WEEK, site: SiteName = "") -> Response:
        visitor = desk.visitor(request)
        require(visitor, Role.VIEWER)
        guards: list[tuple[str, int]] = []
        with parts.database.read() as session:
            chosen = appliances.site_named(session, site) if site else None
            first = period.first_hour(visitor.now_ms, render.zone_of(chosen))
            many = summary.totals(session, Scope.FLEET, None, first, (f"kind/{int(EntryKind.OVERRIDE)}",))
            scope, owner = (Scope.FLEET, None) if chosen is None else (Scope.SITE, chosen.number)
            causes = summary.totals_below(session, scope, owner, first, prefix="cause/", limit=30)
            if chosen is not None:
                guards = summary.totals_below(session, scope, owner, first, prefix="guard/", limit=200)
            sites = appliances.sites(session, SITES_OFFERED)
        return render.page(
            "overrides.html",
            visitor,
            guards=_by_guard(guards),
            causes=ranking(causes),
            many=sum(count for _, count in many),
            sites=sites,
            site=chosen,
            period=period,
            periods=list(Period),
        )


def _busiest(session: Session, first: int, zone: ZoneInfo, *, by_day: bool) -> list[tuple[str, int]]:
    """Rank sites from hour `first` on, or from the day it is in; each site's days are of its own zone."""
    if by_day:
        return summary.by_site(session, Scope.SITE_DAY, day_of(first, zone), SITES_RANKED)
    return summary.by_site(session, Scope.SITE, first, SITES_RANKED)


def _ranked(counts: list[tuple[str, int]], prefix: str) -> tuple[Share, ...]:
    return ranking([(measure.removeprefix(prefix), many) for measure, many in counts])


def outcome_bars(
    session: Session, scope: Scope, owner: int | None, *, first: int, hours: int, zone: ZoneInfo, by_day: bool
) -> Bars:
    """Chart outcomes from hour `first` on for so many hours, a bar an hour or a day of the zone."""

    def slot(hour: int) -> str:
        moment = datetime.fromtimestamp(hour * 3600, zone)
        return moment.strftime("%m-%d") if by_day else moment.strftime("%H:00")

    slots = list(dict.fromkeys(slot(hour) for hour in range(first, first + hours)))
    place = {name: at for at, name in enumerate(slots)}
    counts: dict[tuple[int, str], int] = {}
    for one in summary.hours(session, scope, owner, first, tuple(f"outcome/{name}" for name in _OUTCOMES)):
        at = place.get(slot(one.hour))
        if at is not None:
            key = at, one.measure.removeprefix("outcome/")
            counts[key] = counts.get(key, 0) + one.many
    return bars(slots, _OUTCOMES, counts, every=max(1, len(slots) // 8))


def _by_guard(guards: list[tuple[str, int]]) -> list[tuple[str, int, int]]:
    """Turn `A17/admit` and `A17/refuse` into a row a guard, the most active first."""
    found: dict[str, list[int]] = {}
    for name, many in guards:
        guard, _, decision = name.rpartition("/")
        found.setdefault(guard, [0, 0])[decision != "admit"] += many
    rows = [(guard, admitted, refused) for guard, (admitted, refused) in found.items()]
    return sorted(rows, key=lambda row: (-row[1] - row[2], row[0]))
