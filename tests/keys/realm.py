"""An issuer small enough for tests of `keys` alone: its keys, its trust list, one status list, and a verifier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519

from keys import base45, cbor, cose, health_code
from keys.health_code import HealthCode
from keys.issuer import list_uri
from keys.key_id import key_id
from keys.status_list import OWN_ENTRIES, StatusList, StatusLists, pack, read_status_list, write_status_list
from keys.trust_list import TrustedKey, TrustList, Use
from keys.verdict import Carrier, CodeIdentity, Colour, Document, DocumentType, Verdict
from keys.verifier import Verifier

NOW = 1_772_600_400
DAY = 86_400
INDEX = 812_345


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def trusted(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey,
    *uses: Use,
    issuer: str = "CN-33",
) -> TrustedKey:
    public = key.public_key()
    return TrustedKey(
        issuer=issuer,
        kid=key_id(public),
        public_key=public,
        alg=None if isinstance(public, x25519.X25519PublicKey) else cose.algorithm_of(public),
        uses=frozenset(uses),
        nbf=NOW - 30 * DAY,
        exp=NOW + 365 * DAY,
    )


@dataclass
class Realm:
    """One issuer. Tests change its `trusted` keys or its `values` and ask `judge`."""

    issuer: str = "CN-33"
    code_key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey = field(default_factory=new_key)
    status_key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    trusted: list[TrustedKey] = field(default_factory=list)
    values: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.uri = list_uri(self.issuer, 7)
        if not self.trusted:
            self.trusted = [
                trusted(self.code_key, Use.CODE, issuer=self.issuer),
                trusted(self.status_key, Use.STATUS, issuer=self.issuer),
            ]

    @property
    def trust(self) -> TrustList:
        return TrustList(self.trusted)

    def change_code_key(self, **changes: object) -> None:
        """Change what the trust list says of the key for codes."""
        self.trusted[0] = replace(self.trusted[0], **changes)

    def code(self, **changes: object) -> HealthCode:
        """A green code in force, issued an hour before the list, with `changes`."""
        code = HealthCode(
            identity=CodeIdentity(self.issuer, self.uri, INDEX),
            issued_at=NOW - 7200,
            expires_at=NOW + DAY,
            colour=Colour.GREEN,
            name="张**",
            document=Document(DocumentType.RESIDENT_ID, "1X"),
            carrier=Carrier.PHONE,
            region="330110",
        )
        return replace(code, **changes)

    def text(self, **changes: object) -> str:
        return health_code.issue(self.code(**changes), self.code_key)

    def list_bytes(
        self, values: Mapping[int, int] | None = None, *, iat: int = NOW - 3600, exp: int = NOW + DAY
    ) -> bytes:
        array = bytearray(OWN_ENTRIES)
        for index, value in (self.values if values is None else values).items():
            array[index] = value
        return write_status_list(self.status_key, uri=self.uri, packed=pack(array, 4), iat=iat, exp=exp, ttl=3600)

    def status_list(
        self, values: Mapping[int, int] | None = None, *, iat: int = NOW - 3600, exp: int = NOW + DAY
    ) -> StatusList:
        return read_status_list(self.list_bytes(values, iat=iat, exp=exp), self.trust, NOW)

    def verifier(self, lists: Iterable[StatusList] | None = None) -> Verifier:
        return Verifier(self.trust, StatusLists([self.status_list()] if lists is None else lists))

    def judge(self, text: str, *, at: int = NOW, lists: Iterable[StatusList] | None = None) -> Verdict:
        return self.verifier(lists).verify(text, at)


def claims_of(text: str) -> dict[int | str, cbor.Value]:
    """The claims map of a code, to be changed and signed again."""
    claims = cbor.decode(cose.read_sign1(base45.decode(text[5:])).payload)
    assert type(claims) is dict
    return claims


def sign_raw(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, payload: bytes, *, typ: str = "jkm1") -> str:
    """A code text over any payload, genuinely signed."""
    return "JKM1:" + base45.encode(cose.sign1(key, kid=key_id(key.public_key()), typ=typ, payload=payload))


def sign_parts(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    protected: bytes,
    payload: bytes,
    *,
    unprotected: bytes = b"\xa0",
    prefix: bytes = b"\xd2\x84",
    signature: bytes | None = None,
) -> str:
    """A code text put together from bytes, genuinely signed over them."""
    to_sign = b"\x84\x6aSignature1" + cbor.byte_string(protected) + b"\x40" + cbor.byte_string(payload)
    signed = cose.sign(key, to_sign) if signature is None else signature
    whole = prefix + cbor.byte_string(protected) + unprotected + cbor.byte_string(payload) + cbor.byte_string(signed)
    return "JKM1:" + base45.encode(whole)
