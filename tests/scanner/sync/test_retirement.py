"""The end of an appliance: nothing goes before the hub has it, and a power cut at any point is gone on from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scanner.journal.verify import verify
from scanner.sync.retirement import PROOF, Retired, empty, read_retired, wipe
from tests.scanner.journal.logs import DEVICE, make_log, open_journal, passage
from tests.scanner.journal.test_retention import keep

LEFT = Retired(DEVICE.id.hex(), 1_800_000_000, "a head\n")


def test_a_log_that_the_hub_does_not_hold_whole_is_not_emptied(tmp_path: Path) -> None:
    path = make_log(tmp_path, 600)
    with open_journal(tmp_path) as journal:
        keep(journal, 599)
        with pytest.raises(ValueError, match="witness"):
            empty(journal, 1, lambda: False)
    assert verify(path, DEVICE.public_key).ok


def test_an_emptied_log_takes_one_more_entry_and_still_proves_itself(tmp_path: Path) -> None:
    path = make_log(tmp_path, 600)
    with open_journal(tmp_path) as journal:
        keep(journal, 600)
        assert not empty(journal, 1, lambda: True), "cut off between two slices"
        assert empty(journal, 1, lambda: False)
        assert journal.append(passage(0, None)).seq == 600
    report = verify(path, DEVICE.public_key)
    assert (report.ok, report.pruned, report.entries) == (True, 600, 1)


def appliance(folder: Path) -> tuple[Path, Path]:
    state, trust = folder / "state", folder / "trust"
    make_log(state, 3)
    (state / "device.key").write_bytes(b"secret" * 20)
    (state / "hand-over").mkdir()
    (state / "hand-over" / "1.json").write_text("{}")
    (state / "link").symlink_to(folder / "elsewhere")
    trust.mkdir()
    (trust / "root").write_text("{}")
    (folder / "elsewhere").write_text("not ours")
    return state, trust


def test_what_stays_of_a_wiped_appliance_is_the_proof(tmp_path: Path) -> None:
    state, trust = appliance(tmp_path)
    wipe(state, trust, LEFT)
    assert [one.name for one in state.iterdir()] == [PROOF]
    assert not trust.exists()
    assert read_retired(state) == LEFT
    assert (tmp_path / "elsewhere").exists()
    wipe(state, trust, LEFT)


@pytest.mark.parametrize("step", range(4))
def test_a_wipe_that_lost_its_power_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    state, trust = appliance(tmp_path)
    left = [step]
    real = Path.unlink

    def cut(path: Path, missing_ok: bool = False) -> None:
        if left[0] == 0:
            raise OSError(5, "power")
        left[0] -= 1
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", cut)
    with pytest.raises(OSError, match="power"):
        wipe(state, trust, LEFT)
    monkeypatch.undo()
    found = read_retired(state)
    assert found == LEFT, "the next start knows that it has ended"
    wipe(state, trust, found)
    assert [one.name for one in state.iterdir()] == [PROOF]


def test_a_proof_that_cannot_be_read_still_keeps_the_appliance_from_starting(tmp_path: Path) -> None:
    assert read_retired(tmp_path) is None
    (tmp_path / PROOF).write_text("{")
    assert read_retired(tmp_path) is not None
    shutil.rmtree(tmp_path)
    assert read_retired(tmp_path) is None
