"""The pages, put together: routes by topic, style sheet, and one form for everything that is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import RedirectResponse, Response

from hub.pages import account, counts, fleet, office
from hub.pages.rendering import Rendering
from hub.pages.visitor import LoginNeededError, PageError, Visitor, recognise

if TYPE_CHECKING:
    from hub.service import Parts


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes work with."""

    parts: Parts
    rendering: Rendering

    def visitor(self, request: Request) -> Visitor:
        """Find out who asks."""
        return recognise(request, self.parts.database, self.parts.clock_ms(), secure=self.parts.settings.secure)


def install(app: FastAPI, parts: Parts) -> None:
    """Add the pages to an application."""
    desk = Desk(parts, Rendering(parts.settings.timezone))
    style = files("hub.pages").joinpath("static/style.css").read_bytes()
    routes = APIRouter(include_in_schema=False)

    @routes.get("/style.css")
    def style_sheet() -> Response:
        return Response(style, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})

    icon = files("hub.pages").joinpath("static/icon.svg").read_bytes()

    @routes.get("/icon.svg")
    def page_icon() -> Response:
        return Response(icon, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})

    for topic in (account, fleet, counts, office):
        topic.add(routes, desk)
    app.include_router(routes)
    app.add_exception_handler(LoginNeededError, _to_login)
    app.add_exception_handler(PageError, _refusal(desk))


def _to_login(_: Request, __: Exception) -> Response:
    return RedirectResponse("/login", 303)


def _refusal(desk: Desk) -> Callable[[Request, Exception], Response]:
    def refuse(request: Request, error: Exception) -> Response:
        if not isinstance(error, PageError):
            raise error
        return desk.rendering.page("refused.html", desk.visitor(request), error.status, words=error.words)

    return refuse
