"""What an update says of itself while it goes on, and a source that says each file before it fetches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TypeAlias

from keys.update.source import Source


@unique
class Phase(StrEnum):
    """What an update is about to do."""

    PROVE = "prove"
    """Prove what is held; the subject is the generation."""
    METADATA = "metadata"
    """Fetch the file of metadata that the subject names."""
    TARGET = "target"
    """Fetch the file of a region that the subject names."""
    STORE = "store"
    """Write the status arrays of the region that the subject names."""
    SWITCH = "switch"
    """Prove the new generation, which the subject names, and switch to it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an update, said before it is taken."""

    phase: Phase
    subject: str
    length: int | None = None
    """Bytes to come, where they are signed."""


Progress: TypeAlias = Callable[[Step], None]


def unheard(step: Step) -> None:
    """Take note of no step."""


class Announced:
    """A source, with each file announced before it is fetched."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self._source = source
        self._progress = progress
        self.name = source.name

    def metadata(self, name: str, most: int, length: int | None = None) -> bytes:
        """Fetch a file of metadata: as long as `length` says, where that is signed, but at most `most` bytes.

        Raises FetchError.
        """
        self._progress(Step(Phase.METADATA, name, length))
        return self._source.fetch(f"metadata/{name}", most if length is None else min(length, most))

    def target(self, path: str, stored_at: str, length: int) -> bytes:
        """Fetch the target `path`, which the repository keeps at `stored_at`. Raises FetchError."""
        self._progress(Step(Phase.TARGET, path, length))
        return self._source.fetch(stored_at, length)
