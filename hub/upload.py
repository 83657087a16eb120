"""The body of a log upload, as it comes by network or on a stick (docs/formats.md, "Hub API"); pure.

`{1: from_seq, 2: [entry …], 3: signed head, 4: [consistency proof …], 5: [sealed part, or empty …]}` in deterministic
CBOR. Hundreds of entries a batch make this the hot path: the two long arrays are read by a loop of their own, the rest
by `keys.cbor`. Both accept shortest heads and definite lengths only.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from keys import cbor
from keys.errors import CborError
from keys.merkle import HASH_SIZE
from keys.tree_head import MAX_NOTE
from scanner.journal.entry import MAX_ENTRY

MAX_ENTRIES = 2_000
"""Entries in one batch."""
MAX_BODY = 4 * 1024 * 1024
"""Bytes of one batch, inflated."""
MAX_SEALED = 4_096
"""Bytes of one sealed part; ours have at most some 1,200."""
MAX_PROOF = 64
"""Hashes: twice the height of a tree of 2^32 entries."""
_SEQ_LIMIT = 1 << 62
_MAP_OF_FIVE = 0xA5


class UploadError(Exception):
    """The body is no upload as this product writes it. The message says what is wrong."""


class TooLargeError(UploadError):
    """The body has more bytes or entries than a batch may have."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A batch of entries under one signed head, read and not yet believed."""

    first: int
    """Number of the first entry."""
    entries: tuple[bytes, ...]
    head: str
    """Signed note."""
    proof: tuple[bytes, ...]
    """From the head the hub is thought to know to this head, RFC 6962; may be empty."""
    sealed: tuple[bytes, ...]
    """One per entry, empty where nothing was sealed or it was erased."""

    @property
    def end(self) -> int:
        """The size of the tree after this batch."""
        return self.first + len(self.entries)


def inflate(body: bytes) -> bytes:
    """Undo gzip, at most to MAX_BODY bytes. Raises UploadError: damaged, cut short, or something follows the stream."""
    stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        data = stream.decompress(body, MAX_BODY + 1)
    except zlib.error as error:
        raise UploadError("the body is not gzip as its Content-Encoding says") from error
    if len(data) > MAX_BODY:
        raise TooLargeError(f"the body inflates to more than {MAX_BODY} bytes")
    if not stream.eof or stream.unused_data:
        raise UploadError("the body's gzip stream is cut short, or something follows it")
    return data


def read(body: bytes) -> Upload:
    """Read an upload. Raises UploadError."""
    if len(body) > MAX_BODY:
        raise TooLargeError(f"the body has more than {MAX_BODY} bytes")
    try:
        return _read(body)
    except (CborError, IndexError) as error:
        detail = error.detail if isinstance(error, CborError) else "it ends inside an item"
        raise UploadError(f"the body is not the CBOR of an upload: {detail}") from error


def write(upload: Upload) -> bytes:
    """Write what `read` reads."""
    return cbor.encode(
        {
            1: upload.first,
            2: list(upload.entries),
            3: upload.head,
            4: list(upload.proof),
            5: list(upload.sealed),
        }
    )


def _read(body: bytes) -> Upload:
    if body[0] != _MAP_OF_FIVE or body[1] != 1:
        raise UploadError("the body is no map of the keys 1 to 5")
    first, at = _uint(body, 2)
    if first > _SEQ_LIMIT:
        raise UploadError("no log has an entry of that number")
    at = _key(body, at, 2)
    entries, at = _byte_strings(body, at, MAX_ENTRIES, MAX_ENTRY, "entries")
    at = _key(body, at, 3)
    head, at = _text(body, at)
    at = _key(body, at, 4)
    proof, at = _byte_strings(body, at, MAX_PROOF, HASH_SIZE, "proof")
    at = _key(body, at, 5)
    sealed, at = _byte_strings(body, at, MAX_ENTRIES, MAX_SEALED, "sealed parts")
    if at != len(body):
        raise UploadError(f"{len(body) - at} bytes follow the upload")
    if not entries:
        raise UploadError("an upload has at least one entry")
    if len(sealed) != len(entries):
        raise UploadError(f"{len(entries)} entries come with {len(sealed)} sealed parts; it must be one each")
    if any(len(node) != HASH_SIZE for node in proof):
        raise UploadError("a hash of the proof has not 32 bytes")
    return Upload(first, tuple(entries), head, tuple(proof), tuple(sealed))


def _key(body: bytes, at: int, key: int) -> int:
    if body[at] != key:
        raise UploadError("the body is no map of the keys 1 to 5")
    return at + 1


def _argument(body: bytes, at: int, major: int) -> tuple[int, int]:
    """Return the argument of the head at `at`, which must be of `major` type, and the position behind it."""
    head = body[at]
    if head >> 5 != major:
        raise UploadError("a value of the upload has another type")
    low = head & 0x1F
    if low < 24:
        return low, at + 1
    if low > 27:
        raise UploadError("a length of the upload is indefinite or reserved")
    width = 1 << (low - 24)
    end = at + 1 + width
    if end > len(body):
        raise IndexError
    argument = int.from_bytes(body[at + 1 : end], "big")
    if argument < (24 if width == 1 else 1 << 4 * width):
        raise UploadError("a head of the upload is longer than needed")
    return argument, end


def _uint(body: bytes, at: int) -> tuple[int, int]:
    return _argument(body, at, 0)


def _text(body: bytes, at: int) -> tuple[str, int]:
    length, at = _argument(body, at, 3)
    if length > MAX_NOTE:
        raise UploadError("the head is longer than a signed note may be")
    if at + length > len(body):
        raise IndexError
    try:
        return body[at : at + length].decode(), at + length
    except UnicodeDecodeError:
        raise UploadError("the head is no text") from None


def _byte_strings(body: bytes, at: int, most: int, longest: int, what: str) -> tuple[list[bytes], int]:
    count, at = _argument(body, at, 4)
    if count > most:
        raise TooLargeError(f"{count} {what} in one upload, at most {most} are taken")
    found: list[bytes] = []
    for _ in range(count):
        head = body[at]
        if head == 0x58 and body[at + 1] > 23:  # the usual case, without a call
            end = at + 2 + body[at + 1]
            at += 2
        else:
            length, at = _argument(body, at, 2)
            end = at + length
        if end - at > longest:
            raise TooLargeError(f"one of the {what} has {end - at} bytes, at most {longest} are taken")
        found.append(body[at:end])
        at = end
    if at > len(body):
        raise IndexError
    return found, at
