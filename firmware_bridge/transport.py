"""A line to a device that comes and goes: opened again after every loss, never raising for what the line does.

One thread owns a port and calls `wait` and `write`; only `wake` may be called from elsewhere. Failures become
states. A loss is logged once, and so is the return, however many attempts lie between; a loose plug now and then.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import selectors
import termios
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

import serial

from firmware_bridge.loss_log import LossLog
from firmware_bridge.open_failure import explain_open_failure, in_words
from firmware_bridge.values import LinkState

TRACE = 5
"""Log level below DEBUG at which every byte on a line is shown, in hex."""
logging.addLevelName(TRACE, "TRACE")

LINE_ERRORS = (serial.SerialException, OSError, termios.error)
"""What a pulled line raises: pyserial's own from `read`, OSError from ioctls, termios.error from settings."""

WRITE_TIMEOUT_S = 0.5
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 2.0
READ_SIZE = 4096
"""What a Linux terminal holds at most."""

StateCallback = Callable[[LinkState, str], None]

_log = logging.getLogger(__name__)


def _ignore(_state: LinkState, _detail: str) -> None:
    """Nobody watches."""


class Handle(Protocol):
    """An open device. Every method raises one of `LINE_ERRORS` when the device has gone."""

    def fileno(self) -> int:
        """Its descriptor."""

    def read(self, size: int, /) -> bytes:
        """Return what has come, at most so many bytes, without waiting."""

    def write(self, data: bytes, /) -> int | None:
        """Send."""

    def reset_input_buffer(self) -> None:
        """Throw away what waits unread."""

    def close(self) -> None:
        """Give it back."""


class Line(ABC):
    """A device file that comes and goes.

    `path` is best a name that survives unplugging. `on_state` is called in the owner's thread at each change of state,
    and again when only the words of a loss change.
    """

    def __init__(
        self,
        path: str,
        *,
        name: str = "",
        on_state: StateCallback = _ignore,
        clock: Callable[[], float] = time.monotonic,
        jitter: random.Random | None = None,
    ) -> None:
        self.path = path
        self.name = name or path
        self.state = LinkState.CONNECTING
        self.detail = ""
        self.openings = 0
        """Times the line was opened: a reader forgets half a frame when this changes."""
        self._on_state = on_state
        self._clock = clock
        self._jitter = jitter or random.Random()  # noqa: S311  spreads retries, guards nothing
        self._losses = LossLog(_log)
        self._handle: Handle | None = None
        self._selector: selectors.BaseSelector | None = None
        self._wake_lock = threading.Lock()
        self._wake_read = self._wake_write = -1
        self._failures = 0
        self._retry_at = 0.0

    @abstractmethod
    def _connect(self) -> Handle:
        """Open the device. Raises one of `LINE_ERRORS`."""

    def _explain(self, error: Exception) -> str:
        """Say in one sentence what keeps the device from being opened, and what to do."""
        return explain_open_failure(self.path, error)

    def wait(self, timeout: float) -> bytes:
        """Bytes that came within `timeout` seconds; empty when none did, on `wake`, and while the line is lost.

        Opens the line when it is not open and the time for another attempt has come.
        """
        selector = self._ready_selector()
        if self._handle is None and self._clock() >= self._retry_at:
            self._open(selector)
            if self._handle is not None:
                return b""
        if self._handle is None:
            timeout = min(timeout, max(0.0, self._retry_at - self._clock()))
        readable = {key.fd for key, _ in selector.select(timeout)}
        if self._wake_read in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, READ_SIZE)
        port = self._handle
        if port is None or not readable - {self._wake_read}:
            return b""
        try:
            data = port.read(READ_SIZE)
        except LINE_ERRORS as error:
            self.lose(f"{self.path} was unplugged or failed: {in_words(error)}")
            return b""
        if data:
            self._failures = 0
            if _log.isEnabledFor(TRACE):
                _log.log(TRACE, "%s < %s", self.name, data.hex(" "))
        return data

    def write(self, data: bytes) -> bool:
        """Send; false when the line is lost, now or before."""
        port = self._handle
        if port is None:
            return False
        if _log.isEnabledFor(TRACE):
            _log.log(TRACE, "%s > %s", self.name, data.hex(" "))
        try:
            port.write(data)
        except LINE_ERRORS as error:
            self.lose(f"{self.path} takes no bytes: {in_words(error)}")
            return False
        return True

    def discard(self) -> None:
        """Throw away what waits unread: it is older than anybody knows."""
        if self._handle is None:
            return
        try:
            self._handle.reset_input_buffer()
        except LINE_ERRORS as error:
            self.lose(f"{self.path} was unplugged or failed: {in_words(error)}")

    def lose(self, detail: str) -> None:
        """Close the line and come back to it later. `detail` says in words what is wrong."""
        self._shut_line()
        delay = min(LAST_RETRY_S, FIRST_RETRY_S * 2 ** min(self._failures, 10))
        self._failures += 1
        self._retry_at = self._clock() + delay * self._jitter.uniform(0.5, 1.0)
        if self.state is not LinkState.LOST:
            self._losses.lost(self._clock(), "%s is lost: %s", self.name, detail)
        self._change(LinkState.LOST, detail)

    def reopen(self) -> None:
        """Close the line and open it with the next `wait`: no loss, nothing is logged unless it does not open."""
        self._shut_line()
        self._retry_at = 0.0

    def wake(self) -> None:
        """Make the `wait` of another thread return at once."""
        with self._wake_lock:
            if self._wake_write >= 0:
                with contextlib.suppress(BlockingIOError):  # a full pipe wakes as well
                    os.write(self._wake_write, b"w")

    def close(self) -> None:
        """Give the line and every descriptor back; `wait` opens again. Harmless when closed."""
        self._shut_line()
        with self._wake_lock:
            if self._selector is not None:
                self._selector.close()
                os.close(self._wake_read)
                os.close(self._wake_write)
                self._wake_read = self._wake_write = -1
                self._selector = None
        self._retry_at = 0.0
        self._failures = 0
        self.state = LinkState.CONNECTING
        self.detail = ""

    def _ready_selector(self) -> selectors.BaseSelector:
        if self._selector is None:
            with self._wake_lock:
                self._selector = selectors.DefaultSelector()
                self._wake_read, self._wake_write = os.pipe()
                os.set_blocking(self._wake_read, False)
                os.set_blocking(self._wake_write, False)
                self._selector.register(self._wake_read, selectors.EVENT_READ)
        return self._selector

    def _open(self, selector: selectors.BaseSelector) -> None:
        port = None
        try:
            port = self._connect()
            selector.register(port.fileno(), selectors.EVENT_READ)
        except LINE_ERRORS as error:
            if port is not None:
                _close(port)
            self.lose(self._explain(error))
            return
        self._handle = port
        self.openings += 1
        if self.state is LinkState.LOST:
            self._losses.back("%s is back at %s", self.name, self.path)
        self._change(LinkState.UP, "")

    def _shut_line(self) -> None:
        port, self._handle = self._handle, None
        if port is None:
            return
        if self._selector is not None:
            with contextlib.suppress(*LINE_ERRORS, KeyError, ValueError):
                self._selector.unregister(port.fileno())
        _close(port)

    def _change(self, state: LinkState, detail: str) -> None:
        if (state, detail) == (self.state, self.detail):
            return
        self.state, self.detail = state, detail
        self._on_state(state, detail)


class SerialPort(Line):
    """One serial line, 8N1, exclusive. `path` is best a name under /dev/serial/by-id."""

    def __init__(
        self,
        path: str,
        baud: int,
        *,
        name: str = "",
        on_state: StateCallback = _ignore,
        clock: Callable[[], float] = time.monotonic,
        jitter: random.Random | None = None,
    ) -> None:
        super().__init__(path, name=name, on_state=on_state, clock=clock, jitter=jitter)
        self._baud = baud

    def _connect(self) -> Handle:
        port: Handle = serial.Serial(self.path, self._baud, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
        return port


def _close(port: Handle) -> None:
    with contextlib.suppress(*LINE_ERRORS):
        port.close()
