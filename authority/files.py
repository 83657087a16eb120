"""Files that are whole or absent: written to the side, brought to the disk, then renamed."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from authority.errors import FolderError

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
PUBLIC_FILE: Final = 0o644

UNFINISHED: Final = ".writing"
"""Suffix of a file that is not finished; nothing that reads a trust folder takes it for a list."""


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Put `content` at `path` with exactly `mode`, whatever the umask; a crash leaves the old file or the new one.

    Raises OSError as the file system does.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        write_whole_at(folder, path.name, content, mode)
    finally:
        os.close(folder)


def write_whole_at(folder: int, name: str, content: bytes, mode: int) -> None:
    """Do what `write_whole` does in the folder of a descriptor. Raises OSError as the file system does."""
    aside = f".{name}{UNFINISHED}"
    with suppress(FileNotFoundError):
        os.unlink(aside, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(aside, flags, PRIVATE_FILE, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            try:
                os.fchmod(stream.fileno(), mode)
            except PermissionError:
                if mode != PUBLIC_FILE:  # a FAT stick knows no modes, and what is public needs none
                    raise
            os.fsync(stream.fileno())
        os.replace(aside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(FileNotFoundError):
            os.unlink(aside, dir_fd=folder)
        raise
    os.fsync(folder)


def remove_unfinished(folder: Path) -> None:
    """Delete what a crash left half written directly in `folder`."""
    for path in folder.glob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)


def make_private_folder(folder: Path) -> None:
    """Create `folder` for its owner alone, whatever the umask.

    Raises FolderError when something is there already or it cannot be made.
    """
    try:
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True)
        folder.chmod(PRIVATE_FOLDER)
    except FileExistsError:
        raise FolderError(f"{folder} is there already; name a folder that does not exist yet.") from None
    except OSError as error:
        raise FolderError(f"{folder} cannot be made: {error.strerror}.") from error


def make_private_file(path: Path) -> None:
    """Create an empty `path` readable by its owner alone, whatever the umask; it must not exist."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    os.fchmod(handle, PRIVATE_FILE)
    os.close(handle)


def refuse_shared(path: Path) -> None:
    """Raise FolderError when anyone but its owner can reach `path`, a file or folder that holds secrets."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise FolderError(f"{path} cannot be opened: {error.strerror}.") from error
    if mode & 0o077:
        raise FolderError(f"{path} is open to others (mode {mode:04o}); run: chmod go= {path}")
