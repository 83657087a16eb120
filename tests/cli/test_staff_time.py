"""`checkpoint staff confirm-time` against a real control socket, with a list of staff and a clock behind it."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.main import main
from scanner.clock import Clock, EvidenceKind
from scanner.control.messages import Hello, View
from scanner.control.server import ControlServer
from scanner.engine.duty import Duty
from scanner.engine.records import Stamp
from scanner.engine.reports import Reading
from scanner.engine.staff_desk import StaffDesk
from scanner.staff import Staff
from scanner.values import ClockTrust, Role, SiteKind

ROOT = Path(__file__).parents[2]
NOON = 1_900_000_000
"""2030-03-17 17:46:40 UTC."""
SHOWN = "The engine's time is 2030-03-17 17:46:40 UTC, which is 2030-03-18 01:46:40 in Asia/Shanghai.\n"


class Engine:
    """What an engine has of clock, staff and control socket."""

    def __init__(self, folder: Path) -> None:
        self.wall = float(NOON)
        self.clock = Clock(folder, wall=lambda: self.wall)
        staff = Staff.open(folder)
        staff.add("9001", Role.SUPERVISOR, "8305")
        staff.add("1001", Role.GUARD, "4071")
        self.confirmed: list[str] = []
        duty = Duty(
            staff,
            now=self.clock.now,
            stamp=lambda: Stamp(self.clock.now_ms(), ClockTrust.TRUSTED, ""),
            written=lambda _: True,
            matters=lambda: (),
            head=lambda: "",
        )
        desk = StaffDesk(
            staff,
            self.clock,
            lambda _: None,
            self.confirmed.append,
            lambda: False,
            comparing=lambda _: None,
            duty=duty,
            reports=Reading(folder, self.clock.now, lambda: (0, 0)),
        )
        self.config = folder / "config.toml"
        self.config.write_text(
            f'[site]\nlanguage = "en"\n[state]\nfolder = "{folder}"\n[control]\nsocket = "{folder / "control.sock"}"\n'
        )
        self.server = ControlServer(
            folder / "control.sock", Hello(software="1", device="ab" * 16, language="en"), desk.handle
        )

    def say(self) -> None:
        """Say how it stands, as an engine does every second."""
        self.server.publish(
            View(
                now=self.clock.now(),
                clock=self.clock.trust(),
                site="East gate",
                site_kind=SiteKind.RESIDENTIAL,
                keys_age=1,
                lists_age=1,
                policy_age=None,
                entries=0,
                waiting=0,
                oldest_waiting=None,
                shift=None,
                degraded=(),
                lanes=(),
            )
        )


class Typist(io.StringIO):
    """Standard input of somebody to whom something happens just before the PIN is typed."""

    def __init__(self, line: str, happens: Callable[[], None]) -> None:
        super().__init__(line)
        self._happens = happens

    def readline(self, size: int | None = -1, /) -> str:
        self._happens()
        return super().readline(-1 if size is None else size)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = Engine(tmp_path)
    engine.server.start()
    engine.say()
    yield engine
    engine.server.stop()


@pytest.fixture
def confirm(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def run(number: str, pin: str, happens: Callable[[], None] = lambda: None) -> int:
        monkeypatch.setattr(sys, "stdin", Typist(f"{pin}\n", happens))
        return main(["staff", "confirm-time", number, "--pin-stdin", "-c", str(engine.config)])

    return run


def test_a_supervisor_sees_the_time_and_then_vouches_for_it(
    engine: Engine, confirm: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    seen_before_the_pin: list[str] = []
    assert confirm("9001", "8305", lambda: seen_before_the_pin.append(capsys.readouterr().out)) == 0
    assert seen_before_the_pin == [SHOWN]
    assert capsys.readouterr().out == "Confirmed: the engine trusts its clock now.\n"
    assert engine.confirmed == ["9001"]
    assert engine.clock.evidence is not None
    assert (engine.clock.evidence.kind, engine.clock.trust()) == (EvidenceKind.SUPERVISOR, ClockTrust.TRUSTED)


def test_where_the_clock_is_trusted_nobody_is_asked_for_a_pin(
    engine: Engine, confirm: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    engine.clock.confirm("another")
    engine.say()
    assert confirm("9001", "8305", lambda: pytest.fail("a PIN was asked for")) == 0
    assert capsys.readouterr().out == f"{SHOWN}It trusts its clock: there is nothing to confirm.\n"
    assert engine.confirmed == []


@pytest.mark.parametrize(
    ("number", "pin", "words"),
    [
        ("9001", "8306", "The staff number or the PIN is wrong."),
        ("9002", "8305", "The staff number or the PIN is wrong."),
        ("1001", "4071", "A supervisor's number and PIN are needed besides."),
    ],
)
def test_without_a_supervisors_pin_the_time_stays_unconfirmed_and_the_words_say_why(
    engine: Engine,
    confirm: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    number: str,
    pin: str,
    words: str,
) -> None:
    assert confirm(number, pin) == 1
    assert capsys.readouterr().err == f"checkpoint staff: {words}\n"
    assert engine.clock.trust() is ClockTrust.UNTRUSTED


def test_a_time_that_cannot_be_right_is_refused_in_the_words_of_the_locale(
    engine: Engine, confirm: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    engine.clock.raise_floor(NOON + 3600, "log")
    assert confirm("9001", "8305") == 1
    assert capsys.readouterr().err == "checkpoint staff: The shown time cannot be right. Set the clock first.\n"


def test_a_clock_that_is_moved_while_the_pin_is_typed_is_not_confirmed(
    engine: Engine, confirm: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def somebody_sets_the_clock() -> None:
        engine.wall += 86_400
        engine.say()

    assert confirm("9001", "8305", somebody_sets_the_clock) == 1
    assert "the engine's time has moved to 2030-03-18 17:46:40 UTC" in capsys.readouterr().err
    assert engine.confirmed == []


def test_without_an_engine_the_command_says_where_none_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text('[control]\nsocket = "none.sock"\n')
    assert main(["staff", "confirm-time", "9001", "--pin-stdin", "-c", str(tmp_path / "config.toml")]) == 1
    assert capsys.readouterr().err.startswith(f"checkpoint staff: no engine answers on {tmp_path}/none.sock: ")


def test_on_a_terminal_the_pin_is_asked_for_once_and_not_shown(engine: Engine) -> None:
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "cli.main", "staff", "confirm-time", "9001", "-c", str(engine.config)]
    child = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = b""
    while b"PIN: " not in shown:
        shown += os.read(terminal, 1024)
    assert b"2030-03-17 17:46:40 UTC" in shown
    os.write(terminal, b"8305\n")
    try:
        while chunk := os.read(terminal, 1024):
            shown += chunk
    except OSError:
        pass  # a terminal whose other end has gone
    os.close(terminal)
    assert child.wait(20) == 0
    assert b"8305" not in shown
    assert engine.confirmed == ["9001"]
