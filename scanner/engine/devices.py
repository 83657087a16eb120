"""One lane's devices, made from its configuration, each in a supervised thread of its own."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from pathlib import Path

from firmware_bridge.errors import MissingPackageError
from firmware_bridge.gate import Gate, GateEvent
from firmware_bridge.measurement import MeasurementEvent, Offsets
from firmware_bridge.reader import CodeReader
from firmware_bridge.reports import ReportEvent
from firmware_bridge.tap import Tap
from firmware_bridge.thermometer import Thermometer
from firmware_bridge.values import Light, LinkState, Measurement, Method, Sample, Scan, Unmeasurable
from scanner.camera.capture import Capture
from scanner.config.model import LaneSection, has_camera
from scanner.control.duty import OffsetView
from scanner.engine.comparing import Comparing
from scanner.hardware import make_gate, make_reader, make_thermometer, thermometer_line
from scanner.policy import Site

LOOP_STALLED_S = 10.0
"""A device's loop that has not gone round for so long hangs; it goes round several times a second."""

OnState = Callable[[str, LinkState, str], None]
"""Called with the device ("camera", "reader", "thermometer", "gate"), its state and a detail in words."""


class LaneDevices:
    """What one lane has of camera, reader, thermometer and gate. `start` starts their threads, `stop` ends them."""

    def __init__(
        self,
        section: LaneSection,
        site: Site,
        *,
        on_measurement: Callable[[MeasurementEvent], None],
        on_sample: Callable[[Sample], None],
        on_gate: Callable[[GateEvent], None],
        on_report: Callable[[ReportEvent], None],
        on_scan: Callable[[Scan], None],
        wanted: Callable[[], bool],
        on_state: OnState,
        state: Path,
        today: Callable[[], dt.date],
    ) -> None:
        """`state`: the folder where offsets found at the screen are kept; `today`: the date at the site.

        `wanted`: whether the lane could serve a code now, for a reader that is told when to look.
        """
        self.name = section.name
        self.site = site
        self.measure_timeout_s = section.thermometer.timeout_s
        eyes = {"camera": has_camera(section.camera), "reader": section.reader.driver != "none"}
        self.parts = (*(name for name, there in eyes.items() if there), "thermometer", "gate")
        self._section = section
        self._on_state = on_state
        self.comparing: Comparing | None = None
        """Of the thermometer; None: there is none."""
        if section.thermometer.driver != "none":
            self.comparing = Comparing(section.thermometer, state, today, self._correct)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._started_at = 0.0
        self._absent: dict[str, str] = {}
        """What the lane lacks and why, of what it might have."""
        self.capture: Capture | None = None
        if has_camera(section.camera):
            self.capture = Capture(section.camera, on_state=lambda state, detail: on_state("camera", state, detail))
        tap = Tap(section.thermometer.name) if section.thermometer.driver == "controller" else None
        self._reader = self._made_reader(on_scan, wanted)
        self._thermometer = self._made_thermometer(tap, on_measurement, on_sample)
        self._gate = self._made_gate(tap, on_gate, on_report)

    def _made_reader(self, on_scan: Callable[[Scan], None], wanted: Callable[[], bool]) -> CodeReader | None:
        section = self._section.reader
        if section.driver == "none":
            return None
        return make_reader(
            section, name=f"{self.name} reader", on_scan=on_scan, on_state=self._tell("reader"), wanted=wanted
        )

    def _made_thermometer(
        self, tap: Tap | None, on_measurement: Callable[[MeasurementEvent], None], on_sample: Callable[[Sample], None]
    ) -> Thermometer | None:
        section = self._section.thermometer
        if section.driver == "none":
            self._absent["thermometer"] = "none is configured"
            return None

        def sampled(sample: Sample) -> None:
            if self.comparing is not None:
                self.comparing.sample(sample)
            on_sample(sample)

        try:
            thermometer = make_thermometer(
                section,
                tap or thermometer_line(section, self._section.gate, section.name),
                on_event=on_measurement,
                on_sample=sampled,
                on_state=self._tell("thermometer"),
            )
        except MissingPackageError as error:
            self._absent["thermometer"] = str(error)
            return None
        thermometer.correct(self._offsets())
        return thermometer

    def _offsets(self) -> Offsets:
        """Return what is added to readings now."""
        section, comparing = self._section.thermometer, self.comparing
        return Offsets(comparing.offset.centi if comparing else section.offset_centi, section.site_offset_centi)

    def _correct(self, centi: int) -> None:
        """Add another device offset from the next measurement on."""
        if self._thermometer is not None:
            self._thermometer.correct(Offsets(centi, self._section.thermometer.site_offset_centi))

    def _made_gate(
        self, tap: Tap | None, on_gate: Callable[[GateEvent], None], on_report: Callable[[ReportEvent], None]
    ) -> Gate | None:
        section = self._section.gate
        if section.driver == "none":
            self._absent["gate"] = "none is configured"
            return None
        try:
            return make_gate(
                section,
                name=f"{self.name} gate",
                on_event=on_gate,
                on_state=self._tell("gate"),
                on_report=on_report,
                tap=tap,
            )
        except MissingPackageError as error:
            self._absent["gate"] = str(error)
            return None

    def _tell(self, device: str) -> Callable[[LinkState, str], None]:
        return lambda state, detail: self._on_state(device, state, detail)

    @property
    def _loops(self) -> dict[str, CodeReader | Thermometer | Gate]:
        """The serial devices there are, each with a loop of its own."""
        devices = {"reader": self._reader, "thermometer": self._thermometer, "gate": self._gate}
        return {name: device for name, device in devices.items() if device is not None}

    def start(self) -> None:
        """Start a thread for each device."""
        self._started_at = time.monotonic()
        if self.capture is not None:
            self.capture.start()
        for name, why in self._absent.items():
            self._on_state(name, LinkState.LOST, why)
        for name, device in self._loops.items():
            thread = threading.Thread(target=device.run, args=(self._stop,), name=f"{self.name}-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End the devices' threads."""
        self._stop.set()
        if self.capture is not None:
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
            device_offset_centi=self._offsets().device_centi,
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

    def offset(self) -> OffsetView | None:
        """Return what the thermometer's readings are corrected by; None without one."""
        if self.comparing is None:
            return None
        now = self.comparing.offset
        return OffsetView(centi=now.centi, taken=now.taken, expires=now.expires)

    def camera_fps(self) -> float:
        """Return how many frames a second arrive."""
        return 0.0 if self.capture is None else self.capture.rate()

    def camera_age(self) -> float | None:
        """Return the age of the newest frame in seconds, None before the first and without a camera."""
        return None if self.capture is None else self.capture.age()

    def stalled(self) -> str | None:
        """Return which device's loop has not gone round for `LOOP_STALLED_S`, in words; None when all do."""
        now = time.monotonic()
        for name, device in self._loops.items():
            # Its first turn comes after its start, which may be long after it was made.
            silent_s = now - max(device.last_turn, self._started_at)
            if silent_s > LOOP_STALLED_S:
                return f"the {name} of lane {self.name} has not been served for {silent_s:.0f} s"
        return None

    def offset_expired(self, today: dt.date) -> str | None:
        """Return which of the thermometer's dated offsets is over or lost, in words; None when all hold."""
        if self.comparing is not None and self.comparing.trouble:
            return self.comparing.trouble
        section = self._section.thermometer
        expires = self.comparing.offset.expires if self.comparing is not None else None
        for what, date in (("device", expires), ("site", section.site_offset_expires)):
            if section.driver != "none" and date is not None and dt.date.fromisoformat(date) < today:
                return f"the {what} offset of {section.name} was good until {date}"
        return None
