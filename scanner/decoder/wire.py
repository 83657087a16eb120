"""The messages between the engine and a decoder's process: small, of one shape each, and answers read without trust.

The engine asks with a `Request`, the picture lies in shared memory; the process answers once with a `Reply`. Whatever a
picture may have made of the process, `read_reply` takes its bytes for one bounded value or raises WireError.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from scanner.decoder.values import MAX_TEXT, Corners, Decoded, Region

MAX_REPLY: Final = 128 * 1024
"""Bytes of one answer; what does not fit is left out. Fits Linux's default buffer of a socket."""
MAX_CODES: Final = 64
"""Codes of one picture; more are left out."""
MAX_NAME: Final = 32
"""Characters of the name of a look or a hint."""
MAX_PIXELS: Final = 1 << 24
"""Of the largest picture that fits the shared memory: 4096 × 4096."""

_REQUEST: Final = struct.Struct("<QIIfIB4I")
_REPLY: Final = struct.Struct("<QBBHI")
_CODE: Final = struct.Struct("<8fBH")
_FAR: Final = 2.0
"""Corners may lie outside of the picture, by at most its larger side times this."""


class WireError(Exception):
    """These bytes are no answer to the question asked."""


class Kind(IntEnum):
    """What an answer is."""

    READY = 0
    """The process has started and waits for a picture."""
    SEEN = 1
    """What is in the picture."""
    UNABLE = 2
    """The process cannot go on; the text says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """One picture to look at."""

    number: int
    """Counts up from 1; the answer bears the same."""
    width: int
    height: int
    budget_ms: float = 0.0
    """No further look begins after so long."""
    turn: int = 0
    """Which of the harder looks comes first; for the quick one, even: at the picture made smaller as well."""
    found: bool = False
    """The quick look found a code that it could not read: begin with straightening that."""
    region: Region | None = None
    """Where to look closer."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something code-like that was not read."""

    hint: str
    """What would help, by its name; empty where nothing is known to."""
    corners: Corners


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    kind: Kind
    number: int
    codes: tuple[Decoded, ...] = ()
    unread: Unread | None = None
    looks: int = 0
    """How many of the harder looks were taken."""
    text: str = ""


def write_request(request: Request) -> bytes:
    """Return the bytes of a request."""
    region = request.region or (0, 0, 0, 0)
    return _REQUEST.pack(
        *(request.number, request.width, request.height, request.budget_ms, request.turn & 0xFFFF_FFFF),
        *(request.found, *region),
    )


def read_request(data: bytes) -> Request:
    """Return the request in `data`. Raises WireError on anything else: our bug, as the engine is trusted."""
    try:
        number, width, height, budget_ms, turn, found, x, y, w, h = _REQUEST.unpack(data)
    except struct.error as error:
        raise WireError(f"{len(data)} bytes are no request") from error
    return Request(number, width, height, budget_ms, turn, bool(found), (x, y, w, h) if w and h else None)


def write_reply(reply: Reply) -> bytes:
    """Return the bytes of an answer, at most `MAX_REPLY`; codes that do not fit are left out."""
    if reply.kind is Kind.UNABLE:
        return _REPLY.pack(reply.number, reply.kind, 0, 0, 0) + reply.text.encode("utf-8", "replace")[:1000]
    unread = b"" if reply.unread is None else _record(reply.unread.hint, "-", reply.unread.corners)
    parts: list[bytes] = []
    size = _REPLY.size + len(unread)
    for code in reply.codes[:MAX_CODES]:
        part = _record(code.decoder, code.text, code.corners)
        if size + len(part) > MAX_REPLY:
            break
        size += len(part)
        parts.append(part)
    head = _REPLY.pack(reply.number, reply.kind, reply.unread is not None, len(parts), reply.looks)
    return head + b"".join(parts) + unread


def _record(name: str, text: str, corners: Corners) -> bytes:
    names, texts = name.encode("ascii"), text.encode("utf-8", "replace")
    flat = [coordinate for corner in corners for coordinate in corner]
    return _CODE.pack(*flat, len(names), len(texts)) + names + texts


def read_reply(data: bytes, asked: Request | None) -> Reply:
    """Return the answer in `data` to the request `asked`, None while nothing but the greeting is expected.

    Raises WireError unless number, counts, lengths, texts and places all are what an honest process would send.
    """
    if not _REPLY.size <= len(data) <= MAX_REPLY:
        raise WireError(f"an answer of {len(data)} bytes")
    number, kind, unread, count, looks = _REPLY.unpack_from(data)
    if number != (0 if asked is None else asked.number):
        raise WireError(f"an answer to picture {number}, which was not asked about")
    if kind == Kind.UNABLE and len(data) <= _REPLY.size + 1000:
        said = data[_REPLY.size :].decode("utf-8", "replace")
        return Reply(Kind.UNABLE, number, text="".join(c if c.isprintable() else " " for c in said))
    if kind != (Kind.READY if asked is None else Kind.SEEN):
        raise WireError(f"an answer of kind {kind}")
    if unread > 1 or count + unread > (0 if asked is None else MAX_CODES + 1) or count > MAX_CODES or looks > 0xFFFF:
        raise WireError(f"an answer with {count} codes after {looks} looks")
    far = 0.0 if asked is None else _FAR * max(asked.width, asked.height)
    at = _REPLY.size
    found = []
    for _ in range(count + unread):
        name, text, corners, at = _read_record(data, at, far)
        found.append(Decoded(text, corners, name))
    if at != len(data):
        raise WireError(f"{len(data) - at} bytes too many")
    last = found.pop() if unread else None
    return Reply(Kind(kind), number, tuple(found), None if last is None else Unread(last.decoder, last.corners), looks)


def _read_record(data: bytes, at: int, far: float) -> tuple[str, str, Corners, int]:
    start = at + _CODE.size
    if start > len(data):
        raise WireError("a code cut short")
    *flat, name_size, text_size = _CODE.unpack_from(data, at)
    end = start + name_size + text_size
    if end > len(data) or name_size > MAX_NAME or not text_size:
        raise WireError("a text cut short, or a name too long")
    if not all(math.isfinite(coordinate) and abs(coordinate) <= far for coordinate in flat):
        raise WireError("a corner far outside of the picture")
    try:
        name = data[start : start + name_size].decode("ascii")
        text = data[start + name_size : end].decode("utf-8")
    except UnicodeDecodeError as error:
        raise WireError("a text that is no UTF-8") from error
    if len(text) > MAX_TEXT or not name.isprintable():
        raise WireError("a text too long, or a name that is none")
    a, b, c, d = ((flat[index], flat[index + 1]) for index in range(0, 8, 2))
    return name, text, (a, b, c, d), end
