"""Bought devices: what parsers read of damaged streams, how soon a person is measured, how fast a relay acknowledges.

Streams and scenes are made up and seeded (`benchmarks.devices.streams`, `firmware_bridge.emulator.series`); relays and
the gate controller are emulated on real ptys, beside a bare echo on another one.
"""

from __future__ import annotations

import math
import os
import pty
import tempfile
import threading
import time
import tty
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.devices.streams import EVERY, driver, false_measurements, play, recover
from benchmarks.row import Row
from firmware_bridge.emulator import VirtualController, VirtualDevice, VirtualRelay
from firmware_bridge.emulator.series import SERIES
from firmware_bridge.gate import Gate, GateController, GateEvent
from firmware_bridge.opening import GateConfirmed
from firmware_bridge.relay import RelayTalk, Wiring
from firmware_bridge.relay_boards import ModbusBoard
from firmware_bridge.transport import SerialPort
from firmware_bridge.values import LinkState

MISSED_LIMIT: Final = 0.01
"""Share of intact frames that may be missed with a twentieth of all bytes damaged."""
READY_S: Final = 1.5
READY_SLOW_S: Final = 2.5
"""Of the module that sends two readings a second."""
ACKNOWLEDGED_MS: Final = 5.0
SEEDS: Final = range(20)
ROUNDS: Final = 5
ORDERS: Final = 100
"""In each round; whatever else the machine does only adds to the times, so that the best round counts."""
APART_S: Final = 0.008
"""Between two orders: longer than the silence that Modbus wants between frames."""


def rows() -> Iterator[Row]:
    """Measure and yield the rows, in half a minute."""
    for name in EVERY:
        yield from _streams(name)
        yield _ready(name)
    yield from _acknowledged()


def _streams(name: str) -> Iterator[Row]:
    read = [recover(name, seed) for seed in SEEDS]
    missed = max(1 - one.read / one.intact for one in read)
    words = f"of {sum(one.intact for one in read):,} intact frames, 5 % of bytes damaged, worst of {len(SEEDS)} streams"
    yield _row(f"devices.{name}.missed", missed, "share", MISSED_LIMIT, words)
    measured = [false_measurements(name, seed) for seed in SEEDS]
    words = f"of {sum(count for count, _ in measured):,} measurements in such streams"
    yield _row(f"devices.{name}.false", sum(wrong for _, wrong in measured), "measurements", 0, words)


def _ready(name: str) -> Row:
    """Return the longest time from standing still to the result, over every scene in which somebody does."""
    longest = 0.0
    for scene, series in SERIES.items():
        for seed in SEEDS:
            outcome = play(name, scene, seed)
            if series.expected is None:
                longest = math.inf if outcome.results else longest
            else:
                longest = max(longest, math.inf if outcome.ready_s is None else outcome.ready_s)
    limit = READY_SLOW_S if driver(name).rate_hz <= 2 else READY_S
    words = f"after standing still, longest of {len(SERIES)} scenes × {len(SEEDS)}"
    return _row(f"devices.{name}.ready", longest, "s", limit, words)


def _acknowledged() -> Iterator[Row]:
    echo = _echo()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        controller = partial(GateController, on_state=_ignore)
        yield from _orders("controller", VirtualController(folder / "g"), controller, echo)
        for kind, timed in (("modbus", False), ("modbus_timed_by_relay", True)):
            talk = partial(RelayTalk, ModbusBoard(times_pulses=timed), Wiring())
            relay = partial(Gate, talk=talk, what="the relay", on_state=_ignore)
            yield from _orders(kind, VirtualRelay(folder / kind), relay, echo)


def _orders(name: str, device: VirtualDevice, make: Callable[..., Gate], echo: float) -> Iterator[Row]:
    """Order openings at a gate on a pty, and yield how long the confirmations took, order to answer."""
    events: list[GateEvent] = []
    rounds: list[list[float]] = []
    stop = threading.Event()
    with device:
        gate = make(SerialPort(str(device.link), 115200), on_event=events.append)
        thread = threading.Thread(target=gate.run, args=(stop,), daemon=True)
        thread.start()
        _until(lambda: gate.state is LinkState.UP)
        for number in range(ROUNDS):
            for token in range(number * ORDERS, (number + 1) * ORDERS):
                gate.open(50, token)
                _until(partial(_holds, events, token + 1))
                time.sleep(APART_S)
            ordered = events[-ORDERS:]
            rounds.append([one.latency_ms if isinstance(one, GateConfirmed) else math.inf for one in ordered])
        stop.set()
        thread.join()
    taken = min((sorted(one) for one in rounds), key=lambda one: one[ORDERS * 95 // 100])
    words = f"order to the device's answer on a pty, best of {ROUNDS} rounds; a bare echo there {echo:.2f} ms"
    yield _row(f"devices.gate.{name}.p50", taken[ORDERS // 2], "ms", None, words)
    yield _row(f"devices.gate.{name}.p95", taken[ORDERS * 95 // 100], "ms", ACKNOWLEDGED_MS, words)


def _echo() -> float:
    """Return the 95th percentile of a round trip to a thread that writes back what it reads, milliseconds."""
    master, slave = pty.openpty()
    tty.setraw(slave)

    def answer() -> None:
        for _ in range(ORDERS):
            os.write(master, os.read(master, 64))

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    taken = []
    for _ in range(ORDERS):
        began = time.perf_counter()
        os.write(slave, b"12345678")
        os.read(slave, 64)
        taken.append((time.perf_counter() - began) * 1000.0)
    thread.join()
    os.close(master)
    os.close(slave)
    return sorted(taken)[ORDERS * 95 // 100]


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10.0
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.001)


def _holds(events: list[GateEvent], count: int) -> bool:
    return len(events) == count


def _ignore(_state: LinkState, _detail: str) -> None:
    """Nobody watches."""


def _row(name: str, value: float, unit: str, limit: float | None, words: str) -> Row:
    return Row(name, value, unit, words, None, limit, None if limit is None else value <= limit)
