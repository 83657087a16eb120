"""What can be handed to a lane's thread."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from firmware_bridge.gate import GateEvent
from firmware_bridge.measurement import MeasurementEvent
from firmware_bridge.reports import ReportEvent
from firmware_bridge.values import LinkState
from scanner.control.messages import Acknowledge, Pause, Remeasure
from scanner.engine.vision import CodeSeen
from scanner.journal.errors import JournalError
from scanner.journal.store import Receipt
from scanner.sight.hints import HintSeen
from scanner.values import Role


@dataclass(frozen=True, slots=True)
class Recorded:
    """The log's answer to one draft."""

    token: int
    result: Receipt | JournalError
    at: float


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device's line went up or down."""

    device: str
    state: LinkState
    detail: str


@dataclass(frozen=True, slots=True)
class StaffOverride:
    """An override whose PINs have been checked."""

    admit: bool
    staff: str
    role: Role
    supervisor: str | None
    cause: str
    about: int | None = None
    """Number of the entry it is meant for; None: whoever stands there."""


AskedCommand = StaffOverride | Acknowledge | Remeasure | Pause


@dataclass(frozen=True, slots=True)
class Ask:
    """A command for this lane, and where its answer goes: None, or a locale key of why not."""

    command: AskedCommand
    answer: Future[str | None]


@dataclass(frozen=True, slots=True)
class Midnight:
    """The local day is over: what is remembered for a day is forgotten."""


Input = CodeSeen | HintSeen | MeasurementEvent | Recorded | DeviceState | GateEvent | ReportEvent | Ask | Midnight
