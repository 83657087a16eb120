"""One region being taken in: its role, its trust list and policy, and which way each of its lists comes up to date.

A list that is held as it is published is carried over. Otherwise a chain of bundles leads from the publication we hold
to the new one, or the list comes in full, whichever has fewer bytes to fetch; a chain that is too long to follow never.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tuf.api.metadata import Targets

from keys.errors import KeysError, StatusListError, UpdateCause, UpdateError
from keys.status_anchor import Name
from keys.status_delta import DeltaBundle
from keys.status_list import StatusList
from keys.status_signature import AHEAD_S
from keys.status_writer import StoreWriter
from keys.trust_list import TrustList
from keys.update.chain import MAX_TARGETS_BYTES, Chain, version_of
from keys.update.files import read_below
from keys.update.held import Held, Judge, Terms, target_path
from keys.update.region import Bundle, Publication, check_admitted, read_publication
from keys.update.stage import Stage
from keys.update.step import Announced

_READERS = min(4, os.cpu_count() or 1)
"""Threads that verify and inflate lists."""
_AT_ONCE = 8
"""Lists held in memory at once."""
MAX_CHAIN = 64
"""Bundles that are followed at once: 48 hourly ones and those of a week of days are 54."""
MAX_CHANGES = 3000
"""Changes of a list that are followed at once: those 54 bundles for the 48 lists of 50 million codes."""
FATAL = frozenset((UpdateCause.UNREACHABLE, UpdateCause.SLOW_RETRIEVAL, UpdateCause.DISK))
"""What ends the whole update: a source or a disk that fails will fail the next region too."""


@dataclass(frozen=True, slots=True)
class Around:
    """What taking in any region needs."""

    source: Announced
    chain: Chain
    """With the top targets role in it."""
    held: Held | None
    terms: Terms
    check_policy: Callable[[bytes], None] | None
    """Raises ValueError or KeysError for a policy of home that cannot be read here."""


@dataclass(frozen=True, slots=True)
class RegionIn:
    """How one region gets into the next generation. Lists are named by the path of their target."""

    publication: Publication
    role: bytes
    unchanged: bool
    """Everything of it is held as it is."""
    carried: Mapping[str, tuple[Name, str]]
    """Lists held as they are published: which list it is, and the document that vouches for it."""
    chain: tuple[Bundle, ...]
    """Bundles from what is held to this publication, in their order; empty: none."""
    follows: tuple[str, ...]
    """Own lists that come by the chain."""
    full: tuple[str, ...]
    """Lists that come in full."""
    held_back: bool = False


def newest(around: Around, issuer: str) -> RegionIn:
    """Prove a region's newest role, ours where it is that, and choose the way of each list. Raises UpdateError."""
    may_publish_foreign = check_admitted(around.chain.targets, issuer)
    held = None if around.held is None else around.held.regions.get(issuer)
    role, signed = _newest_role(around, issuer, b"" if held is None else held.role)
    publication = read_publication(signed, issuer, foreign=may_publish_foreign)
    if publication.published_at > around.chain.at + AHEAD_S:
        words = f"{issuer}.json is dated {publication.published_at}, and it is {around.chain.at}"
        raise UpdateError(UpdateCause.FUTURE_DATED, f"{words}: from the future, or our clock is wrong")
    if held is not None and publication.published_at < held.publication.published_at:
        words = f"{issuer}.json is dated {publication.published_at}; {held.publication.published_at} is held already"
        raise UpdateError(UpdateCause.ROLLBACK, f"{words}: refused as a rollback")
    return _choose(around, publication, role)


def _newest_role(around: Around, issuer: str, held: bytes) -> tuple[bytes, Targets]:
    """Return a region's role as it came, and proved: the held one where the snapshot still names it."""
    wanted = around.chain.wanted(issuer)
    if version_of(held) == wanted.version:
        try:
            return held, around.chain.take_region(held, issuer)
        except UpdateError as error:
            if error.cause is UpdateCause.EXPIRED:
                raise
    content = around.source.metadata(f"{wanted.version}.{issuer}.json", MAX_TARGETS_BYTES, wanted.length)
    return content, around.chain.take_region(content, issuer)


def held_back(around: Around, issuer: str) -> RegionIn | None:
    """Return what is held of a region whose newest publication was refused; None where that is nothing.

    Raises UpdateError: it holds no longer, because the region is not admitted any more or has other keys now.
    """
    held = None if around.held is None else around.held.regions.get(issuer)
    if around.held is None or held is None:
        return None
    check_admitted(around.chain.targets, issuer)
    around.chain.take_region_held_back(held.role, issuer)
    carried = _carried(around.held, held.publication)
    return RegionIn(held.publication, held.role, True, carried, (), (), (), held_back=True)


def _choose(around: Around, publication: Publication, role: bytes) -> RegionIn:
    held = None if around.held is None else around.held.regions.get(publication.issuer)
    if around.held is None or held is None:
        return RegionIn(publication, role, False, {}, (), (), publication.lists)
    carried = _carried(around.held, publication)
    unchanged = role == held.role and around.held.whole(publication.issuer)
    base, rest = held.publication.published_at, [path for path in publication.lists if path not in carried]
    ours = {anchor.uri for anchor in around.held.store.lists if anchor.issuer == publication.issuer}
    follows = tuple(path for path in rest if publication.own_uris.get(path) in ours)
    chain = cheapest_chain(publication.bundles, base, publication.published_at)
    short = len(chain) <= MAX_CHAIN and len(chain) * len(follows) <= MAX_CHANGES
    in_full = sum(publication.limit(path) for path in follows)
    if not chain or not short or sum(bundle.length for bundle in chain) >= in_full:
        chain, follows = (), ()
    full = tuple(path for path in rest if path not in follows)
    return RegionIn(publication, role, unchanged, carried, chain, follows, full)


def _carried(held: Held, publication: Publication) -> dict[str, tuple[Name, str]]:
    """Return the lists that are held as `publication` has them: own ones of its very time, others byte by byte."""
    before = held.regions[publication.issuer].publication
    carried: dict[str, tuple[Name, str]] = {}
    for path in publication.lists:
        found = held.vouching(publication.issuer, path) if path in before.targets else None
        if found is None:
            continue
        anchor, document = found
        same = document in publication.targets and publication.digest(document) == before.digest(document)
        if same and (not anchor.own or anchor.iat == publication.published_at):
            carried[path] = anchor.name, document
    return carried


def cheapest_chain(bundles: Iterable[Bundle], base: int, to: int) -> tuple[Bundle, ...]:
    """Return the bundles that lead from time `base` to time `to` with the fewest bytes, in order; empty: none do."""
    leaving: dict[int, list[Bundle]] = {}
    for bundle in bundles:
        if base <= bundle.base < bundle.to <= to:
            leaving.setdefault(bundle.base, []).append(bundle)
    reached: dict[int, tuple[int, Bundle | None]] = {base: (0, None)}
    waiting = [(0, base)]
    while waiting:
        cost, at = heapq.heappop(waiting)
        for bundle in leaving.pop(at, ()):
            total = cost + bundle.length
            if bundle.to not in reached or total < reached[bundle.to][0]:
                reached[bundle.to] = total, bundle
                heapq.heappush(waiting, (total, bundle.to))
    chain: list[Bundle] = []
    last = reached.get(to, (0, None))[1]
    while last is not None:
        chain.append(last)
        last = reached[last.base][1]
    return tuple(reversed(chain))


class RegionWriter:
    """Puts one region into a stage, once. What an earlier one fetched is on the stage already."""

    def __init__(self, around: Around, region: RegionIn, stage: Stage) -> None:
        self._around = around
        self._region = region
        self._publication = region.publication
        self._stage = stage
        self._written: set[Name] = set()
        self.documents: set[str] = set()
        """Targets that the generation keeps."""

    def write(self, store: StoreWriter | None) -> None:
        """Fetch, verify and write everything; `store` None: no list changes. Raises UpdateError and OSError."""
        publication, region, around = self._publication, self._region, self._around
        trust = TrustList(publication.read_keys(self._obtain(publication.keys)))
        judge = Judge(publication, trust, around.chain.at, around.terms.seen)
        self.documents = {publication.keys}
        if publication.issuer == around.terms.home and publication.policy is not None:
            self._obtain_policy(publication.policy)
        if publication.issuer == around.terms.home:
            for path in publication.foreign:
                if not region.held_back or self._holds(path):
                    self._obtain(path)
                    self.documents.add(path)
        for document in {document for _, document in region.carried.values()}:
            content = self._obtain(document)
            if not region.unchanged:
                judge.anchors_in(document, content)  # the region's keys may be others now
            self.documents.add(document)
        if store is not None:
            for (issuer, uri), _ in region.carried.values():
                self._claim(issuer, uri)
                store.keep(issuer, uri)
            in_full = (*region.full, *self._follow(store, judge))
            with ThreadPoolExecutor(_READERS, thread_name_prefix="lists") as pool:
                for start in range(0, len(in_full), _AT_ONCE):
                    paths = in_full[start : start + _AT_ONCE]
                    contents = [self._obtain(path) for path in paths]
                    for path, status_list in zip(paths, pool.map(judge.read_list, paths, contents), strict=True):
                        self._put(path, status_list, store, judge)

    def _obtain_policy(self, path: str) -> None:
        held = None if self._around.held is None else self._around.held.regions.get(self._publication.issuer)
        before = None if held is None else held.policy
        if self._region.held_back and before is None:
            return
        content = self._obtain(path)
        if content != before and self._around.check_policy is not None:
            try:
                self._around.check_policy(content)
            except (ValueError, KeysError) as error:
                words = f"{path} cannot be read by this appliance: {error}"
                raise UpdateError(UpdateCause.BAD_CONTENT, words) from None
        self.documents.add(path)

    def _put(self, path: str, status_list: StatusList, store: StoreWriter, judge: Judge) -> None:
        """Take in a verified list in full."""
        self._claim(status_list.issuer, status_list.uri)
        try:
            anchor = store.put(status_list)
        except StatusListError as error:
            raise UpdateError(UpdateCause.BAD_CONTENT, str(error)) from None
        self._publication.placed(path, (anchor,), judge.seen)
        self.documents.add(path)

    def _follow(self, store: StoreWriter, judge: Judge) -> tuple[str, ...]:
        """Apply the chain; return the lists that have to come in full all the same."""
        region = self._region
        if not region.chain:
            return ()
        last = region.chain[-1].path
        try:
            bundles = [judge.read_bundle(bundle.path, self._obtain(bundle.path)) for bundle in region.chain]
            self._publication.placed(last, bundles[-1].anchors(), judge.seen)
        except UpdateError as error:
            if error.cause in FATAL:
                raise
            return region.follows
        paths = {self._publication.own_uris[path]: path for path in region.follows}
        led_to = {change.uri for change in bundles[-1].changes} & paths.keys()
        misfits = {misfit.uri for misfit in store.apply([_only(bundle, led_to) for bundle in bundles])}
        if led_to - misfits:
            self.documents.add(last)
        return tuple(path for uri, path in paths.items() if uri not in led_to or uri in misfits)

    def _claim(self, issuer: str, uri: str) -> None:
        """Note that a list is written. Raises UpdateError: the region publishes it at two places."""
        if (issuer, uri) in self._written:
            words = f"{self._publication.issuer} publishes list {uri} at two places"
            raise UpdateError(UpdateCause.BAD_CONTENT, words)
        self._written.add((issuer, uri))

    def _obtain(self, path: str) -> bytes:
        """Return a target, proved, and on the stage from now on: from there, from what is held, or from the source."""
        publication, here = self._publication, target_path(path)
        if self._stage.holds(here):
            content = self._at(self._stage.folder, path)
            if content is not None:
                return content
            self._stage.drop(here)  # it is of a publication that was refused
        held = self._around.held
        content = None if held is None else self._at(held.folder, path)
        if held is not None and content is not None:
            self._stage.link(here, held.folder.name)
            return content
        content = self._around.source.target(path, publication.stored_at(path), publication.limit(path))
        publication.check(path, content)
        self._stage.write(here, content)
        return content

    def _holds(self, path: str) -> bool:
        """Whether the generation in force holds a target as it is published."""
        held = self._around.held
        return held is not None and self._at(held.folder, path) is not None

    def _at(self, generation: Path, path: str) -> bytes | None:
        """Return a target that lies in a folder of ours, None where that is not it."""
        try:
            content = read_below(generation, target_path(path), self._publication.limit(path))
            self._publication.check(path, content)
        except (OSError, UpdateError):
            return None
        return content


def _only(bundle: DeltaBundle, uris: Iterable[str]) -> DeltaBundle:
    """Return a bundle with the changes of some lists: of one that is not published any more nothing is kept."""
    wanted = frozenset(uris)
    return replace(bundle, changes=tuple(change for change in bundle.changes if change.uri in wanted))
