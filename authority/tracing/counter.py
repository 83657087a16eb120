"""Where questions are asked: a socket of the serving process, for people who have neither key nor store.

One question a connection: a line of JSON in, a line of JSON out. The process checks who asks, writes the question down,
opens what it may answer with, and forgets it.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from authority.errors import AuthorityError, FolderError, HubLineError
from authority.records import Order
from authority.store import Authority
from authority.tracing.index import Index, Place, Span
from authority.tracing.question import LONGEST_PAGE, PAGE, Desk, Page, Seen
from authority.tracing.tracers import Tracers

SILENCE_S: Final = 10.0
"""How long a question may take to come, and an answer to be taken."""
_ANSWERED_S: Final = 60.0
_MOST_ASKED: Final = 16 * 1024
_MOST_ANSWERED: Final = 64 << 20
_Number = Annotated[int, Field(ge=-1, lt=1 << 62)]


class Question(BaseModel):
    """What somebody asks."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=64)
    password: str = Field(max_length=1024)
    reason: str
    code: str | None = Field(default=None, max_length=200)
    site: str | None = Field(default=None, max_length=200)
    first_ms: _Number = 0
    last_ms: _Number
    after: tuple[_Number, _Number, _Number] = Field(default=(-1, -1, -1), strict=False)
    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = PAGE


class Sight(BaseModel):
    """One answer, ready to be read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    time_ms: int
    vouched: bool
    """Whether the authority's people say whose the appliance is and where it stands, and not the hub alone."""
    site: str
    device: str
    lane: str
    seq: int
    kind: str
    outcome: str | None
    code_id: str | None
    name: str | None
    document: str | None
    text: str | None
    plate: str | None


class Answer(BaseModel):
    """A page of answers, or why there is none."""

    model_config = ConfigDict(extra="forbid", strict=True)

    error: str | None = None
    seen: list[Sight] = []
    after: tuple[int, int, int] | None = Field(default=None, strict=False)


def socket_of(store: Path) -> Path:
    """Return where the process that serves a store is asked."""
    return store.with_name(store.name + ".socket")


class Counter:
    """The serving end. Not for several threads."""

    def __init__(self, store: Path, authority: Authority, index: Index, now: Callable[[], int]) -> None:
        """Open the socket; raises FolderError when it cannot be, or another process serves this store."""
        self._authority = authority
        self._desk = Desk(authority, index, now)
        self._tracers = Tracers(index)
        self._now = now
        self._path = socket_of(store)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if self._path.exists():
                with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                    probe.connect(str(self._path))
                    raise FolderError(f"{self._path}: another process serves this store; stop that one.")
                self._path.unlink()
            self._socket.bind(str(self._path))
            self._path.chmod(0o660)
            self._socket.listen(8)
        except OSError as error:
            self._socket.close()
            raise FolderError(f"{self._path} cannot be opened: {error.strerror or error}") from error

    def serve(self, seconds: float) -> bool:
        """Wait so long for one question and answer it; whether there was one."""
        self._socket.settimeout(seconds)
        try:
            line, _ = self._socket.accept()
        except TimeoutError:
            return False
        with line, suppress(OSError):  # whoever asked has gone
            asked = _line(line, _MOST_ASKED, SILENCE_S)
            line.settimeout(SILENCE_S)
            line.sendall(self.answer(asked, _asker(line)).model_dump_json().encode() + b"\n")
        return True

    def answer(self, asked: bytes, asker: int) -> Answer:
        """Answer one question of a system user; what is wrong with it is an answer too."""
        try:
            question = Question.model_validate_json(asked)
        except ValidationError:
            return Answer(error="This is no question.")
        try:
            if not self._tracers.admit(question.name, question.password, self._now(), asker=asker):
                return Answer(error="Name or password is wrong, or you have to wait a minute after too many attempts.")
            return _answer(self._page(question))
        except AuthorityError as error:
            return Answer(error=str(error))

    def close(self) -> None:
        """Close the socket and take it away."""
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _page(self, question: Question) -> Page:
        order = Order(by=question.name, reason=question.reason)
        span, after = Span(question.first_ms, question.last_ms), Place(*question.after)
        if question.code is not None:
            identity = self._authority.identity(question.code)
            return self._desk.where_was(identity, span, order, after=after, limit=question.limit)
        return self._desk.who_passed(question.site or "", span, order, after=after, limit=question.limit)


def ask(store: Path, question: Question) -> Answer:
    """Put a question to the process that serves a store. Raises HubLineError when nobody answers."""
    path = socket_of(store)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(_ANSWERED_S)
            line.connect(str(path))
            line.sendall(question.model_dump_json().encode() + b"\n")
            return Answer.model_validate_json(_line(line, _MOST_ANSWERED, _ANSWERED_S))
    except (OSError, ValidationError) as error:
        words = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no answer"
        raise HubLineError(f"{path}: nobody answers ({words}); is `checkpoint authority serve` running?") from error


def _line(line: socket.socket, most: int, seconds: float) -> bytes:
    """Read a line within so many seconds in all: whoever types a byte now and then keeps nobody else waiting."""
    found = bytearray()
    until = time.monotonic() + seconds
    while not found.endswith(b"\n") and len(found) <= most:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        line.settimeout(left)
        piece = line.recv(65_536)
        if not piece:
            break
        found += piece
    return bytes(found)


def _asker(line: socket.socket) -> int:
    """Return the system user at the other end (unix(7), SO_PEERCRED). Raises OSError."""
    _, user, _ = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(user)


def _answer(page: Page) -> Answer:
    after = None if page.after is None else (page.after.time_ms, page.after.gate, page.after.seq)
    return Answer(seen=[_sight(one) for one in page.seen], after=after)


def _sight(one: Seen) -> Sight:
    entry, personal = one.entry, one.personal
    identity = None if personal is None else personal.identity
    document = None if personal is None else personal.document
    return Sight(
        time_ms=one.time_ms,
        vouched=one.vouched,
        site=one.site,
        device=one.device.hex(),
        lane=entry.lane,
        seq=one.seq,
        kind=entry.kind.name.lower(),
        outcome=None if entry.outcome is None else entry.outcome.name.lower(),
        code_id=None if identity is None else str(identity),
        name=None if personal is None else personal.name,
        document=None if document is None else f"{document.type.name.lower()} …{document.tail}",
        text=None if personal is None else personal.text,
        plate=None if personal is None else personal.plate,
    )
