"""The few fields of an entry that the hub counts by, read without reading the rest; pure.

`scanner.journal.entry.decode` reads an entry completely, in some hundred microseconds: too long for tens of thousands a
second. Entries are deterministic CBOR with ascending keys, so the fields 1 to 12 at their front can be picked by one
regular expression, and the hash of the sealed part by its fixed place at the end. What does not match is not refused:
it is stored as it came and counted as unreadable.
"""

from __future__ import annotations

import re
from typing import NamedTuple

UNREADABLE = 0
"""The kind of an entry that could not be read; real kinds begin at 1."""

_UINT = rb"[\x00-\x17]|\x18[\x18-\xff]|\x19..|\x1a.{4}|\x1b.{8}"
_SHORT = rb"[\x60-\x77][A-Za-z0-9:/._+-]*"
_LONG = rb"\x78[\x18-\x80][A-Za-z0-9:/._+-]+"
_FRONT = re.compile(
    rb"[\xaa-\xb4]\x01\x01\x02\x50(?P<device>.{16})\x03(?P<seq>" + _UINT + rb")\x04(?P<time>" + _UINT + rb")"
    rb"\x05(?P<clock>[\x00\x01])\x06[\x60-\x70](?P<lane>[a-z0-9-]{0,16})\x07(?P<kind>[\x01-\x17])"
    rb"\x08(?:\xf6|[\x61-\x70](?P<staff>[A-Za-z0-9-]{1,16}))"
    rb"(?:\x09(?P<outcome>[\x00-\x02]))?"
    rb"(?:\x0a[\x81-\x97](?P<reasons>(?:[\x61-\x77][A-Z_]+|\x78[\x18-\x30][A-Z_]+)+))?"
    rb"(?:\x0b(?:" + _SHORT + rb"|" + _LONG + rb"))?"
    rb"(?:\x0c(?P<colour>[\x00-\x04]))?[\x0d-\x11]",
    re.DOTALL,
)
_REASON = re.compile(rb"[A-Z_]+")
_SEAL = re.compile(rb"\x14\x82\x48.{8}\x58\x20", re.DOTALL)
_SEAL_BYTES = 45
_DIGEST_BYTES = 32
_TIME_LIMIT = 1 << 63


class Columns(NamedTuple):
    """What the hub counts an entry by. Made for every entry: a dataclass would take three times as long."""

    time_ms: int
    """Milliseconds since 1970, by the appliance's clock."""
    trusted: bool
    """Whether that clock was trusted."""
    kind: int
    staff: str | None
    outcome: int | None
    colour: int | None
    reasons: tuple[str, ...]


def columns(entry: bytes, device: bytes, seq: int) -> Columns | None:
    """Read the front of entry `seq` of `device` (16 bytes); None: it is no entry as ours are, or another one."""
    found = _FRONT.match(entry)
    if found is None:
        return None
    its_device, its_seq, time, clock, _, kind, staff, outcome, reasons, colour = found.groups()
    time_ms = _number(time)
    if its_device != device or _number(its_seq) != seq or time_ms >= _TIME_LIMIT:
        return None
    return Columns(
        time_ms,
        clock == b"\x00",
        kind[0],
        None if staff is None else staff.decode(),
        None if outcome is None else outcome[0],
        None if colour is None else colour[0],
        () if reasons is None else tuple(one.decode() for one in _REASON.findall(reasons, 0)),
    )


def seal_digest(entry: bytes) -> bytes | None:
    """Return the SHA-256 of the sealed part that the entry was written with, None where nothing was sealed."""
    if _SEAL.match(entry, len(entry) - _SEAL_BYTES):
        return entry[-_DIGEST_BYTES:]
    return None


def _number(head: bytes) -> int:
    """Read the argument of a whole CBOR head of an unsigned integer."""
    return head[0] if len(head) == 1 else int.from_bytes(head[1:], "big")
