"""Shifts and the supervisor's view: who is on duty, what a day came to, what the log holds in clear."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from keys.reasons import Reason
from keys.verdict import Colour
from scanner.control.base import Message
from scanner.values import Outcome, Role

Token = Annotated[str, Field(max_length=64)]
"""Of `Unlocked`."""


class ShiftView(Message):
    """Who is on shift."""

    staff: str
    """Staff number."""
    role: Role
    since: int
    """Seconds since 1970 UTC."""


class SignOn(Message):
    """Come on shift; whoever was on it before has handed over. Answered with the `HandOver` of the shift that ends."""

    type: Literal["sign_on"] = "sign_on"
    id: int
    staff: str
    pin: str


class SignOff(Message):
    """Leave the shift with nobody coming. Needs the PIN of whoever is on shift, or a supervisor's."""

    type: Literal["sign_off"] = "sign_off"
    id: int
    staff: str
    pin: str


class AskShift(Message):
    """Ask for the hand-over as it stands now, without ending the shift. Answered with `HandOver`."""

    type: Literal["ask_shift"] = "ask_shift"
    id: int


class Unlock(Message):
    """Open the supervisor's screens with a supervisor's PIN. Answered with `Unlocked`."""

    type: Literal["unlock"] = "unlock"
    id: int
    staff: str
    pin: str


class Lock(Message):
    """Close the supervisor's screens: the token counts no more."""

    type: Literal["lock"] = "lock"
    id: int
    token: Token


class AskReport(Message):
    """Ask what the last hours came to. Answered with `Report`."""

    type: Literal["ask_report"] = "ask_report"
    id: int
    token: Token
    hours: Annotated[int, Field(ge=1, le=168)] = 24


class BrowseLog(Message):
    """Ask for entries of the log, newest first: the clear part only. Answered with `LogPage`."""

    type: Literal["browse_log"] = "browse_log"
    id: int
    token: Token
    before: int | None = None
    """Only entries with a smaller number; None: from the newest."""
    count: Annotated[int, Field(ge=1, le=100)] = 20


class Compare(Message):
    """Compare a lane's thermometer, which looks at something of known temperature. Answered with `Compared`.

    The lane must be out of service. Several points at different temperatures say more than one.
    """

    type: Literal["compare"] = "compare"
    id: int
    token: Token
    lane: str
    known_centi: int
    """What it truly is, hundredths of °C."""


class KeepOffset(Message):
    """Correct the thermometer from now on by what the points say. Answered with `Compared`."""

    type: Literal["keep_offset"] = "keep_offset"
    id: int
    token: Token
    lane: str


class DropPoints(Message):
    """Forget the points of a comparison."""

    type: Literal["drop_points"] = "drop_points"
    id: int
    token: Token
    lane: str


class ComparedPoint(Message):
    """One comparison, in hundredths of °C."""

    known_centi: int
    read_centi: int
    """Before any offset."""
    spread_centi: int


class Compared(Message):
    """What the points so far say."""

    type: Literal["compared"] = "compared"
    points: tuple[ComparedPoint, ...]
    offset_centi: int
    """What would be added to each reading."""
    worst_centi: int
    """How far the point that fits worst is from that."""


class OffsetView(Message):
    """What a thermometer's readings are corrected by."""

    centi: int
    taken: str | None
    """Local date; None: nobody has compared it."""
    expires: str | None


class HandOver(Message):
    """What one guard tells the next."""

    type: Literal["hand_over"] = "hand_over"
    shift: ShiftView | None
    """None: nobody is, or was, on shift."""
    now: int
    passed: int
    """Since the shift began; without one, since the engine started."""
    referred: int
    stopped: int
    overrides: int
    by_hand: int
    """People registered without a code."""
    open: tuple[str, ...]
    """Locale keys under `matter.` of what the next guard must know of, such as `visitors_inside`, with numbers after
    a colon: `visitors_inside:3`. Degradations stand in the view."""
    head: str
    """The signed tree head (C2SP checkpoint) as a short text for a QR code; empty while there is none."""


class Unlocked(Message):
    """The supervisor's screens are open."""

    type: Literal["unlocked"] = "unlocked"
    token: str
    until: int
    """Seconds since 1970 UTC."""


class SlipIssued(Message):
    """A visitor is inside."""

    type: Literal["slip_issued"] = "slip_issued"
    slip: int


class HourCount(Message):
    """One hour of a report."""

    at: int
    """When it began, seconds since 1970 UTC."""
    passed: int
    referred: int
    stopped: int


class ReasonCount(Message):
    """How often a reason spoke against a plain pass."""

    reason: Reason
    count: int


class GuardCount(Message):
    """What one member of staff did."""

    staff: str
    admitted: int
    """Against the appliance's decision."""
    refused: int
    activated: int
    by_hand: int


class Report(Message):
    """What some hours came to, from the log."""

    type: Literal["report"] = "report"
    since: int
    until: int
    hours: tuple[HourCount, ...]
    """Oldest first, none left out."""
    reasons: tuple[ReasonCount, ...]
    """Most frequent first."""
    guards: tuple[GuardCount, ...]
    distinct_codes: int
    """Different codes that this appliance has seen since midnight or its start, whichever is later."""
    distinct_since: int


class LogRow(Message):
    """The clear part of one entry."""

    seq: int
    at: int
    """Seconds since 1970 UTC."""
    lane: str
    kind: str
    """Lower-case name of `scanner.journal.detail.EntryKind`."""
    staff: str | None
    outcome: Outcome | None
    reasons: tuple[Reason, ...]
    colour: Colour | None
    temperature_centi: int | None
    refers_to: int | None
    detail: str
    """What else the entry says, as `key=value` words."""


class LogPage(Message):
    """Some entries of the log, newest first."""

    type: Literal["log_page"] = "log_page"
    rows: tuple[LogRow, ...]
    more: bool
    """Whether older ones follow."""


ComparingCommand = Compare | KeepOffset | DropPoints
DutyCommand = SignOn | SignOff | AskShift | Unlock | Lock | AskReport | BrowseLog | ComparingCommand
Answer = Annotated[HandOver | Unlocked | SlipIssued | Report | LogPage | Compared, Field(discriminator="type")]
"""What a reply may carry besides yes or no."""
