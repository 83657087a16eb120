"""Finding a mounted stick that carries the trust repository."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from keys.printable import printable
from keys.update.source import STICK_FOLDER

TIMESTAMP = Path("metadata", "timestamp.json")
MAX_TIMESTAMP = 16 * 1024
MAX_FOUND = 8
MAX_LABEL = 40


@dataclass(frozen=True, slots=True)
class Stick:
    """A repository on a stick. Nothing in it is believed yet."""

    folder: Path
    """The repository itself."""
    digest: str
    """Of its timestamp: tells whether this state of the repository has been looked at before."""

    @property
    def label(self) -> str:
        """What people call the stick: where it is mounted. Its maker may have chosen that: made fit to show."""
        name = self.folder.parent.name or str(self.folder.parent)
        return printable(os.fsencode(name).decode("utf-8", "replace"))[:MAX_LABEL]


def find(patterns: Iterable[str]) -> tuple[Stick, ...]:
    """Return the repositories on whatever is mounted where `patterns` say; a sick stick may make this wait."""
    found: dict[tuple[int, int], Stick] = {}
    for folder in _folders(patterns):
        digest = _digest(folder / TIMESTAMP)
        if digest is None:
            continue
        try:
            status = folder.stat()
        except OSError:
            continue  # pulled out since
        found.setdefault((status.st_dev, status.st_ino), Stick(folder, digest))
        if len(found) == MAX_FOUND:
            break
    return tuple(found.values())


def digest_of(folder: Path) -> str | None:
    """Return the digest of the repository in `folder`, None where there is none."""
    return _digest(folder / TIMESTAMP)


def _folders(patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        for place in sorted(glob.glob(pattern)):  # noqa: PTH207 - patterns are absolute, as mounts are
            folder = Path(place) / STICK_FOLDER
            try:
                if folder.is_dir():
                    yield folder
            except OSError:
                continue  # a stick that was pulled out this moment


def _digest(path: Path) -> str | None:
    """Return what tells a timestamp's content, None where there is no ordinary file of its size."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            data = file.read(MAX_TIMESTAMP + 1)
    except OSError:
        return None
    if not data or len(data) > MAX_TIMESTAMP:
        return None
    return hashlib.sha256(data).hexdigest()
