"""A camera's end of a FIFO: whole JPEGs or nothing, never waiting for a slow reader.

A camera that nobody reads overwrites its oldest buffer; here the newest frame is dropped, which the reader cannot
tell apart: in both cases it sees a gap.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import struct
import termios
from pathlib import Path

PIPE_BYTES = 1 << 20
"""Asked of the kernel: the most that an ordinary user gets."""
FINISH_MS = 150
"""How long the rest of a frame that a small pipe could not take at once is waited for."""


class FramePipe:
    """The writing end of the FIFO at `path`, which is made when absent. Survives its reader."""

    def __init__(self, path: Path) -> None:
        """Make the FIFO when it is absent. Raises OSError when that fails."""
        self._path = path
        self._fd: int | None = None
        self.written = 0
        self.dropped = 0
        """Frames that the reader was too slow for, or that nobody was there to read."""
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, 0o600)

    def write(self, frame: bytes) -> bool:
        """Hand over one whole frame; False when it was dropped instead."""
        sent = self._connected() and self._has_room(len(frame)) and self._send(frame)
        if sent:
            self.written += 1
        else:
            self.dropped += 1
        return sent

    def close(self) -> None:
        """End the stream; the reader sees its end."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _connected(self) -> bool:
        if self._fd is not None:
            return True
        try:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nobody reads
                return False
            raise
        with contextlib.suppress(OSError):  # over the user's allowance: the pipe stays as it is
            fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        return True

    def _has_room(self, size: int) -> bool:
        """Whether the frame fits without waiting. Half the pipe is kept: a page may hold the end of one frame only."""
        if self._fd is None:
            return False
        capacity = fcntl.fcntl(self._fd, fcntl.F_GETPIPE_SZ)
        (waiting,) = struct.unpack("i", fcntl.ioctl(self._fd, termios.FIONREAD, b"\0" * 4))
        return bool(waiting == 0 or waiting + size <= capacity // 2)

    def _send(self, frame: bytes) -> bool:
        rest = memoryview(frame)
        while rest and self._fd is not None:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                if len(rest) == len(frame):
                    return False
                _, ready, _ = select.select([], [self._fd], [], FINISH_MS / 1000)
                if not ready:
                    self.close()  # a torn frame ends the stream: the reader begins anew
            except BrokenPipeError:
                self.close()
        return not rest
