"""Hash lists: which EU certificates are revoked, exact and memory-mapped (eHealth Network, "DCC revocation").

    MAGIC ‖ length of the head (4 bytes) ‖ head ‖ sections

The head is a COSE_Sign1 of ours (typ `jkm-hash-list+cbor`) by a status key of a region: what a gate believes of other
states' revocations, its own region vouches for. Its payload is `{1: country, 2: iat, 3: exp, 4: [[kind, count,
SHA-256] …]}`; a section is `count` hashes of 16 bytes in ascending order, and the sections follow in the head's order.

Kinds: 1 the signature, 2 the certificate's identifier, 3 the country and the identifier. Each is the first half of a
SHA-256. Of an ECDSA signature only r is hashed: (r, n − s) is a signature of the same certificate as (r, s).

A list is believed whole or not at all. One that is missing, damaged or past its end makes the status of its country's
certificates unknown; none of that ever reads as "not revoked".
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, unique
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeAlias

from keys import cbor, cose
from keys.countries import is_country, names_of
from keys.errors import MalformedError, StatusListError
from keys.foreign_code import ForeignCode
from keys.key_id import key_id
from keys.scheme import Scheme
from keys.status_signature import check_not_ahead, read_seconds, status_signer
from keys.trust_list import TrustList

SUFFIX: Final = ".hashes"
HASH_BYTES: Final = 16
MAX_HASHES: Final = 4_000_000
"""Of one list: 64 MB."""
MAX_BYTES: Final = 3 * HASH_BYTES * MAX_HASHES
_TYP: Final = "jkm-hash-list+cbor"
_MAGIC: Final = b"EUHASH01"
_LENGTH_BYTES: Final = 4
_MAX_HEAD: Final = 4096
_COUNTRY, _IAT, _EXP, _SECTIONS = 1, 2, 3, 4
_SHA256_BYTES: Final = 32


@unique
class HashKind(IntEnum):
    """What is hashed."""

    SIGNATURE = 1
    IDENTIFIER = 2
    COUNTRY_AND_IDENTIFIER = 3


Buffer: TypeAlias = "mmap.mmap | bytes"


@dataclass(frozen=True, slots=True)
class _Section:
    kind: HashKind
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class HashList:
    """One country's revoked certificates, verified. Times are seconds since 1970 UTC."""

    country: str
    iat: int
    exp: int
    sections: tuple[_Section, ...]
    data: Buffer = field(repr=False)

    def names(self, code: ForeignCode) -> bool:
        """Whether the list names a certificate, by any of its hashes."""
        return any(
            self._holds(section, wanted)
            for section in self.sections
            for wanted in _hashes(code, section.kind, self.country)
        )

    def _holds(self, section: _Section, wanted: bytes) -> bool:
        low, high = 0, section.count
        while low < high:
            middle = (low + high) // 2
            at = section.offset + middle * HASH_BYTES
            found = self.data[at : at + HASH_BYTES]
            if found == wanted:
                return True
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return False


def hashes_of(code: ForeignCode) -> Mapping[HashKind, bytes]:
    """Return a hash of each kind by which an EU certificate may be revoked."""
    return {kind: _hashes(code, kind, code.issuer or "")[0] for kind in HashKind}


def _hashes(code: ForeignCode, kind: HashKind, country: str) -> list[bytes]:
    """Return every hash of a kind by which `country` may have revoked a certificate.

    Each entry's identifier, under every code that its issuer and that country go by: a certificate need not name its
    issuer, and one of a territory may be revoked by its state.
    """
    identifiers = (code.unique_id or "", *code.further_ids)
    match kind:
        case HashKind.SIGNATURE:
            r_only = code.scheme in (Scheme.ES256, Scheme.ES384)
            return [_half(code.signature[: len(code.signature) // 2] if r_only else code.signature)]
        case HashKind.IDENTIFIER:
            return [_half(identifier.encode()) for identifier in identifiers]
        case HashKind.COUNTRY_AND_IDENTIFIER:
            countries = dict.fromkeys((*names_of(code.issuer or country), *names_of(country)))
            return [_half((country + each).encode()) for country in countries for each in identifiers]


def _half(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:HASH_BYTES]


def open_hash_list(path: Path, trust: TrustList, now: int, *, sha256: str | None = None) -> HashList:
    """Map a list and verify it at `now`, seconds since 1970; `sha256`: of the whole file, where somebody signed for it.

    Raises StatusListError: nothing of it is believed.
    """
    try:
        with path.open("rb") as stream:
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise StatusListError(f"hash list {path} cannot be read: {error}") from None
    try:
        if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
            raise StatusListError("it is not the file that was signed for, it is damaged or exchanged")
        return read_hash_list(data, trust, now)
    except (StatusListError, MalformedError) as error:
        data.close()
        words = error.detail if isinstance(error, MalformedError) else str(error)
        raise StatusListError(f"hash list {path}: {words}") from None


def read_hash_list(data: Buffer, trust: TrustList, now: int) -> HashList:
    """Verify a list: signer as for a status list, every section's hash and order. Raises StatusListError, CoseError."""
    start = len(_MAGIC) + _LENGTH_BYTES
    if data[: len(_MAGIC)] != _MAGIC or len(data) < start:
        raise StatusListError("it is no hash list")
    length = int.from_bytes(data[len(_MAGIC) : start], "big")
    if length > _MAX_HEAD:
        raise StatusListError(f"its head has {length} bytes")
    signed = cose.read_sign1(bytes(data[start : start + length]), limit=_MAX_HEAD)
    if signed.typ != _TYP:
        raise StatusListError(f"typ is not {_TYP}")
    status_signer(signed, trust, now, None)
    country, iat, exp, written = _read_head(signed.payload)
    check_not_ahead(iat, now)
    sections: list[_Section] = []
    offset = start + length
    for kind, count, digest in written:
        end = offset + count * HASH_BYTES
        if end > len(data):
            raise StatusListError("it is cut short")
        section = bytes(data[offset:end])
        if hashlib.sha256(section).digest() != digest:
            raise StatusListError("a section of it is not what was signed")
        if not _ascends(section):
            raise StatusListError("its hashes do not ascend")
        sections.append(_Section(kind, offset, count))
        offset = end
    if offset != len(data):
        raise StatusListError(f"{len(data) - offset} bytes after its last section")
    return HashList(country, iat, exp, tuple(sections), data)


def _read_head(payload: bytes) -> tuple[str, int, int, list[tuple[HashKind, int, bytes]]]:
    head = cbor.decode(payload, limit=_MAX_HEAD)
    if type(head) is not dict or head.keys() != {_COUNTRY, _IAT, _EXP, _SECTIONS}:
        raise StatusListError("a head that is not country, times and sections")
    country, sections = head[_COUNTRY], head[_SECTIONS]
    if type(country) is not str or not is_country(country):
        raise StatusListError("a head without a country")
    if type(sections) is not list:
        raise StatusListError("a head without sections")
    kinds = {int(kind): kind for kind in HashKind}
    written: list[tuple[HashKind, int, bytes]] = []
    for section in sections:
        if type(section) is not list or len(section) != 3:
            raise StatusListError("a section that is not kind, count and hash")
        kind, count, digest = section
        if type(kind) is not int or kind not in kinds or any(kinds[kind] is earlier for earlier, _, _ in written):
            raise StatusListError("a section of an unknown kind, or of one that was there before")
        if type(count) is not int or not 0 <= count <= MAX_HASHES:
            raise StatusListError(f"a section of more than {MAX_HASHES} hashes")
        if type(digest) is not bytes or len(digest) != _SHA256_BYTES:
            raise StatusListError("a section without its SHA-256")
        written.append((kinds[kind], count, digest))
    iat, exp = read_seconds(head[_IAT], "iat"), read_seconds(head[_EXP], "exp")
    if exp <= iat:
        raise StatusListError("a list that ends before it begins")
    return country, iat, exp, written


def _ascends(section: bytes) -> bool:
    """Whether hashes stand in strictly ascending order: a search by halves relies on it."""
    hashes = [section[at : at + HASH_BYTES] for at in range(0, len(section), HASH_BYTES)]
    return all(below < above for below, above in pairwise(hashes))


def write_hash_list(
    private_key: cose.SigningKey, *, country: str, iat: int, exp: int, hashes: Mapping[HashKind, Iterable[bytes]]
) -> bytes:
    """Sign a list. Raises ValueError for a hash that is not 16 bytes, and for what would not be read back."""
    sections = [(kind, sorted(set(each))) for kind, each in sorted(hashes.items())]
    if any(len(one) != HASH_BYTES for _, each in sections for one in each):
        raise ValueError(f"a hash that is not {HASH_BYTES} bytes")
    bodies = [b"".join(each) for _, each in sections]
    head: dict[int, cbor.Encodable] = {
        _COUNTRY: country,
        _IAT: iat,
        _EXP: exp,
        _SECTIONS: [
            [int(kind), len(each), hashlib.sha256(body).digest()]
            for (kind, each), body in zip(sections, bodies, strict=True)
        ],
    }
    payload = cbor.encode(head)
    try:
        _read_head(payload)
    except StatusListError as error:
        raise ValueError(str(error)) from error
    signed = cose.sign1(private_key, kid=key_id(private_key.public_key()), typ=_TYP, payload=payload)
    return b"".join((_MAGIC, len(signed).to_bytes(_LENGTH_BYTES, "big"), signed, *bodies))
