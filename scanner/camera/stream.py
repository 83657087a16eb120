"""A camera that is a pipe: another program writes JPEG after JPEG into a FIFO.

OpenCV can open one too, but waits for 70 pictures first and then shows the past; this reader shows the newest picture
that has arrived, and survives its writer.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scanner.camera.frame import CameraError, CameraStalledError, Frame, Grey
from scanner.camera.mjpeg import Splitter
from scanner.camera.picture import PictureError, decode_jpeg

STALL_S: Final = 1.5
"""Without a picture for this long, the writer is said to be silent."""
_PIPE_SIZE: Final = 1024 * 1024
"""Bytes the kernel is asked to hold, so that a writer is not held up while a picture is decoded."""
_CHUNK: Final = 256 * 1024
_MAX_DRAIN: Final = 16 * 1024 * 1024
"""Bytes taken in before a picture is given, however fast the writer is."""
_NO_WRITER_POLL_S: Final = 0.02
_MAX_PIXELS: Final = 4096 * 2160


class StreamCamera:
    """Reads the FIFO at `path`; the writer may come, go and return at any time."""

    live = True

    def __init__(self, path: Path, *, stall_s: float = STALL_S, clock: Callable[[], float] = time.monotonic) -> None:
        """Open without waiting for a writer. Raises CameraError when that fails."""
        self._path = path
        self._stall_s = stall_s
        self._clock = clock
        self._splitter = Splitter()
        self._number = -1
        self._damaged = 0
        self._writing = False
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise CameraError(f"the camera stream {path} cannot be opened: {error.strerror}") from error
        with contextlib.suppress(OSError):  # a smaller pipe only makes the writer wait more often
            fcntl.fcntl(self._fd, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)

    def read(self) -> Frame | None:
        """Block until a picture has arrived; of several, the newest. Never None: a stream has no end.

        Raises CameraStalledError when the writer goes away, is silent or writes nothing decodable, CameraError when
        the FIFO itself has been replaced or removed.
        """
        deadline = self._clock() + self._stall_s
        skipped = self._splitter.skipped
        while True:
            for picture in reversed(self._drain(deadline)):
                decoded = self._decode(picture)
                if decoded is not None:
                    grey, is_damaged = decoded
                    return Frame(grey, self._clock(), self._number, is_damaged)
            if self._clock() >= deadline:
                self._check_still_there()
                if self._damaged:
                    damaged, self._damaged = self._damaged, 0
                    raise CameraStalledError(f"the camera stream {self._path} gives {damaged} damaged pictures only")
                if self._splitter.skipped > skipped:
                    raise CameraStalledError(f"the camera stream {self._path} gives no whole JPEG: is it MJPEG?")
                raise CameraStalledError(f"the camera stream {self._path} gives no picture: is its writer running?")

    def close(self) -> None:
        """Close the pipe; its writer is told by the system."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _decode(self, picture: bytes) -> tuple[Grey, bool] | None:
        try:
            decoded = decode_jpeg(picture, max_pixels=_MAX_PIXELS)
        except PictureError:
            self._damaged += 1
            return None
        self._damaged = 0
        return decoded

    def _drain(self, deadline: float) -> list[bytes]:
        """Wait for bytes, take in all that have arrived, and return the whole pictures among them."""
        pictures: list[bytes] = []
        taken = 0
        if self._fd < 0:
            raise CameraError(f"the camera stream {self._path} is closed")
        select.select([self._fd], [], [], max(0.0, deadline - self._clock()))
        while taken < _MAX_DRAIN:
            try:
                data = os.read(self._fd, _CHUNK)
            except BlockingIOError:
                self._writing = True
                break
            except OSError as error:
                raise CameraError(f"the camera stream {self._path} broke: {error.strerror}") from error
            if not data:
                self._no_writer(found=bool(pictures))
                break
            self._writing = True
            taken += len(data)
            arrived = self._splitter.feed(data)
            self._number += len(arrived)
            pictures = pictures[-1:] + arrived
        return pictures

    def _no_writer(self, *, found: bool) -> None:
        self._splitter.reset()
        if self._writing and not found:
            self._writing = False
            raise CameraStalledError(f"the writer of the camera stream {self._path} has gone")
        time.sleep(_NO_WRITER_POLL_S)

    def _check_still_there(self) -> None:
        try:
            now = self._path.stat()
        except OSError as error:
            raise CameraError(f"the camera stream {self._path} has been removed") from error
        mine = os.fstat(self._fd)
        if not stat.S_ISFIFO(now.st_mode) or (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino):
            raise CameraError(f"the camera stream {self._path} has been replaced")
