"""What holds for every request before any route sees it: bodies bounded in bytes and time, headers for browsers.

Answers go out in pieces: of a large one, no more is copied for a connection than it takes at the time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from email.utils import formatdate

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub import upload
from hub.errors import Problem, RefusedAnswer
from hub.problems import answer

SMALL_BODY = 64 * 1024
"""Bytes of any body but an upload's."""
PIECE = 64 * 1024
"""Bytes of an answer that are handed over at a time."""
CHUNK_SECONDS = 30.0
"""How long the next piece of a body may take."""
_LAST_SECOND = 253_402_300_799
"""That a date has room for."""
_UPLOAD = re.compile(r"/v1/devices/[0-9a-f]{32}/log")
_BROWSERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Limits:
    """An ASGI middleware."""

    def __init__(self, app: ASGIApp, *, secure: bool, clock_ms: Callable[[], int]) -> None:
        """`secure`: browsers come by https only, and are told to stay with it. `clock_ms`: of every answer's date."""
        self._app = app
        self._clock_ms = clock_ms
        self._headers = dict(_BROWSERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def bounded() -> Message:
            try:
                async with asyncio.timeout(CHUNK_SECONDS):
                    return await receive()
            except TimeoutError:
                return {"type": "http.disconnect"}

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                headers["Date"] = formatdate(min(self._clock_ms() // 1000, _LAST_SECOND), usegmt=True)
            elif message["type"] == "http.response.body":
                body: bytes = message.get("body", b"")
                for at in range(0, len(body) - PIECE, PIECE):
                    await send({"type": "http.response.body", "body": body[at : at + PIECE], "more_body": True})
                message = {**message, "body": body[(max(len(body) - 1, 0) // PIECE) * PIECE :]}
            await send(message)

        refused = _refused(scope["path"], Headers(scope=scope))
        if refused is not None:
            await answer(refused)(scope, receive, dressed)
            return
        await self._app(scope, bounded, dressed)


def _refused(path: str, headers: Headers) -> RefusedAnswer | None:
    """Judge a request by what it announces of its body."""
    most = upload.MAX_BODY if _UPLOAD.fullmatch(path) else SMALL_BODY
    announced = headers.get("content-length")
    if announced is None:
        if "transfer-encoding" in headers and most == SMALL_BODY:
            return RefusedAnswer(411, Problem.BAD_REQUEST, "say how long the body is (Content-Length)")
        return None
    if not announced.isdecimal() or len(announced) > 18 or int(announced) > most:
        return RefusedAnswer(413, Problem.TOO_LARGE, f"at most {most} bytes are taken here")
    return None
