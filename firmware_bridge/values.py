"""What devices tell the scanner. Temperatures are integers in hundredths of a degree Celsius: limits are exact."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique


@unique
class Method(IntEnum):
    """How a temperature was obtained, numbered as in the journal."""

    INFRARED = 0
    CONTACT = 1
    """A contact thermometer's reading, typed by staff."""
    MODULE_ESTIMATE = 2
    """The module's own undocumented body estimate."""


@unique
class Unmeasurable(StrEnum):
    """Why there is no result. "Cannot measure" is a result of its own, never a pass."""

    TOO_LOW = "too_low"
    """Below 35.00 °C: a cold face, glasses, a distance too great."""
    TOO_HIGH = "too_high"
    """Above 42.00 °C: no person."""
    AMBIENT = "ambient"
    """The module itself is outside 16 to 35 °C."""
    UNSTEADY = "unsteady"
    """The samples never agreed."""
    TIMEOUT = "timeout"
    """Nobody stood before the thermometer in time."""
    ABSENT = "absent"
    """The thermometer is unplugged, silent or talking nonsense."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading as the device gave it."""

    at: float
    """Monotonic seconds at which the frame was complete."""
    object_centi: int
    ambient_centi: int | None
    """The module's own temperature; None where it does not tell."""
    method: Method = Method.INFRARED
    """What the number is: a surface, or what the module makes of one."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One person's temperature, or why there is none; every raw value is kept."""

    result_centi: int | None
    """None exactly when `why_not` is set."""
    why_not: Unmeasurable | None
    raw_centi: int | None
    """Median of the settled samples, before offsets."""
    ambient_centi: int | None
    device_offset_centi: int
    site_offset_centi: int
    spread_centi: int | None
    method: Method
    device: str
    """The device's configured name."""
    at: float
    """Monotonic seconds of the last sample used."""
    presence: int
    """Number of the unbroken presence it was taken in; a new person is a new number."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A text that a code reader read."""

    text: str
    at: float
    """Monotonic seconds at which its last character had come."""


@unique
class LinkState(StrEnum):
    """State of a serial device as its line sees it."""

    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"


@unique
class Door(StrEnum):
    """The door at the gate, as its contact tells; numbered on the link in this order."""

    UNKNOWN = "unknown"
    """No contact is fitted, or nothing was heard of it yet."""
    SHUT = "shut"
    OPEN = "open"
    HELD = "held"
    """Open for longer than it may be."""
    FORCED = "forced"
    """Opened though nobody was let through; until it is shut again."""


@unique
class Light(StrEnum):
    """What the lamp at the gate shows: always a shape and a colour."""

    IDLE = "idle"
    MEASURING = "measuring"
    PASS = "pass"
    REFER = "refer"
    STOP = "stop"
    OUT_OF_SERVICE = "out_of_service"
