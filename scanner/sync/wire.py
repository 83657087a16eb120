"""The bytes of an upload, of its receipt and of a known head: deterministic CBOR, the same by network and by stick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from keys import cbor
from keys.errors import CborError
from keys.merkle import HASH_SIZE, Proof
from keys.tree_head import MAX_NOTE

MAX_ENTRIES: Final = 2000
"""Entries in one upload."""
MAX_UPLOAD: Final = 4 << 20
"""Bytes of one upload, inflated."""
MAX_ANSWER: Final = 64 << 10
"""Bytes of an answer."""
_FRAME: Final = 4
"""Bytes of the length before each upload in a file."""
_UINT_MAX: Final = (1 << 63) - 1


class WireError(ValueError):
    """Bytes that are no upload, no receipt and no known head."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Entries of one appliance in a row, under a head that covers exactly up to the last of them."""

    start: int
    """Number of the first."""
    entries: tuple[bytes, ...]
    head: str
    """The signed head over `start + len(entries)` entries, a C2SP checkpoint."""
    proof: Proof
    """That the head extends the one over `start` entries."""
    sealed: tuple[bytes, ...]
    """For each entry its sealed part; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The hub's word for an upload."""

    durable_to: int
    """How many entries it has made durable."""
    cosigned: str
    """The head that was sent, with the hub's cosignature."""
    hub_time_ms: int
    """Milliseconds since 1970 UTC, by the hub's clock."""


@dataclass(frozen=True, slots=True)
class KnownHead:
    """What the hub says that it has of this log."""

    size: int
    cosigned: str | None
    """The newest head it cosigned; None before the first."""


def encode_upload(upload: Upload) -> bytes:
    """Write an upload."""
    fields: dict[int, cbor.Encodable] = {
        1: upload.start,
        2: list(upload.entries),
        3: upload.head,
        4: list(upload.proof),
        5: list(upload.sealed),
    }
    return cbor.encode(fields)


def decode_upload(data: bytes) -> Upload:
    """Read an upload. Raises WireError."""
    start, entries, head, proof, sealed = _fields(data, 5, MAX_UPLOAD)
    if type(entries) is not list or not 0 < len(entries) <= MAX_ENTRIES:
        raise WireError(f"an upload has 1 to {MAX_ENTRIES} entries")
    found = _binaries(entries, "entries")
    parts = _binaries(sealed, "sealed parts")
    if len(parts) != len(found):
        raise WireError("an upload has a sealed part, or an empty one, for each entry")
    hashes = _binaries(proof, "consistency proof")
    if any(len(one) != HASH_SIZE for one in hashes):
        raise WireError("a consistency proof consists of hashes")
    return Upload(_uint(start, "first number"), found, _note(head), hashes, parts)


def encode_receipt(receipt: Receipt) -> bytes:
    """Write a receipt, as a hub does."""
    return cbor.encode({1: receipt.durable_to, 2: receipt.cosigned, 3: receipt.hub_time_ms})


def decode_receipt(data: bytes) -> Receipt:
    """Read a receipt. Raises WireError. What it says is not proved yet."""
    durable_to, note, time_ms = _fields(data, 3, MAX_ANSWER)
    return Receipt(_uint(durable_to, "size"), _note(note), _uint(time_ms, "time"))


def decode_known(data: bytes) -> KnownHead:
    """Read a known head. Raises WireError. What it says is not proved yet."""
    size, note = _fields(data, 2, MAX_ANSWER)
    return KnownHead(_uint(size, "size"), None if note == "" else _note(note))


def frame(body: bytes) -> bytes:
    """Put the length before an upload, as it stands in a file."""
    return len(body).to_bytes(_FRAME, "big") + body


def unframe(data: bytes) -> tuple[bytes, ...]:
    """Take a file's uploads apart. Raises WireError: the file was cut, or is something else."""
    found = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + _FRAME], "big")
        at += _FRAME
        if not 0 < length <= MAX_UPLOAD or at + length > len(data):
            raise WireError("the file ends inside an upload, or is no exported log")
        found.append(data[at : at + length])
        at += length
    return tuple(found)


def _fields(data: bytes, count: int, limit: int) -> list[cbor.Value]:
    try:
        value = cbor.decode(data, limit=limit)
    except CborError as error:
        raise WireError(f"this is not what was agreed upon: {error.detail}") from None
    if type(value) is not dict or value.keys() != set(range(1, count + 1)):
        raise WireError(f"this is no map of the fields 1 to {count}")
    return [value[number] for number in range(1, count + 1)]


def _uint(value: cbor.Value, name: str) -> int:
    if type(value) is not int or not 0 <= value <= _UINT_MAX:
        raise WireError(f"the {name} is no number")
    return value


def _note(value: cbor.Value) -> str:
    if type(value) is not str or not value or len(value) > MAX_NOTE:
        raise WireError("the head is no note")
    return value


def _binaries(value: cbor.Value, name: str) -> tuple[bytes, ...]:
    if type(value) is not list:
        raise WireError(f"the {name} are no list")
    found = tuple(one for one in value if type(one) is bytes)
    if len(found) != len(value):
        raise WireError(f"one of the {name} is no byte string")
    return found
