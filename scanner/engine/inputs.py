"""What can be handed to a lane's thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from firmware_bridge.gate import GateEvent
from firmware_bridge.measurement import MeasurementEvent
from firmware_bridge.reports import ReportEvent
from firmware_bridge.values import LinkState
from scanner.control.duty import Answer
from scanner.control.messages import Acknowledge, Pause, Remeasure
from scanner.control.people import Activate, PeopleCommand
from scanner.engine.vision import CodeSeen
from scanner.journal.detail import StaffAction
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


@dataclass(frozen=True, slots=True)
class StaffActivation:
    """Staff on shift have compared the document of a grey code's holder."""

    command: Activate
    staff: str


Word = StaffOverride | StaffActivation
"""Staff's word that admits or refuses, which the log must have first."""

AskedCommand = StaffOverride | Acknowledge | Remeasure | Pause | PeopleCommand
Reaction = str | Answer | None
"""What a command came to: a locale key of why it was not done, what was asked for, or None: it was done."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A command for this lane, and where its answer goes."""

    command: AskedCommand
    answer: Future[Reaction]
    staff: str | None = None
    """Number of whoever is on shift; the desk has seen to it where the command needs somebody."""


@dataclass(frozen=True, slots=True)
class Noted:
    """The log's answer to something that decides nothing about the person before the lane."""

    then: Callable[[Receipt | JournalError], None]
    result: Receipt | JournalError


@dataclass(frozen=True, slots=True)
class Noticed:
    """Staff did something about the lane elsewhere, which its log must hold."""

    action: StaffAction
    staff: str | None


@dataclass(frozen=True, slots=True)
class Midnight:
    """The local day is over: what is remembered for a day is forgotten."""


Input = (
    CodeSeen
    | HintSeen
    | MeasurementEvent
    | Recorded
    | Noted
    | Noticed
    | DeviceState
    | GateEvent
    | ReportEvent
    | Ask
    | Midnight
)
