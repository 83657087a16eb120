"""A hub as a process, started as a person would, on a storage that gates were enrolled in beforehand."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from benchmarks.hub.gates import BusyGate
from hub.storage import appliances, open_database
from hub.values import Invitation

_START_SECONDS = 60.0


class HubProcess:
    """The running hub, and those it started."""

    def __init__(self, folder: Path, database: str = "sqlite", processes: int = 1) -> None:
        """Start it and wait until it answers."""
        metadata = folder / "trust" / "metadata"
        metadata.mkdir(parents=True, exist_ok=True)
        (metadata / "1.root.json").write_text("{}")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        command = [
            *(sys.executable, "-m", "cli.main", "hub", "--folder", str(folder / "hub")),
            *("--repository", str(folder / "trust"), "--database", database),
            *("--listen", f"127.0.0.1:{self.port}", "--processes", str(processes)),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        pool = PoolManager(retries=False, timeout=5.0)
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                if pool.request("GET", f"{self.url}/v1/health").status == 200:
                    return
            except HTTPError:
                pass
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError("the hub does not start")
            time.sleep(0.05)

    def most_memory(self) -> int:
        """Bytes that the process has had in memory at most."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the kernel does not tell what a process used")

    def close(self) -> None:
        """Stop it, orderly."""
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(timeout=40)


def enrol(folder: Path, database: str, gates: Iterable[BusyGate]) -> None:
    """Enrol gates, four a site, as an operator would one by one."""
    (folder / "hub").mkdir(exist_ok=True)
    storage = open_database(database, folder / "hub")
    now_ms = time.time_ns() // 1_000_000
    storage.prepare_day(now_ms // 86_400_000)
    with storage.write() as session:
        for number, gate in enumerate(gates):
            invitation = Invitation(sha256(gate.id).digest(), f"site {number // 4}", ("gate-1",), now_ms + 1, "bench")
            appliances.invite(session, invitation)
            appliances.enrol(session, gate.id, gate.public_key, invitation, software="0.1.0", now_ms=now_ms)
    storage.close()


def stored_entries(folder: Path, database: str) -> tuple[int, int]:
    """Count what the hub has: rows of the log, and entries by the high-water marks."""
    storage = open_database(database, folder / "hub")
    with storage.read() as session:
        rows = session.rows("SELECT count(*) FROM entry")[0][0]
        marks = session.rows("SELECT CAST(sum(size) AS bigint) FROM device")[0][0]
    storage.close()
    if type(rows) is not int or type(marks) is not int:
        raise TypeError("the storage does not count")
    return rows, marks
