"""Which device hangs at a port: listens first, then asks what moves nothing.

No question here switches a relay or opens a gate. A gate controller's lamp may blink, a code reader may light up for
some seconds, a module may begin to stream. Some devices answer nothing at all, as LCUS relays.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from firmware_bridge import gm65, gy_614v3, gy_mcu90614, link, lu90614
from firmware_bridge.drivers import DRIVERS
from firmware_bridge.errors import MissingPackageError
from firmware_bridge.modbus_rtu import READ_COILS, READ_HOLDING, READ_INPUT, AnswerReader, messages
from firmware_bridge.reader_driver import Heard
from firmware_bridge.transport import SerialPort
from firmware_bridge.values import LinkState, Sample, Scan

BAUDS: Final = (9600, 115200)
"""Speeds at which everything this program drives is sold."""
LISTEN_S: Final = 1.3
"""The slowest module sends two frames in a second."""
ANSWER_S: Final = 0.3
SESSION: Final = 0x0DDB1A5E
"""Of the greeting: any number but zero."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A device that was recognised."""

    part: str
    """Where it belongs in the configuration: `thermometer`, `gate` or `reader`."""
    driver: str
    baud: int
    detail: str
    """In words, what it said."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found at one port."""

    path: str
    answer: Answer | None
    trouble: str = ""
    """Why the port could not be opened; empty: it could."""
    speaks: bool = False
    """Whether something came that nobody understood."""


Reading = Callable[[bytes], Answer | None]
"""Feeds what came to one parser, and returns what it makes of all that has come so far."""


def probe(path: str, *, ask: bool = True) -> Probe:
    """Find out what hangs at `path`: at each speed in turn, by listening, and with `ask` by asking, in some 6 s."""
    speaks = False
    for baud in BAUDS:
        port = SerialPort(path, baud, name=f"probe of {path}")
        try:
            port.wait(0.0)
            if port.state is not LinkState.UP:
                return Probe(path, None, port.detail)
            answer, heard = _listen(port, [(_stream(name, baud)) for name in DRIVERS], LISTEN_S)
            if answer is None and not heard and ask:
                answer, heard = _ask(port, baud)
            if answer is not None:
                return Probe(path, answer)
            speaks = speaks or heard
            if port.state is not LinkState.UP:
                return Probe(path, None, port.detail)
        finally:
            port.close()
    return Probe(path, None, "", speaks)


def _listen(port: SerialPort, readings: list[Reading], seconds: float) -> tuple[Answer | None, bool]:
    """Return what one of the readings recognises within so long, and whether anything came at all."""
    deadline = time.monotonic() + seconds
    heard = False
    while (left := deadline - time.monotonic()) > 0:
        data = port.wait(left)
        heard = heard or bool(data)
        for reading in readings:
            if (answer := reading(data)) is not None:
                return answer, True
        if port.state is LinkState.LOST:
            break
    return None, heard


def _ask(port: SerialPort, baud: int) -> tuple[Answer | None, bool]:
    heard = False
    for question, reading in _questions(baud):
        port.write(question)
        answer, any_came = _listen(port, [reading], ANSWER_S)
        heard = heard or any_came
        if answer is not None:
            return answer, True
    return None, heard


def _questions(baud: int) -> Iterator[tuple[bytes, Reading]]:
    yield link.frame(0, link.HELLO, link.hello(SESSION)), _controller(baud)
    yield gy_mcu90614.STREAM, _stream("gy-mcu90614", baud)
    yield gy_614v3.READ * 2, _stream("gy-614v3", baud)
    yield lu90614.MEASURE * 2, _stream("lu90614", baud)
    yield gm65.TRIGGER, _gm65(baud)
    try:
        of = messages()
    except MissingPackageError:
        return
    yield of.read_coil(1, 0), _modbus(READ_COILS, baud)
    yield of.read_register(1, READ_HOLDING, 0), _modbus(READ_HOLDING, baud)
    yield of.read_register(1, READ_INPUT, 0), _modbus(READ_INPUT, baud)


def _stream(name: str, baud: int) -> Reading:
    parser = DRIVERS[name].parser()

    def read(data: bytes) -> Answer | None:
        samples = parser.feed(data, 0.0)
        return Answer("thermometer", name, baud, _reading(samples[-1])) if samples else None

    return read


def _reading(sample: Sample) -> str:
    own = "" if sample.ambient_centi is None else f", ambient {sample.ambient_centi / 100:.2f} °C"
    return f"{sample.object_centi / 100:.2f} °C{own}"


def _controller(baud: int) -> Reading:
    reader = link.FrameReader()

    def read(data: bytes) -> Answer | None:
        for _, kind, body in reader.feed(data):
            answer = link.read_answer(body)
            if kind == link.HELLO | link.ANSWER and answer is not None and answer[0] == SESSION:
                version = answer[2]
                other = "" if version == link.VERSION else f", and this program version {link.VERSION}: update it"
                return Answer("gate", "controller", baud, f"it speaks version {version} of the link{other}")
        return None

    return read


def _gm65(baud: int) -> Reading:
    parser = gm65.Parser()

    def read(data: bytes) -> Answer | None:
        for heard in parser.feed(data, 0.0):
            if isinstance(heard, Scan) or heard is Heard.TRIGGER_TAKEN:
                return Answer("reader", "gm65", baud, "it takes its trigger")
        return None

    return read


def _modbus(function: int, baud: int) -> Reading:
    reader = AnswerReader(messages(), 1)
    part = "gate" if function == READ_COILS else "thermometer"

    def read(data: bytes) -> Answer | None:
        for answer in reader.feed(data, frozenset((function,))):
            if answer.refusal:
                continue  # another of the questions may suit it better
            if function == READ_COILS:
                return Answer(part, "modbus", baud, f"unit 1 has coils, the first is {'on' if answer.value else 'off'}")
            (signed,) = struct.unpack(">h", answer.value.to_bytes(2, "big"))
            return Answer(part, "modbus", baud, f"unit 1, function {function}: register 0 holds {signed}")
        return None

    return read
