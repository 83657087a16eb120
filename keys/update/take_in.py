"""Taking in an update: fetch, verify, stage, prove the stage, switch. Whatever fails leaves the old state in force.

A region's publication is taken in whole or not at all. One that is refused leaves that region as it was, in words, and
the others go on; a source that fails as such, or our own disk, ends the update.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from keys.errors import StatusListError, UpdateCause, UpdateError
from keys.status_anchor import Name
from keys.status_store import StatusStore
from keys.status_writer import StoreWriter
from keys.update.chain import Chain
from keys.update.fleet import FLEET, order_path
from keys.update.fleet_in import FleetIn, held_orders, newest_orders
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
from keys.update.outcome import Outcome, Refused
from keys.update.place import LockedPlace, Place
from keys.update.region_in import FATAL, Around, RegionIn, RegionWriter, held_back, newest
from keys.update.source import Source
from keys.update.stage import STATUS_FILE, Stage
from keys.update.step import Announced, Phase, Progress, Step, unheard


def update(
    folder: Path,
    source: Source,
    regions: Sequence[str],
    now: int,
    *,
    seen: Mapping[Name, int],
    believe_signed_time: bool,
    check_policy: Callable[[bytes], None] | None = None,
    device: str | None = None,
    progress: Progress = unheard,
) -> Outcome:
    """Bring the trust folder up to date from `source` for `regions`, home first, at `now` (seconds since 1970).

    `seen` holds for each list, by its issuer and uri, the newest `iat` the log knows: nothing older is taken in.
    `believe_signed_time`: nothing vouches for our clock since boot, so the repository's own signed time is the time to
    judge by where it is later. `check_policy` is given the home region's policy when it is new, and raises ValueError
    or KeysError where this appliance cannot read it: then home's publication is refused, and the last one stays.
    `device`: this appliance's id, hexadecimal; what the authority orders of it comes along.

    A region that is not admitted any more, or whose key was taken back, goes at once, home too. Raises UpdateError,
    whose `cause` is for the log and whose words are for people; then what was in force before still is.
    """
    if not regions:
        raise ValueError("an update needs at least one region")
    with Place(folder).locked() as place, ExitStack() as open_stores:
        place.sweep()
        terms = Terms(place.pinned_root(), regions, regions[0], now, seen, device)
        held = _held(place, terms, progress)
        if held is not None:
            open_stores.callback(held.store.close)
        requests, received = source.requests, source.received
        announced = Announced(source, progress)
        chain = Chain(terms.pinned, now)
        top = fetch_top_level(announced, chain, held.top if held is not None else None, believe=believe_signed_time)
        attempt = _Attempt(place, Around(announced, chain, held, terms, check_policy), top, progress)
        attempt.choose()
        if attempt.is_news():
            attempt.take_in()
        return Outcome(
            source=source.name,
            home=terms.home,
            changed=attempt.switched,
            generation=place.current() or "",
            requests=source.requests - requests,
            bytes=source.received - received,
            lists=attempt.lists,
            signed_time=attempt.signed_time(),
            refused=attempt.refusals(),
            problems=attempt.problems,
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
    let_go: set[str] = field(default_factory=set)
    """Regions whose held publication holds no longer: they have lost their admission, or the key that signed it."""
    switched: bool = False
    lists: tuple[tuple[str, str, int], ...] = ()
    """Lists that came into force."""
    fleet: FleetIn | None = None
    """What is ordered of this appliance."""
    fleet_refused: str | None = None
    problems: tuple[str, ...] = ()
    """What does not hold of the generation in force, apart from what was refused."""

    def __post_init__(self) -> None:
        if self.around.held is not None:
            self._note_problems(self.around.held)

    def choose(self) -> None:
        """Prove each region's role and choose its way. Raises UpdateError: none is to be had."""
        for issuer in self.around.terms.regions:
            try:
                self.coming[issuer] = newest(self.around, issuer)
            except UpdateError as error:
                self._refuse(issuer, error)
        self._check_some_are_left()
        self._choose_fleet()

    def is_news(self) -> bool:
        """Whether the next generation would differ from the one in force."""
        held = self.around.held
        if held is None or held.top != self.top or held.regions.keys() != self.coming.keys():
            return True
        if (None if held.fleet is None else held.fleet.role) != (None if self.fleet is None else self.fleet.role):
            return True
        return not all(region.unchanged for region in self.coming.values())

    def signed_time(self) -> int | None:
        """Return the home region's signed time."""
        home = self.around.terms.home
        return None if home in self.refused else self.coming[home].publication.published_at

    def refusals(self) -> tuple[Refused, ...]:
        """Return who was refused and why."""
        carried = self.around.terms.regions
        return tuple(
            Refused(issuer, self.refused[issuer].cause, str(self.refused[issuer]))
            for issuer in carried
            if issuer in self.refused
        )

    def take_in(self) -> None:
        """Stage, prove and switch, unless nothing is new in the end. Raises UpdateError."""
        with self.place.stage() as stage:
            with self.place.writing():
                documents = self._write(stage)
                if not self.is_news():
                    return
                for path in stage.paths - documents - {STATUS_FILE}:
                    stage.drop(path)
                self._write_metadata(stage)
            self._prove(stage)
            self.place.commit(stage)
            self.switched = True

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
        if (
            held is not None
            and kept
            and kept == {anchor.name for anchor in held.store.lists}
            and not self._lists_come()
        ):
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
        if self.fleet is not None:
            metadata[role_path(FLEET)] = self.fleet.role
            if self.fleet.order is not None:
                metadata[target_path(order_path(self.around.terms.device or ""))] = self.fleet.order
        for path, content in metadata.items():
            stage.write(path, content)

    def _choose_fleet(self) -> None:
        """Prove the newest order for this appliance; one that is refused leaves the last one in force, in words."""
        device, held = self.around.terms.device, None if self.around.held is None else self.around.held.fleet
        if device is None:
            return
        try:
            self.fleet = newest_orders(self.around, device, held)
        except UpdateError as error:
            if error.cause in FATAL:
                raise
            self.fleet_refused = f"{FLEET}: {error}"
            self.problems = (*self.problems, self.fleet_refused)
            self.fleet = held_orders(self.around, held)

    def _prove(self, stage: Stage) -> None:
        """Prove the stage as every later start will, and note which lists are new. Raises UpdateError."""
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
            self.lists = tuple((each.issuer, each.uri, each.iat) for each in proved.store.lists if each not in old)
            if (None if proved.fleet is None else proved.fleet.order) != (
                None if self.fleet is None else self.fleet.order
            ):
                words = f"the new state does not hold this appliance's order ({'; '.join(proved.problems)})"
                raise UpdateError(UpdateCause.DISK, f"{words}: not switched to")
            self._note_problems(proved)

    def _note_problems(self, held: Held) -> None:
        """Note what does not hold of a generation; that a region's newest publication was refused is no news of it."""
        found = tuple(problem for problem in held.problems if problem not in held.kept_back)
        self.problems = found if self.fleet_refused is None else (*found, self.fleet_refused)

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
            self.let_go.add(issuer)
            return
        if held is not None:
            self.coming[issuer] = held

    def _check_some_are_left(self) -> None:
        """Raise UpdateError when every region was refused, and nothing that is held has to go."""
        if not self.let_go and all(region.held_back for region in self.coming.values()):
            refusals = self.refusals()
            raise UpdateError(refusals[0].cause, "; ".join(str(each) for each in refusals))


class _RegionRefusedError(Exception):
    """A region turned out faulty while it was being written."""

    def __init__(self, issuer: str, error: UpdateError) -> None:
        super().__init__(issuer)
        self.issuer = issuer
        self.error = error
