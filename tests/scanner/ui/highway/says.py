"""What an engine says of vehicles."""

from __future__ import annotations

from keys.reasons import Reason
from keys.verdict import Colour
from scanner.control.messages import LaneView, PassageView, ResultView, View
from scanner.control.people import PartyView, SeatView
from scanner.values import GuardStep, Outcome, SiteKind
from tests.scanner.ui import scripted_engine as says


def seat(
    number: int,
    outcome: Outcome = Outcome.PASS,
    colour: Colour | None = Colour.GREEN,
    centi: int | None = 3652,
    *,
    driver: bool = False,
    by_hand: bool = False,
) -> SeatView:
    return SeatView(
        seat=number,
        outcome=outcome,
        colour=colour,
        temperature_centi=centi,
        seq=200 + number,
        driver=driver,
        by_hand=by_hand,
    )


def party(
    *seats: SeatView,
    people: int = 4,
    number: int = 199,
    plate: str = "浙A***45",
    set_aside_at: int | None = None,
    released: bool = False,
) -> PartyView:
    return PartyView(
        party=number,
        plate=plate,
        people=people,
        seats=seats,
        since=says.NOON - 12,
        released=released,
        set_aside_at=set_aside_at,
    )


ASIDE = (
    party(seat(1), seat(2), people=4, number=150, plate="京B**99", set_aside_at=says.NOON - 720),
    party(
        seat(1, Outcome.REFER, Colour.GREEN, 3784),
        people=1,
        number=160,
        plate="沪AD***88",
        set_aside_at=says.NOON - 95,
    ),
)
RED = seat(2, Outcome.STOP, Colour.RED, 3661)
FEVER = seat(4, Outcome.REFER, Colour.GREEN, 3784)
ALL_FOUR = (seat(1, driver=True), seat(2), seat(3, by_hand=True, colour=None), seat(4))


def lane(
    vehicle: PartyView | None,
    state: str = "waiting",
    shown: ResultView | None = None,
    *,
    aside: tuple[PartyView, ...] = (),
    hint: str | None = "hint.show_code",
    last: tuple[PassageView, ...] = says.LAST,
) -> LaneView:
    return says.lane(state, shown, hint=hint, last=last).model_copy(update={"party": vehicle, "aside": aside})


def view(*args: object, **kwargs: object) -> View:
    return says.view(lane(*args, **kwargs)).model_copy(  # type: ignore[arg-type]  # handed on as they came
        update={"site": "杭州北收费站", "site_kind": SiteKind.HIGHWAY}
    )


IDLE = view(None)
IDLE_ASIDE = view(None, aside=ASIDE)
EMPTY = view(party())
TWO_OF_FOUR = view(party(seat(1, driver=True), seat(2)), "measuring", hint="hint.measure")
OCCUPANT_STOPPED = view(
    party(seat(1, driver=True), RED),
    "stopped",
    says.result(
        Outcome.STOP,
        Reason.COLOUR_RED,
        guard=GuardStep.HOLD_AND_REPORT,
        colour=Colour.RED,
        measured=says.temperature(3661),
        seq=202,
    ),
)
REFERRED = view(
    party(seat(1, driver=True), RED, seat(3), FEVER),
    "referred",
    says.result(
        Outcome.REFER,
        Reason.TEMPERATURE_HIGH,
        guard=GuardStep.CONTACT_THERMOMETER,
        measured=says.temperature(3784),
        seq=204,
    ),
    aside=ASIDE,
    last=(
        PassageView(
            seq=202,
            at=says.NOON - 9,
            outcome=Outcome.STOP,
            reasons=(Reason.COLOUR_RED,),
            colour=Colour.RED,
            temperature_centi=3661,
        ),
    ),
)
SEATED = view(
    party(*ALL_FOUR[:3]),
    "seated",
    says.result(Outcome.PASS, measured=says.temperature(3652), countdown_s=2.6, seq=203),
    hint=None,
)
RELEASING = view(party(*ALL_FOUR), "releasing", hint="hint.wait")
RELEASED = view(party(*ALL_FOUR, released=True), "passed", hint=None)
TOO_EARLY = view(
    None,
    "referred",
    says.result(Outcome.REFER, Reason.PARTY_INCOMPLETE, guard=GuardStep.DECIDE, measured=says.temperature(3652)),
)
BUS = view(party(*(seat(n) for n in range(1, 38)), seat(38, Outcome.REFER, centi=3784), people=45))
