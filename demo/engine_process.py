"""The ordinary engine, as a process of its own: `checkpoint run --headless --json` on the demo's configuration."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import IO

from demo import processes
from scanner.engine.report import PassageReport


class EngineProcess:
    """Starts the engine and takes in what it reports."""

    def __init__(self, config: Path, log: IO[bytes]) -> None:
        self._child = processes.start(
            ["-m", "cli.main", "run", "--config", str(config), "--headless", "--json"], log=log
        )
        self._passages: queue.SimpleQueue[PassageReport] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, name="engine reports", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """The engine's process."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._child.poll() is None

    def passage(self, timeout_s: float) -> PassageReport | None:
        """Return the next passage reported, None when there is none in time."""
        try:
            return self._passages.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            return None

    def end(self) -> int:
        """End the engine in order and take in its last reports; returns its exit status."""
        self._child.terminate()
        self._thread.join(processes.GRACE_S)
        return processes.end(self._child)

    def _read(self) -> None:
        if self._child.stdout is None:
            return
        try:
            for line in self._child.stdout:
                try:
                    self._passages.put(PassageReport.from_json(line))
                except ValueError:
                    continue  # a line for people
        except ValueError:  # closed at the end
            return
