"""Trusted keys: a JWK (RFC 7517) with a few members of ours saying whose it is, for what, and until when.

    kid     base64url of the 8-byte key id; must be the key's own (`keys.key_id`)
    use     "sig", or "enc" for a sealing key; alg "ES256" or "EdDSA", absent for a sealing key
    iss     the issuer, such as CN-33
    uses    ["code"], ["status"] or ["seal"]
    nbf exp seconds since 1970 UTC
    regions, formats    optional: GB/T 2260 prefixes and code formats the key is limited to
    revoked             optional: {"at": seconds, "reason": "words"}
    x5c                 optional: the certificate of the same key, first of its chain

RFC 7517 lets a reader ignore members it does not know. Here they are refused: a misspelt `revoked` must not be a key
that was never revoked.
"""

from __future__ import annotations

import base64
import binascii
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys import cose, jwk
from keys.cose import PublicKey
from keys.errors import TrustError
from keys.issuer import is_issuer, is_region
from keys.jwk import Json
from keys.key_id import key_id
from keys.numeric_date import is_whole_second

_ALG_NAME = {cose.Algorithm.ES256: "ES256", cose.Algorithm.EDDSA: "EdDSA"}
_MEMBERS = frozenset(("kid", "alg", "use", "iss", "uses", "nbf", "exp", "regions", "formats", "revoked", "x5c"))
_MAX_WORDS = 200


@unique
class Use(StrEnum):
    """What a key is for."""

    CODE = "code"
    """Signs health codes."""
    STATUS = "status"
    """Signs status lists."""
    SEAL = "seal"
    """Journal entries are sealed to it (X25519)."""


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """One key and what its issuer says of it. Times are seconds since 1970 UTC."""

    issuer: str
    kid: bytes
    """8 bytes, see `keys.key_id`."""
    public_key: PublicKey
    alg: cose.Algorithm | None
    """The one algorithm the key is for; None for a sealing key."""
    uses: frozenset[Use]
    nbf: int
    exp: int
    regions: tuple[str, ...] | None = None
    """GB/T 2260 prefixes it may sign for; None: all of the issuer's."""
    formats: tuple[str, ...] | None = None
    """Code formats it may sign; None: every format of ours."""
    revoked_at: int | None = None
    revoked_reason: str | None = None

    @property
    def revoked(self) -> bool:
        """Whether it is revoked; then every code it ever signed is refused."""
        return self.revoked_at is not None


def read_jwks(data: bytes, *, source: str) -> tuple[TrustedKey, ...]:
    """Read a trust list, a JWK Set (RFC 7517 section 5). `source` names it in messages.

    Raises TrustError saying which key of which file is wrong, and how. Nothing of a bad file is believed.
    """
    try:
        keys: list[TrustedKey] = []
        for number, entry in enumerate(jwk.read_set(data), start=1):
            try:
                keys.append(_read_key(entry))
            except TrustError as error:
                raise TrustError(f"key {number}: {error}") from None
            if any(entry.public_key == earlier.public_key for earlier in keys[:-1]):
                raise TrustError(f"key {number}: the same key is listed twice; merge the two entries")
    except TrustError as error:
        raise TrustError(f"trust list {source}: {error}") from None
    return tuple(keys)


def _read_key(entry: jwk.Jwk) -> TrustedKey:
    members = entry.others
    for name in sorted(members.keys() - _MEMBERS):
        near = difflib.get_close_matches(name, _MEMBERS, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        raise TrustError(f'member "{name}" is not known{hint}')
    public_key = entry.public_key
    kid = _read_kid(members, public_key)
    uses = frozenset(_read_use(use) for use in _texts(members, "uses", 3) or ())
    if not uses:
        raise TrustError('"uses" is missing: list one or more of code, status, seal')
    issuer = _text(members, "iss")
    if not is_issuer(issuer):
        raise TrustError(f'iss "{issuer}" is no region of ISO 3166, such as CN-33')
    nbf, exp = _time(members, "nbf"), _time(members, "exp")
    if exp <= nbf:
        raise TrustError("exp is not after nbf")
    revoked_at, revoked_reason = _read_revocation(members)
    _check_certificate(members, public_key)
    return TrustedKey(
        issuer=issuer,
        kid=kid,
        public_key=public_key,
        alg=_read_alg(members, public_key, uses),
        uses=uses,
        nbf=nbf,
        exp=exp,
        regions=_read_regions(members),
        formats=_texts(members, "formats", 16),
        revoked_at=revoked_at,
        revoked_reason=revoked_reason,
    )


def _read_kid(members: Mapping[str, Json], public_key: PublicKey) -> bytes:
    own = key_id(public_key)
    if _text(members, "kid") != jwk.write_base64url(own):
        raise TrustError(f'kid is not the id of this key, which is "{jwk.write_base64url(own)}"')
    return own


def _read_use(name: str) -> Use:
    try:
        return Use(name)
    except ValueError:
        raise TrustError(f'"uses" holds "{name}", which is none of code, status, seal') from None


def _read_alg(members: Mapping[str, Json], public_key: PublicKey, uses: frozenset[Use]) -> cose.Algorithm | None:
    """Return the key's own algorithm, which `alg` and `use` only repeat."""
    if isinstance(public_key, x25519.X25519PublicKey):
        if uses != {Use.SEAL} or "alg" in members or _text(members, "use") != "enc":
            raise TrustError('an X25519 key has uses ["seal"], use "enc", and no alg')
        return None
    alg = cose.algorithm_of(public_key)
    if Use.SEAL in uses:
        raise TrustError("a sealing key is X25519")
    if _text(members, "alg") != _ALG_NAME[alg] or _text(members, "use") != "sig":
        raise TrustError(f'a {_ALG_NAME[alg]} key has alg "{_ALG_NAME[alg]}" and use "sig"')
    return alg


def _read_regions(members: Mapping[str, Json]) -> tuple[str, ...] | None:
    regions = _texts(members, "regions", 1024)
    for region in regions or ():
        if not is_region(region):
            raise TrustError(f'region "{region}" is no GB/T 2260 prefix, such as 3301')
    return regions


def _read_revocation(members: Mapping[str, Json]) -> tuple[int | None, str | None]:
    if "revoked" not in members:
        return None, None
    revoked = members["revoked"]
    if type(revoked) is not dict or revoked.keys() != {"at", "reason"}:
        raise TrustError('"revoked" is not {"at": seconds, "reason": "words"}')
    return _time(revoked, "at"), _text(revoked, "reason")


def _check_certificate(members: Mapping[str, Json], public_key: PublicKey) -> None:
    """Refuse an `x5c` (RFC 7517 section 4.7) whose first certificate is of another key."""
    chain = _texts(members, "x5c", 8)
    if chain is None:
        return
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(chain[0], validate=True))
        same = _spki(certificate) == public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (binascii.Error, ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise TrustError("x5c holds no certificate") from None
    if not same:
        raise TrustError("the certificate in x5c is of another key")


def _spki(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _text(members: Mapping[str, Json], name: str) -> str:
    value = members.get(name)
    if type(value) is not str or not 0 < len(value) <= _MAX_WORDS:
        raise TrustError(f'"{name}" is missing, or no text of 1 to {_MAX_WORDS} characters')
    return value


def _time(members: Mapping[str, Json], name: str) -> int:
    value = members.get(name)
    if not is_whole_second(value):
        raise TrustError(f'"{name}" is missing, or no time in seconds since 1970')
    return value


def _texts(members: Mapping[str, Json], name: str, most: int) -> tuple[str, ...] | None:
    """Return a list of distinct texts; None where the member is absent."""
    if name not in members:
        return None
    value = members[name]
    if type(value) is not list or not 1 <= len(value) <= most:
        raise TrustError(f'"{name}" is no list of 1 to {most} texts')
    texts = tuple(text for text in value if type(text) is str)
    if len(texts) != len(value) or len(set(texts)) != len(texts):
        raise TrustError(f'"{name}" is no list of distinct texts')
    return texts


def write_jwks(keys: Iterable[TrustedKey]) -> bytes:
    """Write a trust list as a JWK Set that `read_jwks` reads back. Raises ValueError for keys it would not."""
    keys = tuple(keys)
    document: Json = {"keys": [_write_key(key) for key in keys]}
    data = jwk.write_json(document)
    try:
        read_back = read_jwks(data, source="just written")
    except TrustError as error:
        raise ValueError(str(error)) from error
    if read_back != keys:
        raise ValueError("the trust list would not read back as it was given")
    return data


def _write_key(key: TrustedKey) -> Json:
    members = jwk.write_key(key.public_key)
    members |= {"kid": jwk.write_base64url(key.kid), "iss": key.issuer, "nbf": key.nbf, "exp": key.exp}
    members["uses"] = [use.value for use in sorted(key.uses)]
    members["use"] = "enc" if key.alg is None else "sig"
    if key.alg is not None:
        members["alg"] = _ALG_NAME[key.alg]
    if key.regions is not None:
        members["regions"] = list(key.regions)
    if key.formats is not None:
        members["formats"] = list(key.formats)
    if key.revoked_at is not None:
        members["revoked"] = {"at": key.revoked_at, "reason": key.revoked_reason}
    return members
