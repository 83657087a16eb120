"""Logging in and out, the first administrator, and the language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from hub import passwords
from hub.pages import words
from hub.pages.visitor import NO_CONTROLS, PageError, browser_cookie, check_form, cookie_name
from hub.storage import guesses, people
from hub.storage.guesses import Source
from hub.storage.people import Role
from hub.storage.session import Session

if TYPE_CHECKING:
    from hub.pages.site import Desk

Text = Annotated[str, Form(max_length=256, pattern=NO_CONTROLS)]


def add(routes: APIRouter, desk: Desk) -> None:
    """Add the routes."""
    parts, render = desk.parts, desk.rendering
    cookie = cookie_name(secure=parts.settings.secure)

    known_by = browser_cookie(secure=parts.settings.secure)

    def source_of(session: Session, request: Request, name: str) -> Source:
        return guesses.source_of(session, name, _address(request), request.cookies.get(known_by, ""), parts.clock_ms())

    def logged_in(request: Request, name: str) -> Response:
        now_ms, secure = parts.clock_ms(), parts.settings.secure
        with parts.database.write() as session:
            browser = guesses.succeeded(session, name, source_of(session, request, name), now_ms)
            token = people.log_in(session, name, now_ms)
            people.note(session, now_ms, name, "log_in", subject="")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(cookie, token, httponly=True, samesite="strict", secure=secure, path="/")
        answer.set_cookie(
            known_by, browser, guesses.BROWSER_MS // 1000, httponly=True, samesite="strict", secure=secure, path="/"
        )
        return answer

    @routes.get("/login")
    def login_page(request: Request) -> Response:
        return render.page("login.html", desk.visitor(request), failed=False, name="")

    @routes.post("/login")
    def log_in(request: Request, name: Text, password: Text, form: Text = "") -> Response:
        visitor = desk.visitor(request)
        check_form(request, visitor, form)
        known = people.NAME.fullmatch(name) is not None
        stored = None
        if known:
            with parts.database.read() as session:
                stored = people.stored_password(session, name)
        right = passwords.holds(
            password, stored, guesses.network_of(_address(request))
        )  # always hashed, so that time tells nothing
        if stored is not None:
            now_ms = parts.clock_ms()  # not before: it may have waited long, and a wait may have begun meanwhile
            with parts.database.write() as session:
                if not guesses.try_now(session, name, source_of(session, request, name), now_ms, right=right):
                    right = False
                elif not right:  # typing while it has to wait, or into no name, does not fill the audit log
                    people.note(session, now_ms, name, "log_in_failed", subject="")
        if not right:
            return render.page("login.html", visitor, 401, failed=True, name=name)
        return logged_in(request, name)

    @routes.post("/logout")
    def log_out(request: Request, form: Text = "") -> Response:
        visitor = desk.visitor(request)
        check_form(request, visitor, form)
        if visitor.person is not None:
            with parts.database.write() as session:
                people.log_out(session, visitor.token)
                people.note(session, parts.clock_ms(), visitor.person.name, "log_out", subject="")
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(cookie, httponly=True, samesite="strict", secure=parts.settings.secure, path="/")
        return answer

    @routes.get("/first/{token}")
    def first_page(request: Request, token: str) -> Response:
        _check_first(desk, token)
        return render.page("first.html", desk.visitor(request), wrong="", name="")

    @routes.post("/first/{token}")
    def first(request: Request, token: str, *, name: Text, password: Text, again: Text, form: Text = "") -> Response:
        visitor = desk.visitor(request)
        check_form(request, visitor, form)
        _check_first(desk, token)
        wrong = fault(name, password, again)
        if wrong:
            return render.page("first.html", visitor, 422, wrong=wrong, name=name)
        stored = passwords.stretched(password)
        with parts.database.write() as session:
            if not people.spend_first_token(session, token):
                raise PageError(404, "not_found")
            people.put(session, name, Role.ADMINISTRATOR, stored)
            people.note(session, parts.clock_ms(), name, "first", subject=name)
        return logged_in(request, name)

    @routes.post("/language")
    def language(request: Request, form: Text = "") -> Response:
        visitor = desk.visitor(request)
        check_form(request, visitor, form)
        known = sorted(words.languages())
        following = known[(known.index(visitor.language) + 1) % len(known)]
        with parts.database.write() as session:
            people.set_language(session, visitor.named().name, following)
        return RedirectResponse("/", 303)


def fault(name: str, password: str, again: str) -> str:
    """Name what is wrong with a new name and password, as a key of the words; empty when nothing is."""
    if not people.NAME.fullmatch(name):
        return "bad_name"
    if password != again or not passwords.acceptable(password):
        return "bad_password"
    return ""


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host


def _check_first(desk: Desk, token: str) -> None:
    with desk.parts.database.read() as session:
        if not people.is_first_token(session, token):
            raise PageError(404, "not_found")
