from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.health import Finding, Grade
from scanner.health.storage import check_journal, check_staff, check_state_folder
from scanner.journal.detail import RunDetail
from scanner.journal.device import Device
from scanner.journal.entry import EntryDraft, EntryKind
from scanner.journal.store import Journal
from scanner.values import ClockTrust, Role
from tests.scanner.health.place import Place

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def state_folder(place: Place) -> list[Finding]:
    return list(check_state_folder(place.write().model))


def test_a_folder_that_the_first_start_will_make_is_good(place: Place) -> None:
    (finding,) = state_folder(place)
    assert finding.grade is Grade.GOOD
    assert not place.state.exists()


def test_a_private_folder_with_room_is_good_and_nothing_is_left_in_it(place: Place) -> None:
    place.state.mkdir(mode=0o700)
    (finding,) = state_folder(place)
    assert (finding.grade, finding.advice) == (Grade.GOOD, "")
    assert list(place.state.iterdir()) == []


def test_a_folder_that_others_may_look_into_is_named_with_the_command_that_closes_it(place: Place) -> None:
    place.state.mkdir()
    place.state.chmod(0o755)
    finding, _ = state_folder(place)
    assert (finding.grade, finding.advice) == (Grade.WARNING, f"close it: chmod 700 {place.state}")


def test_a_file_in_the_folder_s_place_fails(place: Place) -> None:
    place.state.write_text("")
    (finding,) = state_folder(place)
    assert finding.grade is Grade.FAILED


def test_too_little_room_for_the_reserve_fails(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.state.mkdir(mode=0o700)
    monkeypatch.setattr("scanner.health.storage.free_bytes", lambda _: 3 * 1024 * 1024)
    (finding,) = state_folder(place)
    assert finding.grade is Grade.FAILED
    assert "3 MB are free" in finding.sentence
    monkeypatch.setattr("scanner.health.storage.free_bytes", lambda _: 100 * 1024 * 1024)
    (finding,) = state_folder(place)
    assert finding.grade is Grade.WARNING


def test_a_folder_that_this_user_may_not_write_fails(place: Place) -> None:
    place.state.mkdir(mode=0o500)
    for folder in (place.root, *place.root.parents[:3]):
        folder.chmod(0o755)
    document = place.write()
    look = (
        "import os, sys; from pathlib import Path; from scanner.config.loader import load; "
        "from scanner.health.storage import check_state_folder; configuration = load(Path(sys.argv[1])); "
        "os.getuid() or os.setuid(65534); "
        "print(*(finding.grade.value for finding in check_state_folder(configuration)))"
    )
    # Root may write everywhere, so somebody else looks: one who has read everything beforehand, since the interpreter
    # itself may lie where only root may read.
    seen = subprocess.run(
        [sys.executable, "-c", look, document.file],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert seen.stdout.split() == ["failed"], seen.stderr


def log_of(place: Place, entries: int) -> None:
    device = Device.load_or_create(place.state)
    journal = Journal.open(place.state, device, None, "test", reserve_mb=1)
    for number in range(entries):
        journal.append(
            EntryDraft(EntryKind.RUN, 1_800_000_000_000 + number, ClockTrust.TRUSTED, RunDetail(started=True))
        )
    journal.close()


def test_a_log_is_verified(place: Place) -> None:
    configuration = place.write().model
    (none,) = check_journal(configuration)
    assert (none.grade, "no log yet" in none.sentence) == (Grade.GOOD, True)
    log_of(place, 3)
    (whole,) = check_journal(configuration)
    assert whole.grade is Grade.GOOD
    assert whole.sentence.startswith("3 entries hold")


def test_an_altered_log_fails_and_the_entry_is_named(place: Place) -> None:
    log_of(place, 3)
    database = place.state / "journal.db"
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE entry SET body = zeroblob(length(body)) WHERE seq = 1")
    (finding,) = check_journal(place.write().model)
    assert finding.grade is Grade.FAILED
    assert "entry 1" in finding.sentence


def test_a_log_without_the_device_s_key_cannot_be_checked(place: Place) -> None:
    log_of(place, 1)
    (place.state / "device.pub").unlink()
    (finding,) = check_journal(place.write().model)
    assert finding.grade is Grade.FAILED


def test_staff_are_counted_and_a_missing_supervisor_is_named(place: Place) -> None:
    configuration = place.write().model
    assert [f.grade for f in check_staff(configuration)] == [Grade.WARNING]
    place.employ(Role.GUARD)
    (finding,) = check_staff(configuration)
    assert (finding.grade, "no supervisor" in finding.sentence) == (Grade.WARNING, True)
    Place(place.root).employ()
    (place.state / "staff.json").unlink()
    place.employ(Role.GUARD, Role.SUPERVISOR)
    assert [f.grade for f in check_staff(configuration)] == [Grade.GOOD]
    (place.state / "staff.json").write_text("{")
    assert [f.grade for f in check_staff(configuration)] == [Grade.FAILED]
