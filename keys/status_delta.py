"""Bundles of changes: what became of every list of one issuer since an earlier publication, under one signature.

COSE_Sign1 as all our own formats, typ `jkm-status-delta+cbor`, by a status key of the issuer. The payload is
`{1: issuer, 2: [list …]}`, a list `[uri, base iat, SHA-256 of the base array, iat, exp, ttl, SHA-256 of the new array,
changes]`, in ascending order of their numbers. One that did not change is there too, with an empty change, so that the
bundle applied last vouches for every array. The changes themselves are in `keys.status_changes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from keys import cbor, cose
from keys.errors import MalformedError, StatusListError
from keys.issuer import is_issuer, parse_list_uri
from keys.key_id import key_id
from keys.status_anchor import Anchor
from keys.status_changes import apply, diff
from keys.status_signature import check_not_ahead, read_seconds, status_signer
from keys.status_token import OWN_ARRAY_BYTES, OWN_BITS
from keys.trust_list import TrustList

__all__ = ["MAX_BUNDLE_BYTES", "DeltaBundle", "ListChange", "apply", "diff", "read_delta", "write_delta"]

TYP: Final = "jkm-status-delta+cbor"
MAX_BUNDLE_BYTES: Final = 8 << 20
"""As any file of the repository; a day of 50 million codes has 0.7 MB."""
_ISSUER, _LISTS = 1, 2
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ListChange:
    """What became of one list. Times are seconds since 1970 UTC."""

    uri: str
    base_iat: int
    base_sha256: bytes
    """Of the array the changes are made in."""
    iat: int
    exp: int
    ttl: int
    """Seconds after which to look for a newer one."""
    sha256: bytes
    """Of the array there is then."""
    changes: bytes = field(repr=False)
    """As `diff` writes them; an empty change where nothing changed."""

    def anchor(self, issuer: str) -> Anchor:
        """Return what the signature says of the new array."""
        return Anchor(issuer, self.uri, self.iat, self.exp, self.ttl, OWN_BITS, OWN_ARRAY_BYTES, self.sha256)


@dataclass(frozen=True, slots=True)
class DeltaBundle:
    """What became of an issuer's lists. One that was read is verified; its changes are not applied yet."""

    issuer: str
    changes: tuple[ListChange, ...]

    def anchors(self) -> tuple[Anchor, ...]:
        """Return what the signature says of each list's new array."""
        return tuple(change.anchor(self.issuer) for change in self.changes)


def write_delta(private_key: cose.SigningKey, bundle: DeltaBundle) -> bytes:
    """Sign a bundle, its lists in the order of their numbers.

    Raises ValueError for one that would not be read back: a list of another issuer, or twice, a number out of range.
    """
    lists = sorted(bundle.changes, key=lambda each: parse_list_uri(each.uri) or ("", -1))
    payload = cbor.encode({_ISSUER: bundle.issuer, _LISTS: [_write_change(each) for each in lists]})
    try:
        read_back = _read_bundle(payload)
    except (StatusListError, MalformedError) as error:
        raise ValueError(str(error)) from error
    if read_back != DeltaBundle(bundle.issuer, tuple(lists)):
        raise ValueError("the bundle would not read back as it was given")
    return cose.sign1(private_key, kid=key_id(private_key.public_key()), typ=TYP, payload=payload)


def _write_change(change: ListChange) -> list[cbor.Encodable]:
    return [
        change.uri,
        change.base_iat,
        change.base_sha256,
        change.iat,
        change.exp,
        change.ttl,
        change.sha256,
        change.changes,
    ]


def read_delta(data: bytes, trust: TrustList, now: int, *, source: str = "status bundle") -> DeltaBundle:
    """Verify a bundle at `now` (seconds since 1970): signer, times and issuer as for a status list.

    `source` names it in messages. What it changes is read when it is applied. Raises StatusListError.
    """
    try:
        # 1 parse
        signed = cose.read_sign1(data, limit=MAX_BUNDLE_BYTES)
        if signed.typ != TYP:
            raise StatusListError(f"typ is not {TYP}")
        bundle = _read_bundle(signed.payload)

        # 2 to 7: the signature of a status key of the issuer, in force.
        status_signer(signed, trust, now, bundle.issuer)

        # 8 time
        for change in bundle.changes:
            check_not_ahead(change.iat, now)
    except MalformedError as error:
        raise StatusListError(f"{source}: {error.detail}") from None
    except StatusListError as error:
        raise StatusListError(f"{source}: {error}") from None
    return bundle


def _read_bundle(payload: bytes) -> DeltaBundle:
    members = cbor.decode(payload, limit=MAX_BUNDLE_BYTES)
    if type(members) is not dict or members.keys() != {_ISSUER, _LISTS}:
        raise StatusListError("a bundle that is not an issuer and its lists")
    issuer, lists = members[_ISSUER], members[_LISTS]
    if type(issuer) is not str or not is_issuer(issuer) or type(lists) is not list:
        raise StatusListError("a bundle without an issuer, or without lists")
    changes: list[ListChange] = []
    last = -1
    for entry in lists:
        change = _read_change(entry)
        owner = parse_list_uri(change.uri)
        if owner is None or owner[0] != issuer:
            raise StatusListError(f"list {change.uri} in a bundle of {issuer}: it is not theirs")
        if owner[1] <= last:
            raise StatusListError(f"list {change.uri} comes twice, or not in its place")
        last = owner[1]
        changes.append(change)
    return DeltaBundle(issuer, tuple(changes))


def _read_change(entry: cbor.Value) -> ListChange:
    if type(entry) is not list or len(entry) != 8:
        raise StatusListError("a change that is not of eight parts")
    uri, base_iat, base_sha256, iat, exp, ttl, sha256, changes = entry
    if type(uri) is not str:
        raise StatusListError("a change of something that is no uri")
    if type(changes) is not bytes:
        raise StatusListError(f"list {uri}: changes that are no byte string")
    change = ListChange(
        uri,
        read_seconds(base_iat, "base iat"),
        _read_hash(base_sha256),
        read_seconds(iat, "iat"),
        read_seconds(exp, "exp"),
        read_seconds(ttl, "ttl"),
        _read_hash(sha256),
        changes,
    )
    if change.iat <= change.base_iat:
        raise StatusListError(f"list {uri}: a change that leads from {change.base_iat} to {change.iat}")
    return change


def _read_hash(value: cbor.Value) -> bytes:
    if type(value) is not bytes or len(value) != _HASH_BYTES:
        raise StatusListError("a hash that is not 32 bytes")
    return value
