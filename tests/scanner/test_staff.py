"""PINs are checked slowly, counted durably, and never kept in clear."""

from __future__ import annotations

import hashlib
import json
import stat
import threading
from pathlib import Path

import pytest

from scanner.staff import (
    FILE_NAME,
    FREE_TRIES,
    LONGEST_WAIT_S,
    SCRYPT_N,
    Role,
    SlowDownError,
    Staff,
    StaffEntryError,
    StaffFileError,
    StaffMember,
    WrongPinError,
    _wait_after,
)

PIN = "4826"
COST = SCRYPT_N


@pytest.fixture(autouse=True)
def _cheap_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheapest scrypt: all but one of these tests are about what is counted and kept, not what a try costs."""
    monkeypatch.setattr("scanner.staff.SCRYPT_N", 2)


@pytest.fixture
def staff(tmp_path: Path) -> Staff:
    staff = Staff.open(tmp_path)
    staff.add("1001", Role.GUARD, PIN)
    return staff


def wrong(staff: Staff, at: float, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(WrongPinError):
            staff.check("1001", "9999", at)


def test_the_right_pin_gives_the_role(staff: Staff, tmp_path: Path) -> None:
    staff.add("S-1", Role.SUPERVISOR, "73915")
    assert staff.check("1001", PIN, 0.0) is Role.GUARD
    assert Staff.open(tmp_path).check("S-1", "73915", 0.0) is Role.SUPERVISOR


def test_a_wrong_pin_and_an_unknown_number_say_the_same(staff: Staff) -> None:
    with pytest.raises(WrongPinError) as one:
        staff.check("1001", "9999", 0.0)
    with pytest.raises(WrongPinError) as other:
        staff.check("2002", "9999", 0.0)
    assert str(one.value) == str(other.value)


@pytest.mark.parametrize("pin", ["", "48261", "٤٨٢٦", "4826\n", "4826\x00", "ü", "\ud800", "4" * 100_000])
def test_almost_the_right_pin_is_wrong(staff: Staff, pin: str) -> None:
    with pytest.raises(WrongPinError):
        staff.check("1001", pin, 0.0)


def test_no_pin_stands_in_the_file(staff: Staff, tmp_path: Path) -> None:
    text = (tmp_path / FILE_NAME).read_text()
    assert PIN not in json.dumps(list(json.loads(text)["staff"]["1001"].values()))
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_try_costs_16_mb_of_scrypt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.staff.SCRYPT_N", COST)
    staff = Staff.open(tmp_path)
    staff.add("1001", Role.GUARD, PIN)
    (kept,) = json.loads((tmp_path / FILE_NAME).read_text())["staff"].values()
    hashed = hashlib.scrypt(PIN.encode(), salt=bytes.fromhex(kept["salt"]), n=2**14, r=8, p=1, maxmem=2**26, dklen=32)
    assert kept["scrypt"] == hashed.hex()
    assert staff.check("1001", PIN, 0.0) is Role.GUARD


def test_the_same_pin_is_stored_differently_for_two_people(staff: Staff, tmp_path: Path) -> None:
    staff.add("1002", Role.GUARD, PIN)
    entries = json.loads((tmp_path / FILE_NAME).read_text())["staff"]
    assert entries["1001"]["scrypt"] != entries["1002"]["scrypt"]


def test_after_the_free_tries_even_the_right_pin_must_wait(staff: Staff) -> None:
    wrong(staff, 0.0, FREE_TRIES)
    with pytest.raises(SlowDownError) as caught:
        staff.check("1001", PIN, 0.5)
    assert caught.value.wait_s == 1.5
    assert staff.check("1001", PIN, 2.0) is Role.GUARD


def test_each_further_wrong_pin_doubles_the_wait_up_to_a_limit() -> None:
    waits = [_wait_after(count) for count in range(60)]
    assert waits[:7] == [0.0, 0.0, 0.0, 2.0, 4.0, 8.0, 16.0]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_S


def test_trying_while_one_must_wait_costs_nothing_more(staff: Staff) -> None:
    wrong(staff, 0.0, FREE_TRIES)
    for _ in range(5):
        with pytest.raises(SlowDownError):
            staff.check("1001", "9999", 1.0)
    assert staff.members()[0].wrong == FREE_TRIES


def test_the_right_pin_forgets_the_wrong_ones(staff: Staff) -> None:
    wrong(staff, 0.0, 2)
    staff.check("1001", PIN, 0.0)
    assert staff.members() == (StaffMember("1001", Role.GUARD, 0),)
    wrong(staff, 0.0, 2)
    assert staff.check("1001", PIN, 0.0) is Role.GUARD


def test_one_persons_wrong_pins_do_not_slow_another(staff: Staff) -> None:
    staff.add("1002", Role.GUARD, PIN)
    wrong(staff, 0.0, FREE_TRIES)
    assert staff.check("1002", PIN, 0.0) is Role.GUARD


def test_a_restart_does_not_buy_another_try(staff: Staff, tmp_path: Path) -> None:
    wrong(staff, 1000.0, FREE_TRIES)
    again = Staff.open(tmp_path)
    with pytest.raises(SlowDownError):
        again.check("1001", PIN, 5.0)
    assert again.check("1001", PIN, 7.0) is Role.GUARD


def test_a_new_pin_replaces_the_old_one_and_ends_the_wait(staff: Staff) -> None:
    wrong(staff, 0.0, FREE_TRIES)
    staff.set_pin("1001", "8350")
    assert staff.check("1001", "8350", 0.0) is Role.GUARD
    with pytest.raises(WrongPinError):
        staff.check("1001", PIN, 0.0)


def test_a_change_by_another_process_counts_at_once(staff: Staff, tmp_path: Path) -> None:
    Staff.open(tmp_path).add("1002", Role.SUPERVISOR, "73915")
    assert staff.check("1002", "73915", 0.0) is Role.SUPERVISOR


def test_additions_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    threads = [
        threading.Thread(target=Staff.open(tmp_path).add, args=(f"{number}", Role.GUARD, PIN)) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Staff.open(tmp_path).members()) == 8


def test_a_number_is_given_once(staff: Staff) -> None:
    with pytest.raises(StaffEntryError, match="already"):
        staff.add("1001", Role.SUPERVISOR, "73915")
    assert staff.check("1001", PIN, 0.0) is Role.GUARD


def test_a_pin_needs_a_number_on_the_list(staff: Staff) -> None:
    with pytest.raises(StaffEntryError, match="no staff number 7"):
        staff.set_pin("7", PIN)


@pytest.mark.parametrize("number", ["", "x" * 17, "张三", "a b", "1001\n", "../x"])
def test_a_number_is_opaque_and_short(staff: Staff, number: str) -> None:
    with pytest.raises(StaffEntryError, match="letters, digits and hyphens"):
        staff.add(number, Role.GUARD, PIN)


@pytest.mark.parametrize("pin", ["", "123", "1" * 13, "12a4", "٤٨٢٦", "4826\n"])
def test_a_pin_is_digits(staff: Staff, pin: str) -> None:
    with pytest.raises(StaffEntryError, match="4 to 12 digits"):
        staff.add("1002", Role.GUARD, pin)


@pytest.mark.parametrize("pin", ["0000", "1234", "7890", "4321", "0987", "2222222", "5678"])
def test_a_pin_that_is_guessed_first_is_refused(staff: Staff, pin: str) -> None:
    with pytest.raises(StaffEntryError, match="guessed first"):
        staff.set_pin("1001", pin)


def test_a_pin_must_not_be_the_number(staff: Staff) -> None:
    with pytest.raises(StaffEntryError, match="guessed first"):
        staff.add("4826", Role.GUARD, "4826")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"version": 2, "staff": {}}',
        b'{"version": 1, "staff": []}',
        b'{"version": 1, "staff": {"1": {}}}',
        b'{"version": 1, "staff": {"1": {"role": "king", "salt": "00", "scrypt": "00", "wrong": 0}}}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StaffFileError, match="damaged; move it away"):
        Staff.open(tmp_path)


def test_a_file_that_others_may_read_is_refused(staff: Staff, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).chmod(0o644)
    with pytest.raises(StaffFileError, match="chmod 600"):
        staff.check("1001", PIN, 0.0)


def test_a_disk_that_takes_nothing_still_lets_staff_in_and_slows_down(
    staff: Staff, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scanner.staff.replace_file", full)
    assert staff.check("1001", PIN, 0.0) is Role.GUARD
    wrong(staff, 0.0, FREE_TRIES)
    with pytest.raises(SlowDownError):
        staff.check("1001", PIN, 0.0)
    assert staff.check("1001", PIN, 2.0) is Role.GUARD
    assert staff.check("1001", PIN, 2.0) is Role.GUARD


def test_a_folder_that_does_not_exist_has_no_staff(tmp_path: Path) -> None:
    assert Staff.open(tmp_path / "gone").members() == ()
    with pytest.raises(StaffFileError, match="writable"):
        Staff.open(tmp_path / "gone").add("1001", Role.GUARD, PIN)


def test_nothing_is_left_beside_the_file(staff: Staff, tmp_path: Path) -> None:
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["staff.json", "staff.lock"]
