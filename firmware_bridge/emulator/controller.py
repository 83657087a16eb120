"""A virtual gate controller on a pty: the firmware's own logic, with a board that only exists in memory.

Each opening is kept, and written to a file when one is named, before its answer leaves: one line `<monotonic ns>
<token>`, so that a test which kills the host can tell what truly opened.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.emulator.gate_board import Probe, VirtualBoard
from firmware_bridge.emulator.scene import Scene
from firmware_bridge.emulator.virtual_device import FOREVER, VirtualDevice
from firmware_bridge.errors import EmulatorError
from firmware_bridge.firmware.contacts import SETTLE_MS
from firmware_bridge.firmware.controller import Board, Controller
from firmware_bridge.reports import DOORS
from firmware_bridge.values import Door, Light

LIGHTS = tuple(Light)
TURN_S = 0.01
"""How often the controller looks after what is due; on the Pico it is half of that."""
PRESS_S = 3 * SETTLE_MS / 1000
"""How long a press of the button lasts: longer than it bounces."""


@dataclass(frozen=True, slots=True)
class OpeningSeen:
    """The barrier began to open."""

    at_ns: int
    """CLOCK_MONOTONIC, comparable between processes of one machine."""
    token: int
    pulse_ms: int


def _unseen(_opening: OpeningSeen) -> None:
    """Nobody watches."""


class _Witnessed(Controller):
    """The controller, with a witness of its openings."""

    def __init__(self, board: Board, boot: int, witness: Callable[[OpeningSeen], None]) -> None:
        super().__init__(board, boot)
        self._witness = witness

    def open_gate(self, token: int, pulse_ms: int) -> None:
        """Begin a pulse: not before it is seen to, to the nanosecond."""
        seen = OpeningSeen(time.monotonic_ns(), token, pulse_ms)
        self._now_ms = -(-seen.at_ns // 1_000_000)
        super().open_gate(token, pulse_ms)
        self._witness(seen)


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
        ambient_centi: int = 2480,
    ) -> None:
        self._log = log
        self._on_opening = on_opening
        self._openings: list[OpeningSeen] = []
        self._answers_lost = 0
        self._chance = random.Random(seed)  # noqa: S311  repeatable faults, no secret
        self._board = VirtualBoard(Scene(ambient_centi, self._chance))
        self._controller = self._started()
        super().__init__(link, self._chance)

    # --- what is seen ---------------------------------------------------------------------------------------------

    @property
    def openings(self) -> tuple[OpeningSeen, ...]:
        """Every opening since the start, oldest first."""
        return tuple(self._openings)

    @property
    def is_open(self) -> bool:
        """Whether a pulse runs."""
        return self._controller.relay.pulsing

    @property
    def energised(self) -> bool:
        """Whether the relay's coil has current: fail-secure during a pulse, fail-safe outside of one."""
        return self._board.energised

    @property
    def light(self) -> Light:
        """What the lamp shows."""
        return LIGHTS[self._controller.lamp.light]

    @property
    def hertz(self) -> int:
        """What the buzzer sounds now; 0: silence."""
        return self._board.hertz

    @property
    def door_state(self) -> Door:
        """What the controller makes of its door."""
        return DOORS[self._controller.door.state]

    @property
    def session(self) -> int:
        """Number of the open session; 0: none."""
        return self._controller.session

    # --- what people and faults do --------------------------------------------------------------------------------

    def press(self) -> None:
        """Press the button and let it go."""
        self._line.call(lambda: setattr(self._board, "pressed", True))
        time.sleep(PRESS_S)
        self._line.call(lambda: setattr(self._board, "pressed", False))

    def door(self, is_open: bool) -> None:
        """Open the door, or shut it."""
        self._line.call(lambda: setattr(self._board, "opened", is_open))

    def person(self, object_centi: int) -> None:
        """Somebody with this object temperature (centi-°C) steps before the sensor."""
        self._line.call(lambda: self._board.scene.person(object_centi, time.monotonic()))

    def nobody(self) -> None:
        """Whoever stands there steps away."""
        self._line.call(lambda: self._board.scene.nobody(time.monotonic()))

    def probe(self, probe: Probe) -> None:
        """Set how the sensor is."""
        self._line.call(lambda: setattr(self._board, "probe", probe))

    def restart(self) -> None:
        """Reset the controller alone; the line stays."""
        self._line.call(lambda: self.powered(True))

    def drop_answers(self, count: int) -> None:
        """Lose the next answers."""
        self._line.call(lambda: setattr(self, "_answers_lost", count))

    # --- the device -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Plug it in and let it run."""
        if self._log is not None:
            try:
                self._log.touch()
            except OSError as error:
                raise EmulatorError(f"cannot write openings to {self._log}: {error.strerror}") from error
        super().start()

    def received(self, data: bytes, now: float) -> None:
        """Do what the host commands, and answer."""
        for answer in _frames(self._controller.receive(data, round(now * 1000))):
            if self._answers_lost:
                self._answers_lost -= 1
            else:
                self._faults.say(answer, len(answer) - 2, now)
        self._line.send(self._faults.arriving(now))

    def turn(self, now: float) -> float:
        """Do what is due, notice the loss of the host, and send what arrives."""
        for report in _frames(self._controller.turn(round(now * 1000))):
            self._faults.say(report, len(report) - 2, now)
        self._line.send(self._faults.arriving(now))
        arrival = self._faults.next_at()
        wake_at = now + TURN_S if self.plugged else FOREVER
        return wake_at if arrival is None else min(wake_at, arrival)

    def powered(self, on: bool) -> None:  # noqa: ARG002  pulled or plugged, it forgets
        """Start without a session, the relay without current."""
        self._faults.forget()
        self._controller = self._started()

    def _started(self) -> Controller:
        return _Witnessed(self._board, self._chance.randrange(0x10000), self._opened)

    def _opened(self, opening: OpeningSeen) -> None:
        self._openings.append(opening)
        if self._log is not None:
            handle = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.write(handle, f"{opening.at_ns} {opening.token}\n".encode())
            finally:
                os.close(handle)
        self._on_opening(opening)


def _frames(data: bytes) -> list[bytes]:
    """Cut what the controller says into frames, each between its zeros; the byte before the last is checksum."""
    return [b"\x00" + frame + b"\x00" for frame in data.split(b"\x00") if frame]
