"""Codes that no honest authority makes: forged, altered, repainted. Tests and the demo must see them refused.

Each takes a genuine code's text and returns another text; `stranger` is a key that nobody trusts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from keys import base45, cose
from keys.health_code import PREFIX, TYP, read_claims, write_claims
from keys.verdict import Colour

_SIGNATURE_BITS: Final = 64 * 8


def forged(text: str, stranger: ec.EllipticCurvePrivateKey) -> str:
    """Return the same claims under the same key id, signed by a stranger's key."""
    genuine = _read(text)
    return _text(cose.sign1(stranger, kid=genuine.kid, typ=TYP, payload=genuine.payload))


def repainted(text: str, colour: Colour) -> str:
    """Return the code with another colour and the old signature: what an app that edits its own code would show."""
    genuine = _read(text)
    payload = write_claims(replace(read_claims(genuine.payload), colour=colour))
    whole = base45.decode(text.removeprefix(PREFIX))
    return _text(whole.replace(genuine.payload, payload))


def altered(text: str, bit: int = 0) -> str:
    """Return the code with one bit of its signature turned over, counted from the signature's end.

    Bits 0 to 255 belong to s: turning one there may make it high, which is MALFORMED and no longer BAD_SIGNATURE.
    """
    whole = bytearray(base45.decode(text.removeprefix(PREFIX)))
    byte, shift = divmod(bit % _SIGNATURE_BITS, 8)
    whole[-1 - byte] ^= 1 << shift
    return _text(bytes(whole))


def _read(text: str) -> cose.Sign1:
    return cose.read_sign1(base45.decode(text.removeprefix(PREFIX)))


def _text(whole: bytes) -> str:
    return PREFIX + base45.encode(whole)
