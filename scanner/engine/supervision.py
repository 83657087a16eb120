"""Watching over threads by the age of their current job, and telling systemd that all is well."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger(__name__)

MAX_ABANDONED = 4
"""Threads that hang still; with more, the process is better started again."""
AGAIN_S = 1.0
"""A body that dies at once, again and again, must not fill the log."""


class Job(Protocol):
    """A thread's body that tells how long it has been at its current piece of work."""

    def run(self, stop: threading.Event) -> None:
        """Work until `stop`."""

    def busy_for(self) -> float:
        """Return for how many seconds the current piece of work has lasted; 0 between two."""


class HungError(Exception):
    """Too many threads hang; only a new process can help."""


class SupervisedThread:
    """A thread that is abandoned when it hangs, and replaced by another with a fresh body."""

    def __init__(
        self, name: str, make: Callable[[], Job], limit_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._make = make
        self._limit_s = limit_s
        self._clock = clock
        self._abandoned: list[threading.Thread] = []
        self._again_at = 0.0
        self._job: Job | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start a thread with a fresh body."""
        self._stop = threading.Event()
        self._job = self._make()
        self._thread = threading.Thread(target=self._run, args=(self._job, self._stop), name=self._name, daemon=True)
        self._thread.start()

    def watch(self) -> None:
        """Replace the thread when it hangs or has died, at most once in `AGAIN_S` when it has died.

        Raises HungError when too many hang at once.
        """
        if self._thread is None or self._job is None:
            return
        hung = self._job.busy_for() > self._limit_s
        if not hung and self._thread.is_alive():
            return
        now = self._clock()
        if not hung and now < self._again_at:
            return
        self._again_at = now + AGAIN_S
        log.error("%s %s; starting another", self._name, "hangs" if hung else "has died")
        self._stop.set()
        self._abandoned = [*(thread for thread in self._abandoned if thread.is_alive()), self._thread]
        if len(self._abandoned) > MAX_ABANDONED:
            raise HungError(f"{self._name} hangs, and so do {MAX_ABANDONED} before it")
        self.start()

    def stop(self) -> None:
        """Ask the thread to end and wait for it a moment."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=1)

    def _run(self, job: Job, stop: threading.Event) -> None:
        try:
            job.run(stop)
        except Exception:
            # The supervised edge: whatever a frame did to the thread, the lane goes on with another one.
            log.exception("%s failed", self._name)


def notify_systemd(state: str) -> None:
    """Tell systemd how the service is (sd_notify(3)); does nothing where it did not start us."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    target = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(state.encode(), target)
        except OSError as error:
            log.warning("systemd could not be told %r: %s", state, error)
