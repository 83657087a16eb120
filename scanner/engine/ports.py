"""What a lane needs from its devices and from the engine round it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from firmware_bridge.values import Light, LinkState, Measurement, Unmeasurable
from keys.verdict import Verdict
from scanner.control.duty import OffsetView
from scanner.engine.degradations import Cause
from scanner.engine.records import Stamp
from scanner.engine.report import PassageReport
from scanner.journal.entry import EntryDraft
from scanner.journal.errors import JournalError
from scanner.journal.store import Receipt
from scanner.policy import Rules, Site
from scanner.values import Freshness


class Devices(Protocol):
    """One lane's devices. Nothing here blocks."""

    name: str
    site: Site
    measure_timeout_s: float
    parts: tuple[str, ...]
    """What the lane is to have of "camera" and "reader", and "thermometer" and "gate"."""

    def measure_again(self) -> None:
        """Arm the measurement once more in the same presence."""

    def no_measurement(self, why: Unmeasurable, at: float) -> Measurement | None:
        """Return a measurement that says there is none; None without a thermometer."""

    def open_gate(self, seq: int) -> None:
        """Tell the gate to open for journal entry `seq`."""

    def light(self, light: Light) -> None:
        """Show a light at the gate."""

    def offset(self) -> OffsetView | None:
        """Return what the thermometer's readings are corrected by; None without one."""

    def camera_fps(self) -> float:
        """Return how many frames a second arrive."""

    def camera_age(self) -> float | None:
        """Return the age of the newest frame in seconds, None before the first and without a camera."""


class Services(Protocol):
    """What lanes share. Nothing here blocks."""

    def now(self) -> int:
        """Return seconds since 1970 UTC."""

    def rules(self) -> Rules:
        """Return the policy in force."""

    def freshness(self, issuer: str | None) -> Freshness:
        """Return how old the verified state of an issuer is; of the home issuer for None or a stranger."""

    def verify(self, text: str) -> Verdict:
        """Prove one text now."""

    def stamp(self, lane: str) -> Stamp:
        """Return the time, clock state and lane for an entry."""

    def record(self, draft: EntryDraft, done: Callable[[Receipt | JournalError], None], *, reserve: bool) -> None:
        """Append to the log; `done` is called from another thread once it is durable or has failed."""

    def report(self, report: PassageReport) -> None:
        """Tell whoever started the engine about a passage."""

    def device_changed(self, lane: str, device: str, state: LinkState, detail: str) -> None:
        """Note that a device's line went up or down."""

    def lane_degraded(self, lane: str, cause: Cause, active: bool) -> None:
        """Note that something at a lane is not as it should be, or is again."""

    def on_duty(self) -> str | None:
        """Return the staff number of whoever is on shift."""

    def view_changed(self) -> None:
        """Note that the lane's view is a new one."""
