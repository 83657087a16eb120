"""Streams of each thermometer driver, with damage: what comes of them. Seeded, and without any line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from firmware_bridge import link
from firmware_bridge.controller_thermometer import NAME as CONTROLLER
from firmware_bridge.driver import Driver
from firmware_bridge.drivers import DRIVERS, driver_of
from firmware_bridge.emulator.modules import MODULES, Module
from firmware_bridge.emulator.series import AMBIENT, SERIES, Series
from firmware_bridge.lu90614 import OBJECT_MODE
from firmware_bridge.measurement import Offsets, PresenceBegan, Settled, Settling
from firmware_bridge.modbus_thermometer import Register
from firmware_bridge.values import Sample

NAMES = (*DRIVERS, "modbus")
"""Those with a line of their own."""
EVERY = (*NAMES, CONTROLLER)
DAMAGED = 0.05
"""Share of bytes replaced by another value."""
NOISE_CENTI = 4.0
"""Standard deviation of one reading."""
STEP_CENTI = 10
"""The coarsest module's step: results differ from the truth by half of it, and by the noise."""


class Source(Protocol):
    """What sends a driver's frames."""

    def frame(self, object_centi: int, ambient_centi: int, /) -> bytes:
        """Return the frame of one reading."""


class _Samples:
    """The gate controller's reports of its thermometer."""

    def frame(self, object_centi: int, ambient_centi: int, /) -> bytes:
        return link.frame(0, link.SAMPLE, link.sample(1, object_centi, ambient_centi))


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a parser made of one damaged stream."""

    intact: int
    """Whole frames behind the place where the stream was joined."""
    read: int
    """Of these, how many became a sample."""
    false: int
    """Samples that no intact frame gives."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one scene."""

    presences: int
    results: tuple[int, ...]
    """Every result, centi-°C."""
    ready_s: float | None
    """From standing still to the result, or from the presence where nobody stands still; None: no result."""


def driver(name: str) -> Driver:
    """Return a driver; the Modbus one as its emulator wants it."""
    return driver_of(name, Register())


def source(name: str) -> Source:
    """Return what sends a driver's frames, ready to."""
    return _Samples() if name == CONTROLLER else module(name)


def module(name: str) -> Module:
    """Return an emulated module that gives object temperatures where it can, and has been asked where it must be."""
    made = MODULES[name]()
    made.obey(OBJECT_MODE)
    made.obey(driver(name).ask)
    return made


def damage(frame: bytes, chance: random.Random) -> bytes:
    """Return the frame with each byte replaced by another at the chance of `DAMAGED`."""
    return bytes(byte ^ chance.randrange(1, 256) if chance.random() < DAMAGED else byte for byte in frame)


def recover(name: str, seed: int, frames: int = 2000) -> Recovery:
    """Join a damaged stream at a random byte, in reads of random size, and count what is read of it."""
    chance = random.Random(seed)  # noqa: S311  repeatable damage, no secret
    made, parser = source(name), driver(name).parser()
    stream, intact = bytearray(), []
    # Each reading but the last ones of the range comes once, so that a frame read is known by its reading.
    for number in range(frames):
        whole = made.frame(1000 + number * STEP_CENTI % 9000, AMBIENT)
        arrived = damage(whole, chance)
        if arrived == whole:
            intact.append(len(stream))
        stream += arrived
    size = len(whole)
    joined = chance.randrange(size)
    intact = [at for at in intact if at >= joined]
    read: list[Sample] = []
    at = joined
    while at < len(stream):
        step = chance.randrange(1, 4 * size)
        # Times say which bytes a sample's frame ended in; a stream without pauses is as fast as it likes.
        for byte in range(at, min(at + step, len(stream))):
            read += parser.feed(bytes(stream[byte : byte + 1]), byte / 1e6)
        at += step
    ends = {round(sample.at * 1e6) + 1 - size for sample in read}
    return Recovery(len(intact), len(ends & set(intact)), len(ends - set(intact)))


def false_measurements(name: str, seed: int, frames: int = 2000) -> tuple[int, int]:
    """Measure somebody again and again in a damaged stream; how many results there are, and how many are not theirs.

    Too few intact frames in a row may leave somebody unmeasured; what is measured must be true.
    """
    chance = random.Random(seed)  # noqa: S311
    made, chosen = source(name), driver(name)
    parser, settling = chosen.parser(), Settling(chosen.rule, Offsets(), name)
    results = []
    for number in range(frames):
        arrived = damage(made.frame(3650 + chance.randrange(-8, 9), AMBIENT), chance)
        for sample in parser.feed(arrived, number / chosen.rate_hz):
            for event in settling.push(sample):
                if isinstance(event, Settled):
                    settling.again()
                    if event.measurement.raw_centi is not None:
                        results.append(event.measurement.raw_centi)
    wrong = [raw for raw in results if abs(raw - 3650) > 8 + STEP_CENTI / 2]
    return len(results), len(wrong)


def play(name: str, scene: str, seed: int) -> Outcome:
    """Put a scene before a module, its frames through the parser, the samples through the settling."""
    chance = random.Random(seed)  # noqa: S311
    chosen, series = driver(name), SERIES[scene]
    parser, settling = chosen.parser(), Settling(chosen.rule, Offsets(), name)
    presences, results, first = 0, [], None
    began = series.still_at
    for at, frame in _frames(name, series, chosen.rate_hz, chance):
        for sample in parser.feed(frame, at):
            for event in settling.push(sample):
                if isinstance(event, PresenceBegan):
                    presences += 1
                    began = event.at if began is None else began
                elif isinstance(event, Settled) and event.measurement.result_centi is not None:
                    results.append(event.measurement.result_centi)
                    first = at if first is None else first
                elif isinstance(event, Settled):
                    settling.again()  # as the lane does: somebody may still take the glasses off
    ready = None if first is None or began is None else max(0.0, first - began)
    return Outcome(presences, tuple(results), ready)


def _frames(name: str, series: Series, rate_hz: float, chance: random.Random) -> Iterator[tuple[float, bytes]]:
    """Yield each frame with its time; the module's own beat has nothing to do with the scene's."""
    made = source(name)
    at = chance.uniform(0.0, 1.0 / rate_hz)
    while at < series.length_s:
        seen = round(series.seen(at) + chance.gauss(0.0, NOISE_CENTI))
        yield at, made.frame(seen, round(series.ambient(at) + chance.gauss(0.0, NOISE_CENTI / 4)))
        at += chance.uniform(0.95, 1.05) / rate_hz
