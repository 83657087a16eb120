"""An appliance's trust folder for tests: what it does with a repository, in one line each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from keys.status_anchor import Name
from keys.update import FolderSource, Outcome, Proved, Source, UpdateError, current_generation, pin_root, prove, update
from tests.keys.update.repository import HOME, NOW, OTHER, Repository

REGIONS = (HOME, OTHER)


@dataclass
class Appliance:
    """A trust folder, what the log has seen, and the clock."""

    folder: Path
    regions: tuple[str, ...] = REGIONS
    now: int = NOW + 60
    seen: dict[Name, int] = field(default_factory=dict)
    sure: bool = True
    """Whether something vouches for the clock since boot."""

    @classmethod
    def founded(cls, folder: Path, repository: Repository, **changes: object) -> Appliance:
        """An appliance that has pinned the repository's first root and taken in what it publishes."""
        appliance = cls(folder, **changes)
        pin_root(folder, FolderSource(repository.folder), repository.root_digest())
        appliance.update(repository)
        return appliance

    def copy(self, folder: Path) -> Appliance:
        """Another one that holds the same."""
        shutil.copytree(self.folder, folder, symlinks=True, copy_function=shutil.copy)
        return replace(self, folder=folder, seen=dict(self.seen))

    def update(self, source: Repository | Source) -> Outcome:
        """Update, and remember what was seen as the engine does."""
        if isinstance(source, Repository):
            source = FolderSource(source.folder)
        outcome = update(self.folder, source, self.regions, self.now, seen=self.seen, believe_signed_time=not self.sure)
        self.seen |= {(issuer, uri): iat for issuer, uri, iat in outcome.lists}
        return outcome

    @contextmanager
    def proved(self, *, seen: Mapping[Name, int] | None = None) -> Iterator[Proved]:
        """What is in force, proved from the disk."""
        found = prove(self.folder, self.regions, self.now, self.seen if seen is None else seen)
        with found.store:
            yield found

    def value(self, uri: str, index: int, issuer: str = HOME) -> int | None:
        """What the lists in force say of a code."""
        with self.proved() as found:
            entry = found.store.lookup(issuer, uri, index)
            return None if entry is None else entry.value

    @contextmanager
    def refusing(self, words: str) -> Iterator[pytest.ExceptionInfo[UpdateError]]:
        """Expect an update to be refused with `words`, and the old state to be in force afterwards, whole."""
        before = current_generation(self.folder)
        seen = dict(self.seen)
        with pytest.raises(UpdateError, match=words) as raised:
            yield raised
        assert current_generation(self.folder) == before
        with self.proved() as found:
            assert found.generation == before
            assert {anchor.name: anchor.iat for anchor in found.store.lists} == seen
            assert [problem for problem in found.problems if "its role has expired" not in problem] == []
        assert not list((self.folder / "generations").glob("*.stage"))
