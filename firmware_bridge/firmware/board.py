"""The Pico's own pins, serial line, clock and watchdog: the one file that knows the hardware (`wiring` says where)."""

import os
import select
import sys
import time

import machine
import micropython

from firmware_bridge.firmware import wiring
from firmware_bridge.firmware.controller import Board
from firmware_bridge.firmware.lamp import SIDE
from firmware_bridge.firmware.mlx90614 import FREQUENCY, Bus

WS2812_NS = (400, 850, 800, 450)
"""High and low time of a 0 bit, then of a 1 bit."""
BUS_TIMEOUT_US = 5000
"""Ten times what reading one word takes."""
READ_SIZE = 64
"""Most bytes taken in at once, so that a flood cannot keep the loop from its other work."""
HALF = 32768
"""Of a tone's time the piezo is high: the loudest."""


class Pico(Board):
    """The real thing. Making it takes the current from the relay before anything else."""

    def __init__(self) -> None:
        self._relay = machine.Pin(wiring.RELAY, machine.Pin.OUT, value=1 - wiring.RELAY_ON)
        self._button = machine.Pin(wiring.BUTTON, machine.Pin.IN, machine.Pin.PULL_UP)
        self._door = machine.Pin(wiring.DOOR, machine.Pin.IN, machine.Pin.PULL_UP)
        self._pixels = machine.Pin(wiring.PIXELS, machine.Pin.OUT, value=0)
        self._piezo = machine.PWM(machine.Pin(wiring.BUZZER))
        self.tone(0)
        self._poller = select.poll()
        self._poller.register(sys.stdin, select.POLLIN)
        self._room = select.poll()
        self._room.register(sys.stdout, select.POLLOUT)
        self._ticks = time.ticks_ms()
        self._now_ms = 0

    # --- the gate -------------------------------------------------------------------------------------------------

    def coil(self, on: bool) -> None:
        """Switch the relay's current."""
        self._relay.value(wiring.RELAY_ON if on else 1 - wiring.RELAY_ON)

    def tone(self, hertz: int) -> None:
        """Sound the buzzer, or silence it at 0."""
        if hertz:
            self._piezo.freq(hertz)
        self._piezo.duty_u16(HALF if hertz else 0)

    def pixels(self, grb: bytearray) -> None:
        """Light the panel: 2 ms in which nothing else happens."""
        if wiring.SERPENTINE:
            grb = _serpentine(grb)
        machine.bitstream(self._pixels, 0, WS2812_NS, grb)

    def button(self) -> bool:
        """Whether the button is pressed at this moment."""
        return bool(self._button.value() == 0)

    def door_open(self) -> bool:
        """Whether the door's contact is open at this moment."""
        return bool(self._door.value() == 1)

    def bus(self) -> Bus:
        """Return the thermometer's bus, made anew."""
        scl, sda = machine.Pin(wiring.SCL), machine.Pin(wiring.SDA)
        bus: Bus = machine.I2C(wiring.I2C, scl=scl, sda=sda, freq=FREQUENCY, timeout=BUS_TIMEOUT_US)
        return bus

    # --- the host -------------------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Let the byte 0x03 through: otherwise it interrupts the program as Ctrl-C."""
        micropython.kbd_intr(-1)

    def receive(self, wait_ms: int) -> bytes:
        """Bytes that come within `wait_ms`. One is read at a time: asked for more, the Pico waits for all of them."""
        data = bytearray()
        ready = self._poller.poll(wait_ms)
        while ready and len(data) < READ_SIZE:
            data.extend(sys.stdin.buffer.read(1))
            ready = self._poller.poll(0)
        return bytes(data)

    def send(self, data: bytes) -> None:
        """Send, waiting half a second at most for a host that does not read."""
        sys.stdout.buffer.write(data)

    def has_room(self) -> bool:
        """Whether the host takes bytes without being waited for."""
        return bool(self._room.poll(0))

    # --- itself ---------------------------------------------------------------------------------------------------

    def now_ms(self) -> int:
        """Milliseconds since this object was made. The Pico's own begin anew after 12 days; these do not."""
        ticks = time.ticks_ms()
        self._now_ms += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._now_ms

    def boot_number(self) -> int:
        """Return 16 random bits."""
        return int.from_bytes(os.urandom(2), "big")

    def watchdog(self, timeout_ms: int) -> "machine.WDT":
        """Start what resets the Pico when its `feed` is not called for so long. Nothing stops it again."""
        return machine.WDT(timeout=timeout_ms)

    def fail(self, error: BaseException) -> None:
        """Start anew, as after a loss of power, because of an error that nothing foresaw. Does not return.

        Pins keep their level after a program ends: the relay loses its current first. The host takes the words of the
        error for noise; whoever reads the line finds them there.
        """
        self.coil(False)
        sys.print_exception(error)
        machine.reset()


def _serpentine(grb: bytearray) -> bytearray:
    """Turn every second row round."""
    turned = bytearray(grb)
    for row in range(1, SIDE, 2):
        for column in range(SIDE):
            to, source = (row * SIDE + column) * 3, (row * SIDE + SIDE - 1 - column) * 3
            turned[to : to + 3] = grb[source : source + 3]
    return turned
