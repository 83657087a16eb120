"""What a status list and a bundle of changes have in common: who may sign them, when, and how they inflate."""

from __future__ import annotations

import zlib
from typing import Final

from keys import cose
from keys.errors import StatusListError
from keys.numeric_date import is_whole_second
from keys.trust_list import TrustedKey, TrustList, Use

AHEAD_S: Final = 300
"""How far an authority's clock may be ahead of ours ("Current colour" in docs/formats.md)."""


def status_signer(signed: cose.Sign1, trust: TrustList, now: int, issuer: str | None) -> TrustedKey:
    """Return the status key that signed, in force at `now` (steps 2 to 7 of "Verification" in docs/formats.md).

    `issuer` None: any issuer's, for a foreign list does not name its own. Raises StatusListError.
    """
    if signed.kid is None:
        raise StatusListError("it names no key")
    candidates = trust.by_kid(signed.kid) if issuer is None else trust.candidates(issuer, signed.kid)
    if not candidates:
        raise StatusListError(f"key {signed.kid.hex()} of {issuer or 'its issuer'} is not known")
    allowed = [key for key in candidates if Use.STATUS in key.uses and key.alg is signed.alg]
    if not allowed:
        raise StatusListError(f"key {signed.kid.hex()} may not sign status lists, or not with this algorithm")
    message = cose.signature_input(signed)
    for key in allowed:
        if cose.verify_signature(key.public_key, signed.alg, message, signed.signature):
            break
    else:
        raise StatusListError("its signature does not fit: forged or damaged")
    if key.revoked:
        raise StatusListError(f"key {key.kid.hex()} of {key.issuer} is revoked")
    if not key.nbf - AHEAD_S <= now < key.exp:
        raise StatusListError(f"key {key.kid.hex()} of {key.issuer} is outside its period of validity")
    return key


def read_seconds(value: object, what: str) -> int:
    """Return a time or a duration. Raises StatusListError where `value` is none; `what` names it."""
    if not is_whole_second(value):
        raise StatusListError(f"{what} that is no number of seconds")
    return value


def check_not_ahead(iat: int, now: int) -> None:
    """Raise StatusListError when `iat` lies further ahead of `now` than clocks may differ."""
    if iat > now + AHEAD_S:
        raise StatusListError(f"its iat {iat} lies in the future")


def inflate(compressed: bytes, most: int, what: str) -> bytes:
    """Inflate a zlib stream (RFC 1950) to at most `most` bytes; it must end exactly where `compressed` ends.

    Raises StatusListError naming `what`. Never holds more than one byte beyond `most`.
    """
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(compressed, most + 1)
    except zlib.error:
        raise StatusListError(f"{what} does not inflate") from None
    if len(inflated) > most:
        raise StatusListError(f"{what} inflates to more than {most} bytes")
    if not inflater.eof or inflater.unused_data or inflater.unconsumed_tail:
        raise StatusListError(f"{what} is cut short, or goes on behind its end")
    return inflated
