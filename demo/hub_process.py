"""The hub beside the demo's gate: `checkpoint hub` as a process of its own, and the gate enrolled with it."""

from __future__ import annotations

import json
import queue
import re
import socket
import subprocess
import sys
import threading
import time
from typing import IO, Final

from demo import processes
from demo.guard import LANE, PINS, SUPERVISOR
from demo.site import Site

START_S: Final = 20.0
COMMAND_S: Final = 30.0
SITE: Final = "Demo gate"
_FIRST: Final = re.compile(r"https?://\S+/first/\S+")


class HubError(Exception):
    """The hub does not start, or does not take the gate in. The text says what it said."""


class HubProcess:
    """Starts the hub on a free port of this machine."""

    def __init__(self, site: Site, log: IO[bytes]) -> None:
        """Start it, and wait until it listens. Raises HubError."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.listens = f"127.0.0.1:{free.getsockname()[1]}"
        self._options = ["--folder", str(site.hub), "--repository", str(site.repository), "--listen", self.listens]
        self._site = site
        self._child = processes.start(["-m", "cli.main", "hub", *self._options], log=log)
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="hub", daemon=True).start()
        try:
            self.first = self._first_address()
        except HubError:
            self.end()
            raise

    def enrol(self) -> None:
        """Let the gate in, as its supervisor does with the code's text. Raises HubError."""
        made = self._run(["hub", *self._options, "invite", SITE, LANE, "--json"], "")
        code = json.loads(made)["qr"]
        options = ["--supervisor", SUPERVISOR, "--pin-stdin", "--yes", "--config", str(self._site.config)]
        self._run(["enrol", "-", *options], f"{PINS[SUPERVISOR]}\n{code}\n")

    def end(self) -> int:
        """End the hub in order; returns its exit status."""
        return processes.end(self._child)

    def _first_address(self) -> str:
        """Return where the first administrator is made, which it says once it listens."""
        deadline = time.monotonic() + START_S
        while (rest := deadline - time.monotonic()) > 0 and (self._child.poll() is None or not self._said.empty()):
            try:
                found = _FIRST.search(self._said.get(timeout=min(rest, 0.2)))
            except queue.Empty:
                continue
            if found:
                return found[0]
        raise HubError("the hub does not start")

    def _run(self, command: list[str], typed: str) -> str:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "cli.main", *command],
                input=typed,
                capture_output=True,
                text=True,
                cwd=processes.ROOT,
                timeout=COMMAND_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise HubError(f"{command[0]} takes too long") from None
        if done.returncode:
            raise HubError(done.stderr.strip())
        return done.stdout

    def _read(self) -> None:
        if self._child.stdout is None:
            return
        try:
            for line in self._child.stdout:
                self._said.put(line.decode("utf-8", "replace"))
        except ValueError:  # closed at the end
            return
