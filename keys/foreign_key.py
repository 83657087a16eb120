"""Trusted keys of foreign issuers: JWK Sets as their issuers publish them (RFC 7517), DID documents, certificates.

A foreign key says less of itself than ours, so each family has its own rule of which keys may sign it, and a key serves
one family only (`formats`):

    SHC     its kid is its own RFC 7638 thumbprint; `iss`, or a URI in the certificate of `x5c`, binds it to an issuer
    HC1     its kid has 8 bytes, or it came as a certificate; the certificate's country and usage limit it
    NZCP    any other kid of a P-256 key; `iss`, or the DID before the kid's #, binds it
    VDS-NC  certificates only: a signer's own, or the authority's that issued it

A member `formats` says it outright; `iss` binds a key to an issuer; `nbf`, `exp` and `revoked` limit it as they do keys
of ours. Members that are not known are ignored, as RFC 7517 has it: these files are other people's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys import eu_dcc, jwk, vds_nc
from keys.certificate import KID_BYTES, Certificate, read_certificate
from keys.countries import is_country, may_sign_for
from keys.errors import JsonError, MalformedError, TrustError
from keys.foreign_code import ForeignCode
from keys.json_bounded import JsonValue, member, read_json
from keys.scheme import ForeignPublicKey, Scheme, Verification, own_scheme, schemes_of, verification_by
from keys.verdict import FOREIGN, CodeFormat

_OWN_MEMBERS: Final = frozenset({"uses", "nbf", "exp", "regions", "revoked"})
_P384_BYTES: Final = 48
_MAX_RSA_BYTES: Final = 1024
_MAX_CHAIN: Final = 8
_MAX_TEXT: Final = 512
_MAX_TIME: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """One key of a foreign issuer, and the one family of codes it may sign."""

    format: CodeFormat
    kid: bytes
    public_key: ForeignPublicKey = field(repr=False)
    issuer: str | None = None
    """The issuer it is bound to; None: whoever its certificate, or whoever listed it, lets it speak for."""
    certificate: Certificate | None = None
    list_version: int | None = None
    """`crlVersion`: its issuer publishes revocations of this key's cards, in at least this version."""
    nbf: int | None = None
    exp: int | None = None
    """From when and until when whoever lists it vouches for it, seconds since 1970 UTC; None: no limit."""
    revoked: bool = False
    """Whoever lists it has taken it back: nothing it ever signed counts."""
    schemes: frozenset[Scheme] = field(init=False, repr=False, compare=False)
    """What a code by this key may claim to be signed with; an EU certificate as COSE has it, which fixes no curve."""

    bound_to: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Whom it speaks for by the word of whoever lists it, or as an EU signer by its certificate's country.

    Empty: nobody said. The names in a card issuer's `x5c` bind nobody: that certificate is its own word, not checked.
    """

    verifies: Verification = field(init=False, repr=False, compare=False)
    """Whether a signature is by this key; one of `schemes` must be claimed."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "verifies", verification_by(self.public_key))
        schemes = schemes_of(self.public_key, loose_curve=self.format is CodeFormat.HC1)
        object.__setattr__(self, "schemes", schemes)
        object.__setattr__(self, "bound_to", self._bound_to())

    def _bound_to(self) -> tuple[str, ...]:
        if self.issuer is not None:
            return (self.issuer,)
        country = None if self.certificate is None else self.certificate.country
        return (country,) if self.format is CodeFormat.HC1 and country is not None and is_country(country) else ()

    def in_force(self, now: int) -> bool:
        """Whether `now` is within the time for which it is listed."""
        return (self.nbf is None or now >= self.nbf) and (self.exp is None or now < self.exp)

    def speaks_for(self, code: ForeignCode) -> bool:
        """Whether this key may sign for the issuer that `code` names."""
        if self.issuer is not None and self.issuer != code.issuer:
            return self.format is CodeFormat.HC1 and may_sign_for(self.issuer, code.issuer)
        if self.certificate is None:
            return True
        if self.format is CodeFormat.HC1:
            return may_sign_for(self.certificate.country, code.issuer)
        if self.format is CodeFormat.SHC and self.certificate.uris:
            return code.issuer in self.certificate.uris
        return True


def is_foreign_set(document: JsonValue) -> bool:
    """Whether JSON is a foreign trust file: a DID document, or a JWK Set whose keys are all other issuers'.

    Those are keys that name a foreign family in `formats`, and keys that say nothing of themselves in our words.
    """
    keys = member(document, "keys")
    if type(keys) is list and keys:
        return all(type(key) is dict and (_names_family(key) or not key.keys() & _OWN_MEMBERS) for key in keys)
    return type(document) is dict and "verificationMethod" in document


def _names_family(key: Mapping[str, JsonValue]) -> bool:
    formats = key.get("formats")
    return type(formats) is list and any(name in FOREIGN for name in formats if type(name) is str)


def read_foreign_keys(data: bytes, *, source: str) -> tuple[ForeignKey, ...]:
    """Read a foreign JWK Set or DID document. Raises TrustError saying what is wrong; a bad key refuses the file."""
    try:
        document = read_json(data, limit=jwk.MAX_BYTES)
    except JsonError as error:
        raise TrustError(f"trust file {source}: {error.detail}") from None
    members = list(_members(document))
    if not 1 <= len(members) <= jwk.MAX_KEYS:
        raise TrustError(f"trust file {source}: it is no set of 1 to {jwk.MAX_KEYS} keys")
    keys: list[ForeignKey] = []
    for number, entry in enumerate(members, start=1):
        if entry.get("use", "sig") != "sig":  # RFC 7517 section 4.2: it is for something else, as encryption
            continue
        try:
            keys += _read_key(entry)
        except (TrustError, MalformedError) as error:
            raise TrustError(f"trust file {source}: key {number}: {error}") from None
    if not keys:
        raise TrustError(f"trust file {source}: none of its keys is for signatures")
    return tuple(keys)


def keys_of_certificate(certificate: Certificate) -> tuple[ForeignKey, ...]:
    """Return what a certificate given as trust may sign: EU certificates, seals, or both where it does not say."""
    usages = certificate.extended_usage
    families = [CodeFormat.HC1, CodeFormat.VDS_NC]
    if vds_nc.SIGNER_USAGE in usages:
        families = [CodeFormat.VDS_NC]
    elif eu_dcc.limits_of(usages):  # one for tests alone would else sign seals of vaccination
        families = [CodeFormat.HC1]
    return tuple(
        ForeignKey(family, certificate.kid, certificate.public_key, certificate=certificate) for family in families
    )


def _members(document: JsonValue) -> Iterator[dict[str, JsonValue]]:
    """Yield the keys of a JWK Set, or of a DID document's assertion methods (DID Core section 5.3.2)."""
    keys = member(document, "keys")
    if type(keys) is list:
        for key in keys:
            if type(key) is not dict:
                raise TrustError("a key that is no JSON object")
            yield key
        return
    controller, methods, asserting = (
        member(document, name) for name in ("id", "verificationMethod", "assertionMethod")
    )
    allowed = asserting if type(asserting) is list else []
    for method in methods if type(methods) is list else ():
        name, key = member(method, "id"), member(method, "publicKeyJwk")
        if type(name) is str and type(key) is dict and name in allowed and type(controller) is str:
            yield {**key, "kid": name, "iss": controller, "formats": ["NZCP"]}


def _read_key(entry: Mapping[str, JsonValue]) -> Iterator[ForeignKey]:
    public_key = _public_key(entry)
    chain = _certificates(entry.get("x5c"))
    certificate = chain[0] if chain else None
    if certificate is not None and spki(certificate.public_key) != spki(public_key):
        raise TrustError("the certificate in x5c is of another key")
    kid = entry.get("kid")
    if kid is None and certificate is not None:
        kid = base64.b64encode(certificate.kid).decode("ascii")
    if type(kid) is not str or not 0 < len(kid) <= _MAX_TEXT:
        raise TrustError('"kid" is missing, or no text')
    issuer = entry.get("iss")
    if issuer is not None and (type(issuer) is not str or not 0 < len(issuer) <= _MAX_TEXT):
        raise TrustError('"iss" is no text')
    version = entry.get("crlVersion")
    if version is not None and (type(version) is not int or version < 0):
        raise TrustError('"crlVersion" is no number')
    nbf, exp = _seconds(entry, "nbf"), _seconds(entry, "exp")
    did, _, fragment = kid.partition("#")
    bound = issuer if type(issuer) is str else (did if fragment and did.startswith("did:") else None)
    for family in _families(entry, public_key, kid):
        yield ForeignKey(
            family,
            _kid(family, fragment or kid),
            public_key,
            bound,
            certificate,
            version if type(version) is int else None,
            nbf,
            exp,
            "revoked" in entry,
        )


def _seconds(entry: Mapping[str, JsonValue], name: str) -> int | None:
    value = entry.get(name)
    if value is not None and (type(value) is not int or not 0 <= value <= _MAX_TIME):
        raise TrustError(f'"{name}" is no time in seconds since 1970')
    return value if type(value) is int else None


def _families(entry: Mapping[str, JsonValue], key: ForeignPublicKey, kid: str) -> tuple[CodeFormat, ...]:
    """Return the families a key may sign: what it says, else the one whose way of naming keys it follows."""
    formats = entry.get("formats")
    if formats is not None:
        known = {family.value: family for family in FOREIGN}
        chosen = (
            [known[name] for name in formats if type(name) is str and name in known] if type(formats) is list else []
        )
        if type(formats) is not list or not formats or len(chosen) != len(formats):
            raise TrustError(f'"formats" is no list of {", ".join(sorted(known))}')
        return tuple(chosen)
    if jwk.read_base64url(kid) == thumbprint(key):
        return (CodeFormat.SHC,)
    if (raw := _loose_base64(kid)) is not None and len(raw) == KID_BYTES:
        return (CodeFormat.HC1,)
    return (CodeFormat.NZCP,)


def _kid(family: CodeFormat, kid: str) -> bytes:
    """Return the kid as codes of a family carry it."""
    raw = jwk.read_base64url(kid) if family is CodeFormat.SHC else _loose_base64(kid)
    return kid.encode("utf-8") if raw is None or family is CodeFormat.NZCP else raw


def _loose_base64(text: str) -> bytes | None:
    try:
        plain = text.rstrip("=").replace("+", "-").replace("/", "_")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars="-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _public_key(entry: Mapping[str, JsonValue]) -> ForeignPublicKey:
    """Read the key itself: what `keys.jwk` reads, and besides P-384 and RSA (RFC 7518 section 6). Raises TrustError."""
    if entry.get("kty") == "RSA":
        _refuse_private(entry)
        modulus, exponent = _number(entry, "n"), _number(entry, "e")
        try:
            found: ForeignPublicKey = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        except ValueError:
            raise TrustError("its modulus and exponent are no RSA key") from None
    elif entry.get("crv") == "P-384":
        _refuse_private(entry)
        x, y = _octets(entry, "x"), _octets(entry, "y")
        if len(x) != _P384_BYTES or len(y) != _P384_BYTES:
            raise TrustError(f"coordinates that are not {_P384_BYTES} bytes")
        try:
            found = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP384R1(), b"\x04" + x + y)
        except ValueError:
            raise TrustError("its coordinates are no point of the curve") from None
    else:
        plain = {name: value for name, value in entry.items() if type(value) is str}
        read = jwk.read_key(plain).public_key
        if not isinstance(read, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
            raise TrustError("a key that does not sign")
        found = read
    if own_scheme(found) is None:
        raise TrustError("a key that is too small, or of a curve that signs no code")
    return found


def _refuse_private(entry: Mapping[str, JsonValue]) -> None:
    if entry.keys() & {"d", "p", "q", "dp", "dq", "qi"}:
        raise TrustError("it holds a private key; take it out of here, keep only the public half, and replace the key")


def _octets(entry: Mapping[str, JsonValue], name: str) -> bytes:
    value = entry.get(name)
    data = jwk.read_base64url(value) if type(value) is str and len(value) <= 2 * _MAX_RSA_BYTES else None
    if not data:
        raise TrustError(f"{name} is not base64url")
    return data


def _number(entry: Mapping[str, JsonValue], name: str) -> int:
    return int.from_bytes(_octets(entry, name), "big")


def _certificates(chain: JsonValue) -> tuple[Certificate, ...]:
    """Read `x5c` (RFC 7517 section 4.7). The first certificate is the key's; nothing is trusted for its chain."""
    if chain is None:
        return ()
    if type(chain) is not list or not 1 <= len(chain) <= _MAX_CHAIN or any(type(each) is not str for each in chain):
        raise TrustError(f'"x5c" is no list of 1 to {_MAX_CHAIN} certificates')
    try:
        return tuple(read_certificate(base64.b64decode(str(each), validate=True)) for each in chain[:1])
    except (binascii.Error, ValueError):
        raise TrustError("x5c holds no certificate") from None


def thumbprint(key: ForeignPublicKey) -> bytes | None:
    """Return the RFC 7638 thumbprint of an elliptic curve key: SHA-256 over its required members; None for others."""
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return None
    width = (key.curve.key_size + 7) // 8
    numbers = key.public_numbers()
    x, y = (jwk.write_base64url(number.to_bytes(width, "big")) for number in (numbers.x, numbers.y))
    curve = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}.get(key.curve.name)
    required = {"crv": curve, "kty": "EC", "x": x, "y": y}
    return hashlib.sha256(json.dumps(required, separators=(",", ":"), sort_keys=True).encode()).digest()


def spki(key: ForeignPublicKey) -> bytes:
    """Return a key's SubjectPublicKeyInfo, DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
