"""COSE_Sign1 (RFC 9052 section 4.2): read, verify and make single-signer messages with ES256 and EdDSA.

The algorithm belongs to the key and is only repeated by the message. Own formats (`read_sign1`) are deterministic CBOR,
carry tag 18, an empty unprotected header, exactly the protected fields 1 alg, 4 kid (where there is one), 16 typ, and
a low-s ECDSA signature. Standard formats (`read_foreign_sign1`) may choose otherwise within RFC 9052.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, unique
from functools import lru_cache
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from keys import cbor, cbor_bounded
from keys.ecdsa_signature import der_of
from keys.errors import CoseError
from keys.key_id import KEY_ID_BYTES

SIGNATURE_BYTES = 64
"""Raw r ‖ s (RFC 9053 section 2.1), or Ed25519."""
_FIELD_BYTES = 32
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF_ORDER = P256_ORDER // 2
_ALG, _CRIT, _KID, _TYP = 1, 2, 4, 16
_ES256 = ec.ECDSA(hashes.SHA256())
_SIGNATURE1 = b"\x84\x6aSignature1"
"""Start of every Sig_structure of ours: an array of four, and the context."""
_NO_EXTERNAL_DATA = b"\x40"
_OWN_START = b"\xd2\x84"
"""Tag 18, array of four: with each part read in turn this is the whole of deterministic CBOR that fits."""
_EMPTY_MAP = b"\xa0"

SigningKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
VerifyingKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PublicKey: TypeAlias = VerifyingKey | x25519.X25519PublicKey


@unique
class Algorithm(IntEnum):
    """Signature algorithms, numbered as in the COSE registry (RFC 9053)."""

    ES256 = -7
    EDDSA = -8


_ALGORITHM = {int(algorithm): algorithm for algorithm in Algorithm}


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1 as read; nothing in it is proved until its signature has been verified."""

    protected: bytes
    """The protected header's bytes, as signed."""
    alg: Algorithm
    kid: bytes | None
    typ: str | None
    payload: bytes
    signature: bytes


def read_sign1(data: bytes, *, limit: int = cbor.MAX_BYTES) -> Sign1:
    """Read a COSE_Sign1 of our own formats, at most `limit` bytes.

    Raises CborError or CoseError for anything but the single way of writing it.
    """
    if len(data) > limit:
        raise CoseError(f"COSE_Sign1 of {len(data)} bytes, at most {limit} are read")
    if not data.startswith(_OWN_START):
        raise CoseError("not a COSE_Sign1: an array of four with tag 18")
    protected, at = cbor.byte_string_at(data, len(_OWN_START))
    if data[at : at + 1] != _EMPTY_MAP:
        raise CoseError("unprotected header that is not empty")
    payload, at = cbor.byte_string_at(data, at + 1)
    signature, at = cbor.byte_string_at(data, at)
    if at != len(data):
        raise CoseError(f"{len(data) - at} bytes after the COSE_Sign1")
    if len(signature) != SIGNATURE_BYTES:
        raise CoseError(f"signature of {len(signature)} bytes")
    alg, kid, typ = _own_header(protected)
    if alg is Algorithm.ES256 and int.from_bytes(signature[_FIELD_BYTES:], "big") > _HALF_ORDER:
        raise CoseError("ECDSA signature with a high s")
    return Sign1(protected, alg, kid, typ, payload, signature)


@lru_cache(maxsize=256)
def _own_header(protected: bytes) -> tuple[Algorithm, bytes | None, str]:
    """Read a protected header of our own formats.

    A function of the exact bytes, remembered because an issuer's codes share one header. Refusals are not remembered.
    """
    header = cbor.decode(protected, limit=256)
    if type(header) is not dict:
        raise CoseError("protected header that is no map")
    if header.keys() != {_ALG, _KID, _TYP} and header.keys() != {_ALG, _TYP}:
        raise CoseError("protected header with other fields than alg, kid and typ")
    alg, kid, typ = header[_ALG], header.get(_KID), header[_TYP]
    if type(alg) is not int or alg not in _ALGORITHM:
        raise CoseError("algorithm that is neither ES256 nor EdDSA")
    if kid is not None and type(kid) is not bytes:
        raise CoseError("kid that is no byte string")
    if _KID in header and (kid is None or len(kid) != KEY_ID_BYTES):
        raise CoseError(f"kid that is not {KEY_ID_BYTES} bytes")
    if type(typ) is not str:
        raise CoseError("typ that is no text")
    return _ALGORITHM[alg], kid, typ


def read_foreign_sign1(data: bytes, *, limit: int = cbor_bounded.MAX_BYTES) -> Sign1:
    """Read a COSE_Sign1 of a standard format: tag 18, any CBOR encoding, the kid in either header.

    Raises CborError or CoseError. A header that both halves carry, and `crit`, are refused (RFC 9052 section 3).
    """
    tagged = cbor_bounded.decode_bounded(data, limit=limit)
    if type(tagged) is not cbor_bounded.LooseTag or tagged.number != cbor.SIGN1_TAG:
        raise CoseError("COSE_Sign1 without its tag 18")
    parts = tagged.value
    if type(parts) is not list or len(parts) != 4:
        raise CoseError("COSE_Sign1 is an array of four")
    protected, unprotected, payload, signature = parts
    if type(protected) is not bytes or type(payload) is not bytes or type(signature) is not bytes:
        raise CoseError("COSE_Sign1 part that is no byte string")
    if type(unprotected) is not dict:
        raise CoseError("unprotected header that is no map")
    header = cbor_bounded.decode_bounded(protected) if protected else {}
    if type(header) is not dict:
        raise CoseError("protected header that is no map")
    if header.keys() & unprotected.keys():
        raise CoseError("the same header field protected and unprotected")
    if _CRIT in header or _CRIT in unprotected:
        raise CoseError("critical header fields are not understood")
    alg, typ = header.get(_ALG), header.get(_TYP)
    kid = header.get(_KID, unprotected.get(_KID))
    if type(alg) is not int or alg not in _ALGORITHM:
        raise CoseError("algorithm that is neither ES256 nor EdDSA")
    if kid is not None and type(kid) is not bytes:
        raise CoseError("kid that is no byte string")
    if typ is not None and type(typ) is not str:
        raise CoseError("typ that is no text")
    if len(signature) != SIGNATURE_BYTES:
        raise CoseError(f"signature of {len(signature)} bytes")
    return Sign1(protected, _ALGORITHM[alg], kid, typ, payload, signature)


def signature_input(sign1: Sign1) -> bytes:
    """Return the Sig_structure: the very bytes that are signed (RFC 9052 section 4.4)."""
    return _signature_input(sign1.protected, sign1.payload)


def _signature_input(protected: bytes, payload: bytes) -> bytes:
    return b"".join(
        (_SIGNATURE1, cbor.byte_string(protected), _NO_EXTERNAL_DATA, cbor.byte_string(payload)),
    )


def algorithm_of(key: VerifyingKey | SigningKey) -> Algorithm:
    """Return the one algorithm that a key is for. Raises ValueError for a curve other than P-256."""
    if isinstance(key, ed25519.Ed25519PublicKey | ed25519.Ed25519PrivateKey):
        return Algorithm.EDDSA
    if isinstance(key.curve, ec.SECP256R1):
        return Algorithm.ES256
    raise ValueError(f"curve {key.curve.name} is not used")


def verify_signature(public_key: PublicKey, alg: Algorithm, data: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 raw bytes) over `data` is by `public_key` with its own algorithm, `alg`.

    False where `alg` is not the key's. That an elliptic curve is P-256, its reader has made sure of.
    """
    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        if alg is Algorithm.ES256 and isinstance(public_key, ec.EllipticCurvePublicKey):
            public_key.verify(der_of(signature), data, _ES256)
        elif alg is Algorithm.EDDSA and isinstance(public_key, ed25519.Ed25519PublicKey):
            public_key.verify(signature, data)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def sign1(private_key: SigningKey, *, kid: bytes | None, typ: str, payload: bytes) -> bytes:
    """Sign `payload` (encoded CBOR) as an own COSE_Sign1: tag 18, everything protected, low s.

    The algorithm is the key's. Raises ValueError for a kid that is not 8 bytes or a curve other than P-256.
    """
    if kid is not None and len(kid) != KEY_ID_BYTES:
        raise ValueError(f"kid of {len(kid)} bytes")
    header: dict[int, int | bytes | str] = {_ALG: int(algorithm_of(private_key)), _TYP: typ}
    if kid is not None:
        header[_KID] = kid
    protected = cbor.encode(header)
    signature = sign(private_key, _signature_input(protected, payload))
    return cbor.encode(cbor.Tag(cbor.SIGN1_TAG, [protected, {}, payload, signature]))


def sign(private_key: SigningKey, data: bytes) -> bytes:
    """Sign `data`: 64 raw bytes, Ed25519 or ECDSA P-256 with SHA-256 and the lower of the two equivalent s."""
    if isinstance(private_key, ed25519.Ed25519PrivateKey):
        return private_key.sign(data)
    r, s = decode_dss_signature(private_key.sign(data, _ES256))
    return r.to_bytes(_FIELD_BYTES, "big") + min(s, P256_ORDER - s).to_bytes(_FIELD_BYTES, "big")
