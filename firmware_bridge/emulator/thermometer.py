"""A virtual thermometer module on a pty: its real frames, with people who come and go and every fault of the field."""

from __future__ import annotations

import random
import time
from collections import deque
from pathlib import Path

from firmware_bridge.emulator.modules import MODULES, Order
from firmware_bridge.emulator.scene import NOISE_CENTI, Scene
from firmware_bridge.emulator.virtual_device import FOREVER, VirtualDevice


class VirtualThermometer(VirtualDevice):
    """The module at `link`; `model` is the name of its driver."""

    def __init__(
        self,
        link: Path,
        *,
        model: str = "gy-mcu90614",
        ambient_centi: int = 2480,
        seed: int = 0,
        noise_centi: float = NOISE_CENTI,
        rate_hz: float | None = None,
        baud: int | None = None,
    ) -> None:
        """`rate_hz`: frames a second, None: as the module is sold; `baud`: the only speed at which it is understood."""
        self.frames = 0
        """Frames the module has made since its start, lost ones included."""
        chance = random.Random(seed)  # noqa: S311  repeatable noise, no secret
        super().__init__(link, chance, baud=baud)
        self._scene = Scene(ambient_centi, chance, noise_centi=noise_centi)
        self._make = MODULES[model]
        self._module = self._make()
        self._period = 1.0 / (rate_hz or self._module.rate_hz)
        self._streaming = False
        self._next_frame = FOREVER
        self._asked: deque[float] = deque()
        """When the frames that were asked for are due."""
        self._commands = b""

    def person(self, object_centi: int) -> None:
        """Somebody with this object temperature (centi-°C) steps in, over about 0.3 s."""
        self._line.call(lambda: self._scene.person(object_centi, time.monotonic()))

    def nobody(self) -> None:
        """Whoever stands there steps away."""
        self._line.call(lambda: self._scene.nobody(time.monotonic()))

    def ambient(self, ambient_centi: int) -> None:
        """Set the module's own temperature, centi-°C."""
        self._line.call(lambda: setattr(self._scene, "ambient_centi", ambient_centi))

    def drift(self, centi_per_minute: float) -> None:
        """Let readings creep; 0 ends it."""
        self._line.call(lambda: self._scene.drift(centi_per_minute, time.monotonic()))

    def stuck(self, on: bool = True) -> None:
        """Repeat the present reading, or measure again."""
        self._line.call((lambda: self._scene.stick(time.monotonic())) if on else self._scene.unstick)

    def received(self, data: bytes, now: float) -> None:
        """Obey the module's commands; anything else is noise."""
        self._commands = (self._commands + data)[-64:]
        while True:
            command, orders, self._commands = self._module.obey(self._commands)
            if not command:
                return
            for order in orders:
                self._do(order, command, now)

    def turn(self, now: float) -> float:
        """Make the frames that are due and send what arrives; returns when the next is."""
        if self._streaming and now >= self._next_frame:
            self._measure(now)
            # Frames that this process was too slow to make are not made up for.
            self._next_frame = max(self._next_frame + self._period, now + self._period / 2)
        while self._asked and now >= self._asked[0]:
            self._asked.popleft()
            self._measure(now)
        self._line.send(self._faults.arriving(now))
        arrival = self._faults.next_at()
        return min(
            self._next_frame if self._streaming else FOREVER,
            self._asked[0] if self._asked else FOREVER,
            FOREVER if arrival is None else arrival,
        )

    def powered(self, on: bool) -> None:
        """Do what the module does by itself after power on."""
        self._faults.forget()
        self._commands = b""
        self._module = self._make()
        self._asked.clear()
        self._streaming = self._module.streams
        self._next_frame = time.monotonic() if on else FOREVER

    def _do(self, order: Order, command: bytes, now: float) -> None:
        match order:
            case Order.STREAM:
                self._streaming = True
                self._next_frame = max(self._next_frame, now)
            case Order.STOP:
                self._streaming = False
            case Order.MEASURE:
                self._asked.append(now + self._module.answer_s)
            case Order.REPEAT:
                self._faults.say(command, len(command) - 1, now)
            case Order.NOTHING:
                pass

    def _measure(self, now: float) -> None:
        self.frames += 1
        frame = self._module.frame(*self._scene.reading(now))
        self._faults.say(frame, len(frame) - 1, now)
