"""Taking in what appliances exported to a folder: the same uploads as by network, in any order, as often as you like.

`checkpoint-log/<device>-<from>-<to>.log` is a row of uploads, each behind its length in 4 bytes, big-endian. Files are
taken in by appliance and number; one that begins after the end of what the hub has is tried again after the others.
A file never blocks another. For the way back, the hub's receipt is written beside them: `<device>.receipt`, the newest
head with the hub's cosignature, under which the appliance may erase what the hub has.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path

from hub import upload
from hub.errors import Problem, RefusalError
from hub.ingest import Ingest, Receipt
from scanner.files import written_beside

FOLDER = "checkpoint-log"
MAX_FILE = 1 << 30
"""Bytes of one file."""
_NAME = re.compile(r"(?P<device>[0-9a-f]{32})-(?P<first>[0-9]{1,19})-(?P<end>[0-9]{1,19})\.log")


@unique
class Taken(StrEnum):
    """What became of a file."""

    DONE = "done"
    """Everything in it is durable at the hub."""
    WAITING = "waiting"
    """Entries before it are missing: bring the files in between."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Imported:
    """One file and what became of it."""

    file: str
    taken: Taken
    device: bytes
    """16 bytes, as the file's name says."""
    receipt: Receipt | None
    """The hub's last word, where it took something of the file."""
    why: str
    """For people; empty when nothing is to be said."""


def log_folder(folder: Path) -> Path:
    """Return where the log files of a stick are: in `checkpoint-log`, unless that is a link, or in the folder given."""
    below = folder / FOLDER
    return below if below.is_dir() and not below.is_symlink() else folder


def bring_in(folder: Path, ingest: Ingest) -> Iterator[Imported]:
    """Take in every log file of a stick. Raises StorageError, and OSError for a folder that cannot be read."""
    where = log_folder(folder)
    waiting = sorted(_files(where), key=lambda one: (one[0], one[1]))
    while waiting:
        later = []
        for device, first, path in waiting:
            found = _one(path, bytes.fromhex(device), ingest)
            if found.taken is Taken.WAITING:
                later.append(((device, first, path), found))
            else:
                yield found
        if len(later) == len(waiting):
            yield from (found for _, found in later)
            return
        waiting = [file for file, _ in later]


def write_receipts(folder: Path, found: Iterable[Imported], ingest: Ingest) -> None:
    """Write the hub's word on all it has of each log that it took something of. Raises OSError, StorageError."""
    for device in sorted({one.device for one in found if one.receipt is not None}):
        below = log_folder(folder)
        with written_beside(below) as side:
            side.file.write(ingest.newest(device).head.encode())
            side.keep_as(below / f"{device.hex()}.receipt")


def _files(folder: Path) -> list[tuple[str, int, Path]]:
    found = []
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        if match:
            found.append((match["device"], int(match["first"]), path))
    return found


def _one(path: Path, device: bytes, ingest: Ingest) -> Imported:
    receipt, erased = None, ""
    try:
        for body in _bodies(path):
            try:
                receipt = ingest.take(device, body, by_hand=True)
            except RefusalError as refusal:
                if refusal.answer.problem is not Problem.ERASED:
                    raise
                erased = refusal.answer.detail  # what follows it in the file may be new
    except RefusalError as refusal:
        answer = refusal.answer
        taken = Taken.WAITING if answer.problem is Problem.GAP else Taken.REFUSED
        return Imported(path.name, taken, device, receipt, answer.detail)
    except (OSError, ValueError) as error:
        return Imported(path.name, Taken.REFUSED, device, receipt, f"cannot be read: {error}")
    return Imported(path.name, Taken.DONE if receipt is not None else Taken.REFUSED, device, receipt, erased)


def _bodies(path: Path) -> Iterator[bytes]:
    """Yield the uploads of a file. Raises OSError, ValueError: no plain file, cut short, or a length of no upload."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE:
            raise ValueError("no plain file of at most 1 GiB")
        while head := file.read(4):
            length = int.from_bytes(head, "big")
            if len(head) != 4 or not 0 < length <= upload.MAX_BODY:
                raise ValueError("the length of an upload is damaged")
            body = file.read(length)
            if len(body) != length:
                raise ValueError("the file was cut short")
            yield body
