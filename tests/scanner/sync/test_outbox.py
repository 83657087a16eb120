"""What the outbox tells of entries that wait."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner.sync.outbox import open_outbox
from scanner.values import ClockTrust
from tests.scanner.journal.logs import DEVICE, START, open_journal, passage


@pytest.mark.parametrize(("untrusted", "trusted"), [(0, 3), (15, 3), (16, 2), (100, 1), (700, 100)])
def test_the_wait_of_entries_whose_time_nobody_vouched_for_is_told_by_any_later_one(
    tmp_path: Path, untrusted: int, trusted: int
) -> None:
    with open_journal(tmp_path) as journal:
        unknown = [replace(passage(0, None), time_ms=0, clock=ClockTrust.UNTRUSTED) for _ in range(untrusted)]
        journal.append_all(unknown + [passage(number, None) for number in range(trusted)])
    with open_outbox(tmp_path, DEVICE) as outbox:
        found = outbox.written_by(0)
        assert found is not None
        assert START <= found <= START + trusted * 1000
        assert outbox.written_by(untrusted) == START
        assert outbox.written_by(outbox.size) is None
