"""Is there a place for what the appliance keeps: the state folder, the log, the staff's PINs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keys.errors import KeyFileError
from scanner.config.model import Configuration
from scanner.health.finding import Finding, failed, good, warning
from scanner.journal.device import PUBLIC_NAME, read_public
from scanner.journal.errors import JournalError
from scanner.journal.files import MARGIN, free_bytes, journal_path
from scanner.journal.verify import verify
from scanner.staff import Role, Staff, StaffError

MB: Final = 1024 * 1024
COMFORTABLE: Final = 512 * MB
"""Free bytes below which somebody should look after the disk: weeks of entries, but not years."""


def check_state_folder(configuration: Configuration) -> Iterator[Finding]:
    """Yield whether the state folder can be written, is private, and has room."""
    folder = configuration.state.folder
    part = "state folder"
    if not folder.exists():
        if can_be_made(folder):
            yield good(part, f"{folder} is not there yet; it will be made at the first start")
        else:
            yield failed(part, f"{folder} cannot be made", f"make it: sudo install -d -m 700 -o {_user()} {folder}")
        return
    if not folder.is_dir():
        yield failed(part, f"{folder} is not a folder", "move that file away, or name another folder in [state]")
        return
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
        mode = folder.stat().st_mode & 0o777
        free = free_bytes(folder)
    except OSError as error:
        advice = f"make it this user's own: sudo chown -R {_user()} {folder}; if its disk is read-only, remount it"
        yield failed(part, f"{folder} cannot be written: {error.strerror}", advice)
        return
    if mode & 0o077:
        yield warning(part, f"other users may look into {folder}", f"close it: chmod 700 {folder}")
    needed = configuration.journal.reserve_mb * MB + MARGIN
    if free < needed:
        advice = "free some space: nobody passes without a log entry"
        yield failed(part, f"only {free // MB} MB are free in {folder}, {needed // MB} MB are needed", advice)
    elif free < COMFORTABLE:
        yield warning(part, f"{folder} can be written, but only {free // MB} MB are free", "free some space soon")
    else:
        yield good(part, f"{folder} can be written, {free // MB:,} MB are free")


def check_journal(configuration: Configuration) -> Iterator[Finding]:
    """Yield whether every entry of the log holds. Reads only, also beside a running engine."""
    folder = configuration.state.folder
    path = journal_path(folder)
    part = "log"
    if not path.exists():
        yield good(part, "there is no log yet; it begins at the first start")
        return
    try:
        report = verify(path, read_public(folder / PUBLIC_NAME))
    except (JournalError, KeyFileError, OSError) as error:
        yield failed(part, f"the log cannot be checked: {error}", "run: checkpoint journal verify")
        return
    if report.problem is not None:
        advice = "keep the file as it is, copy it away, and tell the authority: see docs/operations.md"
        yield failed(part, f"the log does not hold: {report.problem.text}", advice)
    else:
        yield good(part, f"{report.entries:,} entries hold, {report.signed:,} of them under a signed head")


def check_staff(configuration: Configuration) -> Iterator[Finding]:
    """Yield whether there is anybody who may override."""
    part = "staff"
    advice = "add one: checkpoint staff add"
    try:
        members = Staff.open(configuration.state.folder).members()
    except (StaffError, OSError) as error:
        yield failed(part, f"the staff's PINs cannot be read: {error}", "put the file right, or restore a copy of it")
        return
    if not members:
        yield warning(part, "there is no staff: nobody can admit a person whom the appliance refers", advice)
    elif not any(member.role is Role.SUPERVISOR for member in members):
        yield warning(part, f"{len(members)} of staff, no supervisor among them", advice)
    else:
        yield good(part, f"{len(members)} of staff have PINs")


def _user() -> str:
    return os.environ.get("USER") or str(os.getuid())


def can_be_made(path: Path) -> bool:
    """Whether this user could make `path`, with the folders above it."""
    parent = next(parent for parent in path.absolute().parents if parent.exists())
    return os.access(parent, os.W_OK | os.X_OK)
