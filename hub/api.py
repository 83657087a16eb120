"""The hub's API for appliances, under `/v1` and `/repository` (docs/formats.md, "Hub API").

Nothing is read of a body before its sender is known to be enrolled; bodies are bounded in size and time, and so is the
number that are under way, so that memory is bounded however many come at once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, TypeAlias, cast

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from hub import handover, request_proof, upload
from hub.api_words import BINARY, CBOR_ANSWER, CBOR_TYPE, DeviceId, refusals
from hub.enrolment import base64url
from hub.errors import Problem, RefusalError
from hub.storage import appliances
from hub.upload import UploadError
from hub.values import Appliance, Finding, Standing
from keys import cbor

if TYPE_CHECKING:
    from hub.service import Parts

TITLE = "Checkpoint hub"
SUMMARY = "Takes logs in and witnesses them, hands on signed trust, enrols appliances."
UNDER_WAY = 64
"""Uploads whose bodies are held at the same time: at most 256 MiB."""
PROVED_ALONE = 2
"""One of so many places is kept for uploads that prove whose they are before their body is read: ids are no secret."""
BODY_SECONDS = 60.0
"""How long a body may take to come."""
EACH_UNDER_WAY = 2
"""Bodies of one appliance that are waited for at the same time; of more, the oldest is given up. So nobody takes every
place with an id that he knows, and a gate whose line broke need not wait for what is left of it."""
RETRY_SECONDS = (5, 30)
"""When those come back that found the hub busy: anywhere between, so that they do not come together again."""


class EnrolmentRequest(BaseModel):
    """What an appliance sends to be let in."""

    model_config = ConfigDict(extra="forbid", strict=True)
    token: str = Field(min_length=22, max_length=24, description="From the QR code, base64url.")
    public_key: str = Field(min_length=43, max_length=44, description="32 bytes, Ed25519, base64url.")
    software: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9:/._+-]+$")
    proof: str = Field(
        min_length=86,
        max_length=88,
        description="Signature of 'checkpoint enrolment', token and public key, each on a line, base64url.",
    )
    timezone: str | None = Field(
        default=None,
        max_length=64,
        pattern=r"^[A-Za-z0-9]+([_+-][A-Za-z0-9]+)*(/[A-Za-z0-9]+([_+-][A-Za-z0-9]+)*){0,2}$",
        description="Of the site, such as Asia/Shanghai: its days are counted by it. Absent: the hub's own.",
    )


class EnrolmentAnswer(BaseModel):
    """What an appliance is told when it is let in."""

    device: str = Field(description="Device id, hexadecimal.")
    site: str
    lanes: list[str]
    repository: str = Field(description="Where the trust repository is, relative to the hub.")
    root_sha256: str = Field(description="Of the trust root to begin with, hexadecimal.")
    hub_key: str = Field(description="What the hub cosigns heads with: 32 bytes, Ed25519, base64url.")


def router(parts: Parts) -> APIRouter:
    """Make the routes that work with these parts."""
    routes = APIRouter()
    gate = _Gate(UNDER_WAY)

    @routes.post("/v1/enrolments", status_code=201, responses=refusals(400, 401, 403, 410, 413, 422, 503))
    def enrol(request: EnrolmentRequest) -> EnrolmentAnswer:
        """Let an appliance in that holds a token."""
        found = parts.enrolment.redeem(
            request.token, request.public_key, request.software, request.proof, request.timezone
        )
        return EnrolmentAnswer(
            device=found.id.hex(),
            site=found.site.name,
            lanes=list(found.lanes),
            repository="/repository/",
            root_sha256=parts.offer.root_sha256.hex(),
            hub_key=base64url(parts.cosigner.public_key.public_bytes_raw()),
        )

    @routes.post(
        "/v1/devices/{device}/log",
        responses={200: CBOR_ANSWER, **refusals(400, 401, 403, 408, 409, 413, 415, 422, 429, 503)},
        openapi_extra={"requestBody": {"required": True, "content": {CBOR_TYPE: {"schema": BINARY}}}},
    )
    async def take_log(device: DeviceId, request: Request) -> Response:
        """Take a batch of a log in: authenticated by the signed head in it, idempotent by sequence number."""
        wanted = bytes.fromhex(device)
        appliance = await run_in_threadpool(parts.ingest.admit, wanted)
        packed = _packed(request)
        proof = request.headers.get(request_proof.HEADER)
        proved = request_proof.holds(appliance, proof, "POST", request.url.path)
        async with gate.passed(proved=proved) as place:
            body = await _body(request, gate, (wanted, proved), place)
            receipt = await run_in_threadpool(_take, parts, wanted, body, packed)
        return Response(receipt, media_type=CBOR_TYPE)

    @routes.get(
        "/v1/devices/{device}/head",
        responses={200: CBOR_ANSWER, **refusals(401, 403, 422, 503)},
        openapi_extra={"parameters": [{"name": request_proof.HEADER, "in": "header", "schema": {"type": "string"}}]},
    )
    def head(device: DeviceId, request: Request) -> Response:
        """Tell an appliance what the hub has of its log."""
        found = parts.ingest.admit(bytes.fromhex(device))
        request_proof.check(found, request.headers.get(request_proof.HEADER), "GET", request.url.path)
        if found.standing is Standing.REVOKED:
            raise parts.ingest.refused_key(found, Finding.ASKED_FOR_HEAD.told())
        _seen(parts, found)
        return Response(cbor.encode({1: found.frontier.size, 2: found.head}), media_type=CBOR_TYPE)

    @routes.get("/repository/{path:path}", responses={200: {"description": "A file"}, 304: {}, **refusals(404)})
    def repository(path: str, request: Request) -> Response:
        """Hand on a file of the trust repository."""
        headers = request.headers
        found = parts.repository.answer(path, headers.get("accept-encoding", ""), headers.get("if-none-match", ""))
        return Response(found.content, found.status, dict(found.headers))

    @routes.get("/v1/health", responses=refusals(503))
    def health() -> Health:
        """Say whether the storage can be read: for whoever watches the hub."""
        with parts.database.read() as session:
            session.rows("SELECT 1")
        return Health(status="ok")

    routes.include_router(handover.router(parts))
    return routes


class Health(BaseModel):
    """The hub works."""

    status: str


def document() -> dict[str, object]:
    """Return the OpenAPI document of these routes; nothing is opened for it."""
    app = FastAPI(title=TITLE, version="1", summary=SUMMARY, openapi_url=None)
    app.include_router(router(cast("Parts", None)))  # routes are described, and none is called
    return app.openapi()


_Sender: TypeAlias = "tuple[bytes, bool]"
"""Device id, and whether the request proves to be the appliance's own: such wait for no stranger's."""


class _Place:
    """One of the places for uploads; given back once."""

    def __init__(self, gate: _Gate) -> None:
        self._gate: _Gate | None = gate

    @property
    def is_held(self) -> bool:
        return self._gate is not None

    def give_back(self) -> None:
        if self._gate is not None:
            self._gate.room += 1
            self._gate = None


class _Gate:
    """Lets so many through at a time and sends the others away, to come back at different times."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._kept = room // PROVED_ALONE
        self._waiting: dict[_Sender, list[tuple[asyncio.Timeout, _Place]]] = {}

    @asynccontextmanager
    async def passed(self, *, proved: bool) -> AsyncIterator[_Place]:
        """Hold a place for the block; `proved`: whose upload it is. Raises RefusalError when there is none."""
        if self.room <= (0 if proved else self._kept):
            seconds = random.randint(*RETRY_SECONDS)  # noqa: S311 - spreads load, guards nothing
            raise RefusalError(
                503, Problem.BUSY, "too many uploads are under way; come back later", retry_after=seconds
            )
        self.room -= 1
        place = _Place(self)
        try:
            yield place
        finally:
            place.give_back()

    @contextmanager
    def waiting(self, sender: _Sender, patience: asyncio.Timeout, place: _Place) -> Iterator[None]:
        """Wait for a body in the block; too many of one sender end the patience with the oldest, and its place.

        The place is free at once, not when the oldest comes to its end: of many that come in one moment, each finds it.
        """
        others = self._waiting.setdefault(sender, [])
        if len(others) >= EACH_UNDER_WAY:
            given_up, freed = others.pop(0)
            if not given_up.expired():
                given_up.reschedule(asyncio.get_running_loop().time())
            freed.give_back()
        one = (patience, place)
        others.append(one)
        try:
            yield
        finally:
            if one in others:
                others.remove(one)
            if not others and self._waiting.get(sender) is others:
                del self._waiting[sender]


def _packed(request: Request) -> bool:
    """Check the upload's headers; returns whether the body is compressed."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != CBOR_TYPE:
        raise RefusalError(415, Problem.BAD_REQUEST, f"an upload is {CBOR_TYPE}")
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip"}:
        raise RefusalError(415, Problem.BAD_REQUEST, "an upload is compressed by gzip or not at all")
    return coding == "gzip"


async def _body(request: Request, gate: _Gate, sender: _Sender, place: _Place) -> bytes:
    """Read a body, bounded in bytes and time. Raises RefusalError."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced[:12]) > upload.MAX_BODY:
        raise RefusalError(413, Problem.TOO_LARGE, f"an upload has at most {upload.MAX_BODY} bytes")
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS) as patience:
            with gate.waiting(sender, patience, place):
                async for chunk in request.stream():
                    found += chunk
                    if len(found) > upload.MAX_BODY:
                        raise RefusalError(413, Problem.TOO_LARGE, f"an upload has at most {upload.MAX_BODY} bytes")
        if not place.is_held:  # given up in the moment in which the last of it came
            raise TimeoutError
    except ClientDisconnect:
        raise RefusalError(400, Problem.BAD_REQUEST, "the line broke") from None
    except TimeoutError:
        words = f"the upload did not come within {BODY_SECONDS:.0f} s, or others of the same appliance came meanwhile"
        raise RefusalError(408, Problem.TOO_SLOW, words) from None
    return bytes(found)


def _take(parts: Parts, device: bytes, body: bytes, packed: bool) -> bytes:
    try:
        plain = upload.inflate(body) if packed else body
    except upload.TooLargeError as error:
        raise RefusalError(413, Problem.TOO_LARGE, str(error)) from error
    except UploadError as error:
        raise RefusalError(400, Problem.BAD_REQUEST, str(error)) from error
    return parts.ingest.take(device, plain).body()


def _seen(parts: Parts, appliance: Appliance) -> None:
    """Note that the appliance asked; not more often than once a minute, since it is a write."""
    now_ms = parts.clock_ms()
    if (
        appliance.seen_ms is None or abs(now_ms - appliance.seen_ms) > 60_000
    ):  # or it was seen by a clock that was ahead
        with parts.database.write() as session:
            appliances.seen(session, appliance.number, now_ms)
