from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.errors import KeyFileError
from scanner.journal.device import Device
from scanner.journal.errors import JournalReadOnlyError
from scanner.journal.files import journal_path
from scanner.journal.verify import verify

from .logs import DEVICE, make_log, open_journal, override, passage
from .mounts import remount, small_disk, small_ext4


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A state folder on a disk that can be made read-only while it is in use, by a bind mount."""
    with small_disk(tmp_path / "disk", 16):
        bound = tmp_path / "bound"
        bound.mkdir()
        subprocess.run(["mount", "--bind", str(tmp_path / "disk"), str(bound)], check=True)
        try:
            yield bound
        finally:
            subprocess.run(["umount", "-l", str(bound)], check=True)


def test_a_log_in_a_read_only_folder_is_not_opened_and_the_cause_is_told(disk: Path) -> None:
    make_log(disk / "state", 3)
    remount(disk, "ro")
    with pytest.raises(JournalReadOnlyError, match="make the folder writable"):
        open_journal(disk / "state")
    remount(disk, "rw")
    with open_journal(disk / "state") as journal:
        assert journal.append(passage(3)).seq == 3


def test_a_first_start_in_a_read_only_folder_is_told(disk: Path) -> None:
    remount(disk, "ro")
    with pytest.raises(JournalReadOnlyError):
        open_journal(disk / "state")
    with pytest.raises(KeyFileError, match="cannot"):
        Device.load_or_create(disk / "state")


def test_a_disk_that_fails_into_read_only_while_the_log_is_open_is_noticed(tmp_path: Path) -> None:
    with small_ext4(tmp_path / "disk", 24) as folder:
        with open_journal(folder / "state") as journal:
            journal.append(passage(0))
            # What the kernel does with errors=remount-ro after a fault of the disk.
            subprocess.run(["mount", "-o", "remount,abort", str(folder)], capture_output=True, check=False)
            for reserve in (False, True):
                with pytest.raises(JournalReadOnlyError):
                    journal.append(override(1, 0), reserve=reserve)
            with pytest.raises(JournalReadOnlyError):
                journal.check()
        assert verify(journal_path(folder / "state"), DEVICE.public_key).entries == 1


def test_files_made_immutable_are_noticed_and_got_over(tmp_path: Path) -> None:
    path = make_log(tmp_path, 3)
    for flag in ("+i", "-i"):
        done = subprocess.run(["chattr", flag, str(path)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"chattr is not permitted here: {done.stderr.strip()}")
        if flag == "+i":
            try:
                with pytest.raises(JournalReadOnlyError):
                    open_journal(tmp_path)
            except BaseException:
                subprocess.run(["chattr", "-i", str(path)], check=True)
                raise
    with open_journal(tmp_path) as journal:
        assert journal.append(override(3, 0), reserve=True).seq == 3


def test_a_log_on_a_read_only_stick_is_still_verified(disk: Path) -> None:
    path = make_log(disk / "state", 5)
    Path(f"{path}-shm").unlink()
    remount(disk, "ro")
    report = verify(journal_path(disk / "state"), DEVICE.public_key)
    assert (report.ok, report.entries) == (True, 5)
