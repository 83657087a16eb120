"""A thermometer with Modbus: one register that is asked for again and again.

Which unit, function and register, and what one count of it means, stands in each maker's own table; `Register` says it.
So does how often the device measures. Asked more often, it gives one reading several times, and these agree with each
other whatever they are: a face that still comes nearer would seem to stand still.
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.driver import Driver
from firmware_bridge.framing import plausible
from firmware_bridge.measurement import SettlingRule
from firmware_bridge.modbus_rtu import READ_HOLDING, REFUSALS, AnswerReader, Messages, messages
from firmware_bridge.values import Method, Sample

NAME = "modbus"
QUICK_S = 0.3


@dataclass(frozen=True, slots=True)
class Register:
    """Where the temperature is to be found, and what it means."""

    unit: int = 1
    function: int = READ_HOLDING
    """3 (holding register) or 4 (input register)."""
    register: int = 0
    """Its address as it goes over the line, from 0."""
    centi_per_count: int = 10
    """Hundredths of a degree that one count means: 10 for tenths of a degree."""
    signed: bool = True
    method: Method = Method.INFRARED
    """Whether it is a surface's temperature or what the device takes for the body's."""
    every_s: float = 0.2
    """How often the device measures."""


class Parser:
    """Bytes of the answers to samples."""

    def __init__(self, of: Messages, register: Register) -> None:
        self._register = register
        self._functions = frozenset((register.function,))
        self._reader = AnswerReader(of, register.unit)
        self.complaint = ""

    def feed(self, data: bytes, at: float) -> list[Sample]:
        """Return the readings in the answers that `data` completes."""
        samples = []
        for answer in self._reader.feed(data, self._functions):
            if answer.refusal:
                why = REFUSALS.get(answer.refusal, f"its reason is number {answer.refusal}")
                self.complaint = f"the thermometer refuses to give register {self._register.register}: {why}"
                continue
            self.complaint = ""
            count = answer.value - 0x10000 if self._register.signed and answer.value & 0x8000 else answer.value
            centi = count * self._register.centi_per_count
            sample = plausible(Sample(at, centi, ambient_centi=None, method=self._register.method))
            if sample is None:
                self.complaint = f"the thermometer says {centi / 100:.0f} °C: is it the right register and scale?"
            else:
                samples.append(sample)
        return samples


def driver(register: Register) -> Driver:
    """Return the driver for such a thermometer. Raises MissingPackageError where pymodbus is not installed."""
    of = messages()
    every = register.every_s
    return Driver(
        name=NAME,
        baud=9600,
        start=b"",
        ask=of.read_register(register.unit, register.function, register.register),
        ask_every_s=every,
        answer_s=max(0.4, every),
        silence_s=max(2.0, 5 * every),
        rate_hz=1 / every,
        rule=_rule(every),
        stuck_s=60.0 if register.centi_per_count >= 10 else 10.0,
        parser=lambda: Parser(of, register),
    )


def _rule(every: float) -> SettlingRule:
    """Return when readings agree that come every so many seconds: the slower, the fewer are waited for."""
    quick = every <= QUICK_S
    return SettlingRule(
        window=5 if quick else 4,
        agreeing=4 if quick else 3,
        spread_centi=20,
        span_s=max(1.5, 4 * every),
        gap_s=max(0.9, 2.4 * every),
        silence_s=max(1.5, 4 * every),
        unsteady_s=max(4.0, 12 * every),
        patience_s=max(1.5, 4 * every),
    )
