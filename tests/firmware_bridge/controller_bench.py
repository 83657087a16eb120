"""Our gate controller's host as the appliance runs it, for tests: the gate, and its thermometer on the same line."""

import random
import threading
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_bridge.controller_thermometer import DRIVER
from firmware_bridge.gate import GateConfirmed, GateController, GateEvent
from firmware_bridge.measurement import MeasurementEvent, Offsets, Settled, Settling
from firmware_bridge.reports import DoorChanged, GateSettings, ReportEvent, StaffCalled
from firmware_bridge.tap import Tap
from firmware_bridge.thermometer import Thermometer
from firmware_bridge.transport import SerialPort
from firmware_bridge.values import Door, LinkState, Sample
from tests.firmware_bridge.bench import PATIENCE_S, eventually

QUICK = replace(DRIVER, silence_s=0.6)
"""With less patience, so that tests of silence are short."""


class ControllerBench:
    """Both loops in their threads, with what they reported."""

    def __init__(self, link: Path, settings: GateSettings) -> None:
        self.events: list[GateEvent] = []
        self.reports: list[ReportEvent] = []
        self.states: list[tuple[LinkState, str]] = []
        tap = Tap("forehead")
        self.port = SerialPort(str(link), 115200, name="gate", jitter=random.Random(1))
        self.gate = GateController(
            self.port,
            self.events.append,
            lambda state, detail: self.states.append((state, detail)),
            settings=settings,
            on_report=self.reports.append,
            tap=tap,
        )
        loops = [self.gate.run]
        self.samples: list[Sample] = []
        self.measured: list[MeasurementEvent] = []
        self.thermometer_states: list[tuple[LinkState, str]] = []
        if settings.samples:
            thermometer = Thermometer(
                tap,
                QUICK,
                Settling(QUICK.rule, Offsets(), "forehead"),
                self.measured.append,
                self.samples.append,
                lambda state, detail: self.thermometer_states.append((state, detail)),
            )
            loops.append(thermometer.run)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=loop, args=(self._stop,)) for loop in loops]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self.port.wake()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    @property
    def state(self) -> LinkState:
        return self.states[-1][0] if self.states else LinkState.CONNECTING

    @property
    def thermometer_state(self) -> LinkState:
        return self.thermometer_states[-1][0] if self.thermometer_states else LinkState.CONNECTING

    @property
    def doors(self) -> list[Door]:
        return [report.door for report in self.reports if isinstance(report, DoorChanged)]

    @property
    def calls(self) -> int:
        return sum(isinstance(report, StaffCalled) for report in self.reports)

    @property
    def results(self) -> list[int | None]:
        return [event.measurement.result_centi for event in self.measured if isinstance(event, Settled)]

    def await_up(self) -> Self:
        eventually(lambda: self.state is LinkState.UP, "a session")
        return self

    def await_door(self, door: Door) -> None:
        eventually(lambda: bool(self.doors) and self.doors[-1] is door, f"a door that is {door}")

    def open(self, token: int, pulse_ms: int = 100) -> GateEvent:
        """Order an opening and wait for its outcome."""
        self.gate.open(pulse_ms, token)
        eventually(lambda: any(event.token == token for event in self.events), f"the outcome of {token}")
        return next(event for event in self.events if event.token == token)

    def confirmed(self) -> list[int]:
        return [event.token for event in self.events if isinstance(event, GateConfirmed)]
