"""Taking in an update: fetch, verify, stage, prove the stage, switch. Whatever fails leaves the old state in force.

A region's publication is taken in whole or not at all. One that is refused leaves that region as it was, in words, and
the others go on; a source that fails as such, or our own disk, ends the update.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from keys.errors import StatusListError, UpdateCause, UpdateError
from keys.status_anchor import Name
from keys.status_store import StatusStore
from keys.status_writer import StoreWriter
from keys.update.chain import Chain
from keys.update.held import (
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    Held,
    Terms,
    TopLevel,
    examine,
    role_path,
    root_path,
    target_path,
)
from keys.update.metadata_in import fetch_top_level
from keys.update.place import LockedPlace, Place
from keys.update.region_in import FATAL, Around, RegionIn, RegionWriter, held_back, newest
from keys.update.source import Source
from keys.update.stage import STATUS_FILE, Stage
from keys.update.step import Announced, Phase, Progress, Step, unheard


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an update that was not refused."""

    source: str
    changed: bool
    """Whether another generation is in force now."""
    generation: str
    requests: int
    bytes: int
    """Content received, as it went over the wire."""
    lists: tuple[tuple[str, str, int], ...]
    """Lists that came into force: issuer, uri, `iat`."""
    signed_time: int | None
    """`published_at` of the home region, seconds since 1970; None where its newest publication was refused."""
    problems: tuple[str, ...]
    """Regions that were refused, each in words."""


def update(
    folder: Path,
    source: Source,
    regions: Sequence[str],
    now: int,
    *,
    seen: Mapping[Name, int],
    believe_signed_time: bool,
    progress: Progress = unheard,
) -> Outcome:
    """Bring the trust folder up to date from `source` for `regions`, home first, at `now` (seconds since 1970).

    `seen` holds for each list, by its issuer and uri, the newest `iat` the log knows: nothing older is taken in.
    `believe_signed_time`: nothing vouches for our clock since boot, so the repository's own signed time is the time to
    judge by where it is later. Raises UpdateError, whose `cause` is for the log and whose words are for people; then
    what was in force before still is.
    """
    if not regions:
        raise ValueError("an update needs at least one region")
    with Place(folder).locked() as place, ExitStack() as open_stores:
        place.sweep()
        terms = Terms(place.pinned_root(), regions, regions[0], now, seen)
        held = _held(place, terms, progress)
        if held is not None:
            open_stores.callback(held.store.close)
        requests, received = source.requests, source.received
        announced = Announced(source, progress)
        chain = Chain(terms.pinned, now)
        top = fetch_top_level(announced, chain, held.top if held is not None else None, believe=believe_signed_time)
        attempt = _Attempt(place, Around(announced, chain, held, terms), top, progress)
        attempt.choose()
        switched = attempt.take_in() if attempt.is_news() else None
        return Outcome(
            source=source.name,
            changed=switched is not None,
            generation=place.current() or "",
            requests=source.requests - requests,
            bytes=source.received - received,
            lists=switched or (),
            signed_time=attempt.signed_time(),
            problems=attempt.problems(),
        )


def _held(place: Place, terms: Terms, progress: Progress) -> Held | None:
    """Prove the generation in force. One that does not hold counts for nothing, and is fetched anew."""
    name = place.current()
    if name is None:
        return None
    progress(Step(Phase.PROVE, name))
    try:
        return examine(place.generation(name), terms)
    except UpdateError:
        return None


@dataclass(slots=True)
class _Attempt:
    """One update under the lock, once the top-level metadata are proved."""

    place: LockedPlace
    around: Around
    top: TopLevel
    progress: Progress
    coming: dict[str, RegionIn] = field(default_factory=dict)
    """The regions of the next generation."""
    refused: dict[str, UpdateError] = field(default_factory=dict)

    def choose(self) -> None:
        """Prove each region's role and choose its way. Raises UpdateError: none is to be had."""
        for issuer in self.around.terms.regions:
            try:
                self.coming[issuer] = newest(self.around, issuer)
            except UpdateError as error:
                self._refuse(issuer, error)
        self._check_some_are_left()

    def is_news(self) -> bool:
        """Whether the next generation would differ from the one in force."""
        held = self.around.held
        if held is None or held.top != self.top or held.regions.keys() != self.coming.keys():
            return True
        return not all(region.unchanged for region in self.coming.values())

    def signed_time(self) -> int | None:
        """Return the home region's signed time."""
        home = self.around.terms.home
        return None if home in self.refused else self.coming[home].publication.published_at

    def problems(self) -> tuple[str, ...]:
        """Return who was refused and why, in words."""
        return tuple(f"{issuer}: {error}" for issuer, error in self.refused.items())

    def take_in(self) -> tuple[tuple[str, str, int], ...] | None:
        """Stage, prove and switch; return the lists that came into force, None where nothing is new in the end.

        Raises UpdateError.
        """
        with self.place.stage() as stage:
            with self.place.writing():
                documents = self._write(stage)
                if not self.is_news():
                    return None
                for path in stage.paths - documents - {STATUS_FILE}:
                    stage.drop(path)
                self._write_metadata(stage)
            lists = self._prove(stage)
            self.place.commit(stage)
            return lists

    def _write(self, stage: Stage) -> set[str]:
        """Write every region; one that is refused on the way is held back, and the arrays are begun anew."""
        while True:
            try:
                return self._write_all(stage)
            except _RegionRefusedError as refusal:
                stage.drop(STATUS_FILE)
                self._refuse(refusal.issuer, refusal.error)
                self._check_some_are_left()

    def _write_all(self, stage: Stage) -> set[str]:
        """Write every region; return the paths of their targets. Raises _RegionRefusedError too."""
        held = self.around.held
        kept = {name for region in self.coming.values() for name, _ in region.carried.values()}
        if held is not None and kept == {anchor.name for anchor in held.store.lists} and not self._lists_come():
            documents = self._write_regions(stage, None)
            stage.link(STATUS_FILE, held.folder.name)
            return documents
        previous = StatusStore.empty() if held is None else held.store
        with StoreWriter(stage.status_file, previous) as store:
            documents = self._write_regions(stage, store)
            try:
                store.finish()
            except StatusListError as error:
                raise UpdateError(UpdateCause.DISK, f"the status arrays do not read back as written: {error}") from None
        stage.adopt(STATUS_FILE)
        return documents

    def _lists_come(self) -> bool:
        return any(region.full or region.follows for region in self.coming.values())

    def _write_regions(self, stage: Stage, store: StoreWriter | None) -> set[str]:
        documents: set[str] = set()
        for issuer, region in self.coming.items():
            self.progress(Step(Phase.STORE, issuer))
            writer = RegionWriter(self.around, region, stage)
            try:
                writer.write(store)
            except UpdateError as error:
                if error.cause in FATAL:
                    raise
                raise _RegionRefusedError(issuer, error) from None
            documents |= {target_path(path) for path in writer.documents}
        return documents

    def _write_metadata(self, stage: Stage) -> None:
        first = self.around.chain.root_version - len(self.top.roots) + 1
        metadata = {root_path(first + number): content for number, content in enumerate(self.top.roots)}
        metadata |= {TIMESTAMP: self.top.timestamp, SNAPSHOT: self.top.snapshot, TARGETS: self.top.targets}
        metadata |= {role_path(issuer): region.role for issuer, region in self.coming.items()}
        for path, content in metadata.items():
            stage.write(path, content)

    def _prove(self, stage: Stage) -> tuple[tuple[str, str, int], ...]:
        """Prove the stage as every later start will; return which lists are new. Raises UpdateError."""
        self.progress(Step(Phase.SWITCH, stage.name))
        around, before = self.around, self.around.held
        terms = replace(around.terms, regions=tuple(self.coming), now=around.chain.at)
        proved = examine(stage.folder, terms)
        with proved.store:
            for issuer, region in self.coming.items():
                wanted = region.carried if region.held_back else region.publication.lists
                missing = [path for path in wanted if proved.vouching(issuer, path) is None]
                if missing:
                    words = f"the new state does not hold ({'; '.join(proved.problems)}): not switched to"
                    raise UpdateError(UpdateCause.DISK, words)
            old = frozenset() if before is None else frozenset(before.store.lists)
            return tuple((each.issuer, each.uri, each.iat) for each in proved.store.lists if each not in old)

    def _refuse(self, issuer: str, error: UpdateError) -> None:
        """Leave a region as it is held, if it is; raise what ends the whole update."""
        if error.cause in FATAL:
            raise error
        self.refused.setdefault(issuer, error)
        before = self.coming.pop(issuer, None)
        if before is not None and before.held_back:
            return
        try:
            held = held_back(self.around, issuer)
        except UpdateError:
            return
        if held is not None:
            self.coming[issuer] = held

    def _check_some_are_left(self) -> None:
        """Raise UpdateError when every region was refused."""
        if all(region.held_back for region in self.coming.values()):
            first = next(iter(self.refused.values()))
            raise UpdateError(first.cause, "; ".join(self.problems()))


class _RegionRefusedError(Exception):
    """A region turned out faulty while it was being written."""

    def __init__(self, issuer: str, error: UpdateError) -> None:
        super().__init__(issuer)
        self.issuer = issuer
        self.error = error
