"""What the hub's parts hand each other: appliances, batches, counts. Frozen; no part hands on a bare dict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keys.merkle import HASH_SIZE, Tree


@unique
class Standing(StrEnum):
    """Where an appliance stands with the hub."""

    ACTIVE = "active"
    RETIRED = "retired"
    """It handed its whole log in and is no more."""
    REVOKED = "revoked"
    """Its key is in wrong hands: nothing signed with it is taken any more."""


@unique
class Scope(IntEnum):
    """Whose passages a count is of."""

    FLEET = 0
    """All of them, in shards, so that appliances do not wait for each other."""
    SITE = 1
    DEVICE = 2
    SITE_DAY = 3
    """People at a site by day of its own zone, so that sites are ranked over a month without a million hours."""


FLEET_SHARDS = 16


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree so far as it takes to go on with it: its size, and the roots of its perfect subtrees."""

    size: int
    roots: bytes
    """32 bytes each, the largest first."""

    def tree(self) -> Tree:
        """Make the tree that goes on from here. Raises ValueError: the roots are not those of this size."""
        nodes = [self.roots[at : at + HASH_SIZE] for at in range(0, len(self.roots), HASH_SIZE)]
        return Tree(self.size, nodes)

    @classmethod
    def of(cls, tree: Tree) -> Frontier:
        """Keep a tree's state."""
        return cls(tree.size, b"".join(tree.roots))


EMPTY_FRONTIER = Frontier(0, b"")


@dataclass(frozen=True, slots=True)
class Site:
    """A place with one or more appliances."""

    number: int
    name: str
    timezone: str | None = None
    """As the appliance that enrolled there last has it; None: none has said."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What an appliance handed in on the day on which it did last."""

    day: int
    """Days since 1970 UTC."""
    many: int
    """Entries of ordinary size."""


@dataclass(frozen=True, slots=True)
class Appliance:
    """An appliance as the hub knows it, with the end of its log."""

    number: int
    """The hub's own, for its tables."""
    id: bytes
    """16 bytes."""
    public_key: bytes
    """32 bytes, Ed25519."""
    site: Site
    lanes: tuple[str, ...]
    standing: Standing
    software: str
    enrolled_ms: int
    seen_ms: int | None
    """When it last handed something in or asked."""
    frontier: Frontier
    root: bytes
    head: str
    """The newest head it handed in, with the hub's cosignature; empty before the first."""
    entry_ms: int | None
    """The time of its newest entry, by its own clock."""
    lists_ms: int | None
    """When the lists it decides by were signed, as far as its log says."""
    intake: Intake = Intake(0, 0)

    @property
    def key(self) -> Ed25519PublicKey:
        """What its heads and requests are checked with."""
        return Ed25519PublicKey.from_public_bytes(self.public_key)


class StoredEntry(NamedTuple):
    """One entry as it is stored. Made for every entry: a dataclass would take three times as long."""

    seq: int
    time_ms: int
    kind: int
    """`hub.columns.UNREADABLE` where it could not be read."""
    body: bytes


class SealedPart(NamedTuple):
    """A sealed part that belongs to an entry. Made for every entry."""

    seq: int
    part: bytes


@dataclass(frozen=True, slots=True)
class Count:
    """So many of something in one hour."""

    scope: Scope
    owner: int
    """A shard of the fleet, or the number of a site or an appliance."""
    hour: int
    """Hours since 1970 UTC; for SITE_DAY days since 1970 of the site's own zone."""
    measure: str
    """What is counted: `outcome/pass`, `colour/green`, `reason/EXPIRED`, `kind/3`, `guard/A17/admit`, `cause/…`."""
    many: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """A degradation of an appliance that began, or that is over."""

    lane: str
    """Empty: of no single lane."""
    code: str
    began: bool
    time_ms: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries that hold, ready to be stored, and what the appliance is afterwards."""

    appliance: Appliance
    """As it was when the entries were judged: the batch counts only while it still is."""
    entries: tuple[StoredEntry, ...]
    sealed: tuple[SealedPart, ...]
    counts: tuple[Count, ...]
    begins_anew: bool
    """Whether the engine started in it, or ended for good: what was degraded before that is over, and unsaid."""
    troubles: tuple[Trouble, ...]
    """Since then."""
    frontier: Frontier
    root: bytes
    head: str
    """Signed by the appliance, cosigned by the hub."""
    arrived_ms: int
    day: int
    """Days since 1970 UTC, under which it is filed."""
    entry_ms: int | None
    lists_ms: int | None
    software: str | None
    standing: Standing
    """RETIRED where the last entry says that everything was erased: no more will come."""
    intake: Intake


@dataclass(frozen=True, slots=True)
class StandingTrouble:
    """A degradation that is in force."""

    appliance: int
    """The hub's number of it."""
    lane: str
    """Empty: of no single lane."""
    code: str
    since_ms: int


@unique
class Finding(StrEnum):
    """What was found when an alarm rang; the pages have its sentence, into which the numbers go."""

    ENTRY_DIFFERS = "entry_differs"
    """Size of the head, of the known log, number of the entry that is another."""
    ROOT_DIFFERS = "root_differs"
    """Size of the head, of the known log."""
    SEVERAL = "several"
    """How many entries, the first of them."""
    GENUINE_HEAD = "genuine_head"
    """First entry, size of the head."""
    ASKED_FOR_HEAD = "asked_for_head"
    """Nothing more."""
    CLOCK_LEAPT = "clock_leapt"
    """How many days."""
    CLOCK_FELL_BACK = "clock_fell_back"
    """How many days."""
    FILED_AHEAD = "filed_ahead"
    """How many days, at most."""
    ALLOWANCE_SPENT = "allowance_spent"
    """The allowance of a day."""

    def told(self, *numbers: int) -> str:
        """Write it down for an alarm."""
        return " ".join([self.value, *map(str, numbers)])


@unique
class AlarmKind(StrEnum):
    """What people must look at."""

    FORKED = "forked"
    """An appliance showed a history that contradicts the one the hub knows."""
    UNREADABLE = "unreadable"
    """Entries that cannot be read were stored."""
    SEALED_ALTERED = "sealed_altered"
    """A sealed part came that is not the one the entry was written with; it was not kept."""
    REFUSED_KEY = "refused_key"
    """Somebody uses a revoked or retired appliance's key."""
    CLOCK = "clock"
    """The hub's clock has leapt, either way: a person has to say by the clock that it is right."""
    FLOOD = "flood"
    """An appliance hands in more than a day's allowance; the rest has to wait."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that people must look at, until one of them says that they have."""

    number: int
    appliance: Appliance | None
    kind: AlarmKind
    first_ms: int
    last_ms: int
    many: int
    """How often it came."""
    detail: str
    """As `Finding.told` writes it; what a stranger sent is never in it."""
    evidence: bytes
    """What was sent, where it proves something: a signed head."""
    settled_by: str | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """A token that lets one appliance in."""

    token_hash: bytes
    """SHA-256 of the token: whoever reads the storage cannot enrol."""
    site: str
    lanes: tuple[str, ...]
    expires_ms: int
    made_by: str
