"""A virtual gate controller on a pty: the firmware's own end of the link, with a barrier that only exists in memory.

It answers commands and sends nothing else. Each opening is kept, and written to a file when one is named, before its
answer leaves: one line `<monotonic ns> <token>`, so that a test which kills the host can tell what truly opened.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge import link as protocol
from firmware_bridge.emulator.virtual_device import FOREVER, VirtualDevice
from firmware_bridge.errors import EmulatorError
from firmware_bridge.values import Light

LIGHTS = tuple(Light)


@dataclass(frozen=True, slots=True)
class OpeningSeen:
    """The barrier began to open."""

    at_ns: int
    """CLOCK_MONOTONIC, comparable between processes of one machine."""
    token: int
    pulse_ms: int


def _unseen(_opening: OpeningSeen) -> None:
    """Nobody watches."""


class _Barrier(protocol.Machine):
    """The relay and the lamp."""

    def __init__(self, log: Path | None, on_opening: Callable[[OpeningSeen], None]) -> None:
        self.openings: list[OpeningSeen] = []
        self.light = Light.OUT_OF_SERVICE
        self.closes_at = -math.inf
        self._log = log
        self._on_opening = on_opening

    def open_gate(self, token: int, pulse_ms: int) -> None:
        """Begin a pulse; one that runs is lengthened."""
        opening = OpeningSeen(time.monotonic_ns(), token, pulse_ms)
        self.closes_at = max(self.closes_at, opening.at_ns / 1e9 + pulse_ms / 1000.0)
        self.openings.append(opening)
        if self._log is not None:
            handle = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.write(handle, f"{opening.at_ns} {opening.token}\n".encode())
            finally:
                os.close(handle)
        self._on_opening(opening)

    def show_light(self, light: int) -> None:
        """Show it."""
        self.light = LIGHTS[light]

    def make_safe(self) -> None:
        """Close, and show that nobody is served."""
        self.closes_at = -math.inf
        self.light = Light.OUT_OF_SERVICE


class VirtualController(VirtualDevice):
    """The controller at `link`; under a silence it obeys and does not answer.

    `log` names a file to which openings are appended. Raises EmulatorError from `start` also when it cannot be made.
    """

    def __init__(
        self,
        link: Path,
        *,
        log: Path | None = None,
        on_opening: Callable[[OpeningSeen], None] = _unseen,
        seed: int = 0,
    ) -> None:
        self._log = log
        self._barrier = _Barrier(log, on_opening)
        self._responder = protocol.Responder(self._barrier)
        super().__init__(link, random.Random(seed))  # noqa: S311  repeatable faults, no secret

    @property
    def openings(self) -> tuple[OpeningSeen, ...]:
        """Every opening since the start, oldest first."""
        return tuple(self._barrier.openings)

    @property
    def is_open(self) -> bool:
        """Whether a pulse runs."""
        return time.monotonic() < self._barrier.closes_at

    @property
    def light(self) -> Light:
        """What the lamp shows."""
        return self._barrier.light

    @property
    def session(self) -> int:
        """Number of the open session; 0: none."""
        return self._responder.session

    def start(self) -> None:
        """Plug it in and let it run."""
        if self._log is not None:
            try:
                self._log.touch()
            except OSError as error:
                raise EmulatorError(f"cannot write openings to {self._log}: {error.strerror}") from error
        super().start()

    def restart(self) -> None:
        """Reset the controller alone; the line stays."""
        self._line.call(lambda: self.powered(True))

    def drop_answers(self, count: int) -> None:
        """Lose the next answers."""
        self._line.call(lambda: self._faults.drop(count))

    def received(self, data: bytes, now: float) -> None:
        """Do what the host commands, and answer."""
        answers = self._responder.receive(data, round(now * 1000))
        for encoded in answers.split(b"\x00")[:-1]:
            self._faults.say(encoded + b"\x00", len(encoded) - 1, now)
        self._line.send(self._faults.arriving(now))

    def turn(self, now: float) -> float:
        """Notice the loss of the host, and send what is due."""
        self._responder.tick(round(now * 1000))
        self._line.send(self._faults.arriving(now))
        arrival = self._faults.next_at()
        wake_at = now + 0.1 if self._responder.session else FOREVER
        return wake_at if arrival is None else min(wake_at, arrival)

    def powered(self, on: bool) -> None:  # noqa: ARG002  pulled or plugged, it forgets
        """Start without a session, barrier closed."""
        self._faults.forget()
        self._responder = protocol.Responder(self._barrier)
        self._barrier.make_safe()
