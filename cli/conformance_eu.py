"""The stages of the EU's own test cases (dgc-testdata), each judged by itself as those cases state them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from keys import base45, eu_dcc
from keys.certificate import Certificate
from keys.errors import KeysError, RefusedError
from keys.foreign_cose import ForeignSign1
from keys.scheme import may_verify, verify


def eu_stages(text: str, signer: Certificate | None, clock: float | None) -> Mapping[str, bool]:
    """Return which stages hold of a code; one that cannot be judged, or comes after one that fails, is absent.

    `clock`, seconds since 1970, judges the expiry; None: that stage is not judged.
    """
    stages = {"UNPREFIX": text.startswith(eu_dcc.PREFIX)}
    if not stages["UNPREFIX"]:
        return stages
    try:
        stages["B45DECODE"] = False
        packed = base45.decode(text.removeprefix(eu_dcc.PREFIX))
        stages |= {"B45DECODE": True, "COMPRESSION": False}
        data = eu_dcc.decompressed(packed)
        stages |= {"COMPRESSION": True, "DECODE": False}
        signed = eu_dcc.read_signed(data)
        if signer is not None:  # whatever the signed bytes say
            stages["VERIFY"] = _is_signed(signed, signer)
        claims = eu_dcc.read_claims(signed.payload)
        stages["DECODE"] = True
    except RefusedError:
        return stages
    if clock is not None:
        in_time = claims.expires_at is not None and claims.issued_at <= clock <= claims.expires_at
        stages |= {"EXPIRATIONCHECK": in_time, "EXPIRED": in_time}
    if signer is not None:
        stages |= _key_usage(claims, signer)
    return stages


def _is_signed(signed: ForeignSign1, signer: Certificate) -> bool:
    """Whether the code names this signer, by its kid, and the signer signed it."""
    if signed.kid != signer.kid or not may_verify(signer.public_key, signed.scheme, loose_curve=True):
        return False
    return verify(signer.public_key, signed.scheme, signed.message, signed.signature)


def _key_usage(claims: eu_dcc.Claims, signer: Certificate) -> Mapping[str, bool]:
    """Return whether the signer may state what the certificate states; nothing where that cannot be read."""
    try:
        statement, _ = eu_dcc.read_statement(claims.certificate)
    except RefusedError:
        return {}
    return {"KEYUSAGE": eu_dcc.may_sign(signer.extended_usage, statement.facts)}


def read_clock(text: str) -> float:
    """Return an ISO 8601 time as these cases write it, as seconds since 1970: with any offset, or none, which is UTC.

    Raises KeysError for what is none.
    """
    try:
        moment = datetime.datetime.fromisoformat(text.upper())
    except ValueError:
        raise KeysError(f"{text!r} is no time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
