"""The MLX90614's words: checksum, scale, and what is no reading."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.firmware.mlx90614 import (
    ADDRESS,
    AMBIENT,
    OBJECT,
    Bus,
    ChecksumError,
    Mlx90614,
    SensorFaultError,
    crc8,
)


class Wires(Bus):
    """A bus that answers with what it is told to."""

    def __init__(self, words: dict[int, bytes]) -> None:
        self.words = words

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        assert (address, count) == (ADDRESS, 3)
        return self.words[register]


def answer(register: int, word: int) -> bytes:
    low, high = word & 0xFF, word >> 8
    return bytes((low, high, crc8(bytes((0xB4, register, 0xB5, low, high)))))


def sensor(object_word: int = 0x3C94, ambient_word: int = 0x3A2A) -> Mlx90614:
    return Mlx90614(Wires({OBJECT: answer(OBJECT, object_word), AMBIENT: answer(AMBIENT, ambient_word)}))


def test_the_checksum_is_that_of_the_datasheet():
    """Melexis 3901090614, read word: SA 0x5A, command 0x07, data 0x3AD2, PEC 0x30."""
    assert crc8(bytes.fromhex("b407b5d23a")) == 0x30


def test_the_checksum_is_the_usual_crc_8():
    """The check value of CRC-8/SMBUS."""
    assert crc8(b"123456789") == 0xF4


def test_the_datasheets_word_is_28_01_degrees():
    assert Mlx90614(Wires({OBJECT: bytes.fromhex("d23a30"), AMBIENT: answer(AMBIENT, 0x3A2A)})).read()[0] == 2801


@given(st.integers(0, 0x7FFF))
def test_a_word_is_a_fiftieth_of_a_kelvin(word):
    assert sensor(word).read()[0] == pytest.approx(word * 2 - 27315)


@given(st.binary(min_size=3, max_size=3))
def test_a_damaged_answer_is_never_a_temperature(damage):
    good = answer(OBJECT, 0x3C94)
    bad = bytes(a ^ b for a, b in zip(good, damage, strict=True))
    wires = Wires({OBJECT: bad, AMBIENT: answer(AMBIENT, 0x3A2A)})
    if crc8(bytes((0xB4, OBJECT, 0xB5, bad[0], bad[1]))) != bad[2]:
        with pytest.raises(ChecksumError):
            Mlx90614(wires).read()


def test_an_answer_for_another_register_fails_its_checksum():
    wires = Wires({OBJECT: answer(AMBIENT, 0x3A2A), AMBIENT: answer(AMBIENT, 0x3A2A)})
    with pytest.raises(ChecksumError):
        Mlx90614(wires).read()


def test_a_reading_that_the_sensor_calls_none_is_none():
    with pytest.raises(SensorFaultError):
        sensor(0x3C94 | 0x8000).read()


def test_a_bus_stuck_high_is_no_temperature():
    with pytest.raises(ChecksumError):
        Mlx90614(Wires({OBJECT: b"\xff\xff\xff", AMBIENT: b"\xff\xff\xff"})).read()


def test_a_bus_stuck_low_is_no_temperature():
    with pytest.raises(ChecksumError):
        Mlx90614(Wires({OBJECT: bytes(3), AMBIENT: bytes(3)})).read()
