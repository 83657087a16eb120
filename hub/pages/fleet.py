"""The fleet, one appliance, and letting another in."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Annotated

import segno
from fastapi import APIRouter, Form, Query, Request
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from hub.enrolment import TOKEN_MS
from hub.errors import RefusalError
from hub.pages.counts import SITES_OFFERED, SiteName, outcome_bars
from hub.pages.visitor import NO_CONTROLS, PageError, check_form, require
from hub.storage import alarms, appliances, people, summary
from hub.storage.people import Role
from hub.storage.summary import Pick
from hub.values import Appliance, Scope, Standing, StandingTrouble

if TYPE_CHECKING:
    from hub.pages.site import Desk

PAGE = 100
"""Appliances on one page."""
Text = Annotated[str, Form(max_length=1024, pattern=NO_CONTROLS)]
_HOUR_MS = 3_600_000


def add(routes: APIRouter, desk: Desk) -> None:
    """Add the routes."""
    parts, render = desk.parts, desk.rendering

    @routes.get("/")
    def fleet(
        request: Request, pick: Pick = Pick.ALL, site: SiteName = "", page: Annotated[int, Query(ge=1, le=10_000)] = 1
    ) -> Response:
        visitor = desk.visitor(request)
        require(visitor, Role.VIEWER)
        now_ms = visitor.now_ms
        with parts.database.read() as session:
            counts = summary.fleet_counts(session, now_ms)
            chosen = appliances.site_named(session, site) if site else None
            number = None if chosen is None else chosen.number
            found = summary.fleet_page(session, pick, number, now_ms, offset=(page - 1) * PAGE, limit=PAGE + 1)
            troubles = appliances.troubles(session, [one.number for one in found])
            day = summary.hours(session, Scope.FLEET, None, now_ms // _HOUR_MS - 23, ("people",))
            open_alarms = alarms.open_count(session)
            sites = appliances.sites(session, SITES_OFFERED)
        return render.page(
            "fleet.html",
            visitor,
            counts=counts,
            rows=found[:PAGE],
            life=lambda one: summary.life(one, now_ms),
            lists=lambda one: lists_state(one, now_ms),
            troubles=_by_number(troubles),
            people=sum(one.many for one in day),
            open_alarms=open_alarms,
            sites=sites,
            pick=pick,
            picks=list(Pick),
            site=chosen,
            page=page,
            more=len(found) > PAGE,
        )

    @routes.get("/appliance/{device}")
    def appliance(request: Request, device: str) -> Response:
        visitor = desk.visitor(request)
        require(visitor, Role.VIEWER)
        first = visitor.now_ms // _HOUR_MS - 23
        with parts.database.read() as session:
            found = appliances.find(session, _id(device))
            if found is None:
                raise PageError(404, "not_found")
            troubles = appliances.troubles(session, [found.number])
            zone = render.zone_of(found.site)
            chart = outcome_bars(session, Scope.DEVICE, found.number, first=first, hours=24, zone=zone, by_day=False)
        return render.page(
            "appliance.html",
            visitor,
            one=found,
            life=summary.life(found, visitor.now_ms),
            lists=lists_state(found, visitor.now_ms),
            troubles=troubles,
            chart=chart,
            zone=zone.key,
        )

    @routes.post("/appliance/{device}/{deed}")
    def end(request: Request, device: str, deed: str, reason: Text = "", form: Text = "") -> Response:
        visitor = desk.visitor(request)
        person = require(visitor, Role.ADMINISTRATOR)
        check_form(request, visitor, form)
        standing = {"retire": Standing.RETIRED, "revoke": Standing.REVOKED}.get(deed)
        if standing is None:
            raise PageError(404, "not_found")
        with parts.database.write() as session:
            found = appliances.find(session, _id(device))
            if found is None:
                raise PageError(404, "not_found")
            if appliances.set_standing(session, found.id, standing):
                people.note(session, visitor.now_ms, person.name, deed, subject=found.id.hex(), reason=reason)
        return RedirectResponse(f"/appliance/{found.id.hex()}", 303)

    @routes.get("/enrolment")
    def enrolment_page(request: Request) -> Response:
        visitor = desk.visitor(request)
        require(visitor, Role.OPERATOR)
        return render.page(
            "enrolment.html", visitor, wrong=False, site="", lanes="main", code=None, latest=_latest(desk)
        )

    @routes.post("/enrolment")
    def invite(request: Request, site: Text, lanes: Text, form: Text = "") -> Response:
        visitor = desk.visitor(request)
        person = require(visitor, Role.OPERATOR)
        check_form(request, visitor, form)
        try:
            token = parts.enrolment.invite(site.strip(), tuple(lanes.split()), person.name)
        except RefusalError:
            return render.page(
                "enrolment.html", visitor, 422, wrong=True, site=site, lanes=lanes, code=None, latest=_latest(desk)
            )
        with parts.database.write() as session:
            people.note(session, visitor.now_ms, person.name, "invite", subject=site.strip())
        text = parts.offer.text(token)
        return render.page(
            "enrolment.html",
            visitor,
            wrong=False,
            site=site,
            lanes=lanes,
            code=_drawn(text),
            text=text,
            until=visitor.now_ms + TOKEN_MS,
            latest=_latest(desk),
        )


def lists_state(one: Appliance, now_ms: int) -> str:
    """Judge the age of an appliance's lists as its gate does: well, warn, bad."""
    if one.lists_ms is None or now_ms - one.lists_ms > summary.LISTS_BAD_MS:
        return "bad"
    return "warn" if now_ms - one.lists_ms > summary.LISTS_WARN_MS else "well"


def _latest(desk: Desk) -> list[Appliance]:
    with desk.parts.database.read() as session:
        return appliances.latest(session, 5)


def _drawn(text: str) -> Markup:
    """Draw a QR code as SVG that the content policy lets into the page."""
    drawing = io.BytesIO()
    segno.make(text, error="m", boost_error=False).save(
        drawing, kind="svg", xmldecl=False, svgns=False, border=4, scale=5, dark="#000", light="#fff", omitsize=False
    )
    return Markup(drawing.getvalue().decode())  # noqa: S704 - drawn by us, of our own text


def _id(device: str) -> bytes:
    try:
        return bytes.fromhex(device)
    except ValueError:
        raise PageError(404, "not_found") from None


def _by_number(troubles: list[StandingTrouble]) -> dict[int, list[StandingTrouble]]:
    found: dict[int, list[StandingTrouble]] = {}
    for one in troubles:
        found.setdefault(one.appliance, []).append(one)
    return found
