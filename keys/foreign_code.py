"""What the text of a foreign code claims, before anything of it is proved: the one shape all families are read into."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from keys.certificate import Certificate
from keys.facts import Statement
from keys.scheme import Scheme
from keys.verdict import CodeFormat

_IDENTITY_BYTES = 16


@dataclass(frozen=True, slots=True)
class ForeignCode:
    """One code as read. Times are seconds since 1970 UTC."""

    format: CodeFormat
    issuer: str | None
    """Who says to have issued it, as the family names issuers: a country, a URL, a DID. None: it does not say."""
    kid: bytes | None
    """By which its key is looked up; None where the code brings its certificate, or names no key."""
    scheme: Scheme
    """The algorithm it claims."""
    message: bytes = field(repr=False)
    """The very bytes that are signed."""
    signature: bytes = field(repr=False)
    statement: Statement
    identity: str
    """What stays the same whenever this credential is shown, and tells it from every other of its issuer.

    Never made from the signature or from the whole code: both can be changed without breaking the proof.
    """
    issued_at: float | None = None
    not_before: float | None = None
    expires_at: float | None = None
    expiry_counts: bool = False
    """Whether it is still in force in the second of its expiry."""
    loose_curve: bool = False
    """Whether the algorithm fixes the digest only, as in COSE."""
    certificate: Certificate | None = None
    """The signer's, where the code brings it."""
    unique_id: str | None = None
    """What its issuer revokes it by: an EU certificate's identifier, a SMART Health Card's `rid`."""


def identity_of(*parts: str) -> str:
    """Return an identity of 32 hexadecimal digits, a hash of what names a credential."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    named = b"".join([len(data).to_bytes(4, "big") + data for data in encoded])
    return hashlib.sha256(named).digest()[:_IDENTITY_BYTES].hex()
