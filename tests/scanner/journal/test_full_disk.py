from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from scanner.journal.errors import JournalFullError
from scanner.journal.files import MARGIN, free_bytes, journal_path
from scanner.journal.store import Journal
from scanner.journal.verify import verify

from .logs import DEVICE, SEAL_KEY, SOFTWARE, fault, gate, open_journal, override, passage
from .mounts import fill, small_disk, small_ext4

Disk = Callable[[Path, int], AbstractContextManager[Path]]


@pytest.fixture(params=[small_disk, small_ext4], ids=["tmpfs", "ext4"])
def disk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A small disk of its own, and a log with so little written ahead that it soon needs its reserve."""
    monkeypatch.setattr("scanner.journal.reserve.WRITTEN_AHEAD", 32 * 1024)
    make: Disk = request.param
    with make(tmp_path / "disk", 24) as folder:
        yield folder / "state"


def test_on_a_full_disk_nobody_passes_unlogged_and_nothing_is_half_written(disk: Path) -> None:
    with open_journal(disk) as journal:
        journal.append(passage(0))
        fill(disk.parent)
        for _ in range(3):
            with pytest.raises(JournalFullError, match="the disk is full"):
                journal.append(passage(1))
        with pytest.raises(JournalFullError):
            journal.check()
        assert journal.size == 1
        report = verify(journal_path(disk), DEVICE.public_key)
        assert (report.ok, report.entries) == (True, 1)


def test_on_a_full_disk_overrides_are_still_durable(disk: Path) -> None:
    with open_journal(disk) as journal:
        referred = journal.append(passage(0)).seq
        fill(disk.parent)
        assert free_bytes(disk) == 0
        for number in range(1, 81, 2):
            admitted = journal.append(override(number, referred), reserve=True)
            assert journal.append(gate(number + 1, admitted.seq), reserve=True).seq == number + 1
        assert journal.size == 81
        assert verify(journal_path(disk), DEVICE.public_key).entries == 81
    with open_journal(disk) as journal:
        assert journal.size == 81


def test_what_fills_the_disk_cannot_eat_the_reserve(disk: Path) -> None:
    with open_journal(disk) as journal:
        journal.append(passage(0))
        fill(disk.parent)
        stop = threading.Event()

        def keep_filling() -> None:
            while not stop.is_set():
                fill(disk.parent)

        filler = threading.Thread(target=keep_filling)
        filler.start()
        try:
            for number in range(1, 61):
                journal.append(override(number, 0), reserve=True)
        finally:
            stop.set()
            filler.join()
        assert journal.size == 61
        assert free_bytes(disk) == 0


def test_what_is_written_ahead_fills_no_disk_that_has_room_left(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead, reserve = 3 * 1024 * 1024, 1024 * 1024
    monkeypatch.setattr("scanner.journal.reserve.WRITTEN_AHEAD", ahead)
    left = MARGIN + reserve + ahead + MARGIN // 2
    (disk.parent / "other").write_bytes(bytes(free_bytes(disk.parent) - left))
    with open_journal(disk) as journal:
        assert journal.append(passage(0)).seq == 0
        assert journal.reserve_held == reserve


def test_a_start_on_a_full_disk_still_takes_overrides(disk: Path) -> None:
    with open_journal(disk) as journal:
        journal.append(passage(0))
    fill(disk.parent)
    with open_journal(disk) as journal:
        with pytest.raises(JournalFullError):
            journal.append(passage(1))
        assert [journal.append(override(number, 0), reserve=True).seq for number in (1, 2)] == [1, 2]
    assert verify(journal_path(disk), DEVICE.public_key).entries == 3


def test_when_there_is_room_again_people_pass_and_the_reserve_is_refilled(disk: Path) -> None:
    with open_journal(disk) as journal:
        journal.append(passage(0))
        held = journal.reserve_held
        assert held == 1024 * 1024
        ballast = fill(disk.parent)
        for number in range(1, 41):
            journal.append(override(number, 0), reserve=True)
        assert journal.reserve_held <= held
        ballast.unlink()
        journal.check()
        assert journal.reserve_held == held
        assert journal.append(passage(41)).seq == 41
        journal.rest()
    report = verify(journal_path(disk), DEVICE.public_key)
    assert (report.ok, report.entries, report.signed) == (True, 42, 42)


def append_until_full(journal: Journal) -> int:
    for taken in range(9000):
        try:
            journal.append(override(taken, 0), reserve=True)
        except JournalFullError:
            return taken
    pytest.fail("a reserve of 1 MiB never ends")


def test_an_exhausted_reserve_says_so_and_keeps_what_it_took(disk: Path) -> None:
    journal = Journal.open(disk, DEVICE, SEAL_KEY, SOFTWARE, reserve_mb=1)
    journal.append(passage(0))
    ballast = fill(disk.parent)
    taken = append_until_full(journal)
    assert taken > 100
    assert journal.size == taken + 1
    ballast.unlink()
    assert journal.append(passage(taken)).seq == taken + 1
    journal.close()
    assert verify(journal_path(disk), DEVICE.public_key).entries == taken + 2


def test_too_small_a_disk_for_the_reserve_lets_nobody_pass_before_there_is_room(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", 3) as folder,
        Journal.open(folder / "state", DEVICE, None, SOFTWARE, reserve_mb=8) as journal,
    ):
        with pytest.raises(JournalFullError):
            journal.append(passage(0))
        assert journal.append(fault(0), reserve=True).seq == 0


def test_a_first_start_on_a_full_disk_says_so_and_works_later(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 8) as folder:
        ballast = fill(folder)
        with pytest.raises(JournalFullError):
            open_journal(folder / "state")
        ballast.unlink()
        with open_journal(folder / "state") as journal:
            assert journal.append(passage(0)).seq == 0
