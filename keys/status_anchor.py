"""What a verified signature says of one list's array: enough to prove an array that lies on our own disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from keys.issuer import parse_list_uri
from keys.status_token import StatusList

Name: TypeAlias = tuple[str, str]
"""Issuer and uri: what a list is called everywhere."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What was signed of one list. Times are seconds since 1970 UTC."""

    issuer: str
    uri: str
    iat: int
    exp: int | None
    ttl: int | None
    """Seconds after which to look for a newer one."""
    bits: int
    """1, 2, 4 or 8 an entry."""
    length: int
    """Bytes of the array."""
    sha256: bytes
    """Of the array, 32 bytes."""

    @property
    def name(self) -> Name:
        """Issuer and uri."""
        return self.issuer, self.uri

    @property
    def entries(self) -> int:
        """How many entries the list has."""
        return self.length * 8 // self.bits

    @property
    def own(self) -> bool:
        """Whether it is one of our lists, with our five colours."""
        return parse_list_uri(self.uri) is not None


def anchor_of(status_list: StatusList) -> Anchor:
    """Return what the signature of a verified list says of its array."""
    return Anchor(
        status_list.issuer,
        status_list.uri,
        status_list.iat,
        status_list.exp,
        status_list.ttl,
        status_list.bits,
        len(status_list.packed),
        sha256(status_list.packed).digest(),
    )


def newest(anchors: Iterable[Anchor]) -> dict[Name, Anchor]:
    """Return the anchor in force of each list: of the latest iat, and among equal ones the first given."""
    in_force: dict[Name, Anchor] = {}
    for anchor in anchors:
        other = in_force.setdefault(anchor.name, anchor)
        if anchor.iat > other.iat:
            in_force[anchor.name] = anchor
    return in_force
