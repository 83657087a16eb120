"""Relay boards as they are sold: the bytes that switch them, and what their answers mean. Pure."""

from __future__ import annotations

from enum import Enum, auto, unique
from typing import Protocol

from firmware_bridge.framing import closed
from firmware_bridge.modbus_rtu import (
    READ_COILS,
    REFUSALS,
    WRITE_COIL,
    WRITE_REGISTERS,
    Answer,
    AnswerReader,
    messages,
)

PULSE_REGISTER = 3
"""Where the Modbus boards keep the first relay's pulse: kind, relay, on, and its length in tenths of a second."""
PULSE_STEP_MS = 100


@unique
class Reply(Enum):
    """What a board answers."""

    SWITCHED_ON = auto()
    SWITCHED_OFF = auto()
    PULSED = auto()
    """It has begun a pulse that it times itself."""
    IS_ON = auto()
    IS_OFF = auto()
    REFUSED = auto()


class Board(Protocol):
    """One relay of one board."""

    @property
    def silent(self) -> bool:
        """Whether it never answers."""

    @property
    def complaint(self) -> str:
        """Why it refused last, in words."""

    def switch(self, *, on: bool) -> bytes:
        """Switch the relay."""

    def pulse(self, pulse_ms: int) -> bytes:
        """Switch the relay on for so long, the board itself timing it; empty: this one cannot."""

    def ask(self) -> bytes:
        """Ask whether the relay is on; empty: this one cannot tell."""

    def feed(self, data: bytes) -> list[Reply]:
        """Return the answers that `data` completes. Never raises."""


class LcusBoard:
    """The LCUS boards on USB: A0, relay, 1 or 0, and the sum of those. They obey and say nothing."""

    silent = True
    complaint = ""

    def __init__(self, relay: int = 1) -> None:
        """`relay`: from 1."""
        self._relay = relay

    def switch(self, *, on: bool) -> bytes:
        """Switch the relay."""
        return closed(bytes((0xA0, self._relay, on)))

    def pulse(self, pulse_ms: int) -> bytes:  # noqa: ARG002  whatever its length
        """Return nothing: it cannot."""
        return b""

    def ask(self) -> bytes:
        """Return nothing: it cannot tell."""
        return b""

    def feed(self, data: bytes) -> list[Reply]:  # noqa: ARG002  whatever it is, it is no answer
        """Return nothing."""
        return []


class ModbusBoard:
    """A Modbus board: each relay is a coil. Its answer to a command is its own word that it has been done."""

    silent = False
    _FUNCTIONS = frozenset((READ_COILS, WRITE_COIL, WRITE_REGISTERS))

    def __init__(self, unit: int = 1, relay: int = 1, *, times_pulses: bool = False) -> None:
        """`relay`: from 1. `times_pulses`: the first relay's pulses are left to the board.

        Raises MissingPackageError where pymodbus is not installed.
        """
        self._messages = messages()
        self._unit = unit
        self._coil = relay - 1
        self._times_pulses = times_pulses
        self.complaint = ""
        self._reader = AnswerReader(self._messages, unit)

    def switch(self, *, on: bool) -> bytes:
        """Switch the relay."""
        return self._messages.write_coil(self._unit, self._coil, on=on)

    def pulse(self, pulse_ms: int) -> bytes:
        """Write the pulse's four registers, in whole tenths of a second."""
        if not self._times_pulses:
            return b""
        return self._messages.write_registers(self._unit, PULSE_REGISTER, (3, 0, 1, -(-pulse_ms // PULSE_STEP_MS)))

    def ask(self) -> bytes:
        """Read the coil."""
        return self._messages.read_coil(self._unit, self._coil)

    def feed(self, data: bytes) -> list[Reply]:
        """Return what the unit's answers say."""
        return [self._meaning(answer) for answer in self._reader.feed(data, self._FUNCTIONS)]

    def _meaning(self, answer: Answer) -> Reply:
        if answer.refusal:
            self.complaint = REFUSALS.get(answer.refusal, f"its reason is number {answer.refusal}")
            return Reply.REFUSED
        if answer.function == READ_COILS:
            return Reply.IS_ON if answer.value else Reply.IS_OFF
        if answer.function == WRITE_COIL:
            return Reply.SWITCHED_ON if answer.value else Reply.SWITCHED_OFF
        return Reply.PULSED
