"""COSE_Sign1 of foreign issuers (RFC 9052 section 4.2): more freedom than our own formats, the same bounds."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from keys import cbor
from keys.cbor_bounded import LooseTag, LooseValue, decode_bounded
from keys.errors import CoseError
from keys.scheme import COSE_SCHEMES, Scheme

ALG, CRIT, KID = 1, 2, 4
SIGN1_TAG: Final = 18
CWT_TAG: Final = 61
_SIGNATURE1: Final = b"\x84\x6aSignature1"
_NO_EXTERNAL_DATA: Final = b"\x40"
_MAX_SIGNATURE: Final = 1024
_MAX_KID: Final = 64


class ForeignSign1(NamedTuple):
    """One message as read; nothing in it is proved. A tuple, because one is made for every code."""

    scheme: Scheme
    kid: bytes | None
    payload: bytes
    message: bytes
    """The Sig_structure (RFC 9052 section 4.4)."""
    signature: bytes


def read_sign1(data: bytes, *, tags: tuple[tuple[int, ...], ...], protected_only: bool, limit: int) -> ForeignSign1:
    """Read a COSE_Sign1 under one of the sequences of `tags`, the outermost first.

    `protected_only`: alg and kid count in the protected header alone; else in either, the protected one first. Raises
    CborError or CoseError; a critical header field is refused, for none is understood (RFC 9052 section 3.1).
    """
    item = decode_bounded(data, limit=limit)
    found: tuple[int, ...] = ()
    while type(item) is LooseTag:
        found += (item.number,)
        item = item.value
    if found not in tags:
        raise CoseError(f"COSE_Sign1 under the tags {found}")
    if type(item) is not list or len(item) != 4:
        raise CoseError("COSE_Sign1 is an array of four")
    protected, unprotected, payload, signature = item
    if type(protected) is not bytes or type(payload) is not bytes or type(signature) is not bytes:
        raise CoseError("COSE_Sign1 part that is no byte string")
    if not 0 < len(signature) <= _MAX_SIGNATURE:
        raise CoseError(f"signature of {len(signature)} bytes")
    if type(unprotected) is not dict:
        raise CoseError("header that is no map")
    head = _protected(protected)
    scheme, kid = head.scheme, head.kid
    if unprotected:
        if CRIT in unprotected:
            raise CoseError("critical header fields are not understood")
        if not protected_only:
            scheme = scheme if head.has_alg else _scheme(unprotected.get(ALG))
            kid = kid if head.has_kid else _kid(unprotected.get(KID))
    if scheme is None:
        raise CoseError("no algorithm")
    return ForeignSign1(scheme, kid, payload, head.start + cbor.byte_string(payload), signature)


class _Protected(NamedTuple):
    """What a protected header says."""

    has_alg: bool
    scheme: Scheme | None
    has_kid: bool
    kid: bytes | None
    start: bytes
    """Of the Sig_structure, up to its payload."""


@lru_cache(maxsize=256)
def _protected(protected: bytes) -> _Protected:
    """Read a protected header: a function of its very bytes, remembered because an issuer's codes share one.

    Refusals are not remembered.
    """
    header = decode_bounded(protected) if protected else {}
    if type(header) is not dict:
        raise CoseError("header that is no map")
    if CRIT in header:
        raise CoseError("critical header fields are not understood")
    # An empty map, however it is written, is signed as no bytes at all (RFC 9052 section 4.4).
    signed = protected if header else b""
    return _Protected(
        ALG in header,
        _scheme(header[ALG]) if ALG in header else None,
        KID in header,
        _kid(header.get(KID)),
        b"".join((_SIGNATURE1, cbor.byte_string(signed), _NO_EXTERNAL_DATA)),
    )


def _scheme(alg: LooseValue) -> Scheme:
    if type(alg) is not int or alg not in COSE_SCHEMES:
        raise CoseError(f"algorithm {alg!r:.40}, which signs no code")
    return COSE_SCHEMES[alg]


def _kid(kid: LooseValue) -> bytes | None:
    if kid is not None and (type(kid) is not bytes or not 0 < len(kid) <= _MAX_KID):
        raise CoseError(f"kid that is no byte string of 1 to {_MAX_KID} bytes")
    return kid if type(kid) is bytes else None
