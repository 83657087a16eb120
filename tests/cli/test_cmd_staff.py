"""`checkpoint staff` as a user runs it, on a terminal and in a pipe."""

from __future__ import annotations

import json
import os
import pty
import sys
from pathlib import Path

import pytest

from scanner.staff import Role, Staff, WrongPinError
from tests.cli.calling import Done, call

ROOT = Path(__file__).parents[2]


def staff(*arguments: str, pin: str = "") -> Done:
    """Run the command with a PIN in a pipe."""
    return call("staff", *arguments, given=f"{pin}\n".encode())


def test_somebody_is_added_listed_and_given_a_new_pin(tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    added = staff("add", "1001", "--role", "supervisor", "--pin-stdin", "--state", state, pin="4826")
    assert (added.status, added.out) == (0, b"1001 is now a supervisor.\n")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert Staff.open(tmp_path / "state").check("1001", "4826", 0.0) is Role.SUPERVISOR
    listed = staff("list", "--json", "--state", state)
    assert json.loads(listed.out) == {"number": "1001", "role": "supervisor", "wrong_pins": 0}
    assert staff("set-pin", "1001", "--pin-stdin", "--state", state, pin="7391").status == 0
    with pytest.raises(WrongPinError):
        Staff.open(tmp_path / "state").check("1001", "4826", 0.0)


def test_the_state_folder_comes_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[state]\nfolder = 'kept'\n")
    done = staff("add", "1001", "--pin-stdin", "-c", str(tmp_path / "config.toml"), pin="4826")
    assert done.status == 0
    assert [member.number for member in Staff.open(tmp_path / "kept").members()] == ["1001"]


def test_a_pin_that_cannot_be_used_is_one_sentence_and_changes_nothing(tmp_path: Path) -> None:
    done = staff("add", "1001", "--pin-stdin", "--state", str(tmp_path), pin="12")
    assert done.status == 1
    assert done.err == b"checkpoint staff: a PIN is 4 to 12 digits\n"
    assert Staff.open(tmp_path).members() == ()


def test_without_a_terminal_the_pin_is_not_guessed_to_be_somewhere(tmp_path: Path) -> None:
    done = staff("add", "1001", "--state", str(tmp_path), pin="4826")
    assert done.status == 1
    assert b"--pin-stdin" in done.err


def test_there_is_no_way_to_put_a_pin_on_the_command_line() -> None:
    done = staff("add", "1001", "--pin", "4826")
    assert done.status != 0
    assert b"4826" not in staff("add", "--help").out


@pytest.mark.parametrize(("second", "status"), [("4826", 0), ("4827", 1)])
def test_on_a_terminal_the_pin_is_asked_for_twice_and_not_shown(tmp_path: Path, second: str, status: int) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "cli.main", "staff", "add", "7", "--state", str(tmp_path)])
    shown = b""
    for prompt, answer in ((b"PIN: ", b"4826\n"), (b"Once more: ", second.encode() + b"\n")):
        while prompt not in shown:
            shown += os.read(terminal, 1024)
        os.write(terminal, answer)
    try:
        while chunk := os.read(terminal, 1024):
            shown += chunk
    except OSError:
        pass  # a terminal whose other end has gone
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == status
    os.close(terminal)
    assert b"4826" not in shown
    assert len(Staff.open(tmp_path).members()) == 1 - status
