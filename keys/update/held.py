"""What a generation holds, proved again from the pinned root: every signature, version, threshold, length and hash.

Used on the generation in force at every start and before every update, and on a new one before it is switched to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from keys.errors import StatusListError, UpdateCause, UpdateError
from keys.issuer import is_issuer
from keys.status_anchor import Anchor, Name, anchor_of
from keys.status_delta import DeltaBundle, read_delta
from keys.status_list import StatusList, read_status_list
from keys.status_store import StatusStore
from keys.trust_list import TrustedKey, TrustList
from keys.update.chain import (
    MAX_ROOT_BYTES,
    MAX_ROTATIONS,
    MAX_SNAPSHOT_BYTES,
    MAX_TARGETS_BYTES,
    MAX_TIMESTAMP_BYTES,
    Chain,
    expiry,
)
from keys.update.files import read_below
from keys.update.fleet import FLEET, Orders, read_orders
from keys.update.foreign_held import ForeignHeld, examine_foreign
from keys.update.region import Publication, check_admitted, is_delegated, read_publication
from keys.update.stage import STATUS_FILE

_PROVERS = min(4, os.cpu_count() or 1)
"""Threads: inflating, hashing and verifying need no lock of the interpreter."""
TIMESTAMP, SNAPSHOT, TARGETS = "metadata/timestamp.json", "metadata/snapshot.json", "metadata/targets.json"


def root_path(version: int) -> str:
    """Return where a generation keeps a root."""
    return f"metadata/root_history/{version}.root.json"


def role_path(issuer: str) -> str:
    """Return where a generation keeps a region's role."""
    return f"metadata/{issuer}.json"


def target_path(path: str) -> str:
    """Return where a generation keeps a target."""
    return f"targets/{path}"


@dataclass(frozen=True, slots=True)
class HeldRegion:
    """One region as a generation holds it."""

    publication: Publication
    role: bytes
    keys: tuple[TrustedKey, ...]
    policy: bytes | None
    vouched: Mapping[str, tuple[Anchor, str]]
    """What is signed of each list that is published: by its path, with the path of the document that says so."""
    policy_problem: str | None
    """Why the policy is not here that it publishes, in words; None where it is, and for every region but home."""
    expires: int
    """When its role expires, seconds since 1970."""
    kept_back: bool
    """Whether it is an earlier publication, because the one that the snapshot names was refused."""
    foreign: ForeignHeld
    """What it publishes of other issuers' trust; of home alone, and nothing of any other region."""


@dataclass(frozen=True, slots=True)
class HeldFleet:
    """What a generation holds of the fleet's role."""

    role: bytes
    orders: Orders
    order: bytes | None
    """This appliance's, None where there is none."""


@dataclass(frozen=True, slots=True)
class TopLevel:
    """The metadata above the regions, as they came."""

    roots: tuple[bytes, ...]
    """Those after the pinned one."""
    timestamp: bytes
    snapshot: bytes
    targets: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """One generation, proved. Close `store` when it is done with."""

    folder: Path
    top: TopLevel
    chain: Chain
    regions: Mapping[str, HeldRegion]
    fleet: HeldFleet | None
    store: StatusStore
    problems: tuple[str, ...]
    """Regions and lists that do not hold, each in words."""
    kept_back: frozenset[str]
    """Those of `problems` that say no more than that an earlier publication stays in force."""

    def whole(self, issuer: str) -> bool:
        """Whether everything that a region publishes for us is there and proved."""
        region = self.regions.get(issuer)
        if region is None or region.policy_problem is not None or region.foreign.problems:
            return False
        return all(self.vouching(issuer, path) is not None for path in region.publication.lists)

    def vouching(self, issuer: str, path: str) -> tuple[Anchor, str] | None:
        """Return the anchor of the list a region publishes at `path`, and the path of the document that gives it.

        None where no document vouches for it, or its array is not proved.
        """
        found = self.regions[issuer].vouched.get(path)
        return found if found is not None and self.store.anchor(*found[0].name) == found[0] else None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a generation is proved for, and by."""

    pinned: bytes
    """The root to begin with."""
    regions: Sequence[str]
    """Those carried."""
    home: str
    """The one whose policy counts."""
    now: int
    """Judges the validity of keys that signed lists, seconds since 1970; a clock behind what was taken in does not."""
    seen: Mapping[Name, int]
    """The newest `iat` the log knows of each list: an older one is refused."""
    device: str | None = None
    """Id of this appliance, hexadecimal: its order is carried too."""

    def __post_init__(self) -> None:
        for issuer in self.regions:
            if not is_issuer(issuer):
                raise ValueError(f"{issuer!r} is no region")


def examine(folder: Path, terms: Terms) -> Held:
    """Prove the generation in `folder`, offline.

    Raises UpdateError where the metadata do not hold; what does not hold of one region is in `problems`.
    """
    chain = Chain(terms.pinned, None)
    roots: list[bytes] = []
    for _ in range(MAX_ROTATIONS):
        content = _read(folder, root_path(chain.root_version + 1), MAX_ROOT_BYTES)
        if content is None:
            break
        chain.take_root(content)
        roots.append(content)
    timestamp = _needed(folder, TIMESTAMP, MAX_TIMESTAMP_BYTES)
    chain.take_timestamp(timestamp)
    snapshot = _needed(folder, SNAPSHOT, MAX_SNAPSHOT_BYTES)
    chain.take_snapshot(snapshot)
    targets = _needed(folder, TARGETS, MAX_TARGETS_BYTES)
    chain.take_targets(targets)
    held: dict[str, HeldRegion] = {}
    problems: list[str] = []
    for issuer in terms.regions:
        with _noting(problems, issuer):
            held[issuer] = _examine_region(folder, chain, issuer, terms, problems)
    fleet = None
    if terms.device is not None:
        with _noting(problems, FLEET):
            fleet = _examine_fleet(folder, chain, terms.device)
    anchors = [anchor for region in held.values() for anchor, _ in region.vouched.values()]
    store = StatusStore.open(folder / STATUS_FILE, anchors) if anchors else StatusStore.empty()
    kept_back = [
        f"{issuer}: its newest publication was refused; an earlier one stays in force"
        for issuer, region in held.items()
        if region.kept_back
    ]
    top = TopLevel(tuple(roots), timestamp, snapshot, targets)
    return Held(folder, top, chain, held, fleet, store, (*kept_back, *problems, *store.problems), frozenset(kept_back))


def _examine_region(folder: Path, chain: Chain, issuer: str, terms: Terms, problems: list[str]) -> HeldRegion:
    may_publish_foreign = check_admitted(chain.targets, issuer)
    role = _read(folder, role_path(issuer), MAX_TARGETS_BYTES)
    if role is None:
        raise UpdateError(UpdateCause.NOTHING_HELD, "nothing of it is held here; its codes stay unknown")
    kept_back = False
    try:
        signed = chain.take_region(role, issuer)
    except UpdateError:
        signed = chain.take_region_held_back(role, issuer)
        kept_back = True
    publication = read_publication(signed, issuer, foreign=may_publish_foreign)
    keys = publication.read_keys(_target(folder, publication, publication.keys))
    policy, policy_faults = None, list[str]()
    if publication.policy is not None and issuer == terms.home:
        with _noting(policy_faults, issuer):
            policy = _target(folder, publication, publication.policy)
    problems += policy_faults
    judge = Judge(publication, TrustList(keys), max(terms.now, publication.published_at), terms.seen)
    foreign = ForeignHeld()
    if issuer == terms.home:
        digests = {path: publication.digest(path) for path in publication.foreign}
        limits = {path: publication.limit(path) for path in publication.foreign}
        foreign = examine_foreign(folder, digests, judge.trust, judge.at, limits)
        problems += [f"{issuer}: {problem}" for problem in foreign.problems]
    vouched: dict[str, tuple[Anchor, str]] = {}
    faults: list[str] = []

    def vouch(document: str) -> Mapping[str, Anchor]:
        with _noting(faults, issuer):
            content = _read(folder, target_path(document), publication.limit(document))
            if content is not None:
                publication.check(document, content)
                return judge.anchors_in(document, content)
        return {}

    with ThreadPoolExecutor(_PROVERS, thread_name_prefix="proof") as pool:
        found_in = pool.map(vouch, publication.documents)
        for document, found in zip(publication.documents, found_in, strict=True):
            for path, anchor in found.items():
                vouched.setdefault(path, (anchor, document))
    missing = [path for path in publication.lists if path not in vouched]
    if missing and not faults:
        faults.append(f"{issuer}: nothing here vouches for {', '.join(missing)}")
    problems += sorted(faults)
    policy_problem = policy_faults[0] if policy_faults else None
    return HeldRegion(publication, role, keys, policy, vouched, policy_problem, expiry(signed), kept_back, foreign)


def _examine_fleet(folder: Path, chain: Chain, device: str) -> HeldFleet | None:
    """Prove what is held of the fleet; None where nothing is, or the fleet is not delegated."""
    role = _read(folder, role_path(FLEET), MAX_TARGETS_BYTES)
    if role is None or not is_delegated(chain.targets, FLEET):
        return None
    check_admitted(chain.targets, FLEET)
    try:
        signed = chain.take_region(role, FLEET)
    except UpdateError:
        signed = chain.take_region_held_back(role, FLEET)
    orders = read_orders(signed)
    path = orders.of(device)
    if path is None:
        return HeldFleet(role, orders, None)
    content = _needed(folder, target_path(path), orders.limit(path))
    orders.check(path, content)
    return HeldFleet(role, orders, content)


@dataclass(frozen=True, slots=True)
class Judge:
    """What the status documents of one publication are judged by."""

    publication: Publication
    trust: TrustList
    """The region's own keys and nobody else's."""
    at: int
    """The time, seconds since 1970."""
    seen: Mapping[Name, int]

    def anchors_in(self, document: str, content: bytes) -> dict[str, Anchor]:
        """Return what a status document vouches for, by the path of each list that is published. Raises UpdateError."""
        if document.endswith(".delta"):
            anchors = self.read_bundle(document, content).anchors()
        else:
            anchors = (anchor_of(self.read_list(document, content)),)
        return self.publication.placed(document, anchors, self.seen)

    def read_list(self, path: str, content: bytes) -> StatusList:
        """Verify and inflate a list. Raises UpdateError."""
        with _refusing_content():
            return read_status_list(content, self.trust, self.at, source=path)

    def read_bundle(self, path: str, content: bytes) -> DeltaBundle:
        """Verify a bundle. Raises UpdateError."""
        with _refusing_content():
            return read_delta(content, self.trust, self.at, source=path)


@contextmanager
def _refusing_content() -> Iterator[None]:
    try:
        yield
    except StatusListError as error:
        raise UpdateError(UpdateCause.BAD_CONTENT, str(error)) from None


def _target(folder: Path, publication: Publication, path: str) -> bytes:
    content = _needed(folder, target_path(path), publication.limit(path))
    publication.check(path, content)
    return content


def _needed(folder: Path, path: str, limit: int) -> bytes:
    content = _read(folder, path, limit)
    if content is None:
        raise UpdateError(UpdateCause.NOTHING_HELD, f"{folder / path} is missing")
    return content


def _read(folder: Path, path: str, limit: int) -> bytes | None:
    try:
        return read_below(folder, path, limit)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UpdateError(UpdateCause.DISK, f"{folder / path} cannot be read: {error.strerror or error}") from None


@contextmanager
def _noting(problems: list[str], issuer: str) -> Iterator[None]:
    """Keep one region's mistake, or one list's, from closing another's gates: it becomes words."""
    try:
        yield
    except UpdateError as error:
        problems.append(f"{issuer}: {error}")
