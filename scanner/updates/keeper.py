"""The engine's thread for updates: keeps the schedule, looks for sticks, and lets a process of its own do the work.

The process parses what strangers' servers and sticks say, and may be killed at any instant; what it leaves behind is
proved again before it counts. A stick that makes reads hang holds up this thread and no lane.
"""

from __future__ import annotations

import logging
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from keys.errors import UpdateCause
from scanner.config.model import UpdateSection
from scanner.updates.report import FAULT, NOT_GOOD
from scanner.updates.schedule import Schedule
from scanner.updates.sticks import Stick, digest_of, find

LOG = logging.getLogger(__name__)

LOOK_S = 2.0
"""How often mounts are looked at."""
STEP_S = 0.1
"""How long the end of the engine may go unnoticed."""
LIMIT_S = 900.0
"""An update that takes longer is killed: the whole of 48 lists over a slow line takes a few minutes."""
ENDS_S = 2.0
SAID = frozenset({0, NOT_GOOD})
"""Exit statuses of a process that has left a report of its own."""


@dataclass(frozen=True, slots=True)
class UpdateState:
    """What the screens are told."""

    running: bool = False
    stick: str | None = None
    """A stick with something to take in is there: its label."""


class UpdateKeeper:
    """Runs updates one at a time. `changed` is called from its thread whenever `state` is a new one."""

    def __init__(
        self,
        section: UpdateSection,
        *,
        command: Sequence[str],
        in_force: Path,
        changed: Callable[[], None],
        failed: Callable[[str, str, str], None],
        clear: Callable[[], bool] = lambda: True,
        source: Callable[[], str | None] | None = None,
        spread: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """`command` does one update; the source is its last argument, and status 0 says that the source was good.

        `failed` hears of one that ended without a report of its own: source, cause and words. `in_force` is the folder
        of the proved state's own repository, so that a stick with the same is not offered. `clear` tells whether the
        network is free for an update by the schedule; else it is asked again at the next look. `source` says where
        updates come from now; None: as the section says.
        """
        self._section = section
        self._command = tuple(command)
        self._in_force = in_force
        self._changed = changed
        self._failed = failed
        self._clear = clear
        self._source = source or (lambda: section.source)
        self._schedule = Schedule.begin(section.every_minutes * 60.0, time.monotonic(), spread)
        self._lock = threading.Lock()
        self._state = UpdateState()
        self._stick: Stick | None = None
        self._wanted: Stick | None = None
        self._tried: frozenset[str] = frozenset()
        self._wake = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def state(self) -> UpdateState:
        """What is going on."""
        return self._state

    def take_stick(self) -> bool:
        """Take in the stick that is offered, in this keeper's own time; False where none is."""
        with self._lock:
            if self._stick is None:
                return False
            self._wanted = self._stick
        self._wake.set()
        return True

    def busy_for(self) -> float:
        """Return 0: a process has its own limit, and a sick stick may hold this thread for as long as it likes."""
        return 0.0

    def run(self, stop: threading.Event) -> None:
        """Look, try and wait until `stop`."""
        try:
            while not stop.is_set():
                self._turn(stop)
                self._rest(stop)
        finally:
            self._end()

    def _rest(self, stop: threading.Event) -> None:
        """Wait for the next look; not when somebody asks for a stick, and not when the engine ends."""
        look_at = time.monotonic() + LOOK_S
        while not (stop.is_set() or self._wake.wait(STEP_S)) and time.monotonic() < look_at:
            pass
        self._wake.clear()

    def _turn(self, stop: threading.Event) -> None:
        with self._lock:
            wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._tried |= {wanted.digest}
            self._attempt(str(wanted.folder), stop)
        source = self._source()
        if source is not None and self._schedule.is_due(time.monotonic()) and self._clear():
            good = self._attempt(source, stop)
            (self._schedule.succeeded if good else self._schedule.failed)(time.monotonic())
        self._look()

    def _look(self) -> None:
        here = find(self._section.sticks)
        in_force = digest_of(self._in_force)
        # One that was pulled out may be offered again.
        self._tried &= {stick.digest for stick in here}
        fresh = next((one for one in here if one.digest not in self._tried and one.digest != in_force), None)
        with self._lock:
            self._stick = fresh
        self._show(UpdateState(stick=None if fresh is None else fresh.label))

    def _attempt(self, source: str, stop: threading.Event) -> bool:
        """Run one update; whether the source was good. What became of it is in the report that the process leaves."""
        self._show(UpdateState(running=True))
        try:
            process = self._process = subprocess.Popen(
                [*self._command, source],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        except OSError as error:
            self._failed(source, FAULT, f"the update's process cannot be started: {error.strerror}")
            self._show(UpdateState())
            return False
        deadline = time.monotonic() + LIMIT_S
        try:
            while process.poll() is None:
                ending = stop.wait(0.1)
                if ending or time.monotonic() > deadline:
                    process.kill()
                    process.wait(ENDS_S)
                    if not ending:
                        words = f"it did not end within {LIMIT_S / 60:.0f} minutes and was stopped"
                        self._failed(source, UpdateCause.SLOW_RETRIEVAL, words)
                    return False
            if process.returncode not in SAID:
                self._failed(source, FAULT, f"the update's process died ({process.returncode})")
            return process.returncode == 0
        except subprocess.TimeoutExpired:
            LOG.error("the update from %s cannot be killed: a disk or stick holds it", source)
            return False
        finally:
            self._process = None
            self._show(UpdateState())

    def _show(self, state: UpdateState) -> None:
        if state != self._state:
            self._state = state
            self._changed()

    def _end(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
            process.wait(ENDS_S)


def command_for(config: str) -> tuple[str, ...]:
    """Return the command that does one update for the configuration file `config`."""
    return (sys.executable, "-m", "scanner.updates.process", "--config", config, "--from")
