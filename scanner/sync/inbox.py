"""What commands leave for the engine, for it alone writes the log: a hub's receipt from a stick, word of an export."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keys.tree_head import MAX_NOTE
from scanner.files import give_to_owner, replace_file

LOG = logging.getLogger(__name__)

FOLDER: Final = "hand-over"
SUFFIX: Final = ".json"
MAX_BYTES: Final = 8 * MAX_NOTE
MAX_WAITING: Final = 100
"""Files that may wait for an engine; of more, the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class LeftReceipt:
    """A head with the hub's cosignature. Nothing of it is believed yet."""

    note: str


@dataclass(frozen=True, slots=True)
class LeftExport:
    """Entries `start` up to, not including, `stop` were written to a stick."""

    start: int
    stop: int


Left = LeftReceipt | LeftExport


def leave(state: Path, left: Left) -> None:
    """Put something into the state folder for the engine. Raises OSError."""
    folder = state / FOLDER
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            give_to_owner(handle, state)
        finally:
            os.close(handle)
    waiting = sorted(folder.glob(f"*{SUFFIX}"))
    for old in waiting[: max(0, len(waiting) - MAX_WAITING + 1)]:
        old.unlink(missing_ok=True)
    fields = {"note": left.note} if isinstance(left, LeftReceipt) else {"start": left.start, "stop": left.stop}
    name = f"{time.time_ns():020d}-{os.getpid()}{SUFFIX}"
    replace_file(folder / name, json.dumps(fields, ensure_ascii=False).encode(), mode=0o600)


def take(state: Path) -> tuple[Left, ...]:
    """Return what was left, oldest first, and remove it. What cannot be read is dropped."""
    found: list[Left] = []
    for path in sorted((state / FOLDER).glob(f"*{SUFFIX}"))[:MAX_WAITING]:
        try:
            with path.open("rb") as file:
                found.append(_read(file.read(MAX_BYTES + 1)))
        except (OSError, ValueError, RecursionError) as error:
            LOG.warning("%s cannot be read: %s", path, error)
        with contextlib.suppress(OSError):
            path.unlink()
    return tuple(found)


def _read(data: bytes) -> Left:
    fields = json.loads(data)
    match fields:
        case {"note": str() as note} if len(note) <= MAX_NOTE:
            return LeftReceipt(note)
        case {"start": int() as start, "stop": int() as stop} if 0 <= start < stop < 1 << 63:
            return LeftExport(start, stop)
    raise ValueError("it is nothing that is left here")
