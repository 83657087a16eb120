"""Recognising a person again without keeping the document number: a keyed tag, and the stretched passphrase.

A document number can be guessed by trying them all, so a plain hash would hide nobody. The tag is an HMAC under a
secret that lies encrypted in the folder like the signing keys.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from authority.masking import document_number
from keys.verdict import DocumentType

_INFO: Final = b"checkpoint authority: person tags"
_KEY_BYTES: Final = 32
_BLOCK_SIZE: Final = 8

STRETCH_LOG2: Final = 17
"""scrypt's cost for a new folder: half a second and 128 MB a guess."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """How a passphrase is stretched (scrypt, RFC 7914) before it opens the key files.

    The key files' own derivation is a matter of milliseconds a guess; this one is dear on purpose.
    """

    salt: bytes
    cost_log2: int

    def apply(self, passphrase: bytes) -> bytes:
        """Return the passphrase of the key files: 64 hexadecimal digits."""
        cost = 1 << self.cost_log2
        return (
            hashlib.scrypt(
                passphrase,
                salt=self.salt,
                n=cost,
                r=_BLOCK_SIZE,
                p=1,
                maxmem=2 * 128 * _BLOCK_SIZE * cost,
                dklen=_KEY_BYTES,
            )
            .hex()
            .encode()
        )


def tag_key(secret: X25519PrivateKey) -> bytes:
    """Return the HMAC key for person tags that belongs to the folder's secret."""
    return HKDF(SHA256(), _KEY_BYTES, None, _INFO).derive(secret.private_bytes_raw())


def person_tag(key: bytes, kind: DocumentType, number: str) -> bytes:
    """Return the 32-byte tag of the holder of a document. Raises RequestError for what is no document number."""
    return hmac.digest(key, f"{int(kind)}:{document_number(kind, number)}".encode(), "sha256")
