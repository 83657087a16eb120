"""Test issuers of foreign credentials: specimens that are genuine under keys of our own, and vouch for nobody.

Each issuer has a name that no state uses for real (`specimen` in its certificate, `.example` in its address), so that
no specimen passes anywhere but where its issuer's key was given as trust on purpose.
"""

from __future__ import annotations

import base64
import datetime
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from keys import base45, cbor, eu_dcc, nzcp, smart_health_card, vds_nc
from keys.foreign_key import thumbprint
from keys.json_bounded import JsonValue
from keys.jwk import write_base64url

DAY = 86_400
_YEAR = 365 * DAY
IssuerKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_COSE_ALG = {"secp256r1": -7, "secp384r1": -35}
_DIGEST: Mapping[str, hashes.HashAlgorithm] = {"secp256r1": hashes.SHA256(), "secp384r1": hashes.SHA384()}


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def sign_raw(key: IssuerKey, message: bytes, digest: hashes.HashAlgorithm | None = None) -> bytes:
    """Sign as COSE and JOSE do: r ‖ s, RSASSA-PSS with SHA-256, or Ed25519."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(digest or _DIGEST[key.curve.name])))
    width = key.curve.key_size // 8
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def make_certificate(
    key: IssuerKey,
    country: str,
    now: int,
    *,
    usages: tuple[str, ...] = (),
    issuer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None = None,
    authority: bool = False,
    valid: tuple[int, int] | None = None,
) -> x509.Certificate:
    """Make a certificate of a specimen issuer of `country`, valid for two years around `now` (seconds) by default."""
    name = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, country), x509.NameAttribute(NameOID.COMMON_NAME, "specimen issuer")]
    )
    signer, parent = issuer if issuer is not None else (key, None)
    begins, ends = valid if valid is not None else (now - _YEAR, now + _YEAR)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(parent.subject if parent is not None else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime.fromtimestamp(begins, datetime.UTC))
        .not_valid_after(datetime.datetime.fromtimestamp(ends, datetime.UTC))
    )
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    if usages:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ObjectIdentifier(usage) for usage in usages]), critical=False
        )
    return builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256())


@dataclass(frozen=True, slots=True)
class CertificateIssuer:
    """Issues EU certificates (`HC1`)."""

    country: str
    now: int
    key: IssuerKey = field(default_factory=new_key)
    usages: tuple[str, ...] = ()

    @property
    def alg(self) -> int:
        """COSE number of the key's algorithm."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return _COSE_ALG[self.key.curve.name]
        return -37 if isinstance(self.key, rsa.RSAPrivateKey) else -8

    def certificate(self) -> bytes:
        """Return a certificate of the key, DER. Each call makes another; keep the one that codes are to name."""
        return make_certificate(self.key, self.country, self.now, usages=self.usages).public_bytes(Encoding.DER)

    def text(self, certificate: bytes, content: Mapping[str, cbor.Encodable], **claims: cbor.Encodable) -> str:
        """Return the text of a code with `content` as its certificate; `claims`: iss, iat, exp instead of the usual."""
        payload: dict[int, cbor.Encodable] = {
            1: claims.get("iss", self.country),
            4: claims.get("exp", self.now + _YEAR // 2),
            6: claims.get("iat", self.now - DAY),
            -260: {1: content},
        }
        return self.sign(cbor.encode(payload), sha256(certificate).digest()[:8])

    def sign(self, payload: bytes, kid: bytes, *, alg: int | None = None) -> str:
        """Return the text of a code over any payload."""
        protected = cbor.encode({1: self.alg if alg is None else alg, 4: kid})
        signature = sign_raw(self.key, sig_structure(protected, payload))
        message = cbor.encode(cbor.Tag(cbor.SIGN1_TAG, [protected, {}, payload, signature]))
        return eu_dcc.PREFIX + base45.encode(zlib.compress(message, 9))


def sig_structure(protected: bytes, payload: bytes) -> bytes:
    """Return the bytes that a COSE_Sign1 signs (RFC 9052 section 4.4)."""
    return b"\x84\x6aSignature1" + cbor.byte_string(protected) + b"\x40" + cbor.byte_string(payload)


def vaccination(
    day: str,
    *,
    dose: int = 2,
    doses: int = 2,
    product: str = "EU/1/20/1528",
    country: str = "FR",
    ci: str | None = None,
) -> dict[str, cbor.Encodable]:
    """Return an entry of an EU certificate's `v`."""
    return {
        "tg": "840539006", "vp": "1119349007", "mp": product, "ma": "ORG-100030215", "dn": dose, "sd": doses,
        "dt": day, "co": country, "is": "specimen", "ci": ci or f"URN:UVCI:01:{country}:SPECIMEN{day}#S",
    }  # fmt: skip


def person(family: str, given: str, born: str) -> dict[str, cbor.Encodable]:
    """Return name, birth date and version of an EU certificate."""
    names = {"fn": family, "fnt": family.upper(), "gn": given, "gnt": given.upper()}
    return {"ver": "1.3.0", "nam": names, "dob": born}


@dataclass(frozen=True, slots=True)
class CardIssuer:
    """Issues SMART Health Cards."""

    url: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint, base64url."""
        return write_base64url(thumbprint(self.key.public_key()) or b"")

    def jwk(self, **more: JsonValue) -> dict[str, JsonValue]:
        """Return the public key as its issuer's JWK Set has it."""
        numbers = self.key.public_key().public_numbers()
        x, y = (write_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid, "x": x, "y": y, **more}

    def payload(
        self, family: str, given: str, born: str, doses: Mapping[str, str], nbf: float, *, rid: str | None = None
    ) -> dict[str, JsonValue]:
        """Return a card's payload; `doses`: day to CVX code."""
        entries: list[JsonValue] = [
            {"fullUrl": "resource:0", "resource": {
                "resourceType": "Patient", "name": [{"family": family, "given": [given]}], "birthDate": born,
            }}
        ]  # fmt: skip
        entries += [
            {"fullUrl": f"resource:{number}", "resource": {
                "resourceType": "Immunization", "status": "completed", "occurrenceDateTime": day,
                "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": code}]},
                "patient": {"reference": "resource:0"},
            }}
            for number, (day, code) in enumerate(doses.items(), start=1)
        ]  # fmt: skip
        credential: dict[str, JsonValue] = {
            "type": ["https://smarthealth.cards#health-card"],
            "credentialSubject": {
                "fhirVersion": "4.0.1",
                "fhirBundle": {"resourceType": "Bundle", "type": "collection", "entry": entries},
            },
        }
        if rid is not None:
            credential["rid"] = rid
        return {"iss": self.url, "nbf": nbf, "vc": credential}

    def jws(self, payload: bytes, header: Mapping[str, str] | None = None) -> str:
        """Sign any payload, which is deflated first."""
        written = json.dumps(header or {"zip": "DEF", "alg": "ES256", "kid": self.kid}, separators=(",", ":")).encode()
        deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        body = deflate.compress(payload) + deflate.flush()
        signed = f"{write_base64url(written)}.{write_base64url(body)}"
        return f"{signed}.{write_base64url(sign_raw(self.key, signed.encode()))}"

    def text(self, payload: Mapping[str, JsonValue]) -> str:
        """Return the text of the one code that shows a card."""
        return smart_health_card.text_of_jws(self.jws(json.dumps(payload, separators=(",", ":")).encode()))

    def parts(self, payload: Mapping[str, JsonValue], count: int) -> list[str]:
        """Return the texts of the `count` codes that show a card together."""
        digits = self.text(payload).rpartition("/")[2]
        size = -(-len(digits) // count // 2) * 2
        chunks = [digits[at : at + size] for at in range(0, len(digits), size)]
        return [f"shc:/{number}/{len(chunks)}/{chunk}" for number, chunk in enumerate(chunks, start=1)]


@dataclass(frozen=True, slots=True)
class PassIssuer:
    """Issues New Zealand COVID Passes."""

    did: str
    now: int
    kid: str = "key-1"
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    def jwk(self) -> dict[str, JsonValue]:
        """Return the public key, bound to the issuer."""
        numbers = self.key.public_key().public_numbers()
        x, y = (write_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.kid, "iss": self.did, "formats": ["NZCP"]}

    def claims(
        self, family: str, given: str, born: str, number: int = 0, **more: cbor.Encodable
    ) -> dict[int | str, cbor.Encodable]:
        """Return a pass's claims; `number` tells one from another of the same issuer."""
        return {
            1: self.did,
            4: more.get("exp", self.now + _YEAR // 2),
            5: more.get("nbf", self.now - DAY),
            7: UUID(int=self.now + number).bytes,
            "vc": {
                "@context": ["https://www.w3.org/2018/credentials/v1", "https://nzcp.covid19.health.nz/contexts/v1"],
                "version": "1.0.0",
                "type": ["VerifiableCredential", "PublicCovidPass"],
                "credentialSubject": {"givenName": given, "familyName": family, "dob": born},
            },
        }

    def text(self, claims: Mapping[int | str, cbor.Encodable], *, alg: int = -7) -> str:
        """Return a pass's text."""
        protected, payload = cbor.encode({4: self.kid.encode(), 1: alg}), cbor.encode(claims)
        signature = sign_raw(self.key, sig_structure(protected, payload))
        message = cbor.encode(cbor.Tag(cbor.SIGN1_TAG, [protected, {}, payload, signature]))
        return nzcp.PREFIX + base64.b32encode(message).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class SealIssuer:
    """Issues VDS-NC proofs: a signer under a country's authority."""

    state: str
    country: str
    now: int
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    authority_key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    def authority(self) -> x509.Certificate:
        """Return a certificate of the country's authority."""
        return make_certificate(self.authority_key, self.country, self.now, authority=True)

    def signer(self, authority: x509.Certificate, usages: tuple[str, ...] = (vds_nc.SIGNER_USAGE,)) -> bytes:
        """Return a signer's certificate under `authority`, DER."""
        issuer = (self.authority_key, authority)
        return make_certificate(self.key, self.country, self.now, usages=usages, issuer=issuer).public_bytes(
            Encoding.DER
        )

    def data(self, name: str, born: str, days: tuple[str, ...], number: int = 1) -> dict[str, JsonValue]:
        """Return a proof of vaccination on `days`."""
        doses: list[JsonValue] = [
            {"dvc": day, "seq": number, "ctr": self.state, "adm": "specimen", "lot": f"LOT{number}"}
            for number, day in enumerate(days, start=1)
        ]
        return {
            "hdr": {"is": self.state, "t": "icao.vacc", "v": 1},
            "msg": {
                "uvci": f"SPECIMEN{number:05d}",
                "pid": {"n": name, "dob": born, "i": "TK0000000"},
                "ve": [{"des": "XM0GQ8", "dis": "RA01.0", "nam": "COMIRNATY", "vd": doses}],
            },
        }

    def text(self, data: Mapping[str, JsonValue], signer: bytes, *, alg: str = "ES256") -> str:
        """Return a seal's text."""
        signature = sign_raw(self.key, vds_nc.canonical(dict(data)))
        sig = {"alg": alg, "cer": write_base64url(signer), "sigvl": write_base64url(signature)}
        return json.dumps({"data": data, "sig": sig}, separators=(",", ":"), ensure_ascii=False)
