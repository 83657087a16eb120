"""A Linux input device that comes and goes, taken from everybody else while it is open."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from typing import Final

from firmware_bridge.transport import Handle, Line

EVIOCGRAB: Final = 0x40044590
"""_IOW('E', 0x90, int): from now on its events come here alone, and nothing is typed on the console."""
NO_INPUT_DEVICE: Final = frozenset((errno.ENOTTY, errno.EINVAL))
"""What grabbing gives where there is nothing to grab: an emulated keyboard's pty, which types nowhere else."""


class _InputDevice:
    """One open input device."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            self._grab()
        except OSError:
            os.close(self._descriptor)
            raise

    def _grab(self) -> None:
        if not stat.S_ISCHR(os.fstat(self._descriptor).st_mode):
            raise OSError(errno.ENOTTY, "it is a file")
        try:
            fcntl.ioctl(self._descriptor, EVIOCGRAB, 1)
        except OSError as error:
            if error.errno not in NO_INPUT_DEVICE or not os.isatty(self._descriptor):
                raise

    def fileno(self) -> int:
        return self._descriptor

    def read(self, size: int, /) -> bytes:
        data = os.read(self._descriptor, size)
        if not data:
            raise OSError(errno.EIO, "the device has gone")
        return data

    def write(self, data: bytes, /) -> int | None:
        raise OSError(errno.EBADF, f"{len(data)} bytes for a device that only types")

    def reset_input_buffer(self) -> None:
        try:
            while os.read(self._descriptor, 4096):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        os.close(self._descriptor)


class InputPort(Line):
    """One input device; `path` is best a name such as /dev/input/by-id/usb-…-event-kbd."""

    def _connect(self) -> Handle:
        return _InputDevice(self.path)

    def _explain(self, error: Exception) -> str:
        if isinstance(error, OSError) and error.errno in NO_INPUT_DEVICE:
            return f"{self.path} is not an input device: name one under /dev/input/by-id that ends in event-kbd"
        return super()._explain(error)
