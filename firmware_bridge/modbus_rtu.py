"""Modbus over a serial line (Modbus Application Protocol 1.1b3, RTU): questions out, answers in. Pure.

pymodbus makes and reads the messages and computes the checksum. It is an optional package, loaded by `messages` alone.
What it takes for a frame in a disturbed stream can swallow the frames behind it, so answers are looked for here: the
host knows which answer it waits for and how long that is, and every failure slides one byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from firmware_bridge.errors import MissingPackageError

if TYPE_CHECKING:
    from pymodbus.pdu import ModbusPDU

READ_COILS = 1
READ_HOLDING = 3
READ_INPUT = 4
WRITE_COIL = 5
WRITE_REGISTERS = 16
REFUSED = 0x80
"""Set in the function of an answer that says no."""

ANSWER_SIZES: Mapping[int, int] = {READ_COILS: 6, READ_HOLDING: 7, READ_INPUT: 7, WRITE_COIL: 8, WRITE_REGISTERS: 8}
"""Bytes of the answer to each function, asked for one coil or register; unit and checksum included."""
REFUSAL_SIZE = 5
QUIET_S = 0.005
"""Between two frames the line is silent for 3.5 characters, which is 4 ms at 9600 baud."""

REFUSALS: Mapping[int, str] = {
    1: "it does not know the function",
    2: "it has no such register or coil",
    3: "it does not take the value",
    4: "it has failed inside",
    6: "it is busy",
}
"""Exception codes (section 7)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One intact answer."""

    function: int
    """Of the question, also where it was refused."""
    value: int
    """The register as an unsigned number, or the coil as 0 or 1; of a written register the number of registers."""
    refusal: int
    """Exception code; 0: the answer is a good one."""


class Messages:
    """Makes questions and reads answers by means of pymodbus; made by `messages`."""

    def __init__(self) -> None:
        from pymodbus.framer import FramerRTU  # noqa: PLC0415 - optional, and a third of a second
        from pymodbus.pdu import DecodePDU, bit_message, register_message  # noqa: PLC0415

        self._decoder = DecodePDU(False)
        self._framer = FramerRTU(self._decoder)
        self._bits = bit_message
        self._registers = register_message

    def read_register(self, unit: int, function: int, register: int) -> bytes:
        """Ask for one register: `READ_HOLDING` or `READ_INPUT`."""
        if function == READ_HOLDING:
            return self._frame(self._registers.ReadHoldingRegistersRequest(dev_id=unit, address=register, count=1))
        return self._frame(self._registers.ReadInputRegistersRequest(dev_id=unit, address=register, count=1))

    def read_coil(self, unit: int, coil: int) -> bytes:
        """Ask whether a coil is on."""
        return self._frame(self._bits.ReadCoilsRequest(dev_id=unit, address=coil, count=1))

    def write_coil(self, unit: int, coil: int, *, on: bool) -> bytes:
        """Switch a coil."""
        return self._frame(self._bits.WriteSingleCoilRequest(dev_id=unit, address=coil, bits=[on]))

    def write_registers(self, unit: int, first: int, values: tuple[int, ...]) -> bytes:
        """Write registers from `first` on."""
        request = self._registers.WriteMultipleRegistersRequest(dev_id=unit, address=first, registers=list(values))
        return self._frame(request)

    def read_answer(self, frame: bytes) -> Answer | None:
        """Return what a frame of the size its function has says; None where its checksum or form is wrong."""
        if self._framer.compute_CRC(frame[:-2]).to_bytes(2, "big") != frame[-2:]:
            return None
        function = frame[1] & ~REFUSED
        if frame[1] & REFUSED:
            return Answer(function, 0, frame[2]) if frame[2] else None
        if function in (READ_COILS, READ_HOLDING, READ_INPUT) and frame[2] != len(frame) - 5:
            return None
        read = self._decoder.decode(frame[1:-2])
        return None if read is None else Answer(function, _value(function, read), 0)

    def _frame(self, request: ModbusPDU) -> bytes:
        return self._framer.buildFrame(request)


@cache
def messages() -> Messages:
    """Load pymodbus. Raises MissingPackageError where it is not installed."""
    try:
        return Messages()
    except ImportError as error:
        raise MissingPackageError(
            "Modbus needs the package pymodbus, which is not installed: "
            "run `.venv/bin/python -m pip install --require-hashes -r requirements/modbus.lock` in the program's folder"
        ) from error


class AnswerReader:
    """Finds the answers of one unit in a stream of bytes. Holds less than one frame, whatever comes."""

    def __init__(self, of: Messages, unit: int) -> None:
        self._messages = of
        self._unit = unit
        self._unread = b""

    def feed(self, data: bytes, functions: frozenset[int]) -> list[Answer]:
        """Return the answers to any of `functions` that `data` completes."""
        unread = self._unread + data
        answers = []
        start = 0
        while start < len(unread):
            size = self._size(unread[start : start + 2], functions)
            if size > len(unread) - start:
                break
            answer = self._messages.read_answer(unread[start : start + size]) if size else None
            if answer is None:
                start += 1
            else:
                answers.append(answer)
                start += size
        self._unread = unread[start:]
        return answers

    def forget(self) -> None:
        """Drop half an answer: a new question has been asked."""
        self._unread = b""

    def _size(self, head: bytes, functions: frozenset[int]) -> int:
        """Return how many bytes a frame that begins so has; 0: none begins here."""
        if head[0] != self._unit:
            return 0
        if len(head) < 2:
            return 2  # to be seen with the next byte
        if head[1] & ~REFUSED not in functions:
            return 0
        return REFUSAL_SIZE if head[1] & REFUSED else ANSWER_SIZES[head[1]]


def _value(function: int, read: ModbusPDU) -> int:
    if function in (READ_HOLDING, READ_INPUT):
        return read.registers[0]
    if function in (READ_COILS, WRITE_COIL):
        return int(read.bits[0])
    return read.count
