"""`checkpoint ui` on a real pseudo-terminal, against a real socket."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import pty
import select
import signal
import socket as sockets
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import cmd_ui
from cli.cmd_ui import TERMINATED
from cli.errors import CommandError
from scanner.ui.kiosk.place import Side
from tests.cli.calling import call
from tests.scanner.ui import scripted_engine as says

LEAVES_THE_ALTERNATE_SCREEN = b"\x1b[?1049l"


class Terminal:
    """A process on a pseudo-terminal of 80×24, and everything it wrote."""

    def __init__(self, *arguments: str, term: str = "xterm-256color") -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {**os.environ, "TERM": term, "LC_ALL": "C.UTF-8", "TEXTUAL_ANIMATIONS": "none"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "ui", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self.written = b""

    def shows(self, text: str, within: float = 20.0) -> None:
        """Wait until `text` has been written."""
        self._read(within, text.encode())
        assert text.encode() in self.written, f"never showed {text!r}"

    def ends(self, within: float = 10.0) -> int:
        """Wait for the end, and return the exit status."""
        deadline = time.monotonic() + within
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(0.1, None)
        self._read(0.3, None)
        assert self.process.returncode is not None, "still running"
        return self.process.returncode

    def types(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)

    def _read(self, seconds: float, until: bytes | None) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (until is None or until not in self.written):
            if select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.written += os.read(self.master, 65536)
                except OSError:
                    return


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[str]:
    engine = says.ScriptedEngine(tmp_path / "control.sock").start(says.STOP)
    yield str(engine.path)
    engine.stop()


def test_q_ends_the_screen_where_that_is_allowed(socket: str) -> None:
    with contextlib.closing(Terminal("--socket", socket, "--allow-quit", "--no-sound")) as terminal:
        terminal.shows("3fa2b1c4-128")
        terminal.types("q")
        assert terminal.ends() == 0
        assert LEAVES_THE_ALTERNATE_SCREEN in terminal.written


def test_a_signal_ends_it_with_the_terminal_in_order_and_another_status(socket: str) -> None:
    with contextlib.closing(Terminal("--socket", socket)) as terminal:
        terminal.shows("3fa2b1c4-128")
        terminal.types("q\x03\x11")
        time.sleep(0.3)
        assert terminal.process.poll() is None
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.ends() == TERMINATED
        assert LEAVES_THE_ALTERNATE_SCREEN in terminal.written


def test_lost_sound_is_written_into_the_systems_log_and_never_across_the_screen(
    socket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", logging.raiseExceptions)  # put back when this test ends
    system = tmp_path / "log"
    with contextlib.closing(sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM)) as listener:
        listener.bind(str(system))
        monkeypatch.setattr(cmd_ui, "SYSTEM_LOG", system)
        root = logging.getLogger()
        before = root.handlers[:]
        cmd_ui._log_to_system()
        try:
            logging.getLogger("scanner.sound.player").warning("no sound")
        finally:
            root.handlers[:] = before
        assert b"checkpoint-screen: no sound" in listener.recv(1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    with contextlib.closing(Terminal("--socket", socket, "--allow-quit")) as terminal:
        terminal.shows("3fa2b1c4-128")
        terminal.shows("\a")  # the bell instead
        terminal.types("q")
        assert terminal.ends() == 0
        assert b"no sound" not in terminal.written


def test_a_text_console_is_told_in_both_languages_and_then_gets_ascii(socket: str) -> None:
    with contextlib.closing(Terminal("--socket", socket, "--allow-quit", term="linux")) as terminal:
        terminal.shows("3fa2b1c4-128")
        terminal.types("q")
        assert terminal.ends() == 0
        before, _, screen = terminal.written.partition(b"\x1b[?1049h")
        assert "中文".encode() in before
        assert b"English" in before
        assert screen.isascii()


def test_without_a_terminal_it_says_so() -> None:
    done = call("ui")
    assert done.status == 1
    assert b"needs a terminal" in done.err


def test_an_unknown_language_is_named() -> None:
    done = call("ui", "--language", "tlh")
    assert done.status == 1
    assert b"'tlh'" in done.err
    assert b"zh_CN" in done.err


def test_a_faulty_configuration_is_told_in_full(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[site]\nkind = 'castle'\n[contol]\n", encoding="utf-8")
    done = call("ui", "--config", str(config))
    assert done.status == 1
    assert b"castle" in done.err or b"kind" in done.err
    assert b"contol" in done.err


def test_a_touch_at_a_kiosk_s_terminal_switches_the_language_and_no_key_leaves_it(socket: str) -> None:
    with contextlib.closing(Terminal("--socket", socket, "--mode", "kiosk", "--no-sound")) as terminal:
        terminal.shows("您的健康码为红码")
        terminal.types("q\x03\x11\x1a\x1b[24~")
        terminal.types("\x1b[<0;40;22M\x1b[<0;40;22m")
        terminal.shows("Your code is red.")
        assert terminal.process.poll() is None


def test_a_guard_s_terminal_is_not_asked_for_its_mouse(socket: str) -> None:
    with contextlib.closing(Terminal("--socket", socket, "--allow-quit", "--no-sound")) as terminal:
        terminal.shows("3fa2b1c4-128")
        assert b"\x1b[?1000h" not in terminal.written


def test_what_a_kiosk_says_of_its_place_is_configured(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[kiosk]\nstaffed_lane = "behind"\nreader = "above"\nlanguage_key = "f9"\n', encoding="utf-8")
    place = cmd_ui._place(cmd_ui._settings(config).kiosk)
    assert (place.staffed, place.reader, place.language_key) == (Side.DOWN, Side.UP, "f9")


def test_an_unknown_lane_is_named_with_those_there_are(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    lanes = '[[lane]]\nname = "east"\n[[lane]]\nname = "west"\n[lane.camera]\nsource = 1\n'
    config.write_text(lanes, encoding="utf-8")
    settings = cmd_ui._settings(config)
    assert cmd_ui._index(settings, "west") == 1
    with pytest.raises(CommandError, match="east, west"):
        cmd_ui._index(settings, "north")
