"""What hangs on an emulated gate controller: relay, panel, buzzer, button, door and MLX90614, in memory."""

from __future__ import annotations

import errno
import time
from enum import StrEnum, unique

from firmware_bridge.emulator.scene import Scene
from firmware_bridge.firmware.controller import Board
from firmware_bridge.firmware.mlx90614 import ADDRESS, FAULT, OBJECT, ZERO_CELSIUS, Bus, crc8


@unique
class Probe(StrEnum):
    """How the sensor on the bus is."""

    GOOD = "good"
    ABSENT = "absent"
    CHECKSUM = "checksum"
    """Its answers arrive damaged."""
    FAULT = "fault"
    """It says itself that it has no reading."""


class VirtualBoard(Board, Bus):
    """A board and its bus. The sensor sees `scene`."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.energised = False
        """Whether the relay's coil has current."""
        self.hertz = 0
        """What the buzzer sounds now; 0: silence."""
        self.picture = b""
        """What the panel shows: 64 pixels, green, red, blue."""
        self.pressed = False
        self.opened = False
        """Whether the door stands open."""
        self.probe = Probe.GOOD

    def coil(self, on: bool) -> None:
        """Switch the relay's current."""
        self.energised = on

    def tone(self, hertz: int) -> None:
        """Sound the buzzer."""
        self.hertz = hertz

    def pixels(self, grb: bytearray) -> None:
        """Light the panel."""
        self.picture = bytes(grb)

    def button(self) -> bool:
        """Whether the button is pressed."""
        return self.pressed

    def door_open(self) -> bool:
        """Whether the door's contact is open."""
        return self.opened

    def bus(self) -> Bus:
        """Return the bus."""
        return self

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        """Answer as the sensor does: two bytes and their packet error code."""
        if self.probe is Probe.ABSENT or address != ADDRESS:
            raise OSError(errno.EIO, "nothing answers")
        reading = self.scene.reading(time.monotonic())[0 if register == OBJECT else 1]
        word = (reading + ZERO_CELSIUS) // 2 | FAULT * (self.probe is Probe.FAULT)
        data = word.to_bytes(2, "little")
        code = crc8(bytes((address << 1, register, address << 1 | 1)) + data)
        return (data + bytes((code ^ (self.probe is Probe.CHECKSUM),)))[:count]
