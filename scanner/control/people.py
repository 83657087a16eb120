"""What staff do with the people before a lane, beyond what the lane does by itself; and what the screens see of it.

Commands need somebody on shift, whose number stands in the log. What they type of a person is sealed as it is written;
the screen gets back a masked name and nothing else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from keys.verdict import Colour, DocumentType
from scanner.control.base import Message
from scanner.values import Outcome

Typed = Annotated[str, Field(max_length=60)]
"""What staff typed about a person; empty: nothing."""
Seats = Annotated[int, Field(ge=1, le=60)]
"""A coach has some fifty."""


class WaitingCode(Message):
    """One of several codes shown together: somebody must say whose holder stands there."""

    handle: int
    """Names it in `ChooseCode`; 1 for the first one seen."""
    name: str | None
    """Masked."""
    document_tail: str | None
    colour: Colour | None


class SeatView(Message):
    """One occupant of a vehicle."""

    seat: int
    """1 for the first one checked."""
    outcome: Outcome
    """After staff's word, where they gave it."""
    colour: Colour | None
    temperature_centi: int | None
    seq: int | None
    """Journal number of the occupant's newest entry."""
    driver: bool
    by_hand: bool
    """Registered by staff, without a code."""


class PartyView(Message):
    """The people of one vehicle."""

    party: int
    """Journal number of the entry with which it began."""
    plate: str
    """Masked: the province and the last two characters."""
    people: int
    seats: tuple[SeatView, ...]
    """In the order of their first checks; fewer than `people` while some are missing."""
    since: int
    """Seconds since 1970 UTC."""
    released: bool = False
    """It may go: recorded, and the gate was told to open. It leaves the screen with the result's time."""
    set_aside_at: int | None = None
    """Since when it stands aside; None: it is before the lane."""


class VisitorView(Message):
    """A visitor who is inside; the slip says who, the box does not."""

    slip: int
    since: int
    """Seconds since 1970 UTC."""


class ManualEntry(Message):
    """Register a person without a readable code, take the temperature where the site asks for one, and admit.

    During a party the person takes a seat of the vehicle. With `host`, the person is a visitor and gets a slip.
    """

    type: Literal["manual_entry"] = "manual_entry"
    id: int
    lane: str
    name: Annotated[str, Field(min_length=1, max_length=40)]
    document_type: DocumentType = DocumentType.RESIDENT_ID
    document: Annotated[str, Field(min_length=2, max_length=30)]
    contact: Typed = ""
    origin: Typed = ""
    destination: Typed = ""
    host: Typed = ""
    purpose: Typed = ""
    temperature_centi: int | None = None
    """Read off a contact thermometer; None: the lane measures, where it can."""


class RegisterVisitor(Message):
    """Give the person who has just passed with a code a visitor's slip. Answered with `SlipIssued`."""

    type: Literal["register_visitor"] = "register_visitor"
    id: int
    lane: str
    about: int
    """`ResultView.seq` or `PassageView.seq` of the passage."""
    host: Annotated[str, Field(min_length=1, max_length=60)]
    purpose: Typed = ""
    contact: Typed = ""


class VisitorLeaves(Message):
    """Note that the visitor with a slip has left."""

    type: Literal["visitor_leaves"] = "visitor_leaves"
    id: int
    lane: str
    slip: int


class Activate(Message):
    """Activate a grey code: staff have compared the document, and the temperature is normal. Admits."""

    type: Literal["activate"] = "activate"
    id: int
    lane: str
    document_type: DocumentType
    """Of the document that was compared."""
    about: int | None = None
    """As in `Override`."""


class TypeTemperature(Message):
    """Judge the person anew with what the contact thermometer reads."""

    type: Literal["type_temperature"] = "type_temperature"
    id: int
    lane: str
    centi: int
    """Hundredths of °C, 3200 to 4300."""
    turn: int | None = None
    """`LaneView.turn` of the person meant; needed while there is no result yet to name in `about`."""
    about: int | None = None
    """As in `Override`."""


class ChooseCode(Message):
    """Say whose code of several shown together is meant: its holder stands there."""

    type: Literal["choose_code"] = "choose_code"
    id: int
    lane: str
    handle: int


class CallSupervisor(Message):
    """Call a supervisor to the lane; it stands on every screen until somebody acts there."""

    type: Literal["call_supervisor"] = "call_supervisor"
    id: int
    lane: str


class BeginParty(Message):
    """Begin the check of a vehicle: from now on the lane's people are its occupants."""

    type: Literal["begin_party"] = "begin_party"
    id: int
    lane: str
    plate: Annotated[str, Field(min_length=1, max_length=16)]
    people: Seats


class ResizeParty(Message):
    """Correct the number of people in the vehicle before the lane."""

    type: Literal["resize_party"] = "resize_party"
    id: int
    lane: str
    people: Seats


class MarkDriver(Message):
    """Say who drives."""

    type: Literal["mark_driver"] = "mark_driver"
    id: int
    lane: str
    seat: int


class PutAside(Message):
    """Let the vehicle before the lane wait aside, to be taken up again."""

    type: Literal["put_aside"] = "put_aside"
    id: int
    lane: str


class TakeUp(Message):
    """Take up a vehicle that stands aside."""

    type: Literal["take_up"] = "take_up"
    id: int
    lane: str
    party: int


class TurnAway(Message):
    """End the check of the vehicle before the lane without opening: it does not pass."""

    type: Literal["turn_away"] = "turn_away"
    id: int
    lane: str


PeopleCommand = (
    ManualEntry
    | RegisterVisitor
    | VisitorLeaves
    | Activate
    | TypeTemperature
    | ChooseCode
    | CallSupervisor
    | BeginParty
    | ResizeParty
    | MarkDriver
    | PutAside
    | TakeUp
    | TurnAway
)
