"""One status list: IETF Token Status List in CWT form (draft-ietf-oauth-status-list, revision 20), read and written.

Entries of 1, 2, 4 or 8 bits, least significant bits first. Ours (`sub` is a `jkm:` uri) have 4 bits and 2^20 entries,
are deterministic CBOR and signed by a status key of the very issuer the uri names. Anybody else's follow the standard.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, unique
from types import MappingProxyType

from keys import cbor, cbor_bounded, cose
from keys.cbor_bounded import LooseValue
from keys.errors import MalformedError, StatusListError
from keys.issuer import parse_list_uri
from keys.key_id import key_id
from keys.status_signature import check_not_ahead, inflate, read_seconds, status_signer
from keys.trust_list import TrustList
from keys.verdict import Colour

TYP = "application/statuslist+cwt"
OWN_BITS = 4
OWN_ENTRIES = 1 << 20
OWN_ARRAY_BYTES = OWN_ENTRIES * OWN_BITS // 8
MAX_ARRAY_BYTES = 4 << 20
"""Of a foreign list after inflating."""
MAX_FILE_BYTES = MAX_ARRAY_BYTES + (64 << 10)
_SUB, _EXP, _IAT, _STATUS_LIST, _TTL = 2, 4, 6, 65533, 65534
_OWN_CLAIMS = frozenset((_SUB, _EXP, _IAT, _STATUS_LIST, _TTL))
_MAX_URI = 256
NOTHING_SEEN: Mapping[str, int] = MappingProxyType({})


@unique
class StatusValue(IntEnum):
    """Entries of our lists. 0 to 2 mean the same in every list; any other value is unknown."""

    VALID = 0
    """Green."""
    REVOKED = 1
    SUSPENDED = 2
    """Grey. In a foreign list too: staff decide, as with any grey code; it is not unknown what became of it."""
    YELLOW = 3
    ORANGE = 0xC
    RED = 0xD
    NOT_ISSUED = 0xF
    """The index has not been given to anybody yet, as far as this list knows."""


OWN_COLOURS: Mapping[int, Colour] = {
    StatusValue.VALID: Colour.GREEN,
    StatusValue.SUSPENDED: Colour.GREY,
    StatusValue.YELLOW: Colour.YELLOW,
    StatusValue.ORANGE: Colour.ORANGE,
    StatusValue.RED: Colour.RED,
}
"""What a value of our lists says of a code's colour."""
FOREIGN_COLOURS: Mapping[int, Colour] = {
    StatusValue.VALID: Colour.GREEN,
    StatusValue.SUSPENDED: Colour.GREY,
}
"""What a value of a foreign list says; the standard leaves 3 and above to the application, and theirs are not ours."""
VALUE_OF_COLOUR: Mapping[Colour, StatusValue] = {colour: StatusValue(value) for value, colour in OWN_COLOURS.items()}


@dataclass(frozen=True, slots=True)
class StatusList:
    """A verified list. Times are seconds since 1970 UTC."""

    issuer: str
    """Of the key that signed it, and, for ours, of the uri."""
    uri: str
    iat: int
    """When the authority took the snapshot."""
    exp: int | None
    ttl: int | None
    """Seconds after which to look for a newer one."""
    bits: int
    packed: bytes = field(repr=False)

    @property
    def entries(self) -> int:
        """How many entries it has."""
        return len(self.packed) * 8 // self.bits

    @property
    def own(self) -> bool:
        """Whether it is one of our lists, with our five colours."""
        return parse_list_uri(self.uri) is not None

    def value(self, index: int) -> int | None:
        """Return the entry at `index` (0 or more); None where the list does not reach that far."""
        byte, shift = divmod(index * self.bits, 8)
        if byte >= len(self.packed):
            return None
        return self.packed[byte] >> shift & (1 << self.bits) - 1


def pack(values: bytes | bytearray, bits: int) -> bytes:
    """Pack one byte an entry into `bits` an entry, least significant first; the last byte is filled up with zeros.

    Raises ValueError for a width other than 1, 2, 4, 8 and for a value that does not fit.
    """
    _check_bits(bits)
    if values and max(values) >> bits:
        raise ValueError(f"status {max(values)} does not fit {bits} bits")
    each = 8 // bits
    size = -(-len(values) // each)
    padded = values.ljust(size * each, b"\0")
    packed = 0
    for lane in range(each):
        packed |= int.from_bytes(padded[lane::each], "big") << lane * bits
    return packed.to_bytes(size, "big")


def unpack(packed: bytes, bits: int) -> bytes:
    """Return one byte an entry. Raises ValueError for a width other than 1, 2, 4, 8."""
    _check_bits(bits)
    each = 8 // bits
    whole = int.from_bytes(packed, "big")
    mask = int.from_bytes(bytes(((1 << bits) - 1,)) * len(packed), "big")
    values = bytearray(len(packed) * each)
    for lane in range(each):
        values[lane::each] = (whole >> lane * bits & mask).to_bytes(len(packed), "big")
    return bytes(values)


def _check_bits(bits: int) -> None:
    if bits not in (1, 2, 4, 8):
        raise ValueError(f"status lists have 1, 2, 4 or 8 bits an entry, not {bits}")


def write_status_list(
    private_key: cose.SigningKey, *, uri: str, packed: bytes, iat: int, exp: int, ttl: int, bits: int = OWN_BITS
) -> bytes:
    """Sign a list of packed entries as CWT: COSE_Sign1 with tag 18 and no CWT tag.

    Raises ValueError for a width other than 1, 2, 4, 8, or one of our uris without 2^20 entries of 4 bits.
    """
    _check_bits(bits)
    if parse_list_uri(uri) is not None and (bits, len(packed)) != (OWN_BITS, OWN_ARRAY_BYTES):
        raise ValueError(f"our lists have {OWN_ENTRIES} entries of {OWN_BITS} bits")
    claims: dict[int, cbor.Encodable] = {
        _SUB: uri,
        _IAT: iat,
        _EXP: exp,
        _TTL: ttl,
        _STATUS_LIST: {"bits": bits, "lst": zlib.compress(packed, 9)},
    }
    kid = key_id(private_key.public_key())
    return cose.sign1(private_key, kid=kid, typ=TYP, payload=cbor.encode(claims))


def read_status_list(
    data: bytes, trust: TrustList, now: int, *, source: str = "status list", seen: Mapping[str, int] = NOTHING_SEEN
) -> StatusList:
    """Verify and inflate a list at `now` (seconds since 1970).

    `source` names it in messages. `seen` holds for each uri the `iat` of the newest list known before: an older one is
    refused. Past its `exp` a list is still returned, because what it revoked stays revoked; the verifier takes no
    colour from it. Raises StatusListError.
    """
    try:
        return _read(data, trust, now, seen)
    except MalformedError as error:
        raise StatusListError(f"{source}: {error.detail}") from None
    except StatusListError as error:
        raise StatusListError(f"{source}: {error}") from None


def _read(data: bytes, trust: TrustList, now: int, seen: Mapping[str, int]) -> StatusList:
    # 1 parse. The uri inside says whose rules hold, so the tolerant reader goes first.
    signed = cose.read_foreign_sign1(data, limit=MAX_FILE_BYTES)
    claims: Mapping[int | str, LooseValue] = _claims(cbor_bounded.decode_bounded(signed.payload, limit=MAX_FILE_BYTES))
    uri = claims.get(_SUB)
    if type(uri) is not str or len(uri) > _MAX_URI:
        raise StatusListError("sub that is no uri")
    owner = parse_list_uri(uri)
    if owner is None and uri.startswith("jkm:"):
        raise StatusListError("sub is a jkm uri of no region")
    if owner is not None:
        signed = cose.read_sign1(data, limit=MAX_FILE_BYTES)
        cbor.decode(signed.payload, limit=MAX_FILE_BYTES)  # deterministic, or CborError
        if not claims.keys() <= _OWN_CLAIMS or _EXP not in claims:
            raise StatusListError("claims other than sub, iat, exp, ttl and the list, or no exp")
    if signed.typ != TYP:
        raise StatusListError(f"typ is not {TYP}")
    iat = read_seconds(claims.get(_IAT), "iat")
    exp = read_seconds(claims[_EXP], "exp") if _EXP in claims else None
    ttl = read_seconds(claims[_TTL], "ttl") if _TTL in claims else None

    # 2 to 7: the signature of a status key of the issuer, in force.
    key = status_signer(signed, trust, now, None if owner is None else owner[0])

    # 8 time.
    check_not_ahead(iat, now)
    if iat < seen.get(uri, 0):
        raise StatusListError(f"its iat {iat} is older than {seen[uri]}, which was seen before: refused as a rollback")

    # 9 the array.
    bits, packed = _array(claims.get(_STATUS_LIST), own=owner is not None)
    return StatusList(key.issuer, uri, iat, exp, ttl, bits, packed)


def _claims(value: LooseValue) -> Mapping[int | str, LooseValue]:
    if type(value) is not dict:
        raise StatusListError("claims that are no map")
    return value


def _array(status_list: LooseValue, *, own: bool) -> tuple[int, bytes]:
    """Inflate `{"bits", "lst"}` within bounds; the zlib stream must end exactly where the bytes end."""
    if type(status_list) is not dict:
        raise StatusListError("status_list that is no map")
    bits, compressed = status_list.get("bits"), status_list.get("lst")
    if type(bits) is not int or bits not in (1, 2, 4, 8) or type(compressed) is not bytes:
        raise StatusListError("status_list without bits 1, 2, 4 or 8 and lst")
    if own and (bits != OWN_BITS or len(status_list) != 2):
        raise StatusListError(f"one of our lists without {OWN_BITS} bits an entry")
    most = OWN_ARRAY_BYTES if own else MAX_ARRAY_BYTES
    packed = inflate(compressed, most, "lst")
    if own and len(packed) != most:
        raise StatusListError(f"one of our lists without {OWN_ENTRIES} entries")
    return bits, packed
