"""A decoder in a process of its own, seen from the engine: pictures go in, checked answers come out.

A picture may make the process hang, crash, or say anything. It is killed when it is silent too long or says what no
honest process would, and another one is started: at once the first time, then after waits that double while it keeps
dying. Nothing of that is more to the caller than a picture without an answer.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from scanner.camera.frame import Grey
from scanner.decoder.values import Corners, Region
from scanner.decoder.wire import MAX_PIXELS, MAX_REPLY, Kind, Reply, Request, WireError, read_reply, write_request

log = logging.getLogger(__name__)

ANSWER_LIMIT_S: Final = 1.5
"""Silence after which a process hangs: a look takes milliseconds, tens of them on a slow box."""
STARVED_LIMIT: Final = 10
"""Times that: when also a process that gets no time to compute hangs."""
START_LIMIT_S: Final = 20.0
"""For loading the libraries from a slow card on a busy box."""
BACKOFF_S: Final = (0.05, 1.0)
"""Wait before the start after the second death in a row, and the longest wait."""
STEADY_S: Final = 10.0
"""A process that has lived so long has lived: its death is the first one again."""
FAILING_DEATHS: Final = 4
"""Deaths in a row that are no accident any more."""

_F_SEAL_FUTURE_WRITE: Final = 0x0010
"""Of linux/fcntl.h: who maps the memory from now on may only read it. Linux 5.1."""
_PROGRAM: Final = "import sys; sys.path[:] = sys.argv[5:]; from importlib import import_module as module; "
_START: Final = "module(sys.argv[1]).main(sys.argv[2:5])"


class Program(StrEnum):
    """The modules whose `main` is a decoder's process."""

    QUICK = "scanner.decoder.quick_worker"
    HARDER = "scanner.decoder.harder_worker"


class LostError(Exception):
    """The process did not answer and is gone; there is nothing to say of that picture."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a decoder's process fares."""

    failing: bool
    """It keeps dying: few pictures or none are looked at."""
    deaths: int
    """Since the engine's start."""
    detail: str
    """How it died last, in words; empty while it never did."""


class DecoderProcess:
    """One decoder's process and its successors. Used by one thread at a time; `health` and `pid` by any."""

    def __init__(
        self,
        program: str,
        *,
        name: str,
        spare: bool = False,
        answer_limit_s: float = ANSWER_LIMIT_S,
        backoff_s: tuple[float, float] = BACKOFF_S,
        steady_s: float = STEADY_S,
    ) -> None:
        """`program`: a module with `main(arguments)`. `name`: for the log. Raises OSError when memory is short.

        `spare`: it takes only time that nobody else wants, so silence alone does not mean that it hangs.
        """
        self._program = str(program)
        self._name = name
        self._spare = spare
        self._answer_limit_s = answer_limit_s
        self._backoff_s = backoff_s
        self._steady_s = steady_s
        self._memory_fd, self._memory = _shared_memory(name)
        self._message = bytearray(MAX_REPLY + 1)
        self._slot = np.frombuffer(self._memory, np.uint8)
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._greeted = False
        self._started_at = 0.0
        self._start_due = 0.0
        self._number = 0
        self._deaths = self._deaths_in_row = 0
        self._last_death = ""

    @property
    def health(self) -> Health:
        """How it fares; steady again when the present process has lived for a while."""
        return Health(self._deaths_in_row >= FAILING_DEATHS, self._deaths, self._last_death)

    @property
    def pid(self) -> int | None:
        """The present process, None while there is none."""
        process = self._process
        return None if process is None else process.pid

    def ready(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for a process that awaits a picture; start one when it is time to."""
        deadline = time.monotonic() + timeout
        if self._process is None:
            wait = self._start_due - time.monotonic()
            if wait > 0:
                time.sleep(min(wait, timeout))
            if time.monotonic() < self._start_due:
                return False
            self._start()
        if not self._greeted:
            self._await_greeting(deadline)
        if self._greeted and self._deaths_in_row and time.monotonic() - self._started_at > self._steady_s:
            if self._deaths_in_row >= FAILING_DEATHS:
                log.warning("%s works again", self._name)
            self._deaths_in_row = 0
        return self._greeted

    def look(
        self,
        grey: Grey,
        *,
        budget_ms: float = 0.0,
        turn: int = 0,
        found: bool = False,
        region: Region | None = None,
    ) -> Reply:
        """Let the process look at a picture (rows × columns, uint8), and return its answer, checked.

        The rest is for harder looks, as `wire.Request` says.
        A picture too large for the memory is made smaller before. Raises LostError when there is no answer: the process
        hung and was killed, or died, or said nonsense; call `ready` again.
        """
        fitting, shrunk = _fitting(grey)
        height, width = fitting.shape
        self._number += 1
        if shrunk != 1 and region is not None:
            region = tuple(round(edge * shrunk) for edge in region)  # type: ignore[assignment]  # four of them
        request = Request(self._number, width, height, budget_ms, turn, found, region)
        np.copyto(self._slot[: width * height].reshape(height, width), fitting)
        connection = self._socket
        if connection is None or not self._greeted:
            raise LostError(f"{self._name} is not there")
        try:
            connection.settimeout(self._answer_limit_s)
            connection.send(write_request(request))
            reply = read_reply(self._answer(connection), request)
        except TimeoutError:
            raise self._bury(f"it did not answer within {self._answer_limit_s:g} s") from None
        except WireError as error:
            raise self._bury(f"it sent {error}") from error
        except OSError as error:
            raise self._bury(self._how_it_ended(error)) from error
        if reply.kind is Kind.UNABLE:
            raise self._bury(f"it failed: {reply.text}")
        return reply if shrunk == 1 else _enlarged(reply, 1 / shrunk)

    def _answer(self, connection: socket.socket) -> bytes:
        """Return the next message. Raises TimeoutError when the process hangs."""
        if not self._spare:
            return self._received(connection)
        busy_until = self._processor_s() + self._answer_limit_s / 2
        deadline = time.monotonic() + STARVED_LIMIT * self._answer_limit_s
        while True:
            try:
                return self._received(connection)
            except TimeoutError:
                if self._processor_s() > busy_until or time.monotonic() > deadline:
                    raise

    def _received(self, connection: socket.socket) -> bytes:
        """Return the next message. Raises ConnectionResetError at the end: only a dead process closes its socket."""
        size = connection.recv_into(self._message)
        if not size:
            raise ConnectionResetError("it is gone")
        return bytes(memoryview(self._message)[:size])

    def _processor_s(self) -> float:
        """Return how long the process has been computing (proc_pid_stat(5)); 0 where that cannot be told."""
        with contextlib.suppress(OSError, IndexError, ValueError):
            after_name = Path(f"/proc/{self.pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0

    def close(self) -> None:
        """End the process and let go of the memory. Safe to call twice."""
        self._kill()
        if self._memory_fd is not None:
            os.close(self._memory_fd)
            self._memory_fd = None

    def _start(self) -> None:
        if self._memory_fd is None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._greeted, self._started_at = False, time.monotonic()
            try:
                self._process = subprocess.Popen(
                    [
                        *(sys.executable, "-I", "-S", "-B", "-c", _PROGRAM + _START, self._program),
                        *(str(theirs.fileno()), str(self._memory_fd), str(os.getpid())),
                        *(path for path in sys.path if path),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(), self._memory_fd),
                    cwd="/",
                    env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
                )
            except OSError as error:
                ours.close()
                self._bury(f"it cannot be started: {error.strerror}")
                return
        self._socket = ours

    def _await_greeting(self, deadline: float) -> None:
        connection = self._socket
        if connection is None:
            return
        try:
            connection.settimeout(max(0.001, deadline - time.monotonic()))
            reply = read_reply(self._received(connection), None)
        except TimeoutError:
            if time.monotonic() - self._started_at > START_LIMIT_S:
                self._bury(f"it did not start within {START_LIMIT_S:g} s")
        except WireError as error:
            self._bury(f"it sent {error}")
        except OSError as error:
            self._bury(self._how_it_ended(error))
        else:
            if reply.kind is Kind.READY:
                self._greeted = True
            else:
                self._bury(f"it cannot work: {reply.text}")

    def _bury(self, how: str) -> LostError:
        """Kill the process, note its death, and say when the next one may start."""
        self._kill()
        now = time.monotonic()
        if now - self._started_at > self._steady_s:
            self._deaths_in_row = 0
        self._deaths += 1
        self._deaths_in_row += 1
        self._last_death = how
        shortest, longest = self._backoff_s
        wait = min(longest, shortest * 2 ** (self._deaths_in_row - 2)) if self._deaths_in_row > 1 else 0.0
        self._start_due = now + wait
        if self._deaths_in_row == 1:
            log.warning("%s died: %s; another one starts", self._name, how)
        elif self._deaths_in_row == FAILING_DEATHS:
            log.error("%s keeps dying, now for the %dth time: %s", self._name, self._deaths_in_row, how)
        return LostError(f"{self._name}: {how}")

    def _kill(self) -> None:
        self._greeted = False
        process, self._process = self._process, None
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # in the kernel's hands: left behind
                process.wait(1.0)

    def _how_it_ended(self, error: OSError) -> str:
        process = self._process
        if process is None:
            return str(error)
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = process.wait(0.5)
            if status < 0:
                return f"killed by {signal.Signals(-status).name}"
            return f"it ended with status {status}"
        return f"it closed its socket ({error})"


def _shared_memory(name: str) -> tuple[int | None, mmap.mmap]:
    """Return memory that this process writes and no other one can: pages that are never touched take no room."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, MAX_PIXELS)
    memory = mmap.mmap(fd, MAX_PIXELS)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    with contextlib.suppress(OSError):  # before Linux 5.1 a hijacked process could paint its own pictures; no more
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _F_SEAL_FUTURE_WRITE)
    return fd, memory


def _fitting(grey: Grey) -> tuple[Grey, float]:
    """Return the picture, or a smaller one that fits the memory, and its size in terms of the first one's."""
    if grey.size <= MAX_PIXELS:
        return grey, 1.0
    height, width = grey.shape
    shrunk = (MAX_PIXELS / grey.size) ** 0.5 * 0.999
    size = (max(1, int(width * shrunk)), max(1, int(height * shrunk)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), shrunk


def _enlarged(reply: Reply, factor: float) -> Reply:
    codes = tuple(replace(code, corners=_times(code.corners, factor)) for code in reply.codes)
    unread = reply.unread and replace(reply.unread, corners=_times(reply.unread.corners, factor))
    return replace(reply, codes=codes, unread=unread)


def _times(corners: Corners, factor: float) -> Corners:
    a, b, c, d = ((x * factor, y * factor) for x, y in corners)
    return a, b, c, d
