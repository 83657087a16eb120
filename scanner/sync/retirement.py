"""The end of an appliance, by the authority's order: its log handed in, all erased, and a last entry to prove it.

Nothing is erased before the hub has cosigned every entry. Then the log is emptied under that head, one more entry says
so, and when the hub has cosigned that too, key, staff, trust and log go; what stays is the cosigned head, which names
nobody. A box that loses its power in between begins again with whatever step is due.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scanner.files import replace_file
from scanner.journal.database import Erasure
from scanner.journal.detail import Erased, ErasureDetail
from scanner.journal.device import KEY_NAME
from scanner.journal.entry import decode
from scanner.journal.errors import EntryError
from scanner.journal.store import Journal
from scanner.sync.retention import SLICE

PROOF: Final = "retired.json"
_MAX: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Retired:
    """What a retired appliance keeps."""

    device: str
    at: int
    """Seconds since 1970 UTC."""
    head: str
    """The last head, over the entry that says that everything was erased, with the hub's cosignature."""


def empty(journal: Journal, now: int, pause: Callable[[], bool]) -> bool:
    """Erase every entry and its sealed part, all of which a witness holds; False where `pause` said to stop."""
    stop = journal.size
    for at in range(journal.pruned, stop, SLICE):
        journal.prune(min(at + SLICE, stop))
        if pause():
            return False
    journal.note_erasure(Erasure(now, Erased.EVERYTHING, 0, stop, stop))
    return journal.sweep()


def is_ended(journal: Journal) -> bool:
    """Whether the newest entry says that everything before it was erased. Raises JournalError."""
    size = journal.size
    last = journal.entries(size - 1, size) if size else ()
    if not last:
        return False
    try:
        found = decode(last[0].body).detail
    except EntryError:
        return False
    return isinstance(found, ErasureDetail) and found.what is Erased.EVERYTHING


def wipe(state: Path, trust: Path, left: Retired) -> None:
    """Leave the proof, then erase everything else that the appliance kept, its key first. Raises OSError.

    A wipe that was cut off is gone on with by another call. What a flash card keeps in worn blocks is beyond any
    software.
    """
    fields = {"device": left.device, "at": left.at, "head": left.head}
    replace_file(state / PROOF, json.dumps(fields, ensure_ascii=False, indent=1).encode() + b"\n", mode=0o644)
    key = state / KEY_NAME
    if key.exists():
        size = key.stat().st_size
        with key.open("r+b") as file:
            file.write(os.urandom(size))
            file.flush()
            os.fsync(file.fileno())
        key.unlink()
    if trust.exists():
        shutil.rmtree(trust)
    for path in state.iterdir():
        if path.name == PROOF:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def read_retired(state: Path) -> Retired | None:
    """Read what a retired appliance left, None where it is none. A file that cannot be read counts as one."""
    try:
        with (state / PROOF).open("rb") as file:
            fields = json.loads(file.read(_MAX))
        return Retired(str(fields["device"]), int(fields["at"]), str(fields["head"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return Retired("unknown", 0, "")
