"""The thermometer modules as their makers built them: the frames they send and the commands they obey. Pure."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from firmware_bridge import gy_614v3, gy_mcu90614, heimann_idc50, lu90614
from firmware_bridge.values import Method


class Order(Enum):
    """What a command makes a module do."""

    STREAM = auto()
    """Send frames by itself from now on."""
    STOP = auto()
    """Send none unasked."""
    MEASURE = auto()
    """Send one frame."""
    REPEAT = auto()
    """Send the command back: it has been understood."""
    NOTHING = auto()


class Module(ABC):
    """One kind of module."""

    rate_hz: float
    """Frames a second while it streams."""
    streams = True
    """Whether it sends frames by itself after power on."""
    answer_s = 0.0
    """How long a frame that is asked for takes."""
    commands: Mapping[bytes, tuple[Order, ...]] = MappingProxyType({})

    @abstractmethod
    def frame(self, object_centi: int, ambient_centi: int) -> bytes:
        """Return the frame for what the module sees; its last byte belongs to the checksum."""

    def obey(self, received: bytes) -> tuple[bytes, tuple[Order, ...], bytes]:
        """Return the first command in `received`, what it orders, and the bytes behind it; noise is passed over."""
        for start in range(len(received)):
            for command, orders in self.commands.items():
                if received.startswith(command, start):
                    return command, orders, received[start + len(command) :]
        longest = max(map(len, self.commands), default=1)
        return b"", (), received[-longest + 1 :] if longest > 1 else b""


class GyMcu90614(Module):
    """GY-MCU90614 and GY-MCU90615."""

    rate_hz = gy_mcu90614.DRIVER.rate_hz
    commands = MappingProxyType(
        {gy_mcu90614.STREAM: (Order.STREAM,), gy_mcu90614.QUERY: (Order.STOP, Order.MEASURE)},
    )

    def frame(self, object_centi: int, ambient_centi: int) -> bytes:
        """Object and ambient."""
        return gy_mcu90614.write_frame(_int16(object_centi), _int16(ambient_centi))


class Gy614v3(Module):
    """GY-614V3; its body estimate is made up, as the real one's rule is not known."""

    rate_hz = gy_614v3.DRIVER.rate_hz
    commands = MappingProxyType(
        {
            gy_614v3.CONTINUOUS_MODE: (Order.REPEAT, Order.STREAM),
            gy_614v3.QUERY_MODE: (Order.REPEAT, Order.STOP),
            gy_614v3.TEN_A_SECOND: (Order.REPEAT,),
            gy_614v3.READ: (Order.MEASURE,),
        }
    )

    def frame(self, object_centi: int, ambient_centi: int) -> bytes:
        """Emissivity, object, ambient and a body estimate."""
        body = object_centi + 310 if object_centi > 3000 else object_centi
        return gy_614v3.write_frame(_int16(object_centi), _int16(ambient_centi), _int16(body))


class Lu90614(Module):
    """LU90614, as it comes: in body mode."""

    rate_hz = lu90614.DRIVER.rate_hz
    streams = False
    answer_s = 0.06

    def __init__(self) -> None:
        self.method = Method.MODULE_ESTIMATE

    commands = MappingProxyType(
        {
            lu90614.MEASURE: (Order.MEASURE,),
            lu90614.BODY_MODE: (Order.NOTHING,),
            lu90614.OBJECT_MODE: (Order.NOTHING,),
        }
    )

    def frame(self, object_centi: int, ambient_centi: int) -> bytes:  # noqa: ARG002  it tells nothing of that
        """Object or body, never below 0 °C."""
        return lu90614.write_frame(max(0, min(25599, object_centi)), self.method)

    def obey(self, received: bytes) -> tuple[bytes, tuple[Order, ...], bytes]:
        """Change the mode, too."""
        command, orders, rest = super().obey(received)
        if command == lu90614.OBJECT_MODE:
            self.method = Method.INFRARED
        elif command == lu90614.BODY_MODE:
            self.method = Method.MODULE_ESTIMATE
        return command, orders, rest


class HeimannIdc50(Module):
    """iDC50: deaf, and slow."""

    rate_hz = heimann_idc50.DRIVER.rate_hz

    def frame(self, object_centi: int, ambient_centi: int) -> bytes:  # noqa: ARG002  it tells nothing of that
        """Tenths of a degree, never below 0 °C."""
        return heimann_idc50.write_frame(max(0, min(25590, object_centi + 5)))


@dataclass(frozen=True, slots=True)
class _Question:
    """A Modbus question that the module answers."""

    unit: int
    function: int
    register: int


class ModbusModule(Module):
    """A thermometer with Modbus: tenths of a degree in holding register 0 of unit 1, as in the derived vector."""

    rate_hz = 5.0
    streams = False
    answer_s = 0.01
    _QUESTION_SIZE = 8

    def __init__(self) -> None:
        self._asked: _Question | None = None

    def frame(self, object_centi: int, ambient_centi: int) -> bytes:  # noqa: ARG002  it tells nothing of that
        """Return the answer to the last question, or the refusal of it."""
        asked = self._asked
        if asked is None or (asked.function, asked.register) not in ((3, 0), (4, 0)):
            function = 3 if asked is None else asked.function
            return with_crc(bytes((1, function | 0x80, 2)))
        return with_crc(bytes((1, asked.function, 2)) + struct.pack(">h", _int16(round(object_centi / 10))))

    def obey(self, received: bytes) -> tuple[bytes, tuple[Order, ...], bytes]:
        """Answer an intact question to unit 1."""
        size = self._QUESTION_SIZE
        for start in range(len(received) - size + 1):
            question = received[start : start + size]
            if question[0] == 1 and with_crc(question[:-2]) == question:
                unit, function, register = struct.unpack(">BBH", question[:4])
                self._asked = _Question(unit, function, register)
                return question, (Order.MEASURE,), received[start + size :]
        return b"", (), received[-size + 1 :]


MODULES: Mapping[str, Callable[[], Module]] = MappingProxyType(
    {
        "gy-mcu90614": GyMcu90614,
        "gy-614v3": Gy614v3,
        "lu90614": Lu90614,
        "heimann-idc50": HeimannIdc50,
        "modbus": ModbusModule,
    }
)
"""Each kind by the name of its driver."""


def with_crc(body: bytes) -> bytes:
    """Return a Modbus frame: its body and the CRC-16 of that, low byte first. Computed here, not by what is tested."""
    crc = 0xFFFF
    for byte in body:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return body + struct.pack("<H", crc)


def _int16(value: float) -> int:
    return max(-32768, min(32767, round(value)))
