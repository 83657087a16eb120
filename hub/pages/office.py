"""Alarms, the audit log, who may log in, what retention erased, and the API's document."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from hub import api, passwords, retention
from hub.pages.account import fault
from hub.pages.visitor import NO_CONTROLS, PageError, check_form, require
from hub.storage import alarms, people
from hub.storage.people import Role

if TYPE_CHECKING:
    from hub.pages.site import Desk

Text = Annotated[str, Form(max_length=256, pattern=NO_CONTROLS)]
Number = Annotated[int, Path(ge=0, lt=1 << 62)]
_LINES = 100
_SEEN_MS = 10 * 60_000
"""How old the time may be that somebody has vouched for."""


def add(routes: APIRouter, desk: Desk) -> None:
    """Add the routes."""
    parts, render = desk.parts, desk.rendering

    @routes.get("/alarms")
    def alarms_page(request: Request) -> Response:
        visitor = desk.visitor(request)
        require(visitor, Role.VIEWER)
        with parts.database.read() as session:
            ringing = alarms.listed(session, settled=False, limit=_LINES)
            settled = alarms.listed(session, settled=True, limit=20)
        return render.page("alarms.html", visitor, ringing=ringing, settled=settled)

    @routes.post("/alarms/{number}")
    def settle(
        request: Request, number: Number, form: Text = "", clock: Annotated[int, Form(ge=0, lt=1 << 62)] = 0
    ) -> Response:
        visitor = desk.visitor(request)
        person = require(visitor, Role.OPERATOR)
        check_form(request, visitor, form)
        with parts.database.write() as session:
            # Who vouches for a clock vouches for the time on the page, and not for one that it was set to since.
            other = abs(visitor.now_ms - clock) > _SEEN_MS and alarms.is_about_clock(session, number)
            if not other and alarms.settle(session, number, person.name, visitor.now_ms):
                people.note(session, visitor.now_ms, person.name, "settle", subject=str(number))
        return RedirectResponse("/alarms", 303)

    @routes.get("/audit")
    def audit(request: Request, before: Annotated[int, Query(ge=1, le=1 << 62)] = 1 << 62) -> Response:
        visitor = desk.visitor(request)
        require(visitor, Role.ADMINISTRATOR)
        with parts.database.read() as session:
            deeds = people.deeds(session, before, _LINES + 1)
        return render.page("audit.html", visitor, deeds=deeds[:_LINES], more=len(deeds) > _LINES)

    @routes.get("/retention")
    def erased(request: Request) -> Response:
        visitor = desk.visitor(request)
        require(visitor, Role.VIEWER)
        with parts.database.read() as session:
            report = retention.report(session, _LINES)
        keep = parts.settings.retention
        kept = [(each.name.removesuffix("_days"), getattr(keep, each.name)) for each in fields(keep)]
        return render.page("retention.html", visitor, report=report, kept=kept)

    @routes.get("/people")
    def people_page(request: Request) -> Response:
        visitor = desk.visitor(request)
        require(visitor, Role.ADMINISTRATOR)
        return _people(desk, request, 200, "")

    @routes.post("/people")
    def put(request: Request, *, name: Text, role: Text, password: Text, again: Text, form: Text = "") -> Response:
        visitor = desk.visitor(request)
        person = require(visitor, Role.ADMINISTRATOR)
        check_form(request, visitor, form)
        wrong = fault(name, password, again)
        if wrong or role not in Role.__members__:
            return _people(desk, request, 422, wrong or "bad_name")
        stored = passwords.stretched(password)
        with parts.database.write() as session:
            if Role[role] is not Role.ADMINISTRATOR and people.is_last_administrator(session, name):
                lowered = True
            else:
                lowered = False
                people.put(session, name, Role[role], stored)
                people.note(session, visitor.now_ms, person.name, "person_put", subject=name, reason=role.lower())
        return _people(desk, request, 422, "last_administrator") if lowered else RedirectResponse("/people", 303)

    @routes.post("/people/{name}/remove")
    def remove(request: Request, name: str, form: Text = "") -> Response:
        visitor = desk.visitor(request)
        person = require(visitor, Role.ADMINISTRATOR)
        check_form(request, visitor, form)
        if not people.NAME.fullmatch(name):
            raise PageError(404, "not_found")
        with parts.database.write() as session:
            last = people.is_last_administrator(session, name)
            if not last and people.remove(session, name):
                people.note(session, visitor.now_ms, person.name, "person_removed", subject=name)
        return _people(desk, request, 422, "last_administrator") if last else RedirectResponse("/people", 303)

    @routes.get("/openapi.json")
    def openapi(request: Request) -> Response:
        if desk.visitor(request).person is None:
            raise PageError(404, "not_found")
        return JSONResponse(api.document())


def _people(desk: Desk, request: Request, status: int, wrong: str) -> Response:
    with desk.parts.database.read() as session:
        found = people.everybody(session)
    return desk.rendering.page(
        "people.html", desk.visitor(request), status, people=found, roles=list(Role), wrong=wrong
    )
