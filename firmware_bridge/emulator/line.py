"""The device's end of a virtual serial line: a pty behind a symbolic link that can be pulled out and put back.

Pulling closes both ends, so that the host sees what a pulled USB adapter shows it: the end of the file, then errors.
Putting back makes a new pty and moves the link to it in one step. All work on a line is done in one thread.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import termios
import threading
import time
import tty
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from firmware_bridge.errors import EmulatorError

ANSWER_S = 2.0
"""How long a call from another thread waits for the line's thread."""
IDLE_S = 0.5


class Device(Protocol):
    """What stands behind the line; called in the line's thread alone. `now` is monotonic seconds."""

    def received(self, data: bytes, now: float) -> None:
        """Bytes from the host."""

    def turn(self, now: float) -> float:
        """Do what is due; returns when to be called again at the latest."""

    def powered(self, on: bool) -> None:
        """Take note of having been plugged in or pulled."""


class VirtualLine:
    """One pty with its thread."""

    def __init__(
        self,
        link: Path,
        device: Device,
        *,
        baud: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`baud`: a host that opens the line at another speed understands nothing; None: at any."""
        self.link = link
        self._device = device
        self._baud = baud
        self._speed: int | None = None
        self._clock = clock
        self._master = self._slave = -1
        self._selector: selectors.BaseSelector | None = None
        self._wake_read = self._wake_write = -1
        self._jobs: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ending = False

    @property
    def plugged(self) -> bool:
        """Whether the line can be opened."""
        return self._master >= 0

    def start(self) -> None:
        """Make the pty and the link, and start the thread.

        Raises EmulatorError when the link cannot be made, and for a speed that no line has.
        """
        self._speed = None if self._baud is None else _speed(self._baud)
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._ending = False
        try:
            self.plug()
        except OSError as error:
            self._dispose()
            raise EmulatorError(f"cannot make a virtual line at {self.link}: {error.strerror}") from error
        self._thread = threading.Thread(target=self._run, name=f"emulator {self.link.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Pull the line, end the thread and give every descriptor back. Harmless when stopped."""
        thread = self._thread
        if thread is None:
            return
        self.call(self._end)
        thread.join(ANSWER_S)
        self._thread = None
        self._dispose()

    def call(self, job: Callable[[], None]) -> None:
        """Do `job` in the line's thread and wait until it is done; at once when there is no thread."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            job()
            return
        asked: Future[None] = Future()
        with self._lock:
            self._jobs.append((job, asked))
        os.write(self._wake_write, b"w")
        try:
            asked.result(ANSWER_S)
        except TimeoutError as error:
            raise EmulatorError(f"the virtual device at {self.link} does not answer") from error
        except OSError as error:
            raise EmulatorError(f"the virtual device at {self.link}: {error}") from error

    def plug(self) -> None:
        """Make a new pty and point the link at it. In the line's thread."""
        if self.plugged or self._selector is None:
            return
        self._master, self._slave = os.openpty()
        os.set_blocking(self._master, False)
        tty.setraw(self._slave)
        fresh = self.link.with_name(f".{self.link.name}.{os.getpid()}.{id(self):x}")
        try:
            if self.link.exists() and not self.link.is_symlink():
                raise FileExistsError(17, "a file that is no link is in the way")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(os.ttyname(self._slave))
            fresh.replace(self.link)
        except OSError:
            self._close_pty()
            raise
        self._selector.register(self._master, selectors.EVENT_READ)
        self._device.powered(True)

    def unplug(self) -> None:
        """Remove the link and close the pty. In the line's thread."""
        if not self.plugged:
            return
        with contextlib.suppress(OSError):
            if self.link.readlink() == Path(os.ttyname(self._slave)):
                self.link.unlink()
        if self._selector is not None:
            self._selector.unregister(self._master)
        self._close_pty()
        self._device.powered(False)

    def send(self, data: bytes) -> None:
        """Send to the host; what the line does not hold is lost, as on a wire. In the line's thread."""
        if self.plugged and data:
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, self._as_heard(data))

    def _run(self) -> None:
        while not self._ending:
            wake_at = self._device.turn(self._clock())
            wait_s = min(IDLE_S, max(0.0, wake_at - self._clock()))
            selector = self._selector
            if selector is None:
                return
            for key, _ in selector.select(wait_s):
                if key.fd == self._wake_read:
                    os.read(self._wake_read, 4096)
                elif key.fd == self._master:
                    self._read()
            self._do_jobs()

    def _do_jobs(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    return
                job, asked = self._jobs.popleft()
            try:
                job()
            except Exception as error:  # it belongs to the caller, who waits for it in another thread
                asked.set_exception(error)
            else:
                asked.set_result(None)

    def _read(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except OSError:  # nobody has the other end open at this moment
            return
        if data:
            self._device.received(self._as_heard(data), self._clock())

    def _as_heard(self, data: bytes) -> bytes:
        """Return what arrives at the other end: at another speed, bits fall together and bytes are no longer these."""
        if self._speed is None or termios.tcgetattr(self._slave)[4] == self._speed:
            return data
        return bytes((byte << 3 | 0x80 | byte >> 6) & 0xFF for byte in data[::2])

    def _end(self) -> None:
        self.unplug()
        self._ending = True

    def _close_pty(self) -> None:
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def _dispose(self) -> None:
        if self._selector is not None:
            self._selector.close()
            self._selector = None
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._wake_read = self._wake_write = -1


def _speed(baud: int) -> int:
    """Return what termios calls a speed. Raises EmulatorError for one that no line has."""
    speed = getattr(termios, f"B{baud}", None)
    if not isinstance(speed, int):
        raise EmulatorError(f"no serial line has a speed of {baud}")
    return speed
