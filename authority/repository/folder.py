"""The published folder: metadata and targets, each file whole or not there, and what nobody names any more removed.

Everything in it is public, and may have been put there by anybody who can write to the disk: what is read here is
believed only after its signature.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from authority.errors import RepositoryError
from authority.files import PUBLIC_FILE, remove_unfinished, write_whole
from authority.repository.layout import (
    METADATA,
    TARGETS,
    TopRole,
    metadata_name,
    parse_metadata_name,
    target_file,
)

_CONTENT_FILE: Final = re.compile(r"[0-9a-f]{64}\.[A-Za-z0-9._-]+")


class Repository:
    """A repository's folder. Nothing is kept in memory; a second process may write to it between two calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"Repository({self.folder})"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against other writers on this machine, and make it where it is missing.

        Raises RepositoryError, also for what the file system refuses inside.
        """
        try:
            (self.folder / METADATA).mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / METADATA, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
        except OSError as error:
            raise RepositoryError(f"{error.filename or self.folder} cannot be written: {error.strerror}.") from error

    # --- metadata

    def read(self, name: str, limit: int) -> bytes | None:
        """Return a metadata file, None where there is none. Raises RepositoryError: longer than `limit`, unreadable."""
        return _read(self.folder / METADATA / name, limit)

    def put(self, name: str, content: bytes) -> None:
        """Write a metadata file, unless it is there already just so."""
        path = self.folder / METADATA / name
        if not _holds(path, content):
            write_whole(path, content, PUBLIC_FILE)

    def versions(self) -> Mapping[str, tuple[int, ...]]:
        """Return the versions that lie here of each role but the timestamp, oldest first."""
        found: dict[str, list[int]] = {}
        try:
            for path in (self.folder / METADATA).iterdir():
                parsed = parse_metadata_name(path.name)
                if parsed is not None:
                    found.setdefault(parsed[0], []).append(parsed[1])
        except FileNotFoundError:
            return {}
        return {role: tuple(sorted(versions)) for role, versions in found.items()}

    # --- targets

    def put_target(self, path: str, content: bytes, sha256: str) -> None:
        """Write a target's content, unless it is there already just so."""
        file = self.folder / TARGETS / target_file(path, sha256)
        if not _holds(file, content):
            file.parent.mkdir(parents=True, exist_ok=True)
            write_whole(file, content, PUBLIC_FILE)

    def has_target(self, path: str, sha256: str, length: int) -> bool:
        """Whether a file of a target's name and length lies here; what is in it is not looked at."""
        try:
            status = (self.folder / TARGETS / target_file(path, sha256)).lstat()
        except OSError:
            return False
        return stat.S_ISREG(status.st_mode) and status.st_size == length

    def target(self, path: str, sha256: str, length: int) -> bytes:
        """Return a target's content, proved by length and hash. Raises RepositoryError."""
        file = self.folder / TARGETS / target_file(path, sha256)
        content = _read(file, length)
        if content is None:
            raise RepositoryError(f"{path} is missing: there is no {file}.")
        if len(content) != length or hashlib.sha256(content).hexdigest() != sha256:
            raise RepositoryError(f"{path} is not what was signed: {file} is damaged.")
        return content

    # --- pruning

    def prune(self, keep: Iterable[str], keep_targets: Iterable[str]) -> tuple[str, ...]:
        """Delete metadata and target files that are not named, by their paths below `metadata/` and `targets/`.

        Roots and the timestamp stay, and so does whatever is no repository's file. Returns what was deleted.
        """
        kept, removed = frozenset(keep), []
        remove_unfinished(self.folder / METADATA)
        for role, versions in self.versions().items():
            if role != TopRole.ROOT:
                files = (metadata_name(role, version) for version in versions)
                removed += [f"{METADATA}/{file}" for file in files if file not in kept]
        # A country's two days are seventy thousand files: strings here, and paths only for what goes.
        kept, beginning = frozenset(keep_targets), len(f"{self.folder / TARGETS}/")
        for place, _, names in os.walk(self.folder / TARGETS):
            remove_unfinished(Path(place))
            folder = f"{place}/"[beginning:]
            files = (f"{folder}{name}" for name in names if _CONTENT_FILE.fullmatch(name))
            removed += [f"{TARGETS}/{file}" for file in files if file not in kept]
        for file in removed:
            (self.folder / file).unlink()
        return tuple(removed)

    def content_files(self, role: str, version: int, limit: int) -> frozenset[str]:
        """Return the files below `targets/` that a role's metadata names, unproved; none when it cannot be read.

        For pruning only: a file that is named by anybody is kept.
        """
        try:
            content = self.read(metadata_name(role, version), limit)
            targets = json.loads(content or b"null")["signed"]["targets"]
            return frozenset(target_file(path, each["hashes"]["sha256"]) for path, each in targets.items())
        except (RepositoryError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return frozenset()


def _holds(path: Path, content: bytes) -> bool:
    try:
        return _read(path, len(content)) == content
    except RepositoryError:
        return False


def _read(path: Path, limit: int) -> bytes | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            content = file.read(limit + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RepositoryError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > limit:
        raise RepositoryError(f"{path} is longer than {limit} bytes.")
    return content
