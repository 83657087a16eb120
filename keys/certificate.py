"""X.509 certificates (RFC 5280) of foreign signers: whose, for what, until when, and who issued them.

Read with `keys.der`, since strict libraries refuse some that are in force. What a certificate says counts only once
somebody trusts it: because it was given as trust, or because its signature is by one that was.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from keys import der
from keys.countries import common_name
from keys.errors import DerError
from keys.scheme import ForeignPublicKey

MAX_BYTES: Final = 16_384
KID_BYTES: Final = 8

_COUNTRY, _EXTENDED_USAGE, _KEY_USAGE, _CONSTRAINTS = "2.5.4.6", "2.5.29.37", "2.5.29.15", "2.5.29.19"
_ALTERNATIVE_NAME: Final = "2.5.29.17"
_URI_NAME: Final = 0x86
_DIGITAL_SIGNATURE, _CERT_SIGN = 0x80, 0x04
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_VERSIONS: Final = (b"\x00", b"\x02")
"""Versions 1 and 3; version 2 was never used."""
_TIME = re.compile(r"(?:\d{2}|\d{4})\d{10}Z", re.ASCII)
_UTC_TIME_LENGTH: Final = 13
_CENTURY_TURN: Final = 50
"""UTCTime years from 50 on are of the twentieth century (RFC 5280 section 4.1.2.5.1)."""

_ECDSA: Final = {
    "1.2.840.10045.4.3.2": hashes.SHA256(),
    "1.2.840.10045.4.3.3": hashes.SHA384(),
    "1.2.840.10045.4.3.4": hashes.SHA512(),
}
_RSA: Final = {
    "1.2.840.113549.1.1.11": hashes.SHA256(),
    "1.2.840.113549.1.1.12": hashes.SHA384(),
    "1.2.840.113549.1.1.13": hashes.SHA512(),
}
_ED25519: Final = "1.3.101.112"
_RSA_PSS: Final = "1.2.840.113549.1.1.10"
_RSA_ENCRYPTION: Final = bytes.fromhex("300d06092a864886f70d0101010500")
"""AlgorithmIdentifier of an RSA key of any use (RFC 3279 section 2.3.1)."""
_PSS_HASH, _PSS_MASK, _PSS_SALT = 0xA0, 0xA1, 0xA2
"""Tags of RSASSA-PSS parameters (RFC 4055 section 3.1)."""
_DEFAULT_SALT, _MAX_SALT = 20, 2048
"""Bytes; the most is what a key of 16,384 bits has room for."""
_MGF1: Final = "1.2.840.113549.1.1.8"
_SHA2: Final = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate. Times are seconds since 1970 UTC; `nbf` and `exp` both count (RFC 5280 section 4.1.2.5)."""

    public_key: ForeignPublicKey
    country: str | None
    """Subject's country, capitals; None where it names none."""
    nbf: int
    exp: int
    extended_usage: frozenset[str]
    """Object identifiers in dots; empty where it does not limit what it is for."""
    digital_signature: bool
    """Whether its key usage allows signatures, or does not limit usage."""
    authority: bool
    """Whether it may issue certificates: it says so in its constraints and does not deny it in its usage."""
    uris: tuple[str, ...]
    """Subject alternative names that are URIs."""
    subject: bytes = field(repr=False)
    issuer: bytes = field(repr=False)
    der: bytes = field(repr=False)
    signed: bytes = field(repr=False)
    """The part that its issuer signed."""
    signature_algorithm: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def kid(self) -> bytes:
        """The first 8 bytes of SHA-256 over it, by which EU certificates name their signer."""
        return hashlib.sha256(self.der).digest()[:KID_BYTES]

    def in_force(self, now: float) -> bool:
        """Whether `now` (seconds since 1970) is within its validity, both ends included."""
        return self.nbf <= now <= self.exp


def read_certificate(data: bytes) -> Certificate:
    """Read one certificate in DER. Raises DerError for anything that is none, or holds no key we know."""
    if len(data) > MAX_BYTES:
        raise DerError(f"certificate of {len(data)} bytes, at most {MAX_BYTES} are read")
    parts = der.members(der.read(data))
    if len(parts) != 3:
        raise DerError("certificate that is not of three parts")
    body, algorithm, signature = parts
    fields = list(der.members(body))
    if fields and fields[0].tag == _VERSION:
        version = der.content(der.read(fields.pop(0).content), der.INTEGER)
        if version not in _VERSIONS:
            raise DerError("certificate of an unknown version")
    if len(fields) < 6:
        raise DerError("certificate without all its fields")
    _, _, issuer, validity, subject, key = fields[:6]
    times = der.members(validity)
    if len(times) != 2:
        raise DerError("certificate whose validity is not two times")
    extensions = _extensions(fields[6:])
    usage = _bits(extensions.get(_KEY_USAGE))
    return Certificate(
        public_key=_public_key(key),
        country=_country(subject),
        nbf=_time(times[0]),
        exp=_time(times[1]),
        extended_usage=_usages(extensions.get(_EXTENDED_USAGE)),
        digital_signature=usage is None or bool(usage & _DIGITAL_SIGNATURE),
        authority=_is_authority(extensions.get(_CONSTRAINTS)) and (usage is None or bool(usage & _CERT_SIGN)),
        uris=_uris(extensions.get(_ALTERNATIVE_NAME)),
        subject=subject.whole,
        issuer=issuer.whole,
        der=data,
        signed=body.whole,
        signature_algorithm=algorithm.whole,
        signature=der.bits(signature),
    )


def is_issued_by(certificate: Certificate, authority: Certificate) -> bool:
    """Whether `authority` may issue certificates, is named as the issuer, and signed it (RFC 5280 section 6.1.3)."""
    if not authority.authority or certificate.issuer != authority.subject:
        return False
    key, signature, signed = authority.public_key, certificate.signature, certificate.signed
    try:
        name, parameters = der.algorithm(der.read(certificate.signature_algorithm))
        if isinstance(key, ec.EllipticCurvePublicKey) and name in _ECDSA:
            key.verify(signature, signed, ec.ECDSA(_ECDSA[name]))
        elif isinstance(key, rsa.RSAPublicKey) and name in _RSA:
            key.verify(signature, signed, padding.PKCS1v15(), _RSA[name])
        elif isinstance(key, rsa.RSAPublicKey) and name == _RSA_PSS:
            key.verify(signature, signed, *_pss(parameters))
        elif isinstance(key, ed25519.Ed25519PublicKey) and name == _ED25519:
            key.verify(signature, signed)
        else:
            return False
    except (InvalidSignature, DerError, ValueError):
        return False
    return True


def _pss(parameters: der.Element | None) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    """Return by which padding and digest RSASSA-PSS parameters say to verify (RFC 4055 section 3.1).

    Raises DerError for a digest that is none of the SHA-2 family: SHA-1 is what absent parameters mean.
    """
    given = {} if parameters is None else {each.tag: der.read(each.content) for each in der.members(parameters)}
    if _PSS_HASH not in given or _PSS_MASK not in given:
        raise DerError("RSASSA-PSS with SHA-1")
    mask, mask_digest = der.algorithm(given[_PSS_MASK])
    if mask != _MGF1 or mask_digest is None:
        raise DerError("RSASSA-PSS with an unknown mask")
    salt = _DEFAULT_SALT
    if _PSS_SALT in given:
        salt = int.from_bytes(der.content(given[_PSS_SALT], der.INTEGER), "big")
    if salt > _MAX_SALT:
        raise DerError("RSASSA-PSS with a salt longer than any key")
    return padding.PSS(padding.MGF1(_sha2(mask_digest)), salt), _sha2(given[_PSS_HASH])


def _sha2(element: der.Element) -> hashes.HashAlgorithm:
    name, _ = der.algorithm(element)
    if name not in _SHA2:
        raise DerError("digest that is none of the SHA-2 family")
    return _SHA2[name]


def _public_key(element: der.Element) -> ForeignPublicKey:
    parts = der.members(element)
    spki = element.whole
    if len(parts) == 2 and der.algorithm(parts[0])[0] == _RSA_PSS:
        # The same key, without the limits of RFC 4055 that not every library reads; PS256 is all it is used for here.
        spki = _sequence(_RSA_ENCRYPTION + parts[1].whole)
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        raise DerError("certificate of a key that is of no kind we know") from None
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        raise DerError("certificate of a key that does not sign")
    return key


def _sequence(content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((der.SEQUENCE, length)) + content
    written = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((der.SEQUENCE, 0x80 | len(written))) + written + content


def _country(name: der.Element) -> str | None:
    for relative in der.members(name):
        for pair in der.members(relative, der.SET):
            kind, value = (*der.members(pair), *(None, None))[:2]
            if kind is not None and value is not None and der.oid(kind) == _COUNTRY:
                return common_name(value.content.decode("ascii", "replace").strip().upper()) or None
    return None


def _time(element: der.Element) -> int:
    text = element.content.decode("ascii", "replace")
    if element.tag not in (der.UTC_TIME, der.GENERALIZED_TIME) or not _TIME.fullmatch(text):
        raise DerError("certificate with a time that is none")
    if len(text) == _UTC_TIME_LENGTH:
        text = ("19" if int(text[:2]) >= _CENTURY_TURN else "20") + text
    try:
        moment = datetime.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        raise DerError("certificate with a time that is none") from None
    return int(moment.timestamp())


def _extensions(rest: list[der.Element]) -> dict[str, bytes]:
    """Return the extensions' contents by object identifier. One that comes twice is a DerError."""
    found: dict[str, bytes] = {}
    for element in rest:
        if element.tag != _EXTENSIONS:
            continue
        for extension in der.members(der.read(element.content)):
            parts = der.members(extension)
            if not parts:
                raise DerError("certificate with an empty extension")
            name = der.oid(parts[0])
            if name in found:
                raise DerError(f"certificate with the extension {name} twice")
            found[name] = der.content(parts[-1], der.OCTET_STRING)
    return found


def _usages(extension: bytes | None) -> frozenset[str]:
    """Return the extended usages. RFC 5280 section 4.2.1.12 wants one entry at least; EU signers may have none.

    No extension, and one of no entries, leave a signer unlimited (HCERT specification, key usage identifiers).
    """
    return frozenset() if extension is None else frozenset(map(der.oid, der.members(der.read(extension))))


def _bits(extension: bytes | None) -> int | None:
    if extension is None:
        return None
    first = der.bits(der.read(extension))[:1]
    return first[0] if first else 0


def _is_authority(extension: bytes | None) -> bool:
    if extension is None:
        return False
    return any(part.tag == der.BOOLEAN and part.content != b"\x00" for part in der.members(der.read(extension)))


def _uris(extension: bytes | None) -> tuple[str, ...]:
    if extension is None:
        return ()
    names = der.members(der.read(extension))
    return tuple(name.content.decode("ascii", "replace") for name in names if name.tag == _URI_NAME)
