"""What the text of a foreign code claims, before anything of it is proved: the one shape all families are read into."""

from __future__ import annotations

from hashlib import blake2s
from typing import NamedTuple

from keys.certificate import Certificate
from keys.facts import Statement
from keys.scheme import Scheme
from keys.verdict import CodeFormat

_IDENTITY_BYTES = 16


class ForeignCode(NamedTuple):
    """One code as read. Times are seconds since 1970 UTC. A tuple, because one is made for every code."""

    format: CodeFormat
    issuer: str | None
    """Who says to have issued it, as the family names issuers: a country, a URL, a DID. None: it does not say."""
    kid: bytes | None
    """By which its key is looked up; None where the code brings its certificate, or names no key."""
    scheme: Scheme
    """The algorithm it claims."""
    message: bytes
    """The very bytes that are signed."""
    signature: bytes
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
    certificate: Certificate | None = None
    """The signer's, where the code brings it."""
    unique_id: str | None = None
    """What its issuer revokes it by: an EU certificate's identifier, a SMART Health Card's `rid`."""
    further_ids: tuple[str, ...] = ()
    """Of an EU certificate with several entries, the other entries' identifiers: each may have been revoked."""


def identity_of(*parts: str) -> str:
    """Return an identity of 32 hexadecimal digits: BLAKE2s (RFC 7693), of 16 bytes, of what names a credential."""
    named = b""
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        named += len(data).to_bytes(4, "big") + data
    return blake2s(named, digest_size=_IDENTITY_BYTES).hexdigest()
