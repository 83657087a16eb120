"""The MLX90614 infrared thermometer on I2C (SMBus), with its packet error code checked.

Melexis 3901090614: every word read is two bytes, low one first, and a CRC-8 over the whole transfer, address bytes and
command included. A temperature is that word in steps of 0.02 K; its highest bit says that the reading is none.
"""

ADDRESS = 0x5A
AMBIENT = 0x06
OBJECT = 0x07

FREQUENCY = 50000
"""Hz. The sensor stands at most 100 kHz; half of it bears a metre of cable."""

FAULT = 0x8000
ZERO_CELSIUS = 27315
"""Centi-kelvin."""


class ChecksumError(Exception):
    """The bytes do not fit their packet error code: a long cable, a loose wire, or another device at this address."""


class SensorFaultError(Exception):
    """The sensor says itself that its reading is none."""


def crc8(data: bytes) -> int:
    """SMBus packet error code: polynomial x^8 + x^2 + x + 1, highest bit first, from 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1) ^ 0x107 if crc & 0x80 else crc << 1
    return crc


class Bus:
    """What of `machine.I2C` is used; the emulator has its own."""

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        """Write the register's number, start again, read `count` bytes. Raises OSError when nothing answers."""
        raise NotImplementedError


class Mlx90614:
    """One sensor on a bus."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def read(self) -> "tuple[int, int]":
        """Return (object, ambient) in centi-degrees Celsius.

        Raises OSError when nothing answers, ChecksumError and SensorFaultError for what is no reading.
        """
        return self._celsius(OBJECT), self._celsius(AMBIENT)

    def _celsius(self, register: int) -> int:
        answer = self._bus.readfrom_mem(ADDRESS, register, 3)
        sent = bytes((ADDRESS << 1, register, ADDRESS << 1 | 1, answer[0], answer[1]))
        if crc8(sent) != answer[2]:
            raise ChecksumError
        word: int = answer[0] | answer[1] << 8
        if word & FAULT:
            raise SensorFaultError
        return 2 * word - ZERO_CELSIUS
