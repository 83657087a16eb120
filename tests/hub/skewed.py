"""An appliance whose clock is set while it works, as a process that is killed: see `test_clocks`."""

from __future__ import annotations

import multiprocessing.sharedctypes
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scanner.clock import Clock, ClockError, Evidence, EvidenceKind
from scanner.config.model import RetentionSection
from scanner.sync import keeper as keeper_module
from scanner.sync import schedule
from scanner.sync.keeper import SyncKeeper
from scanner.values import ClockTrust
from tests.scanner.journal.logs import open_journal, passage
from tests.scanner.sync.write_and_send import Holder


def write_and_send_by(ahead_s: multiprocessing.sharedctypes.Synchronized[int], state: Path, boot: str) -> None:
    """Write and send until somebody ends it, by a clock so far ahead, believed as soon as it is looked at."""
    keeper_module.TURN_S = 0.002  # type: ignore[misc]
    schedule.PRESENCE_S = 0.02  # type: ignore[misc]
    clock = Clock(
        state,
        probes=[lambda _: Evidence(EvidenceKind.NTP, "test")],
        boot=boot,
        wall=lambda: time.time() + ahead_s.value,
        build_time=0,
    )
    with open_journal(state) as journal:
        keeper = SyncKeeper(
            state,
            Holder(journal),
            every_s=0.001,
            retention=RetentionSection(sealed_days=14, entries_days=30),
            now=clock.now,
            trusted=lambda: clock.trust() is ClockTrust.TRUSTED,
            trouble=lambda *_: None,
            erased=lambda _: None,
            exported=lambda _: None,
            changed=lambda: None,
            spread=lambda low, _: low if low < 1 else 0.0,
        )
        threading.Thread(target=keeper.run, args=(threading.Event(),), daemon=True).start()
        while True:
            draft = replace(passage(journal.size, None), time_ms=clock.now_ms(), clock=clock.trust())
            journal.append(draft)
            with suppress(ClockError):
                clock.raise_floor(0, "log")
            clock.poll()
            threading.Event().wait(0.005)
