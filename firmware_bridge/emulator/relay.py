"""A virtual relay board on a pty, whose relays only exist in memory.

Each switching is kept, and written to a file when one is named, before its answer leaves: one line
`<monotonic ns> <relay> on|off`, so that a test which kills the host can tell how the gate was left.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.emulator.boards import BOARDS, RELAYS, Switch
from firmware_bridge.emulator.virtual_device import FOREVER, VirtualDevice
from firmware_bridge.errors import EmulatorError


@dataclass(frozen=True, slots=True)
class Switched:
    """A relay has gone on or off."""

    at_ns: int
    """CLOCK_MONOTONIC, comparable between processes of one machine."""
    relay: int
    on: bool


def _unseen(_switched: Switched) -> None:
    """Nobody watches."""


class VirtualRelay(VirtualDevice):
    """The board at `link`; `model` is the name of its driver. Under a silence it obeys and does not answer.

    Without power every relay is off. Raises EmulatorError from `start` also when `log` cannot be made.
    """

    def __init__(
        self,
        link: Path,
        *,
        model: str = "modbus",
        log: Path | None = None,
        on_switched: Callable[[Switched], None] = _unseen,
        seed: int = 0,
        baud: int | None = None,
    ) -> None:
        super().__init__(link, random.Random(seed), baud=baud)  # noqa: S311  repeatable faults, no secret
        self._model = BOARDS[model]()
        self._log = log
        self._on_switched = on_switched
        self._switched: list[Switched] = []
        self._on = [False] * RELAYS
        self._off_at: dict[int, float] = {}
        self._received = b""
        self._ignores = 0

    @property
    def switched(self) -> tuple[Switched, ...]:
        """Every change since the start, oldest first."""
        return tuple(self._switched)

    def is_on(self, relay: int = 1) -> bool:
        """Whether a relay, from 1, is on."""
        return self._on[relay - 1]

    def start(self) -> None:
        """Plug it in and let it run."""
        if self._log is not None:
            try:
                self._log.touch()
            except OSError as error:
                raise EmulatorError(f"cannot write switchings to {self._log}: {error.strerror}") from error
        super().start()

    def ignore(self, count: int) -> None:
        """Neither do nor answer the next commands, as a board does that was busy."""
        self._line.call(lambda: setattr(self, "_ignores", count))

    def drop_answers(self, count: int) -> None:
        """Lose the next answers."""
        self._line.call(lambda: self._faults.drop(count))

    def switch(self, relay: int, *, on: bool) -> None:
        """Switch a relay by the button on the board. Raises ValueError for one it does not have."""
        if not 1 <= relay <= RELAYS:
            raise ValueError(f"there is no relay {relay}")
        self._line.call(lambda: self._switch(Switch(relay, on), time.monotonic()))

    def received(self, data: bytes, now: float) -> None:
        """Do what the host commands, and answer."""
        self._received = (self._received + data)[-256:]
        while (done := self._model.obey(self._received, self.is_on)) is not None:
            answer, switches, self._received = done
            if self._ignores:
                self._ignores -= 1
                continue
            for switch in switches:
                self._switch(switch, now)
            if answer:
                self._faults.say(answer, len(answer) - 1, now)
        self._line.send(self._faults.arriving(now))

    def turn(self, now: float) -> float:
        """End the pulses that are over, and send what is due."""
        for relay, off_at in list(self._off_at.items()):
            if now >= off_at:
                self._switch(Switch(relay, on=False), now)
        self._line.send(self._faults.arriving(now))
        arrival = self._faults.next_at()
        return min([FOREVER if arrival is None else arrival, *self._off_at.values()])

    def powered(self, on: bool) -> None:  # noqa: ARG002  pulled or plugged, it forgets
        """Let every relay go."""
        self._faults.forget()
        self._received = b""
        for relay in range(1, RELAYS + 1):
            self._switch(Switch(relay, on=False), time.monotonic())

    def _switch(self, switch: Switch, now: float) -> None:
        if switch.pulse_s is None:
            self._off_at.pop(switch.relay, None)
        else:
            self._off_at[switch.relay] = now + switch.pulse_s
        if self._on[switch.relay - 1] is switch.on:
            return
        self._on[switch.relay - 1] = switch.on
        switched = Switched(time.monotonic_ns(), switch.relay, switch.on)
        self._switched.append(switched)
        if self._log is not None:
            with self._log.open("a", encoding="ascii") as file:
                file.write(f"{switched.at_ns} {switched.relay} {'on' if switched.on else 'off'}\n")
        self._on_switched(switched)
