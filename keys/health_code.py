"""Health code, static: `JKM1:` + base45(COSE_Sign1), a CWT (RFC 8392) claims map. Read strictly and written.

Reading proves the form only. Whether a signature holds, and under whose key, is the verifier's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys import base45, cbor, cose
from keys.cbor import Value
from keys.errors import MalformedError
from keys.issuer import is_region, parse_list_uri
from keys.key_id import key_id
from keys.numeric_date import LAST_SECOND
from keys.verdict import Carrier, CodeIdentity, Colour, Document, DocumentType, Group

PREFIX = "JKM1:"
TYP = "jkm1"
MAX_BYTES = 1024
"""Of a code's COSE bytes; a typical one is 181, one bound to a holder 226."""
MAX_NAME_BYTES = 24
_MAX_DAY = LAST_SECOND // 86_400
_MAX_INDEX = (1 << 32) - 1
_MAX_REASON = (1 << 16) - 1

_ISS, _EXP, _NBF, _IAT, _CNF, _STATUS, _HEALTH = 1, 4, 5, 6, 8, 65535, -70001
_CLAIMS = frozenset((_ISS, _EXP, _NBF, _IAT, _CNF, _STATUS, _HEALTH))
_COLOUR, _NAME, _DOCUMENT, _CARRIER, _REGION, _COLOUR_REASON, _COLOUR_UNTIL, _GROUP = range(1, 9)
_FIELDS = frozenset(range(1, 9))
_COSE_KEY = 1
_KTY, _CRV, _X, _Y = 1, -1, -2, -3
_EC2, _P256 = 2, 1
_FIELD_BYTES = 32
_ODD_POINT = 3
"""First byte of a compressed point whose y is odd (SEC 1)."""

Named = TypeVar("Named", Colour, Carrier, DocumentType, Group)

_COLOURS = {int(colour): colour for colour in Colour}
_CARRIERS = {int(carrier): carrier for carrier in Carrier}
_DOCUMENTS = {int(document): document for document in DocumentType}
_GROUPS = {int(group): group for group in Group}


@dataclass(frozen=True, slots=True)
class HealthCode:
    """The claims of one code. Times are seconds since 1970 UTC."""

    identity: CodeIdentity
    issued_at: int
    """When the authority read the person's state."""
    expires_at: int
    colour: Colour
    """At issue."""
    name: str
    """Masked: surname and stars, at most 24 bytes of UTF-8."""
    document: Document
    carrier: Carrier
    not_before: int | None = None
    region: str | None = None
    """GB/T 2260 prefix; None: the whole issuing region."""
    colour_reason: int | None = None
    colour_until: int | None = None
    """Day number since 1970."""
    group: Group | None = None
    holder: ec.EllipticCurvePublicKey | None = None
    """P-256. Where there is one, only a presentation by it counts."""


def read_claims(payload: bytes) -> HealthCode:
    """Read the claims map of a code.

    Raises MalformedError for anything docs/formats.md does not name: an unknown claim or field too, because what an
    appliance does not understand may be a restriction.
    """
    claims = cbor.decode(payload, limit=MAX_BYTES)
    if type(claims) is not dict or not _CLAIMS.issuperset(claims):
        raise MalformedError("claims that are no map, or one that is not known")
    issuer = claims.get(_ISS)
    if type(issuer) is not str:
        raise MalformedError("iss that is no text")
    status = claims.get(_STATUS)
    entry = status.get("status_list") if type(status) is dict and len(status) == 1 else None
    if type(entry) is not dict or len(entry) != 2:
        raise MalformedError("status that is no status_list of idx and uri")
    index, uri = entry.get("idx"), entry.get("uri")
    if type(index) is not int or not 0 <= index <= _MAX_INDEX or type(uri) is not str:
        raise MalformedError("status_list with a bad idx or uri")
    owner = parse_list_uri(uri)
    if owner is None or owner[0] != issuer:  # one issuer everywhere; and `iss` is formed like a region
        raise MalformedError("status list of another issuer than the code's")
    health = claims.get(_HEALTH)
    if type(health) is not dict or not _FIELDS.issuperset(health):
        raise MalformedError("health code that is no map, or a field of it that is not known")
    document = health.get(_DOCUMENT)
    if type(document) is not list or len(document) != 2:
        raise MalformedError("document that is not a type and a tail")
    kind, tail = document
    if type(tail) is not str or len(tail) != 2 or not tail.isprintable():
        raise MalformedError("document tail that is not two characters")
    name = health.get(_NAME)
    if type(name) is not str or not name or not name.isprintable() or len(name.encode()) > MAX_NAME_BYTES:
        raise MalformedError("name that is empty, too long, or not printable")
    return HealthCode(
        CodeIdentity(issuer, uri, index),
        _number(claims.get(_IAT), LAST_SECOND, "iat"),
        _number(claims.get(_EXP), LAST_SECOND, "exp"),
        _known(health.get(_COLOUR), _COLOURS, "colour"),
        name,
        Document(_known(kind, _DOCUMENTS, "document type"), tail),
        _known(health.get(_CARRIER), _CARRIERS, "carrier"),
        _number(claims[_NBF], LAST_SECOND, "nbf") if _NBF in claims else None,
        _region(health[_REGION]) if _REGION in health else None,
        _number(health[_COLOUR_REASON], _MAX_REASON, "colour reason") if _COLOUR_REASON in health else None,
        _number(health[_COLOUR_UNTIL], _MAX_DAY, "colour until") if _COLOUR_UNTIL in health else None,
        _known(health[_GROUP], _GROUPS, "group") if _GROUP in health else None,
        _holder(claims[_CNF]) if _CNF in claims else None,
    )


def _number(value: Value, largest: int, what: str) -> int:
    if type(value) is not int or not 0 <= value <= largest:
        raise MalformedError(f"{what} that is no number from 0 to {largest}")
    return value


def _known(value: Value, table: Mapping[int, Named], what: str) -> Named:
    if type(value) is not int or value not in table:
        raise MalformedError(f"{what} that is not in the table")
    return table[value]


def _region(value: Value) -> str:
    if type(value) is not str or not is_region(value):
        raise MalformedError("region that is no GB/T 2260 prefix")
    return value


def _holder(cnf: Value) -> ec.EllipticCurvePublicKey:
    """Read `cnf` (RFC 8747 section 3.2) with a compressed P-256 COSE_Key (RFC 9053 section 7.1.1)."""
    key = cnf.get(_COSE_KEY) if type(cnf) is dict and len(cnf) == 1 else None
    if type(key) is not dict or len(key) != 4:
        raise MalformedError("cnf that is no COSE_Key of four fields")
    kty, crv, x, odd = key.get(_KTY), key.get(_CRV), key.get(_X), key.get(_Y)
    if type(kty) is not int or kty != _EC2 or type(crv) is not int or crv != _P256:
        raise MalformedError("cnf key that is not P-256")
    if type(x) is not bytes or len(x) != _FIELD_BYTES or type(odd) is not bool:
        raise MalformedError("cnf key without 32 bytes of x and a boolean y")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), (b"\x03" if odd else b"\x02") + x)
    except ValueError:
        raise MalformedError("cnf key that is no point of P-256") from None


def write_claims(code: HealthCode) -> bytes:
    """Write the claims map of `code`.

    Raises ValueError for a code that `read_claims` would not accept, or whose name is not masked by a star.
    """
    if "*" not in code.name:
        raise ValueError("the name on a code is masked: surname and stars")
    health: dict[int, cbor.Encodable] = {
        _COLOUR: code.colour,
        _NAME: code.name,
        _DOCUMENT: (code.document.type, code.document.tail),
        _CARRIER: code.carrier,
    }
    optional = ((_REGION, code.region), (_COLOUR_REASON, code.colour_reason), (_COLOUR_UNTIL, code.colour_until))
    health.update({field: value for field, value in (*optional, (_GROUP, code.group)) if value is not None})
    claims: dict[int, cbor.Encodable] = {
        _ISS: code.identity.issuer,
        _EXP: code.expires_at,
        _IAT: code.issued_at,
        _STATUS: {"status_list": {"idx": code.identity.index, "uri": code.identity.uri}},
        _HEALTH: health,
    }
    if code.not_before is not None:
        claims[_NBF] = code.not_before
    if code.holder is not None:
        claims[_CNF] = {_COSE_KEY: _cose_key(code.holder)}
    payload = cbor.encode(claims)
    try:
        read_back = read_claims(payload)
    except MalformedError as error:
        raise ValueError(f"no code can say this: {error.detail}") from error
    if read_back != code:
        raise ValueError("the code would not read back as it was given")
    return payload


def _cose_key(key: ec.EllipticCurvePublicKey) -> dict[int, cbor.Encodable]:
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return {_KTY: _EC2, _CRV: _P256, _X: point[1:], _Y: point[0] == _ODD_POINT}


def issue(code: HealthCode, private_key: cose.SigningKey) -> str:
    """Sign `code` and return its text, `JKM1:…`. Raises ValueError as `write_claims` does."""
    signed = cose.sign1(private_key, kid=key_id(private_key.public_key()), typ=TYP, payload=write_claims(code))
    return PREFIX + base45.encode(signed)
