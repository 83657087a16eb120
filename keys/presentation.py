"""Health code, shown live by a phone: `JKP1:` + base45(COSE_Sign1 by the holder's key) over the time and the code.

A picture of it is worth nothing a minute later. It does not stop somebody from relaying a live code to another gate,
nor from lending the phone.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from keys import base45, cbor, cose, health_code
from keys.errors import MalformedError
from keys.numeric_date import LAST_SECOND

PREFIX = "JKP1:"
TYP = "jkp1"
MAX_BYTES = health_code.MAX_BYTES + 128
"""Of a presentation's COSE bytes; a typical one is 315."""
WINDOW_S = 60
"""How long a presentation counts after it was made."""
AHEAD_S = 30
"""How far a phone's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """A presentation as read; nothing in it is proved yet."""

    presented_at: int
    """Seconds since 1970 UTC, by the phone's clock."""
    code: bytes
    """The whole inner `JKM1` COSE_Sign1."""
    signed: cose.Sign1
    """By the key in the inner code's `cnf`."""


def read(data: bytes) -> Presentation:
    """Read the COSE bytes of a presentation. Raises MalformedError for anything docs/formats.md does not name."""
    signed = cose.read_sign1(data, limit=MAX_BYTES)
    if signed.typ != TYP or signed.kid is not None or signed.alg is not cose.Algorithm.ES256:
        raise MalformedError("presentation whose header is not alg ES256 and typ jkp1")
    payload = cbor.decode(signed.payload, limit=MAX_BYTES)
    if type(payload) is not list or len(payload) != 2:
        raise MalformedError("presentation that is not a time and a code")
    presented_at, code = payload
    if type(presented_at) is not int or not 0 <= presented_at <= LAST_SECOND or type(code) is not bytes:
        raise MalformedError("presentation that is not a time and a code")
    return Presentation(presented_at, code, signed)


def present(code_text: str, holder_private_key: ec.EllipticCurvePrivateKey, now: int) -> str:
    """Make what the holder's phone shows at `now` (seconds since 1970): the text `JKP1:…`.

    Raises MalformedError when `code_text` is no health code, ValueError when it names another holder's key or none.
    """
    if not code_text.startswith(health_code.PREFIX):
        raise MalformedError("a presentation is made of a JKM1 code")
    code = base45.decode(code_text[len(health_code.PREFIX) :])
    claims = health_code.read_claims(cose.read_sign1(code).payload)
    if claims.holder != holder_private_key.public_key():
        raise ValueError("the code does not name this holder's key")
    signed = cose.sign1(holder_private_key, kid=None, typ=TYP, payload=cbor.encode((now, code)))
    return PREFIX + base45.encode(signed)
