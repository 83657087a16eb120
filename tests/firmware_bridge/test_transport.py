"""The serial line on real ptys: what a pulled, taken, forbidden or flapping port becomes."""

import errno
import fcntl
import grp
import logging
import os
import pty
import random
import subprocess
import sys
import termios
import threading
import time
import tty
from pathlib import Path

import pytest
import serial

from firmware_bridge.open_failure import explain_open_failure
from firmware_bridge.transport import (
    FIRST_RETRY_S,
    LAST_RETRY_S,
    LINE_ERRORS,
    TRACE,
    SerialPort,
)
from firmware_bridge.values import LinkState

ROOT = Path(__file__).resolve().parents[2]


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


class Wire:
    """A bare pty behind a link."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.plug()

    def plug(self) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        self.link.symlink_to(os.ttyname(self.slave))

    def pull(self) -> None:
        self.link.unlink()
        os.close(self.master)
        os.close(self.slave)
        self.master = self.slave = -1

    def close(self) -> None:
        if self.master >= 0:
            self.pull()


@pytest.fixture
def wire(tmp_path):
    wire = Wire(tmp_path / "line")
    yield wire
    wire.close()


@pytest.fixture
def port(wire):
    port = SerialPort(str(wire.link), 9600, name="device", jitter=random.Random(1))
    yield port
    port.close()


def wait_for_state(port: SerialPort, state: LinkState, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while port.state is not state:
        assert time.monotonic() < deadline
        port.wait(0.05)


def test_bytes_go_both_ways(wire, port):
    wait_for_state(port, LinkState.UP)
    os.write(wire.master, b"\x00\x03\x11\xff")
    assert port.wait(5.0) == b"\x00\x03\x11\xff"
    assert port.write(b"\x1a\x0a\x0d\x00")
    assert os.read(wire.master, 100) == b"\x1a\x0a\x0d\x00"


def test_waiting_without_bytes_takes_the_time_given_and_no_more(port):
    wait_for_state(port, LinkState.UP)
    began = time.monotonic()
    assert port.wait(0.1) == b""
    assert 0.09 <= time.monotonic() - began < 1.0


def test_a_pulled_line_is_lost_and_comes_back_behind_the_same_link(wire, port):
    wait_for_state(port, LinkState.UP)
    wire.pull()
    wait_for_state(port, LinkState.LOST)
    assert not port.write(b"x")
    wire.plug()
    wait_for_state(port, LinkState.UP)
    os.write(wire.master, b"again")
    assert port.wait(5.0) == b"again"
    assert port.openings == 2


def test_a_loss_and_a_return_are_logged_once_each(wire, port, caplog):
    caplog.set_level(logging.INFO, logger="firmware_bridge.transport")
    wait_for_state(port, LinkState.UP)
    wire.pull()
    deadline = time.monotonic() + 0.6
    while time.monotonic() < deadline:
        port.wait(0.05)
    wire.plug()
    wait_for_state(port, LinkState.UP)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "device is lost" in caplog.messages[0]
    assert "device is back" in caplog.messages[1]


def test_writing_to_a_pulled_line_is_a_loss_and_no_error(wire, port):
    wait_for_state(port, LinkState.UP)
    wire.pull()
    assert not port.write(b"x")
    assert port.state is LinkState.LOST


def test_discarding_on_a_pulled_line_is_a_loss_and_no_error(wire, port):
    wait_for_state(port, LinkState.UP)
    wire.pull()
    port.discard()
    assert port.state in (LinkState.UP, LinkState.LOST)
    wait_for_state(port, LinkState.LOST)


def test_a_line_that_takes_no_bytes_is_a_loss_after_the_write_timeout(wire, port):
    wait_for_state(port, LinkState.UP)
    began = time.monotonic()
    for _ in range(100):
        if not port.write(b"x" * 4096):
            break
    assert port.state is LinkState.LOST
    assert "takes no bytes" in port.detail
    assert time.monotonic() - began < 5.0


def test_discarded_bytes_are_never_read(wire, port):
    wait_for_state(port, LinkState.UP)
    os.write(wire.master, b"old")
    time.sleep(0.02)
    port.discard()
    os.write(wire.master, b"new")
    assert port.wait(5.0) == b"new"


def test_a_port_in_use_says_so_and_is_taken_when_free(wire, port):
    with serial.Serial(str(wire.link), 9600, exclusive=True):
        wait_for_state(port, LinkState.LOST)
        assert "in use by another program" in port.detail
    wait_for_state(port, LinkState.UP)


def test_an_open_port_lets_nobody_else_in(wire, port):
    wait_for_state(port, LinkState.UP)
    with pytest.raises(serial.SerialException):
        serial.Serial(str(wire.link), 9600, exclusive=True)


def test_a_missing_port_asks_whether_it_is_plugged_in(tmp_path):
    port = SerialPort(str(tmp_path / "none"), 9600)
    port.wait(0.0)
    assert port.state is LinkState.LOST
    assert port.detail == f"{tmp_path / 'none'} is not there: is the device plugged in?"
    port.close()


def test_a_file_is_no_serial_port(tmp_path):
    (tmp_path / "file").write_text("hello")
    port = SerialPort(str(tmp_path / "file"), 9600)
    port.wait(0.0)
    assert "is not a serial port" in port.detail
    port.close()


def detail_seen_by_a_stranger(device: str) -> str:
    """What a process without rights says of the device, opened for real; root becomes another user for it."""
    script = (
        "import os, sys; from firmware_bridge.transport import SerialPort; "
        "os.getuid() or os.setgroups([]) or os.setgid(65534) or os.setuid(65534); "
        "port = SerialPort(sys.argv[1], 9600); port.wait(0.0); print(port.detail)"
    )
    command = [sys.executable, "-c", script, device]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout.strip()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a pty to another group")
def test_missing_permission_names_the_group_to_join(wire):
    device = os.ttyname(wire.slave)
    os.chown(device, 0, grp.getgrnam("dialout").gr_gid)
    Path(device).chmod(0o660)
    assert detail_seen_by_a_stranger(device) == (
        f"no permission to open {device}: it belongs to the group dialout; "
        "run `sudo usermod -aG dialout $USER` and log in again"
    )


def test_missing_permission_names_no_group_that_would_not_help(wire):
    device = os.ttyname(wire.slave)
    Path(device).chmod(0o600 if os.getuid() == 0 else 0o000)
    assert detail_seen_by_a_stranger(device) == (
        f"no permission to open {device}: no group may; give it to the group dialout with a udev rule"
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(errno.EACCES, "denied"), "no permission"),
        (serial.SerialException(errno.EAGAIN, "lock"), "in use by another program"),
        (serial.SerialException(errno.EBUSY, "busy"), "in use by another program"),
        (FileNotFoundError(errno.ENOENT, "none"), "is the device plugged in?"),
        (OSError(errno.ENODEV, "gone"), "is the device plugged in?"),
        (termios.error(errno.ENOTTY, "no tty"), "cannot be opened"),
        (OSError(errno.EIO, "io"), "cannot be opened"),
    ],
)
def test_every_failure_to_open_is_a_sentence_with_the_path(error, words):
    sentence = explain_open_failure("/dev/ttyUSB9", error)
    assert words in sentence
    assert "/dev/ttyUSB9" in sentence


def test_every_error_a_line_is_known_to_raise_is_caught():
    assert issubclass(serial.SerialTimeoutException, LINE_ERRORS)
    assert issubclass(termios.error, LINE_ERRORS)
    assert issubclass(BrokenPipeError, LINE_ERRORS)


def test_waking_ends_a_wait_of_another_thread_at_once(port):
    wait_for_state(port, LinkState.UP)
    waker = threading.Timer(0.1, port.wake)
    waker.start()
    began = time.monotonic()
    assert port.wait(10.0) == b""
    assert time.monotonic() - began < 5.0
    waker.join()


def test_waking_ends_a_wait_for_a_lost_line_at_once(tmp_path):
    port = SerialPort(str(tmp_path / "none"), 9600, clock=lambda: 5.0)
    port.wait(0.0)
    waker = threading.Timer(0.05, port.wake)
    waker.start()
    port._retry_at = 1000.0
    began = time.monotonic()
    port.wait(10.0)
    assert time.monotonic() - began < 5.0
    waker.join()
    port.close()


def test_waking_a_closed_port_and_waking_it_very_often_are_harmless(port):
    port.wake()
    wait_for_state(port, LinkState.UP)
    for _ in range(100_000):
        port.wake()
    port.wait(0.0)
    port.close()
    port.wake()


def test_retries_back_off_with_jitter_up_to_a_limit(tmp_path):
    now = 0.0
    port = SerialPort(str(tmp_path / "none"), 9600, clock=lambda: now, jitter=random.Random(4))
    delays = []
    for _ in range(12):
        port.wait(0.0)
        delays.append(port._retry_at - now)
        now = port._retry_at
    port.close()
    for attempt, delay in enumerate(delays):
        longest = min(LAST_RETRY_S, FIRST_RETRY_S * 2**attempt)
        assert longest / 2 <= delay <= longest
    assert len(set(delays)) == len(delays)


def test_a_line_that_opens_and_dies_at_once_still_backs_off(wire, port):
    delays = []
    for _ in range(4):
        wait_for_state(port, LinkState.UP)
        wire.pull()
        wait_for_state(port, LinkState.LOST)
        delays.append(port._failures)
        wire.plug()
    assert delays == sorted(delays)
    assert delays[-1] >= 4


def test_a_lost_line_is_waited_for_without_a_busy_loop(tmp_path):
    port = SerialPort(str(tmp_path / "none"), 9600)
    rounds = 0
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        port.wait(0.1)
        rounds += 1
    port.close()
    assert rounds < 40


def test_states_are_reported_with_words(wire):
    states = []
    port = SerialPort(str(wire.link), 9600, on_state=lambda state, detail: states.append((state, detail)))
    wait_for_state(port, LinkState.UP)
    wire.pull()
    wait_for_state(port, LinkState.LOST)
    port.close()
    assert [state for state, _ in states] == [LinkState.UP, LinkState.LOST]
    assert "was unplugged or failed" in states[1][1]


def test_every_byte_is_traced_in_hex(wire, port, caplog):
    caplog.set_level(TRACE, logger="firmware_bridge.transport")
    wait_for_state(port, LinkState.UP)
    os.write(wire.master, b"\x5a\x5a")
    port.wait(5.0)
    port.write(b"\xa5\x45")
    assert [record.getMessage() for record in caplog.records if record.levelno == TRACE] == [
        "device < 5a 5a",
        "device > a5 45",
    ]


def test_closing_gives_every_descriptor_back_and_waiting_opens_again(wire):
    port = SerialPort(str(wire.link), 9600)
    before = open_descriptors()
    for _ in range(3):
        wait_for_state(port, LinkState.UP)
        port.close()
    assert open_descriptors() == before


def test_reopening_is_no_loss(wire, port, caplog):
    caplog.set_level(logging.INFO, logger="firmware_bridge.transport")
    wait_for_state(port, LinkState.UP)
    port.reopen()
    assert port.wait(0.0) == b""
    os.write(wire.master, b"x")
    assert port.wait(5.0) == b"x"
    assert (port.openings, caplog.messages) == (2, [])


def test_the_lock_of_the_port_is_gone_with_the_port(wire, port):
    wait_for_state(port, LinkState.UP)
    port.close()
    handle = os.open(wire.link, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)
