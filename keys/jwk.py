"""JSON Web Keys and sets of them (RFC 7517, 7518 section 6.2, 8037), public halves only, read strictly and bounded.

JSON as it comes here: UTF-8, no member twice, no floats, at most 16 levels. Members a key does not name are handed on,
so that the trust list can refuse those it does not know: an ignored `revokd` would be a key that was never revoked.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys.cose import PublicKey
from keys.errors import JsonError, TrustError
from keys.json_bounded import read_json

MAX_BYTES = 1 << 20
MAX_KEYS = 1024
_MAX_DEPTH = 16
_FIELD_BYTES = 32
_PRIVATE_MEMBERS = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_SHAPE = {"EC": {"kty", "crv", "x", "y"}, "OKP": {"kty", "crv", "x"}}

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"


@dataclass(frozen=True, slots=True)
class Jwk:
    """One key of a set."""

    public_key: PublicKey
    others: Mapping[str, Json]
    """Every member that does not describe the key itself: `kid`, `alg`, `use` and so on."""


def _read_json(data: bytes) -> Json:
    try:
        return read_json(data, limit=MAX_BYTES, depth=_MAX_DEPTH, fractions=False)  # type: ignore[return-value]  # none
    except JsonError as error:
        raise TrustError(error.detail) from None


def read_set(data: bytes) -> tuple[Jwk, ...]:
    """Read a JWK Set (RFC 7517 section 5) of 1 to 1024 keys. Raises TrustError with what is wrong and where."""
    document = _read_json(data)
    if type(document) is not dict or document.keys() != {"keys"}:
        raise TrustError('it is no JWK Set, which is {"keys": [...]} and nothing else')
    members = document["keys"]
    if type(members) is not list or not 1 <= len(members) <= MAX_KEYS:
        raise TrustError(f'its "keys" is no list of 1 to {MAX_KEYS} keys')
    keys: list[Jwk] = []
    for number, member in enumerate(members, start=1):
        if type(member) is not dict:
            raise TrustError(f"key {number} is no JSON object")
        try:
            keys.append(read_key(member))
        except TrustError as error:
            raise TrustError(f"key {number}: {error}") from None
    return tuple(keys)


def read_key(members: Mapping[str, Json]) -> Jwk:
    """Read one public key: P-256, Ed25519 or X25519. Raises TrustError for any other and for a private one."""
    refuse_private(members)
    kty, curve = members.get("kty"), members.get("crv")
    if type(kty) is not str or kty not in _SHAPE:
        raise TrustError('kty is neither "EC" nor "OKP"')
    shape = _SHAPE[kty]
    missing = shape - members.keys()
    if missing:
        raise TrustError(f"{', '.join(sorted(missing))} is missing")
    x = _coordinate(members, "x")
    public_key: PublicKey
    try:
        if (kty, curve) == ("EC", "P-256"):
            point = b"\x04" + x + _coordinate(members, "y")
            public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        elif (kty, curve) == ("OKP", "Ed25519"):
            public_key = ed25519.Ed25519PublicKey.from_public_bytes(x)
        elif (kty, curve) == ("OKP", "X25519"):
            public_key = x25519.X25519PublicKey.from_public_bytes(x)
        else:
            raise TrustError(f"{kty} curve {curve!r} is none of P-256, Ed25519 and X25519")
    except (ValueError, UnsupportedAlgorithm):
        raise TrustError("its coordinates are no point of the curve") from None
    return Jwk(public_key, {name: value for name, value in members.items() if name not in shape})


def refuse_private(members: Mapping[str, object]) -> None:
    """Raise TrustError for a key with a private half, or a secret one: whoever sent it has lost it."""
    if members.keys() & _PRIVATE_MEMBERS:
        raise TrustError("it holds a private key; take it out of here, keep only the public half, and replace the key")


def _coordinate(members: Mapping[str, Json], name: str) -> bytes:
    value = members.get(name)
    decoded = read_base64url(value) if type(value) is str else None
    if decoded is None or len(decoded) != _FIELD_BYTES:
        raise TrustError(f"{name} is not {_FIELD_BYTES} bytes in base64url")
    return decoded


def read_base64url(text: str) -> bytes | None:
    """Read unpadded base64url (RFC 7515 section 2), the one way of writing each; None for anything else."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if write_base64url(decoded) == text else None


def write_base64url(data: bytes) -> str:
    """Write unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def write_key(public_key: PublicKey) -> dict[str, Json]:
    """Return the members that describe `public_key`: kty, crv, x and, on P-256, y."""
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        point = public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        if public_key.curve.key_size != _FIELD_BYTES * 8:
            raise ValueError(f"curve {public_key.curve.name} is not used")
        x, y = point[1 : 1 + _FIELD_BYTES], point[1 + _FIELD_BYTES :]
        return {"kty": "EC", "crv": "P-256", "x": write_base64url(x), "y": write_base64url(y)}
    x = public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    curve = "Ed25519" if isinstance(public_key, ed25519.Ed25519PublicKey) else "X25519"
    return {"kty": "OKP", "crv": curve, "x": write_base64url(x)}


def write_json(document: Json) -> bytes:
    """Write JSON in one reproducible form: sorted members, two spaces, UTF-8, a newline at the end."""
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")
