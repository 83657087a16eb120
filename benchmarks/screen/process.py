"""The real screen, `checkpoint ui`, in a process of its own on a pty, and what it has written there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ROWS, COLUMNS = 45, 160
ROOT: Final = Path(__file__).resolve().parents[2]
_KEPT: Final = 65_536
_STYLE: Final = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
_MB: Final = 1024.0


class ScreenProcess:
    """As a context: started, and ended for sure."""

    def __init__(self, socket: Path) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "ui", "--socket", str(socket), "--language", "en", "--no-sound"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=socket.parent,
            env={**environment, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
        os.close(slave)
        self._written = bytearray()
        self._changed = threading.Condition()
        threading.Thread(target=self._read, name="terminal", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._master)

    def forget(self) -> None:
        """Look only at what is written from now on."""
        with self._changed:
            self._written.clear()

    def painted(self, text: str, timeout: float = 10.0) -> float:
        """Wait until `text` has been written; return the monotonic time of that. Raises TimeoutError."""
        wanted = text.encode()
        deadline = time.perf_counter() + timeout
        with self._changed:
            while wanted not in _STYLE.sub(b"", bytes(self._written)):
                if not self._changed.wait(deadline - time.perf_counter()):
                    raise TimeoutError(f"the screen did not show {text!r} in {timeout:.0f} s")
            return time.perf_counter()

    @property
    def resident_mb(self) -> float:
        """Resident memory of the process, in megabytes."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text("ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / _MB
        raise TimeoutError("the screen has ended")

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:
                return
            with self._changed:
                self._written += data
                del self._written[:-_KEPT]
                self._changed.notify_all()
