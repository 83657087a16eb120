"""The published folder: metadata and targets, each file whole or not there, and what nobody names any more removed.

Everything in it is public, and may have been put there by anybody who can write to the disk: what is read here is
believed only after its signature, and no link in it is followed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from authority.errors import RepositoryError
from authority.repository.below import Below
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
    """A repository's folder. Nothing is kept in memory; a second process may write to it between two calls.

    It is `base`, which may be a link, or the folder `name` below that, which may not.
    """

    def __init__(self, base: Path, name: str = "") -> None:
        self._files = Below(base, name)
        self.folder = self._files.path

    def __repr__(self) -> str:
        return f"Repository({self.folder})"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against other writers on this machine, and make it where it is missing.

        Raises RepositoryError, also for what the file system refuses inside.
        """
        try:
            with self._files.opened(METADATA, make=True) as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise RepositoryError(f"{error.filename or self.folder} cannot be written: {error.strerror}.") from error

    # --- metadata

    def read(self, name: str, limit: int) -> bytes | None:
        """Return a metadata file, None where there is none. Raises RepositoryError: longer than `limit`, unreadable."""
        return self._files.read(f"{METADATA}/{name}", limit)

    def put(self, name: str, content: bytes) -> None:
        """Write a metadata file, unless it is there already just so."""
        self._put(f"{METADATA}/{name}", content)

    def versions(self) -> Mapping[str, tuple[int, ...]]:
        """Return the versions that lie here of each role but the timestamp, oldest first."""
        found: dict[str, list[int]] = {}
        for name in self._files.names(METADATA):
            parsed = parse_metadata_name(name)
            if parsed is not None:
                found.setdefault(parsed[0], []).append(parsed[1])
        return {role: tuple(sorted(versions)) for role, versions in found.items()}

    # --- targets

    def put_target(self, path: str, content: bytes, sha256: str) -> None:
        """Write a target's content, unless it is there already just so."""
        self._put(f"{TARGETS}/{target_file(path, sha256)}", content)

    def has_target(self, path: str, sha256: str, length: int) -> bool:
        """Whether a file of a target's name and length lies here; what is in it is not looked at."""
        try:
            status = self._files.status(f"{TARGETS}/{target_file(path, sha256)}")
        except RepositoryError:
            return False
        return status is not None and stat.S_ISREG(status.st_mode) and status.st_size == length

    def target(self, path: str, sha256: str, length: int) -> bytes:
        """Return a target's content, proved by length and hash. Raises RepositoryError."""
        file = f"{TARGETS}/{target_file(path, sha256)}"
        content = self._files.read(file, length)
        if content is None:
            raise RepositoryError(f"{path} is missing: there is no {self.folder / file}.")
        if len(content) != length or hashlib.sha256(content).hexdigest() != sha256:
            raise RepositoryError(f"{path} is not what was signed: {self.folder / file} is damaged.")
        return content

    # --- pruning

    def prune(self, keep: Iterable[str], keep_targets: Iterable[str]) -> tuple[str, ...]:
        """Delete metadata and target files that are not named, by their paths below `metadata/` and `targets/`.

        Roots and the timestamp stay, and so does whatever is no repository's file. Returns what was deleted.
        """
        kept, kept_targets = frozenset(keep), frozenset(keep_targets)

        def is_old_metadata(name: str) -> bool:
            parsed = parse_metadata_name(name)
            return parsed is not None and parsed[0] != TopRole.ROOT and name not in kept

        def is_old_content(path: str) -> bool:
            # A country's two days are seventy thousand files: strings, and no paths.
            return path not in kept_targets and _CONTENT_FILE.fullmatch(path.rpartition("/")[2]) is not None

        return (
            *(f"{METADATA}/{name}" for name in self._files.remove_from(METADATA, is_old_metadata)),
            *(f"{TARGETS}/{path}" for path in self._files.remove_from(TARGETS, is_old_content)),
        )

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

    def _put(self, path: str, content: bytes) -> None:
        try:
            there = self._files.read(path, len(content)) == content
        except RepositoryError:
            there = False
        if not there:
            self._files.write(path, content)
