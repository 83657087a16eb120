"""The control protocol: one JSON object a line over a local socket, version 6.

The engine speaks first with `Hello`, then sends a `View` whenever something changed (at most 20 a second; a slow
client gets the newest, never a backlog) and a `Preview` a few times a second to clients that asked for it.
A client sends `Command`s; each gets one `Reply` with its id. Views carry codes and numbers; words are the
screen's business.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from firmware_bridge.values import Light, LinkState, Method, Unmeasurable
from keys.facts import Kind
from keys.reasons import Reason
from keys.verdict import Carrier, CodeFormat, Colour, DocumentType
from scanner.control.base import Message
from scanner.control.duty import Answer, DutyCommand, OffsetView, ShiftView
from scanner.control.people import PartyView, PeopleCommand, VisitorView, WaitingCode
from scanner.values import ClockTrust, GuardStep, Outcome, SiteKind, TemperatureRule

PROTOCOL_VERSION = 6
MAX_LINE = 256 * 1024
"""Bytes; a longer line ends the connection."""


class TemperatureView(Message):
    """A temperature as shown: hundredths of °C, or why there is none."""

    result_centi: int | None
    why_not: Unmeasurable | None
    raw_centi: int | None
    ambient_centi: int | None
    method: Method


class FactView(Message):
    """One thing that another issuer's credential says."""

    kind: Kind
    on: str
    """YYYY-MM-DD, shorter or empty where the credential says no more."""
    dose: int | None
    doses: int | None
    positive: bool | None


class CredentialView(Message):
    """A proved credential of another issuer: what it is, what it says, and which rule it does not meet."""

    format: CodeFormat
    facts: tuple[FactView, ...]
    rule: str | None
    """Identifier of the business rule that is not met."""
    rule_words: tuple[tuple[str, str], ...]
    """What that rule asks for: language and words."""


class ResultView(Message):
    """What the lane decided about the person before it. The name is masked and disappears with the result."""

    seq: int | None
    """The journal's number of the entry; people quote it in an appeal."""
    at: int
    """Seconds since 1970 UTC."""
    outcome: Outcome
    reasons: tuple[Reason, ...]
    guard: GuardStep
    issuer: str | None
    colour: Colour | None
    colour_reason: int | None
    colour_until: int | None
    name: str | None
    document_type: DocumentType | None
    document_tail: str | None
    carrier: Carrier | None
    expires_at: int | None
    days_left: int | None
    temperature: TemperatureView | None
    countdown_s: float | None
    """Seconds until the result clears by itself; None: it stays until staff act."""
    overridden: Reason | None = None
    credential: CredentialView | None = None
    """Of another issuer; None for a health code of ours."""


class PassageView(Message):
    """One line of the list of last passages; without a name."""

    seq: int
    at: int
    outcome: Outcome
    reasons: tuple[Reason, ...]
    colour: Colour | None
    temperature_centi: int | None


class LaneView(Message):
    """One lane as it stands."""

    name: str
    attended: bool
    state: str
    """The lane's state, by its name in the lane table."""
    light: Light
    result: ResultView | None
    turn: int = 0
    """Counts the people that came before the lane: the same number is the same person."""
    hint: str | None
    """Locale key of what to tell the person now, such as `hint.measure`."""
    object_centi: int | None
    """What the thermometer sees now."""
    ambient_centi: int | None
    present: bool
    limit_centi: int
    temperature_rule: TemperatureRule
    camera: LinkState | None
    """None: the lane has none."""
    reader: LinkState | None = None
    """A code reader; None: the lane has none."""
    camera_fps: float
    camera_age_s: float | None
    """Age of the newest frame."""
    thermometer: LinkState
    gate: LinkState
    last: tuple[PassageView, ...]
    """Newest first, at most 10."""
    passed: int
    referred: int
    stopped: int
    """Counts since local midnight or the start, whichever is later."""
    waiting: tuple[WaitingCode, ...] = ()
    """Several codes shown together by one holder: staff choose; empty in every other case."""
    party: PartyView | None = None
    """The vehicle before the lane."""
    offset: OffsetView | None = None
    """Of the thermometer; None: there is none."""
    aside: tuple[PartyView, ...] = ()
    """Vehicles that stand aside, longest first."""


class DegradationView(Message):
    """One thing that is not as it should be; the words are in the locale under `degraded.<code>`."""

    code: str
    lane: str | None
    detail: str
    since: int


class UpdateView(Message):
    """How the appliance is kept up to date."""

    running: bool = False
    stick: str | None = None
    """Name of a stick that carries something to take in."""
    at: int | None = None
    """When the last attempt ended, seconds since 1970 UTC."""
    result: str | None = None
    """How it ended: `scanner.updates.report.Result`."""
    why: str = ""
    """In words, where it did not end well."""


class View(Message):
    """The whole engine as it stands: replaces the view before it."""

    type: Literal["view"] = "view"
    now: int
    clock: ClockTrust
    site: str
    site_kind: SiteKind
    keys_age: int | None
    lists_age: int | None
    policy_age: int | None
    entries: int
    waiting: int
    """Entries that nobody else holds yet."""
    oldest_waiting: int | None
    """When the oldest of them was written, seconds since 1970."""
    shift: ShiftView | None
    """Who is on shift."""
    inside: tuple[VisitorView, ...] = ()
    """Visitors who have not left, longest first; at most 100."""
    visitors_inside: int = 0
    update: UpdateView = UpdateView()
    degraded: tuple[DegradationView, ...]
    lanes: tuple[LaneView, ...]


@unique
class OutlineKind(StrEnum):
    """What an outline in a preview stands round."""

    CODE = "code"
    """A code that was read, and that the lane acts upon."""
    FOREIGN = "foreign"
    """A code that was read and is none of the lane's business: a poster, a payment code."""
    UNREAD = "unread"
    """Something that looks like a code and could not be read."""


class Outline(Message):
    """A code, or what looks like one, in a preview."""

    kind: OutlineKind
    corners: tuple[tuple[float, float], ...]
    """Fractions of the picture's width and height."""


class Preview(Message):
    """A small grey picture for aiming the camera: the frame as the decoders see it."""

    type: Literal["preview"] = "preview"
    lane: str
    width: int
    height: int
    grey: str
    """base64 of width × height bytes, row by row."""
    outlines: tuple[Outline, ...]


class Hello(Message):
    """The first line from the engine."""

    type: Literal["hello"] = "hello"
    protocol: int = PROTOCOL_VERSION
    software: str
    device: str
    """The device id, hexadecimal."""
    language: str


class Reply(Message):
    """The answer to one command."""

    type: Literal["reply"] = "reply"
    id: int
    ok: bool
    error: str | None = None
    """Locale key or a sentence for the log."""
    answer: Answer | None = None
    """What was asked for."""


class Override(Message):
    """Admit or refuse the person before the lane against its decision, unless `about` shows that another was meant."""

    type: Literal["override"] = "override"
    id: int
    lane: str
    admit: bool
    staff: str
    pin: str
    supervisor: str | None = None
    supervisor_pin: str | None = None
    cause: str = Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")
    """Key of a cause in the locale; free text has no place in the clear part of the log."""
    about: int | None = None
    """`ResultView.seq` of the person meant; None: whoever stands there, whom the log may not hold."""


class Acknowledge(Message):
    """Clear a result that waits for staff."""

    type: Literal["acknowledge"] = "acknowledge"
    id: int
    lane: str
    about: int | None = None
    """As in `Override`."""


class Remeasure(Message):
    """Take the temperature of the same person again."""

    type: Literal["remeasure"] = "remeasure"
    id: int
    lane: str
    about: int | None = None
    """As in `Override`."""


class Pause(Message):
    """Take the lane out of service, or back."""

    type: Literal["pause"] = "pause"
    id: int
    lane: str
    paused: bool


class ConfirmTime(Message):
    """A supervisor confirms the shown time."""

    type: Literal["confirm_time"] = "confirm_time"
    id: int
    supervisor: str
    pin: str


class TakeStick(Message):
    """Take in what the stick offers. Needs no PIN: only what is signed under the pinned root comes of it."""

    type: Literal["take_stick"] = "take_stick"
    id: int


class WatchPreview(Message):
    """Ask for previews of a lane, or no longer."""

    type: Literal["watch_preview"] = "watch_preview"
    id: int
    lane: str
    on: bool


Command = Annotated[
    Override | Acknowledge | Remeasure | Pause | ConfirmTime | TakeStick | WatchPreview | PeopleCommand | DutyCommand,
    Field(discriminator="type"),
]
ServerMessage = Annotated[Hello | View | Preview | Reply, Field(discriminator="type")]

COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
