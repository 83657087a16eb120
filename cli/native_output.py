"""Keeps what C libraries print off the terminal while the guard's screen is on it: it goes to the log instead.

libjpeg, zbar and FFmpeg print to file descriptor 2 whatever Python's `sys.stderr` is. One bad cable makes thirty such
lines a second, so a line of the same kind is logged once a minute.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from typing import Final

logger = logging.getLogger(__name__)

AGAIN_S: Final = 60.0
"""A line that differs from an earlier one in its numbers only is logged again after this."""
_KINDS: Final = 100
"""Different lines remembered; with more, all are forgotten."""
_MAX_LINE: Final = 500
_END_S: Final = 0.5
_NUMBER: Final = re.compile(rb"0x[0-9a-f]+|\d+")


@contextlib.contextmanager
def into_log() -> Iterator[int]:
    """Send file descriptor 2 into the log until the end of the block; yields a descriptor of the real one."""
    real = os.dup(2)
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)
    listener = threading.Thread(target=_listen, args=(reading,), name="native-output", daemon=True)
    listener.start()
    try:
        yield real
    finally:
        os.dup2(real, 2)
        os.close(real)
        listener.join(_END_S)  # a child that inherited the pipe may keep it open longer


def _listen(reading: int) -> None:
    repeats = Repeats()
    rest = b""
    with contextlib.closing(os.fdopen(reading, "rb", buffering=0)) as pipe:
        while data := pipe.read(65_536):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                _log(line, repeats)
            if len(rest) > _MAX_LINE:
                _log(rest, repeats)
                rest = b""
    _log(rest, repeats)


def _log(line: bytes, repeats: Repeats) -> None:
    text = line[:_MAX_LINE].decode("utf-8", "backslashreplace").strip()
    if text and repeats.new(line, time.monotonic()):
        logger.warning("%s", text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text)


class Repeats:
    """Tells a line that says something new from one more of the same. Pure."""

    def __init__(self) -> None:
        self._seen: dict[bytes, float] = {}

    def new(self, line: bytes, now: float) -> bool:
        """Return whether to log a line at `now`, monotonic seconds."""
        kind = _NUMBER.sub(b"#", line[:_MAX_LINE])
        if now - self._seen.get(kind, -AGAIN_S) < AGAIN_S:
            return False
        if len(self._seen) >= _KINDS:
            self._seen.clear()
        self._seen[kind] = now
        return True
