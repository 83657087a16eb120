"""Refusals as answers: `application/problem+json` by RFC 9457, made here alone; none tells more than it must."""

from __future__ import annotations

import json
import logging

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from hub.errors import BusyError, FullError, Problem, RefusalError, RefusedAnswer, StorageError

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    Problem.BAD_REQUEST: "The request is not as the API asks",
    Problem.NOT_FOUND: "There is no such thing",
    Problem.UNKNOWN_KEY: "Not an appliance of this hub, or not signed by it",
    Problem.RETIRED: "The appliance is retired or revoked",
    Problem.TOKEN_SPENT: "The token is used or expired",
    Problem.NOT_AN_EXTENSION: "The log contradicts the one that is known",
    Problem.GAP: "Entries before these are missing",
    Problem.ERASED: "Known, and erased since",
    Problem.WRONG_PROOF: "The consistency proof does not hold",
    Problem.TOO_LARGE: "The request is too large",
    Problem.TOO_SLOW: "The request came too slowly",
    Problem.BUSY: "The hub is busy",
    Problem.NO_ROOM: "The hub has no room",
    Problem.ALLOWANCE: "The appliance has handed in what it may in one day",
    Problem.CREDENTIAL: "A credential is needed",
}
_BUSY_SECONDS, _FULL_SECONDS = 5, 300
_LOG = logging.getLogger(__name__)


def answer(refused: RefusedAnswer) -> Response:
    """Write a refusal as an answer."""
    document: dict[str, str | int] = {
        "type": f"urn:checkpoint:problem:{refused.problem}",
        "title": _TITLES[refused.problem],
        "status": refused.status,
        "detail": refused.detail,
    }
    if refused.known is not None:
        document["known_size"] = refused.known.size
        document["known_root"] = refused.known.root.hex()
    headers = {} if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
    if refused.status == 401:
        headers["WWW-Authenticate"] = "Checkpoint"
    return Response(json.dumps(document), refused.status, headers, MEDIA_TYPE)


def storage_refusal(error: StorageError) -> RefusedAnswer:
    """Say to a caller what a failing storage means for it: nothing was stored, come back later."""
    if isinstance(error, FullError):
        return RefusedAnswer(503, Problem.NO_ROOM, "the hub's disk is full; nothing was stored", None, _FULL_SECONDS)
    if isinstance(error, BusyError):
        return RefusedAnswer(503, Problem.BUSY, "the hub's storage is busy; nothing was stored", None, _BUSY_SECONDS)
    return RefusedAnswer(503, Problem.BUSY, "the hub's storage fails; nothing was stored", None, _FULL_SECONDS)


def install(app: FastAPI) -> None:
    """Let every error of the application end in an answer of this form."""

    def refusal(_: Request, error: Exception) -> Response:
        if isinstance(error, RefusalError):
            return answer(error.answer)
        if isinstance(error, StorageError):
            _LOG.error("%s", error)
            return answer(storage_refusal(error))
        if isinstance(error, RequestValidationError):
            places = sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()})
            return answer(RefusedAnswer(422, Problem.BAD_REQUEST, f"not as the API asks: {', '.join(places)[:200]}"))
        raise error

    def plain(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        document = {"type": "about:blank", "title": "Refused" if status < 500 else "Failed", "status": status}
        headers = getattr(error, "headers", None)
        return Response(json.dumps(document), status, headers, MEDIA_TYPE)

    for kind in (RefusalError, StorageError, RequestValidationError):
        app.add_exception_handler(kind, refusal)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, plain)  # logged by the server with its trace; never sent
