"""Foreign trust as a generation holds it: other issuers' keys, rule sets and lists, published by the home region.

    foreign/<region>/<name>.jwks.json, .did.json, .pem, .der    keys and certificates
    foreign/<region>/<name>.rules.json                          a rule set, by the name that the policy uses
    foreign/<region>/<country>.hashes                           an EU hash list
    foreign/<region>/<kid>.crl.json                             a health card key's revocations

Each file is proved again at every start by the hash that the region signed; a hash list is mapped and proved where it
lies. What does not hold is left out and said; what a list was to cover is unknown from then on, never "not revoked".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final

from keys import business_rules, jwk
from keys.business_rules import RuleSet, read_rule_set
from keys.card_revocation import MAX_BYTES as MAX_CARDS_BYTES
from keys.card_revocation import SUFFIX as CARDS_SUFFIX
from keys.card_revocation import CardRevocations, read_card_revocations
from keys.errors import StatusListError, TrustError, UpdateCause, UpdateError
from keys.foreign_file import read_foreign_file
from keys.foreign_key import ForeignKey
from keys.foreign_status import ForeignLists, covered_countries, covered_keys
from keys.hash_list import MAX_BYTES as MAX_HASHES_BYTES
from keys.hash_list import SUFFIX as HASHES_SUFFIX
from keys.hash_list import HashList, open_hash_list, read_hash_list
from keys.trust_list import TrustList
from keys.update.files import read_below

MAX_FILES: Final = 512
MAX_TOGETHER: Final = 192 << 20
"""Bytes of all of them."""
_LIMITS: Final = {
    ".jwks.json": jwk.MAX_BYTES,
    ".did.json": jwk.MAX_BYTES,
    ".pem": jwk.MAX_BYTES,
    ".der": jwk.MAX_BYTES,
    business_rules.SUFFIX: business_rules.MAX_BYTES,
    CARDS_SUFFIX: MAX_CARDS_BYTES,
    HASHES_SUFFIX: MAX_HASHES_BYTES,
}


def folder_of(issuer: str) -> str:
    """Return the folder of a region's foreign trust, as a target path."""
    return f"foreign/{issuer}"


def most_bytes(name: str) -> int | None:
    """Return the most bytes of a file of foreign trust, by its name; None for a name that none has."""
    return next((most for suffix, most in _LIMITS.items() if name.endswith(suffix) and name != suffix), None)


@dataclass(frozen=True, slots=True)
class ForeignHeld:
    """What holds of a region's foreign trust, and in words what does not."""

    keys: tuple[ForeignKey, ...] = ()
    lists: ForeignLists = field(default_factory=ForeignLists)
    rule_sets: Mapping[str, RuleSet] = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[str, ...] = ()


def check_foreign_file(name: str, data: bytes, own: TrustList, now: int) -> None:
    """Check a file of foreign trust before it is published. Raises TrustError, StatusListError or MalformedError."""
    if name.endswith(HASHES_SUFFIX):
        listed = read_hash_list(data, own, now)
        if name != f"{listed.country}{HASHES_SUFFIX}":
            raise StatusListError(f"it is the list of {listed.country}, and its name says otherwise")
    else:
        _Gathering(own, now).take(name, data)


def examine_foreign(
    generation: Path, digests: Mapping[str, str], own: TrustList, now: int, limits: Mapping[str, int]
) -> ForeignHeld:
    """Prove the files of foreign trust in a generation.

    `digests`: SHA-256 by target path, as signed; `limits`: length by target path; `own`: the region's keys, of which a
    status key signs its hash lists; `now`: seconds since 1970 UTC.
    """
    gathering = _Gathering(own, now)
    for path, digest in sorted(digests.items()):
        name = path.rpartition("/")[2]
        try:
            if name.endswith(HASHES_SUFFIX):
                gathering.hashes.append(open_hash_list(generation / "targets" / path, own, now, sha256=digest))
            else:
                gathering.take(name, _proved(generation, path, limits[path], digest))
        except (TrustError, StatusListError, UpdateError) as error:
            gathering.problems.append(f"{path}: {error}")
    names = [path.rpartition("/")[2] for path in digests]
    return gathering.held(names)


@dataclass(slots=True)
class _Gathering:
    """What was read so far."""

    own: TrustList
    now: int
    keys: list[ForeignKey] = field(default_factory=list)
    hashes: list[HashList] = field(default_factory=list)
    cards: list[CardRevocations] = field(default_factory=list)
    rule_sets: dict[str, RuleSet] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def take(self, name: str, data: bytes) -> None:
        """Read one file. Raises TrustError or StatusListError."""
        if name.endswith(business_rules.SUFFIX):
            self.rule_sets[name.removesuffix(business_rules.SUFFIX)] = read_rule_set(data, source=name)
        elif name.endswith(CARDS_SUFFIX):
            self.cards.append(read_card_revocations(data, source=name))
        else:
            self.keys += read_foreign_file(data, source=name)

    def held(self, names: list[str]) -> ForeignHeld:
        """Return everything that was read; `names` of every file that is published, read or not."""
        lists = ForeignLists(
            self.hashes, self.cards, covered=covered_countries(names), covered_kids=covered_keys(names)
        )
        return ForeignHeld(tuple(self.keys), lists, MappingProxyType(self.rule_sets), tuple(self.problems))


def _proved(generation: Path, path: str, limit: int, digest: str) -> bytes:
    try:
        data = read_below(generation, f"targets/{path}", limit)
    except OSError as error:
        raise UpdateError(UpdateCause.DISK, f"it cannot be read: {error.strerror or error}") from None
    if sha256(data).hexdigest() != digest:
        raise UpdateError(
            UpdateCause.WRONG_CONTENT, "it is not the file that was signed for, it is damaged or exchanged"
        )
    return data
