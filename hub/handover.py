"""Handing logs on to the authority, which alone can open the sealed parts: for its own process, by its own credential.

The hub vouches for nothing here. It passes on entries, sealed parts and the heads that appliances signed, so that the
authority can prove for itself what it takes in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from hub import passwords
from hub.api_words import CBOR_ANSWER, CBOR_TYPE, DeviceId, refusals
from hub.errors import Problem, RefusalError
from hub.storage import appliances, people
from hub.values import Appliance
from keys import cbor
from keys.printable import printable

if TYPE_CHECKING:
    from hub.service import Parts

BATCH = 1_000
"""Entries in one answer."""
LISTED = 1_000
"""Appliances in one answer."""


class HandedLog(BaseModel):
    """One appliance's log, as far as the hub has it."""

    number: int = Field(description="The hub's own; lists are in its order.")
    device: str
    public_key: str = Field(description="32 bytes, Ed25519, hexadecimal.")
    site: str
    size: int
    head: str = Field(description="The newest signed head; empty before the first.")


class HandedLogs(BaseModel):
    """Some of the logs."""

    logs: list[HandedLog]
    more: bool


def router(parts: Parts) -> APIRouter:
    """Make the routes that work with these parts."""

    def trusted(request: Request) -> None:
        """Raise RefusalError unless the request bears a credential that was made for this."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with parts.database.read() as session:
            if scheme.lower() == "bearer" and people.is_credential(session, token):
                return
        raise RefusalError(401, Problem.CREDENTIAL, "a credential is needed: checkpoint hub credential NAME")

    routes = APIRouter(prefix="/v1/authority", dependencies=[Depends(trusted)])

    @routes.get("/logs", responses=refusals(401, 422, 503))
    def logs(after: Annotated[int, Query(ge=0, le=1 << 40)] = 0) -> HandedLogs:
        """List the logs of all appliances, those with numbers above `after`."""
        with parts.database.read() as session:
            found = appliances.listed(session, after, LISTED + 1)
        return HandedLogs(logs=[_handed(one) for one in found[:LISTED]], more=len(found) > LISTED)

    @routes.get("/logs/{device}", responses={200: CBOR_ANSWER, **refusals(401, 404, 410, 422, 503)})
    def log(device: DeviceId, first: Annotated[int, Query(alias="from", ge=0, le=1 << 62)] = 0) -> Response:
        """Hand on entries from number `from` on: `{1: from, 2: [entry …], 5: [sealed part, or empty …]}`.

        Where retention has erased these, the first later ones that can be gone on with: 1 is their number, and 6 the
        state of the tree before them, the roots of its perfect subtrees, the largest first.
        """
        with parts.database.read() as session:
            found = appliances.find(session, bytes.fromhex(device))
            if found is None:
                raise RefusalError(404, Problem.NOT_FOUND, "no appliance of this id is enrolled here")
            mark = None
            bodies = _row(appliances.bodies(session, found.number, first, first + BATCH), first)
            if not bodies and first < found.frontier.size:
                mark = appliances.next_mark(session, found.number, first)
                if mark is None:
                    raise RefusalError(410, Problem.NOT_FOUND, "these entries were erased by retention")
                first = mark.size
                bodies = _row(appliances.bodies(session, found.number, first, first + BATCH), first)
            sealed = {one.seq: one.part for one in appliances.sealed_parts(session, found.number, first, first + BATCH)}
        answer: dict[int, cbor.Encodable] = {
            1: first,
            2: bodies,
            5: [sealed.get(first + at, b"") for at in range(len(bodies))],
        }
        if mark is not None:
            answer[6] = mark.roots
        return Response(cbor.encode(answer), media_type=CBOR_TYPE)

    return routes


def make_credential(parts: Parts, name: str) -> str:
    """Make the credential called `name`, in the place of an earlier one; returns it, once. Raises RefusalError."""
    if not people.NAME.fullmatch(name):
        raise RefusalError(422, Problem.BAD_REQUEST, f"{printable(name)}: a credential's name is like authority-cn-33")
    token = passwords.token()
    with parts.database.write() as session:
        people.put_credential(session, name, token, parts.clock_ms())
        people.note(session, parts.clock_ms(), people.TERMINAL, "credential", subject=name)
    return token


def _handed(one: Appliance) -> HandedLog:
    return HandedLog(
        number=one.number,
        device=one.id.hex(),
        public_key=one.public_key.hex(),
        site=one.site.name,
        size=one.frontier.size,
        head=one.head,
    )


def _row(found: list[tuple[int, bytes]], first: int) -> list[bytes]:
    """Return the bodies from number `first` on, as far as none is missing."""
    return [body for at, (seq, body) in enumerate(found, start=first) if seq == at]
