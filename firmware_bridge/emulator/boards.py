"""Relay boards as their makers built them: what they do on command, and what they answer. Pure."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from firmware_bridge.emulator.modules import with_crc

RELAYS = 8


@dataclass(frozen=True, slots=True)
class Switch:
    """A relay is to go on or off."""

    relay: int
    """From 1."""
    on: bool
    pulse_s: float | None = None
    """The board switches it off again by itself after so long; None: it does not."""


Done = tuple[bytes, tuple[Switch, ...], bytes]
"""What is answered, what is switched, and the bytes behind the command."""


class BoardModel(ABC):
    """One kind of board."""

    @abstractmethod
    def obey(self, received: bytes, on: Callable[[int], bool]) -> Done | None:
        """Obey the first command in `received`; None: there is none. `on` tells whether a relay is on."""


class Lcus(BoardModel):
    """LCUS: obeys, and says nothing."""

    def obey(self, received: bytes, on: Callable[[int], bool]) -> Done | None:  # noqa: ARG002  it tells nobody
        """Switch one relay."""
        for start in range(len(received) - 3):
            first, relay, to, check = received[start : start + 4]
            if first == 0xA0 and to in (0, 1) and check == (first + relay + to) & 0xFF and 1 <= relay <= RELAYS:
                return b"", (Switch(relay, bool(to)),), received[start + 4 :]
        return None


class ModbusRelays(BoardModel):
    """A Modbus board, unit 1: coils 0 to 7, and the first relay's pulse in the registers from 3 on."""

    def obey(self, received: bytes, on: Callable[[int], bool]) -> Done | None:
        """Obey, or refuse, the first intact question to unit 1."""
        for start in range(len(received)):
            rest = received[start:]
            size = 9 + rest[6] if rest[1:2] == b"\x10" and len(rest) > 6 else 8
            frame = rest[:size]
            if len(frame) == size and frame[0] == 1 and with_crc(frame[:-2]) == frame:
                answer, switches = self._answer(frame, on)
                return with_crc(answer), switches, rest[size:]
        return None

    def _answer(self, frame: bytes, on: Callable[[int], bool]) -> tuple[bytes, tuple[Switch, ...]]:
        function, address, value = struct.unpack(">BHH", frame[1:6])
        if function == 1 and address < RELAYS and value == 1:
            return bytes((1, 1, 1, on(address + 1))), ()
        if function == 5 and address < RELAYS and value in (0, 0xFF00):
            return frame[:6], (Switch(address + 1, value != 0),)
        if function == 16 and (address, value) == (3, 4):
            kind, relay, to, tenths = struct.unpack(">4H", frame[7:15])
            if (kind, relay, to) == (3, 0, 1) and tenths:
                return frame[:6], (Switch(1, True, tenths / 10),)
        known = function in (1, 5, 16)
        return bytes((1, function | 0x80, 2 if known else 1)), ()


BOARDS: Mapping[str, Callable[[], BoardModel]] = MappingProxyType({"lcus": Lcus, "modbus": ModbusRelays})
"""Each kind by the name of its driver."""
