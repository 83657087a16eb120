"""The few fields of an entry that the hub counts by, read without reading the rest; pure.

`scanner.journal.entry.decode` reads an entry completely, in some hundred microseconds: too long for tens of thousands a
second. Entries are deterministic CBOR with ascending keys, so the fields 1 to 12 at their front can be picked by one
regular expression, and the hash of the sealed part by its fixed place at the end. What is between the time and the
temperature is the same in most entries of a batch: it is taken apart once. What does not match is not refused: it is
stored as it came and counted as unreadable.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNREADABLE = 0
"""The kind of an entry that could not be read; real kinds begin at 1."""

_UINT = rb"[\x00-\x17]|\x18[\x18-\xff]|\x19..|\x1a.{4}|\x1b.{8}"
_SHORT = rb"[\x60-\x77][A-Za-z0-9:/._+-]*"
_LONG = rb"\x78[\x18-\x80][A-Za-z0-9:/._+-]+"
_FRONT = re.compile(
    rb"[\xaa-\xb4]\x01\x01\x02\x50(?P<device>.{16})\x03(?P<seq>" + _UINT + rb")\x04(?P<time>" + _UINT + rb")"
    rb"(?P<facts>\x05(?P<clock>[\x00\x01])\x06[\x60-\x70][a-z0-9-]{0,16}\x07(?P<kind>[\x01-\x17])"
    rb"\x08(?:\xf6|[\x61-\x70](?P<staff>[A-Za-z0-9-]{1,16}))"
    rb"(?:\x09(?P<outcome>[\x00-\x02]))?"
    rb"(?:\x0a[\x81-\x97](?P<reasons>(?:[\x61-\x77][A-Z_]+|\x78[\x18-\x30][A-Z_]+)+))?"
    rb"(?:\x0b(?:" + _SHORT + rb"|" + _LONG + rb"))?"
    rb"(?:\x0c(?P<colour>[\x00-\x04]))?)[\x0d-\x11]",
    re.DOTALL,
)
_REASON = re.compile(rb"[A-Z_]+")
_SEAL_HEAD, _DIGEST_HEAD = b"\x14\x82\x48", b"\x58\x20"
"""Field 20, a list of two, a key id of 8 bytes; and before the digest."""
_DIGEST_BYTES = 32
_TIME_LIMIT = 1 << 63


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What the hub counts an entry by. Of one reader, the same bytes give the same object: told apart by identity."""

    trusted: bool
    """Whether the appliance's clock was."""
    kind: int
    staff: str | None
    outcome: int | None
    colour: int | None
    reasons: tuple[str, ...]


class Reader:
    """Reads the entries of one batch of an appliance."""

    def __init__(self, device: bytes) -> None:
        """`device`: 16 bytes."""
        self._device = device
        self._known: dict[bytes, Facts] = {}

    def read(self, entry: bytes, seq: int) -> tuple[int, Facts] | None:
        """Read the front of entry `seq`: its time, ms by the appliance's clock, and what it is counted by.

        None: it is no entry as ours are, or another one.
        """
        found = _FRONT.match(entry)
        if found is None:
            return None
        device, its_seq, time, front = found.group("device", "seq", "time", "facts")
        time_ms = int.from_bytes(time[1:] or time, "big")
        if device != self._device or int.from_bytes(its_seq[1:] or its_seq, "big") != seq or time_ms >= _TIME_LIMIT:
            return None
        facts = self._known.get(front)
        if facts is None:
            facts = self._known[front] = _facts(found)
        return time_ms, facts


def seal_digest(entry: bytes) -> bytes | None:
    """Return the SHA-256 of the sealed part that the entry was written with, None where nothing was sealed."""
    if entry[-45:-42] == _SEAL_HEAD and entry[-34:-32] == _DIGEST_HEAD:
        return entry[-_DIGEST_BYTES:]
    return None


def _facts(found: re.Match[bytes]) -> Facts:
    clock, kind, staff, outcome, reasons, colour = found.group("clock", "kind", "staff", "outcome", "reasons", "colour")
    return Facts(
        clock == b"\x00",
        kind[0],
        None if staff is None else staff.decode(),
        None if outcome is None else outcome[0],
        None if colour is None else colour[0],
        () if reasons is None else tuple(one.decode() for one in _REASON.findall(reasons)),
    )
