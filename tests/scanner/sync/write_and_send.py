"""An appliance's log and its thread for the hub, as a process that is killed.

Writes entries without end, and how many there are into a file, once they are durable.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scanner.config.model import RetentionSection
from scanner.journal.device import Device
from scanner.journal.store import Journal
from scanner.sync import keeper as keeper_module
from scanner.sync import retention
from scanner.sync.keeper import SyncKeeper
from tests.scanner.journal.logs import open_journal, passage


class Holder:
    """The log, as the keeper asks for it."""

    def __init__(self, journal: Journal) -> None:
        self.journal: Journal | None = journal


def write_and_send(state: Path, told: Path, seed: int = 0, pause_s: float = 0.002, retry_s: float = 0.0) -> None:
    """Write and send until somebody ends it; the file `told` says how many entries are durable.

    `seed`: which device; 0 is `DEVICE`, 1 `OTHER_DEVICE`.
    """
    device = Device.of(Ed25519PrivateKey.from_private_bytes(bytes(range(seed, seed + 32))))
    keeper_module.TURN_S = 0.002  # type: ignore[misc]
    retention.TICK_S = 0.0  # type: ignore[misc]  # every second answer tells of the hub's clock
    written = os.open(told, os.O_WRONLY)
    with open_journal(state, device) as journal:
        keeper = SyncKeeper(
            state,
            Holder(journal),
            every_s=0.001,
            retention=RetentionSection(sealed_days=0, entries_days=0),
            now=lambda: 1_800_000_000,
            trusted=lambda: True,
            trouble=lambda *_: None,
            erased=lambda _: None,
            exported=lambda _: None,
            changed=lambda: None,
            spread=lambda low, _: (low or retry_s) if low < 1 else 0.0,
        )
        threading.Thread(target=keeper.run, args=(threading.Event(),), daemon=True).start()
        while True:
            seq = journal.size
            journal.append_all([passage(seq + number, None) for number in range(7)])
            os.pwrite(written, b"%12d" % journal.size, 0)
            threading.Event().wait(pause_s)
