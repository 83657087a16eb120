"""From the order to open to the controller's word that its relay has switched, on a pty: firmware and emulator.

The controller does all else besides: it reads its thermometer ten times a second, watches its door, and shows lights.
"""

from __future__ import annotations

import math
import queue
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from benchmarks.row import Row
from firmware_bridge.emulator import VirtualController
from firmware_bridge.emulator.pico import InterpretedPico, interpreter_missing
from firmware_bridge.gate import GateConfirmed, GateController, GateEvent
from firmware_bridge.reports import GateSettings
from firmware_bridge.transport import SerialPort
from firmware_bridge.values import Light, LinkState

ROUNDS = 5
"""The best of them counts: other programs share the processors, but a poll in the path would show in each."""
OPENINGS = 200
"""In a round."""
PULSE_MS = 50
APART_S = 0.003
"""Between two openings, so that they fall anywhere in the controller's turns."""
P95_LIMIT_MS = 5.0
PATIENCE_S = 10.0
SETTINGS = GateSettings(door_held_s=60, samples=True)
REFERENCE = f"on a pty, best of {ROUNDS} rounds of {OPENINGS}"


class _UnconfirmedError(Exception):
    """An opening was not confirmed: there is nothing to measure."""


def rows() -> Iterator[Row]:
    """Yield the emulated controller's latencies, and the firmware's where MicroPython is installed (some 10 s)."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        link = place / "gate"
        yield from _rows("emulated", VirtualController(link), link)
        if not interpreter_missing():
            yield from _rows("firmware", InterpretedPico(link, place / "pico"), link)


def _rows(name: str, device: AbstractContextManager[object], link: Path) -> Iterator[Row]:
    with device:
        latencies = min(_rounds(link), key=_p95, default=[])
    for percentile, limit in ((50, None), (95, P95_LIMIT_MS)):
        value = statistics.quantiles(latencies, n=100)[percentile - 1] if latencies else math.nan
        yield Row(
            name=f"gate.{name}_p{percentile}",
            value=value,
            unit="ms",
            reference=REFERENCE,
            limit=limit,
            ok=None if limit is None else value <= limit,
        )


def _p95(latencies: list[float]) -> float:
    return statistics.quantiles(latencies, n=100)[94]


def _rounds(link: Path) -> list[list[float]]:
    """Open the gate again and again, and return what each confirmation took, in milliseconds; nothing if one failed."""
    outcomes: queue.SimpleQueue[GateEvent] = queue.SimpleQueue()
    up, stop = threading.Event(), threading.Event()
    gate = GateController(
        SerialPort(str(link), 115200, name="gate"),
        outcomes.put,
        lambda state, _detail: up.set() if state is LinkState.UP else None,
        settings=SETTINGS,
    )
    thread = threading.Thread(target=gate.run, args=(stop,))
    thread.start()
    try:
        if not up.wait(PATIENCE_S):
            raise TimeoutError(f"the gate controller at {link} does not answer")
        return [[_latency(gate, outcomes, token, stop) for token in range(OPENINGS)] for _ in range(ROUNDS)]
    except _UnconfirmedError:
        return []
    finally:
        stop.set()
        thread.join(PATIENCE_S)


def _latency(gate: GateController, outcomes: queue.SimpleQueue[GateEvent], token: int, pause: threading.Event) -> float:
    gate.open(PULSE_MS, token)
    outcome = outcomes.get(timeout=PATIENCE_S)
    if not isinstance(outcome, GateConfirmed):
        raise _UnconfirmedError
    gate.light(tuple(Light)[token % len(Light)])
    pause.wait(APART_S)
    return outcome.latency_ms
