"""The layout of `status.bin`: where each list's array lies in the raw file. Nothing in it is believed by itself.

    0                   the index, in INDEX_BYTES
    INDEX_BYTES …       arrays and overlays as they are, each in a slot beginning at a multiple of ALIGNMENT
    size − INDEX_BYTES  the index once more

An index is MAGIC ‖ length (4 bytes) ‖ SHA-256 of the rest (32) ‖ deterministic CBOR, an array of
`[issuer, uri, offset, length, overlay]`; `overlay` is null or `[offset, length, SHA-256, iat]`. The hash finds damage,
no more: whoever can write the file can write a fitting index. What an index says of an array is therefore held against
a signed anchor (`keys.status_proof`). That there are two of them leaves one where the other is damaged.

An overlay is a bitmap, entry 0 lowest in the first byte: 1 where an earlier array of the same uri revoked what the
array beside it does not. Its `iat` is that of the newest array which added to it. No signature vouches for an overlay:
it can only refuse people, never let anybody pass, and a damaged one takes its list with it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from keys import cbor
from keys.errors import CborError
from keys.status_anchor import Name
from keys.status_token import MAX_ARRAY_BYTES

ALIGNMENT: Final = 16_384
"""The largest page of the machines in use: a slot never shares one."""
INDEX_BYTES: Final = 512 * 1024
"""Of each of the two indexes: some 6,000 of our lists."""
_MAGIC: Final = b"JKM-STATUS-1\n\0\0\0"
_ARRAY: Final = 4
"""Major type of a CBOR array (RFC 8949 section 3.1)."""
_LENGTH_BYTES: Final = 4
_HASH_BYTES: Final = 32
_HEAD_BYTES: Final = len(_MAGIC) + _LENGTH_BYTES + _HASH_BYTES
MAX_ENTRY_BYTES: Final = INDEX_BYTES - _HEAD_BYTES - 9
"""Of an index's entries together: what its own head and the array's leave."""
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Overlay:
    """A bitmap of entries that stay revoked."""

    offset: int
    length: int
    sha256: bytes
    iat: int
    """Of the newest array that added to it, seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a list's array lies, in bytes."""

    issuer: str
    uri: str
    offset: int
    length: int
    overlay: Overlay | None

    @property
    def name(self) -> Name:
        """Issuer and uri."""
        return self.issuer, self.uri


def aligned(offset: int) -> int:
    """Return the first slot boundary at or behind `offset`."""
    return -(-offset // ALIGNMENT) * ALIGNMENT


def encode_slot(slot: Slot) -> bytes:
    """Write one entry of an index."""
    overlay = slot.overlay
    return cbor.encode(
        [
            slot.issuer,
            slot.uri,
            slot.offset,
            slot.length,
            None if overlay is None else [overlay.offset, overlay.length, overlay.sha256, overlay.iat],
        ]
    )


def encode_index(entries: Sequence[bytes]) -> bytes:
    """Write an index of entries made by `encode_slot`; together they may have MAX_ENTRY_BYTES."""
    body = cbor.head(_ARRAY, len(entries)) + b"".join(entries)
    return _MAGIC + len(body).to_bytes(_LENGTH_BYTES, "big") + sha256(body).digest() + body


def read_index(descriptor: int, size: int) -> dict[Name, Slot] | None:
    """Return the slots of an open file of `size` bytes; None where neither index can be read and holds."""
    for offset in (0, max(size - INDEX_BYTES, 0)):
        try:
            return _decode_index(os.pread(descriptor, INDEX_BYTES, offset))
        except (OSError, CborError, _DamagedError):
            continue
    return None


class _DamagedError(Exception):
    """An index that was not written by `encode_index`."""


def _decode_index(data: bytes) -> dict[Name, Slot]:
    body_at = len(_MAGIC) + _LENGTH_BYTES
    length = int.from_bytes(data[len(_MAGIC) : body_at], "big")
    body = data[_HEAD_BYTES : _HEAD_BYTES + length]
    if not data.startswith(_MAGIC) or len(body) != length or sha256(body).digest() != data[body_at:_HEAD_BYTES]:
        raise _DamagedError
    entries = cbor.decode(body, limit=INDEX_BYTES)
    if type(entries) is not list:
        raise _DamagedError
    slots: dict[Name, Slot] = {}
    for entry in entries:
        slot = _slot(entry)
        if slot.name in slots:
            raise _DamagedError
        slots[slot.name] = slot
    return slots


def _slot(entry: cbor.Value) -> Slot:
    if type(entry) is not list or len(entry) != 5:
        raise _DamagedError
    issuer, uri, offset, length, overlay = entry
    if type(issuer) is not str or type(uri) is not str:
        raise _DamagedError
    return Slot(issuer, uri, _place(offset), _length(length), None if overlay is None else _overlay(overlay))


def _overlay(value: cbor.Value) -> Overlay:
    if type(value) is not list or len(value) != 4:
        raise _DamagedError
    offset, length, digest, iat = value
    if type(digest) is not bytes or len(digest) != _HASH_BYTES or type(iat) is not int:
        raise _DamagedError
    return Overlay(_place(offset), _length(length), digest, iat)


def _place(value: cbor.Value) -> int:
    if type(value) is not int or value < INDEX_BYTES or value % ALIGNMENT:
        raise _DamagedError
    return value


def _length(value: cbor.Value) -> int:
    if type(value) is not int or not 0 <= value <= MAX_ARRAY_BYTES:
        raise _DamagedError
    return value


def hash_range(descriptor: int, offset: int, length: int) -> bytes | None:
    """Return the SHA-256 of `length` bytes at `offset`; None where the file ends before. Raises OSError.

    Read, not mapped: what is only hashed takes no memory of this process, and a disk that cannot read is an error in
    words rather than a signal.
    """
    digest = sha256()
    buffer = memoryview(bytearray(min(length, _CHUNK)))
    while length:
        count = os.preadv(descriptor, [buffer[: min(length, _CHUNK)]], offset)
        if not count:
            return None
        digest.update(buffer[:count])
        offset += count
        length -= count
    return digest.digest()
