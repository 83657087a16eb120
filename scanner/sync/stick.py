"""The log on a stick: files of uploads, as they would go by network; and the hub's receipt on the way back.

`checkpoint-log/<device>-<from>-<to>.log` holds entries `from` up to, not including, `to`. The hub takes such files in
any order, twice, and mixed with what comes by network.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scanner.files import written_beside
from scanner.journal.device import Device
from scanner.sync.outbox import open_outbox
from scanner.sync.wire import encode_upload, frame

FOLDER: Final = "checkpoint-log"
MAX_FILE: Final = 256 << 20
"""Bytes after which another file is begun: sticks are FAT, and a file that is cut is lost whole."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One file."""

    path: Path
    start: int
    stop: int
    """Entries `start` up to, not including, `stop`."""
    altered: int | None
    """The first of them that is not what was written."""


def export(
    state: Path, device: Device, folder: Path, start: int | None, *, progress: Callable[[int, int], None]
) -> Iterator[Exported]:
    """Write what nobody holds yet, or everything from entry `start` on, below `folder`; yield each file that is safe.

    `progress` is told how many entries are written and how many there are. A file is written to the side, synced and
    renamed: one that is there is whole. Raises OSError, and JournalError.
    """
    below = folder / FOLDER
    below.mkdir(exist_ok=True)
    if below.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "is a link to somewhere else", str(below))
    with open_outbox(state, device) as outbox:
        at = max(outbox.pruned, outbox.durable if start is None else start)
        size = outbox.size
    while at < size:
        first, altered = at, None
        with written_beside(below) as side:
            while at < size and side.file.tell() < MAX_FILE:
                with open_outbox(state, device) as outbox:
                    batch = outbox.batch(at)
                side.file.write(frame(encode_upload(batch.upload)))
                altered = batch.altered if altered is None else altered
                at = batch.stop
                progress(at, size)
            path = below / f"{device.id.hex()}-{first}-{at}.log"
            side.keep_as(path)
        yield Exported(path, first, at, altered)
