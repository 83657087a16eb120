"""The conductor's side of the staged camera: commands out, reports in."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import IO

from demo import processes
from demo.stage import COMMAND, REPORT, Readable, Rolling, StageCommand, Tally


class StageProcess:
    """Runs `demo.stream`. `tell` may be called from any thread."""

    def __init__(self, fifo: Path, seed: int, log: IO[bytes]) -> None:
        self._child = processes.start(["-m", "demo.stream", str(fifo), "--seed", str(seed)], log=log, commanded=True)
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, int], Readable] = {}
        self._rolling = threading.Event()
        self.tally: Tally | None = None
        """The newest count of frames."""
        self._thread = threading.Thread(target=self._read, name="stage reports", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._child.poll() is None

    def wait_rolling(self, timeout_s: float) -> bool:
        """Wait for the first frame."""
        return self._rolling.wait(timeout_s)

    def tell(self, command: StageCommand) -> None:
        """Send one command; a stage that has ended takes none."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._child.stdin is not None:
                self._child.stdin.write(COMMAND.dump_json(command) + b"\n")
                self._child.stdin.flush()

    def readable(self, key: str, index: int = 0) -> Readable | None:
        """Return when a code came within the limits, None when it has not."""
        return self._seen.get((key, index))

    def end(self) -> int:
        """End the stream by ending its commands, and take in its last count; returns its exit status."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._child.stdin is not None:
                self._child.stdin.close()
        self._thread.join(processes.GRACE_S)
        return processes.end(self._child)

    def _read(self) -> None:
        if self._child.stdout is None:
            return
        with contextlib.suppress(ValueError):  # closed at the end
            for line in self._child.stdout:
                match REPORT.validate_json(line):
                    case Readable() as seen:
                        self._seen[seen.key, seen.index] = seen
                    case Rolling():
                        self._rolling.set()
                    case Tally() as tally:
                        self.tally = tally
