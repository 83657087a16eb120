"""One lane's devices, made from its configuration, each in a supervised thread of its own."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable

from firmware_bridge.drivers import DRIVERS
from firmware_bridge.gate import GateController, GateEvent
from firmware_bridge.measurement import MeasurementEvent, Offsets, Settling
from firmware_bridge.thermometer import Thermometer
from firmware_bridge.transport import SerialPort
from firmware_bridge.values import Light, LinkState, Measurement, Method, Sample, Unmeasurable
from scanner.camera.capture import Capture
from scanner.config.model import LaneSection, ThermometerSection
from scanner.policy import Site

LOOP_STALLED_S = 10.0
"""A device's loop that has not gone round for so long hangs; it goes round several times a second."""

OnState = Callable[[str, LinkState, str], None]
"""Called with the device ("camera", "thermometer", "gate"), its state and a detail in words."""


class LaneDevices:
    """Camera, thermometer and gate of one lane. `start` starts their threads, `stop` ends them."""

    def __init__(
        self,
        section: LaneSection,
        site: Site,
        *,
        on_measurement: Callable[[MeasurementEvent], None],
        on_sample: Callable[[Sample], None],
        on_gate: Callable[[GateEvent], None],
        on_state: OnState,
    ) -> None:
        self.name = section.name
        self.site = site
        self.measure_timeout_s = section.thermometer.timeout_s
        self._section = section
        self._on_state = on_state
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._started_at = 0.0
        self.capture = Capture(section.camera, on_state=lambda state, detail: on_state("camera", state, detail))
        self._thermometer: Thermometer | None = None
        self._gate: GateController | None = None
        if section.thermometer.driver != "none":
            driver = DRIVERS[section.thermometer.driver]
            self._thermometer = Thermometer(
                SerialPort(section.thermometer.port, section.thermometer.baud, name=section.thermometer.name),
                driver,
                Settling(driver.rule, offsets(section.thermometer), section.thermometer.name),
                on_event=on_measurement,
                on_sample=on_sample,
                on_state=lambda state, detail: on_state("thermometer", state, detail),
            )
        if section.gate.driver != "none":
            self._gate = GateController(
                SerialPort(section.gate.port, section.gate.baud, name=f"{section.name} gate"),
                on_event=on_gate,
                on_state=lambda state, detail: on_state("gate", state, detail),
            )

    def start(self) -> None:
        """Start a thread for each device."""
        self._started_at = time.monotonic()
        self.capture.start()
        for name, device in (("thermometer", self._thermometer), ("gate", self._gate)):
            if device is None:
                self._on_state(name, LinkState.LOST, "none is configured")
                continue
            thread = threading.Thread(target=device.run, args=(self._stop,), name=f"{self.name}-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End the devices' threads."""
        self._stop.set()
        self.capture.stop()
        for thread in self._threads:
            thread.join(timeout=1)

    def measure_again(self) -> None:
        """Arm the measurement once more in the same presence."""
        if self._thermometer is not None:
            self._thermometer.again()

    def no_measurement(self, why: Unmeasurable, at: float) -> Measurement | None:
        """Return a measurement that says there is none; None without a thermometer."""
        if self._thermometer is None:
            return None
        section = self._section.thermometer
        return Measurement(
            result_centi=None,
            why_not=why,
            raw_centi=None,
            ambient_centi=None,
            device_offset_centi=section.offset_centi,
            site_offset_centi=section.site_offset_centi,
            spread_centi=None,
            method=Method.INFRARED,
            device=section.name,
            at=at,
            presence=-1,
        )

    def open_gate(self, seq: int) -> None:
        """Tell the gate to open for journal entry `seq`."""
        if self._gate is not None:
            self._gate.open(self._section.gate.pulse_ms, token=seq)

    def light(self, light: Light) -> None:
        """Show a light at the gate."""
        if self._gate is not None:
            self._gate.light(light)

    def camera_fps(self) -> float:
        """Return how many frames a second arrive."""
        return self.capture.rate()

    def camera_age(self) -> float | None:
        """Return the age of the newest frame in seconds, None before the first."""
        return self.capture.age()

    def stalled(self) -> str | None:
        """Return which device's loop has not gone round for `LOOP_STALLED_S`, in words; None when all do."""
        now = time.monotonic()
        for name, device in (("thermometer", self._thermometer), ("gate", self._gate)):
            # Its first turn comes after its start, which may be long after it was made.
            silent_s = 0.0 if device is None else now - max(device.last_turn, self._started_at)
            if silent_s > LOOP_STALLED_S:
                return f"the {name} of lane {self.name} has not been served for {silent_s:.0f} s"
        return None

    def offset_expired(self, today: dt.date) -> str | None:
        """Return which of the thermometer's dated offsets is over, in words; None when all hold."""
        section = self._section.thermometer
        for what, date in (("device", section.offset_expires), ("site", section.site_offset_expires)):
            if section.driver != "none" and date is not None and dt.date.fromisoformat(date) < today:
                return f"the {what} offset of {section.name} was good until {date}"
        return None


def offsets(section: ThermometerSection) -> Offsets:
    """Return the corrections of one thermometer, hundredths of a degree."""
    return Offsets(device_centi=section.offset_centi, site_centi=section.site_offset_centi)
