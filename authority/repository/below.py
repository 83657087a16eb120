"""Files below one folder, reached through no link: whoever can write to a stick could else lead us anywhere.

Every folder on the way is opened by its parent's descriptor, so that none can be exchanged for a link in between.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from authority.errors import RepositoryError
from authority.files import PUBLIC_FILE, UNFINISHED, write_whole_at
from keys.update.files import read_below

_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LINKED: Final = frozenset((errno.ELOOP, errno.ENOTDIR))


class Below:
    """A folder `name` below `base`, `base` itself where no name is given. `base` may be a link; nothing below it may.

    Every method raises RepositoryError, with the file's name, for what the file system refuses and for links.
    """

    def __init__(self, base: Path, name: str = "") -> None:
        self.path = base / name
        self._base = base
        self._name = name

    def read(self, path: str, limit: int) -> bytes | None:
        """Return a regular file's content, None where there is none. Longer than `limit` bytes is refused."""
        try:
            return read_below(self._base, f"{self._name}/{path}" if self._name else path, limit)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise _refusal(self.path / path, "read", error) from error

    def status(self, path: str) -> os.stat_result | None:
        """Return what the file system says of a file, of a link itself; None where there is nothing."""
        folder, _, name = path.rpartition("/")
        try:
            with self.opened(folder) as handle:
                return os.stat(name, dir_fd=handle, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refusal(self.path / path, "read", error) from error

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names in a folder, none where there is no such folder."""
        try:
            with self.opened(folder) as handle:
                return tuple(entry.name for entry in os.scandir(handle))
        except FileNotFoundError:
            return ()

    def write(self, path: str, content: bytes) -> None:
        """Put a public file there, whole, and the folders on the way."""
        folder, _, name = path.rpartition("/")
        with self.opened(folder, make=True) as handle:
            try:
                write_whole_at(handle, name, content, PUBLIC_FILE)
            except OSError as error:
                raise _refusal(self.path / path, "written", error) from error

    def remove_from(self, folder: str, superfluous: Callable[[str], bool]) -> list[str]:
        """Delete the files in a folder and below that are `superfluous`, by their paths below it; return these.

        What a crash has left half written goes too. A link is a file here, and what it leads to stays.
        """
        removed: list[str] = []
        try:
            with self.opened(folder) as handle:
                for place, _, names, within in os.fwalk(".", dir_fd=handle):
                    inner = "" if place == "." else f"{place.removeprefix('./')}/"
                    for name in names:
                        unfinished = name.startswith(".") and name.endswith(UNFINISHED)
                        if not unfinished and superfluous(f"{inner}{name}"):
                            removed.append(f"{inner}{name}")
                        elif not unfinished:
                            continue
                        with suppress(FileNotFoundError):
                            os.unlink(name, dir_fd=within)
        except FileNotFoundError:
            return removed
        except OSError as error:
            raise _refusal(self.path / folder, "cleared", error) from error
        return removed

    @contextmanager
    def opened(self, folder: str, *, make: bool = False) -> Iterator[int]:
        """Open a folder, `make` it and those on the way where they are missing. Raises FileNotFoundError too."""
        handles: list[int] = []
        at = self._base
        try:
            try:
                if make:
                    at.mkdir(parents=True, exist_ok=True)
                handles.append(os.open(at, _OPEN_FOLDER & ~os.O_NOFOLLOW))
                for name in (part for part in (self._name, *folder.split("/")) if part):
                    at /= name
                    if make:
                        with suppress(FileExistsError):
                            os.mkdir(name, dir_fd=handles[-1])
                    handles.append(os.open(name, _OPEN_FOLDER, dir_fd=handles[-1]))
            except FileNotFoundError:
                raise
            except OSError as error:
                raise _refusal(at, "opened", error) from error
            yield handles[-1]
        finally:
            for handle in reversed(handles):
                os.close(handle)


def _refusal(path: Path, what: str, error: OSError | ValueError) -> RepositoryError:
    if isinstance(error, OSError) and error.errno in _LINKED:
        return RepositoryError(f"{path} is a link, or leads through one or through a file; no link is followed here.")
    why = error.strerror if isinstance(error, OSError) else error
    return RepositoryError(f"{path} cannot be {what}: {why}.")
