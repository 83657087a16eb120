"""Sealing personal data to an authority: HPKE base mode (RFC 9180; X25519, HKDF-SHA256, AES-128-GCM), one shot.

Sealed bytes are `enc ‖ ciphertext` (32 bytes, then the padded plaintext and a 16-byte tag). The plaintext is
padded as in ISO/IEC 7816-4: one byte 0x80, then as many 0x00 as reach a multiple of 64. So the end is never in
doubt, whatever the plaintext ends with, and lengths tell a thief little.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from keys.errors import SealError

BLOCK = 64
"""Bytes; the padded plaintext is a multiple of it."""
OVERHEAD = 32 + 16
"""Bytes: HPKE's encapsulated key and AES-GCM's tag."""
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
_JOURNAL = b"checkpoint journal"


@dataclass(frozen=True, slots=True)
class SealKey:
    """The public half of an authority's sealing key."""

    kid: bytes
    """8 bytes, as the trust list names it."""
    public_key: X25519PublicKey


def journal_info(device_id: bytes, seq: int) -> bytes:
    """Make the HPKE info of a journal entry: "checkpoint journal" ‖ device id ‖ seq in 8 bytes, big-endian."""
    return _JOURNAL + device_id + seq.to_bytes(8, "big")


def seal(public_key: X25519PublicKey, info: bytes, plaintext: bytes) -> bytes:
    """Seal `plaintext` so that only the private half opens it, and only under the same `info`.

    Raises SealError for a public key that yields no shared secret (a point of small order).
    """
    padded = plaintext + b"\x80"
    padded += bytes(-len(padded) % BLOCK)
    try:
        return _SUITE.encrypt(padded, public_key, info)
    except ValueError as error:
        raise SealError(f"the authority's sealing key is unusable: {error}; publish another") from error


def unseal(private_key: X25519PrivateKey, info: bytes, sealed: bytes) -> bytes:
    """Open sealed bytes. Raises SealError: another key, other info, altered or cut bytes, or a bad padding."""
    if len(sealed) < OVERHEAD + BLOCK or (len(sealed) - OVERHEAD) % BLOCK:
        raise SealError(f"{len(sealed)} bytes cannot be a sealed part: they were cut or are something else")
    try:
        padded = _SUITE.decrypt(sealed, private_key, info)
    except (InvalidTag, ValueError):
        raise SealError("the sealed part does not open: another key, another entry, or altered bytes") from None
    stripped = padded.rstrip(b"\x00")
    if not stripped.endswith(b"\x80") or len(padded) - len(stripped) >= BLOCK:
        raise SealError("the sealed part opens but its padding is wrong: it was not written by this product")
    return stripped[:-1]
