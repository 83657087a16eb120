"""Foreign trust in JSON: JWK Sets as their issuers publish them (RFC 7517), and DID documents.

A foreign key says less of itself than ours; it serves one family only (`formats`), told by how its kid is made:

    SHC     its kid is its own RFC 7638 thumbprint
    HC1     its kid has 8 bytes
    NZCP    any other kid; the DID before the kid's # binds it to that issuer

A member `formats` says it outright; `iss` binds a key to an issuer; `nbf`, `exp` and `revoked` limit it as they do keys
of ours. Members that are not known are ignored, as RFC 7517 has it: these files are other people's.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from keys import jwk
from keys.certificate import KID_BYTES, Certificate, read_certificate
from keys.errors import JsonError, MalformedError, TrustError
from keys.foreign_key import ForeignKey, spki, thumbprint
from keys.json_bounded import JsonValue, member, read_json
from keys.numeric_date import is_whole_second
from keys.scheme import ForeignPublicKey, own_scheme
from keys.verdict import FOREIGN, CodeFormat

_OWN_MEMBERS: Final = frozenset({"uses", "nbf", "exp", "regions", "revoked"})
_CURVES: Final = frozenset({("EC", "P-256"), ("EC", "P-384"), ("OKP", "Ed25519")})
"""On which keys sign codes, by the keys' type."""
_P384_BYTES: Final = 48
_MAX_RSA_BYTES: Final = 1024
_MAX_CHAIN: Final = 8
_MAX_TEXT: Final = 512


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
        try:
            jwk.refuse_private(entry)
            if _may_sign_codes(entry):
                keys += _read_key(entry)
        except (TrustError, MalformedError) as error:
            raise TrustError(f"trust file {source}: key {number}: {error}") from None
    if not keys:
        raise TrustError(f"trust file {source}: none of its keys is for signatures of a kind that codes have")
    return tuple(keys)


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


def _may_sign_codes(entry: Mapping[str, JsonValue]) -> bool:
    """Whether a key is for signatures (RFC 7517 section 4.2), and of a kind that is verified here; others are ignored.

    Section 5 has whole keys that are damaged ignored, too. Those refuse the file: somebody would miss what they sign.
    """
    kind, curve = entry.get("kty"), entry.get("crv")
    if kind in ("EC", "OKP"):
        known = type(curve) is not str or (kind, curve) in _CURVES
    else:
        known = type(kind) is not str or kind == "RSA"
    return known and entry.get("use", "sig") == "sig"


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
    if value is None or is_whole_second(value):
        return value
    raise TrustError(f'"{name}" is no time in seconds since 1970')


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
        modulus, exponent = _number(entry, "n"), _number(entry, "e")
        try:
            found: ForeignPublicKey = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        except ValueError:
            raise TrustError("its modulus and exponent are no RSA key") from None
    elif entry.get("crv") == "P-384":
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
