"""The Pico's `machine` for MicroPython on a desktop: pins, bus and watchdog in memory, seen and moved from outside.

The folder named by PICO holds `seen`, a file to which every change is appended as a line `<ms> <what> <values>`, and
`wires`, a FIFO from which commands are read: `level PIN 0|1`, `probe good|absent|checksum|fault|stuck|broken`,
`temperature OBJECT AMBIENT` in centi-degrees. As strict as the real one where a mistake would only show on a desk.
"""

import os
import select
import sys
import time

import micropython

LONGEST_WATCHDOG_MS = 8388
FASTEST_BUS = 100000
SENSOR = 0x5A
RESET_STATUS = 42
"""Exit status of a Pico that resets itself."""

_folder = os.getenv("PICO")
_seen = open(_folder + "/seen", "a")
_wires = open(_folder + "/wires", "rb")
_poll = select.poll()
_poll.register(_wires, select.POLLIN)
_levels = {}
_air = {"probe": "good", "object": 2480, "ambient": 2480}


def _note(*words):
    _seen.write(f"{time.ticks_ms()} {' '.join(str(word) for word in words)}\n")
    _seen.flush()


def _feel():
    """Take in what was commanded from outside."""
    while _poll.poll(0):
        name, *values = _wires.readline().decode().split()
        if name == "level":
            _levels[int(values[0])] = int(values[1])
        elif name == "probe":
            _air["probe"] = values[0]
        elif name == "temperature":
            _air["object"], _air["ambient"] = int(values[0]), int(values[1])
        _note("felt", name, *values)


class _Keyboard:
    """MicroPython's own module `micropython`, whose handling of Ctrl-C is noted: a pty shows no difference."""

    @staticmethod
    def kbd_intr(character):
        """Choose which byte interrupts."""
        _note("interrupts", character)
        micropython.kbd_intr(character)


sys.modules["micropython"] = _Keyboard


class Pin:
    """A pin: an output notes its changes, an input reads what the wires say."""

    IN = 0
    OUT = 1
    PULL_UP = 1
    PULL_DOWN = 2

    def __init__(self, number, mode=-1, pull=-1, *, value=None):
        self.number = number
        self.mode = mode
        self._pull = pull
        self._level = None
        if mode == Pin.OUT:
            self.value(0 if value is None else value)

    def value(self, level=None):
        """Read, or write."""
        if level is not None:
            if self.mode != Pin.OUT:
                raise ValueError("this pin is no output")
            if level != self._level:
                self._level = level
                _note("level", self.number, level)
            return None
        _feel()
        return _levels.get(self.number, 1 if self._pull == Pin.PULL_UP else 0)


class PWM:
    """A tone."""

    def __init__(self, pin):
        self._pin = pin
        self._hertz = 0
        self._sounding = None

    def freq(self, hertz):
        """Set the pitch."""
        if not 8 <= hertz <= 62500000:
            raise ValueError("freq out of range")
        self._hertz = hertz

    def duty_u16(self, duty):
        """Sound, or fall silent at 0."""
        sounding = self._hertz if duty else 0
        if sounding != self._sounding:
            self._sounding = sounding
            _note("tone", sounding)


def bitstream(pin, encoding, timing, data):
    """Light pixels."""
    if encoding != 0 or len(timing) != 4 or pin.mode != Pin.OUT:
        raise ValueError("bitstream")
    _note("pixels", bytes(data).hex())


class I2C:
    """The bus with an MLX90614, or without."""

    def __init__(self, bus, *, scl, sda, freq=400000, timeout=50000):
        if scl.number % 2 != 1 or (scl.number >> 1) % 2 != bus:
            raise ValueError("bad SCL pin")
        if sda.number % 2 != 0 or (sda.number >> 1) % 2 != bus:
            raise ValueError("bad SDA pin")
        if freq > FASTEST_BUS or timeout > 50000:
            raise ValueError("too fast for SMBus, or too patient")
        _note("bus")

    def readfrom_mem(self, address, register, count):
        """Read a word of the sensor."""
        _feel()
        probe = _air["probe"]
        while probe == "stuck":
            time.sleep_ms(100)
        if probe == "broken":
            raise RuntimeError("an error that nothing foresaw")
        if probe == "absent" or address != SENSOR or count != 3:
            raise OSError(5)
        word = (_air["object" if register == 7 else "ambient"] + 27315) // 2
        if probe == "fault":
            word |= 0x8000
        sent = (address << 1, register, address << 1 | 1, word & 0xFF, word >> 8)
        return bytes((word & 0xFF, word >> 8, _pec(sent) ^ (probe == "checksum")))


def _pec(data):
    """SMBus packet error code by long division, unlike the firmware's own."""
    dividend = 0
    for byte in data:
        dividend = dividend << 8 | byte
    dividend <<= 8
    for shift in range(8 * len(data) - 1, -1, -1):
        if dividend >> (shift + 8) & 1:
            dividend ^= 0x107 << shift
    return dividend


class WDT:
    """The watchdog: it only bites who comes late; whoever never comes is killed from outside."""

    def __init__(self, id=0, timeout=5000):
        if not 1 <= timeout <= LONGEST_WATCHDOG_MS:
            raise ValueError("timeout exceeds 8388")
        self._timeout = timeout
        self._fed = self._noted = time.ticks_ms()
        _note("watchdog", timeout)

    def feed(self):
        """Put off the end."""
        now = time.ticks_ms()
        if time.ticks_diff(now, self._fed) > self._timeout:
            _note("bitten")
            reset()
        self._fed = now
        if time.ticks_diff(now, self._noted) > 100:
            self._noted = now
            _note("fed")


def reset():
    """Start anew: whoever runs this sees the exit status."""
    _note("reset")
    sys.exit(RESET_STATUS)
