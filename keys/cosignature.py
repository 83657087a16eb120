"""Cosignatures: a witness's word that it has seen a log's tree head, and when (c2sp.org/tlog-cosignature, Ed25519).

The witness adds one line below the note that the log's own key has signed. It signs the head and a time together, so
that the time is as trustworthy as the head. Who the witness is, is its key: any name will do.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from keys.errors import TreeHeadError
from keys.tree_head import MAX_NOTE, TreeHead, read_head

_COSIGNATURE = b"\x04"
_TIME_BYTES = 8
_SIGNATURE_BYTES = 64
_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class CosignedHead:
    """A head that the log has signed and a witness has seen."""

    head: TreeHead
    seen_at: int
    """Seconds since 1970 UTC, by the witness's clock."""


def cosign(note: str, name: str, private_key: Ed25519PrivateKey, at: int) -> str:
    """Add the witness's line to a signed head, seen `at` (seconds). The caller has checked the note before.

    Raises TreeHeadError: no note, a name that cannot name a key, or a time outside 63 bits.
    """
    text, blank, _ = note.rpartition("\n\n")
    if not blank or not note.endswith("\n") or len(note) > MAX_NOTE:
        raise TreeHeadError("this is no signed note: a blank line and signature lines must follow the text")
    if not name or re.search(r"[\s+]", name) or not 0 <= at < 1 << 63:
        raise TreeHeadError(f"{name!r} cannot name a witness, or {at} is no time")
    signature = private_key.sign(_message(text + "\n", at))
    blob = cosigner_key_id(name, private_key.public_key()) + at.to_bytes(_TIME_BYTES, "big") + signature
    return f"{note}— {name} {b64encode(blob).decode()}\n"


def read_cosigned(note: str, log_key: Ed25519PublicKey, witness_key: Ed25519PublicKey) -> CosignedHead:
    """Check a head's own signature and a witness's. Lines by others are left alone (c2sp.org/signed-note).

    Where the witness has signed twice, the later time counts. Raises TreeHeadError: the log's signature is missing or
    does not hold, the witness's is missing, or any line by the witness's key does not hold.
    """
    head = read_head(note, log_key)
    lines = note.rpartition("\n\n")[2].splitlines()
    seen = [time for line in lines if (time := _time_in(line, head.text, witness_key)) is not None]
    if not seen:
        raise TreeHeadError(f"the expected witness has not signed this head of {head.size} entries")
    return CosignedHead(head, max(seen))


def told_at(note: str) -> int:
    """Return the latest time that any witness's line of a note tells, seconds since 1970 UTC; nothing is proved.

    For a note that was checked when it was kept, and whose witness's key has gone since. Raises TreeHeadError: no
    witness has signed it.
    """
    found = [_blob_in(line) for line in note.rpartition("\n\n")[2].splitlines()]
    times = [int.from_bytes(one[1][4 : 4 + _TIME_BYTES], "big") for one in found if one is not None]
    if not times:
        raise TreeHeadError("no witness has signed this head")
    return max(times)


def cosigner_key_id(name: str, public_key: Ed25519PublicKey) -> bytes:
    """4 bytes: SHA-256(name ‖ 0x0A ‖ 0x04 ‖ 32-byte key), c2sp.org/tlog-cosignature "Format"."""
    return sha256(name.encode() + b"\n" + _COSIGNATURE + public_key.public_bytes_raw()).digest()[:4]


def _blob_in(line: str) -> tuple[str, bytes] | None:
    """Return the name and the 76 bytes of a line that has the form of a cosignature; None for any other."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    try:
        blob = b64decode(match["blob"], validate=True)
    except (Base64Error, ValueError):
        return None
    return (match["name"], blob) if len(blob) == 4 + _TIME_BYTES + _SIGNATURE_BYTES else None


def _time_in(line: str, text: str, key: Ed25519PublicKey) -> int | None:
    """Return the time of a cosignature that holds; None for a line of somebody else's."""
    found = _blob_in(line)
    if found is None:
        return None
    name, blob = found
    if blob[:4] != cosigner_key_id(name, key):
        return None
    at = int.from_bytes(blob[4 : 4 + _TIME_BYTES], "big")
    try:
        key.verify(blob[4 + _TIME_BYTES :], _message(text, at))
    except InvalidSignature:
        raise TreeHeadError(f"the cosignature of {name} does not hold: the note was altered") from None
    return at


def _message(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
