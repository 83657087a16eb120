"""A virtual GY-MCU90614 on a pty: the real stream, with people who come and go and every fault of the field."""

from __future__ import annotations

import random
import time
from pathlib import Path

from firmware_bridge import gy_mcu90614
from firmware_bridge.emulator.scene import NOISE_CENTI, Scene
from firmware_bridge.emulator.virtual_device import FOREVER, VirtualDevice


class VirtualThermometer(VirtualDevice):
    """The module at `link`."""

    def __init__(
        self,
        link: Path,
        *,
        ambient_centi: int = 2480,
        seed: int = 0,
        noise_centi: float = NOISE_CENTI,
        rate_hz: float = gy_mcu90614.DRIVER.rate_hz,
    ) -> None:
        self.frames = 0
        """Frames the module has made since its start, lost ones included."""
        chance = random.Random(seed)  # noqa: S311  repeatable noise, no secret
        super().__init__(link, chance)
        self._scene = Scene(ambient_centi, chance, noise_centi=noise_centi)
        self._period = 1.0 / rate_hz
        self._streaming = True
        self._next_frame = 0.0
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
        """Obey the two commands of the module; anything else is noise."""
        self._commands = (self._commands + data)[-64:]
        while len(self._commands) >= len(gy_mcu90614.STREAM):
            head = self._commands[:3]
            if head == gy_mcu90614.STREAM:
                self._streaming = True
                self._next_frame = max(self._next_frame, now)
            elif head == gy_mcu90614.QUERY:
                self._streaming = False
                self._measure(now)
            self._commands = self._commands[3 if head in (gy_mcu90614.STREAM, gy_mcu90614.QUERY) else 1 :]

    def turn(self, now: float) -> float:
        """Make the frames that are due and send what arrives; returns when the next is."""
        if self._streaming and now >= self._next_frame:
            self._measure(now)
            # Frames that this process was too slow to make are not made up for.
            self._next_frame = max(self._next_frame + self._period, now + self._period / 2)
        self._line.send(self._faults.arriving(now))
        arrival = self._faults.next_at()
        wake_at = self._next_frame if self._streaming else FOREVER
        return wake_at if arrival is None else min(wake_at, arrival)

    def powered(self, on: bool) -> None:
        """Start streaming, as the module does by itself."""
        self._faults.forget()
        self._commands = b""
        self._streaming = True
        self._next_frame = time.monotonic() if on else FOREVER

    def _measure(self, now: float) -> None:
        self.frames += 1
        frame = gy_mcu90614.write_frame(*self._scene.reading(now))
        self._faults.say(frame, gy_mcu90614.FRAME_SIZE - 1, now)
