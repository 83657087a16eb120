"""Key ids: the first 8 bytes of SHA-256 over a key's SubjectPublicKeyInfo (DER)."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY_ID_BYTES = 8


def key_id(public_key: PublicKeyTypes) -> bytes:
    """Return the 8-byte id of a public key, whatever its kind."""
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).digest()[:KEY_ID_BYTES]
