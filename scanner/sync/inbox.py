"""What commands leave for the engine, for it alone writes the log: a hub's receipt from a stick, word of an export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from keys.tree_head import MAX_NOTE
from scanner.letterbox import Letterbox

FOLDER: Final = "hand-over"
BOX: Final = Letterbox(FOLDER, max_bytes=8 * MAX_NOTE, max_waiting=100)


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
    BOX.leave(state, {"note": left.note} if isinstance(left, LeftReceipt) else {"start": left.start, "stop": left.stop})


def take(state: Path) -> tuple[Left, ...]:
    """Return what was left, oldest first, and remove it. What cannot be read is dropped."""
    return BOX.take(state, _read)


def _read(fields: object) -> Left:
    match fields:
        case {"note": str() as note} if len(note) <= MAX_NOTE:
            return LeftReceipt(note)
        case {"start": int() as start, "stop": int() as stop} if 0 <= start < stop < 1 << 63:
            return LeftExport(start, stop)
    raise ValueError("it is nothing that is left here")
