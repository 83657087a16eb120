"""Hubs as processes that are killed and started again; see `hub_process`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from hub.settings import Settings
from tests.hub.serving import repository


class Hubs:
    """Hub processes on one storage; killed, whatever they are doing, and started again on the same port."""

    def __init__(self, settings: Settings, many: int, *, most_bytes: int | None = None) -> None:
        command = [sys.executable, "-m", "tests.hub.hub_process", settings.to_text()]
        command += [] if most_bytes is None else [str(most_bytes)]
        self._nursery = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._ports = [_free_port() for _ in range(many)]
        self._pids = [self._born(port) for port in self._ports]
        self.urls = [f"http://127.0.0.1:{port}" for port in self._ports]
        self.wait()

    def kill(self, number: int) -> None:
        os.kill(self._pids[number], signal.SIGKILL)
        self._pids[number] = self._born(self._ports[number])

    def wait(self) -> None:
        """Wait until all of them serve."""
        deadline = time.monotonic() + 30
        for port in self._ports:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    break
                except OSError:
                    assert time.monotonic() < deadline, "a hub does not start"
                    time.sleep(0.01)

    def close(self) -> None:
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._nursery.kill()
        self._nursery.wait()

    def _born(self, port: int) -> int:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(f"{port}\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_in(folder: Path, setting: str) -> Settings:
    return Settings(folder=str(folder), repository=str(repository(folder)), database=setting)
