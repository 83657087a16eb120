"""What staff do at a lane: people without codes, grey codes, typed temperatures, visitors, families, vehicles."""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from firmware_bridge.values import LinkState, Method
from keys.reasons import Reason
from keys.verdict import Carrier, Colour, DocumentType
from scanner.control.duty import SlipIssued
from scanner.control.messages import Acknowledge, Pause, Remeasure
from scanner.control.people import (
    Activate,
    BeginParty,
    CallSupervisor,
    ChooseCode,
    ManualEntry,
    MarkDriver,
    PartyView,
    PutAside,
    RegisterVisitor,
    ResizeParty,
    TakeUp,
    TurnAway,
    TypeTemperature,
    VisitorLeaves,
)
from scanner.engine.inputs import DeviceState, Midnight, Reaction, StaffOverride
from scanner.engine.vision import CodeSeen
from scanner.journal.detail import (
    ActionDetail,
    ActivationDetail,
    EntryKind,
    GateDetail,
    ManualDetail,
    PartyDetail,
    PartyPhase,
    PassageDetail,
    StaffAction,
)
from scanner.journal.errors import JournalFullError
from scanner.values import Direction, Outcome, Role, SiteKind
from tests.scanner.engine.lane_bench import Bench, code

G = "0017"
PLATE = "浙A·12345"


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def road() -> Bench:
    return Bench(kind=SiteKind.HIGHWAY)


def manual(**changes: object) -> ManualEntry:
    fields: dict[str, object] = {"id": 1, "lane": "main", "name": "张三丰", "document": "33010619500101123x"}
    return ManualEntry.model_validate({**fields, **changes})


def typed(bench: Bench, centi: int) -> TypeTemperature:
    return TypeTemperature(id=1, lane="main", centi=centi, turn=bench.view.turn)


def said(answer: Future[Reaction]) -> Reaction:
    return answer.result(0)


# --- people without codes ---------------------------------------------------------------------------------------------


def test_somebody_without_a_phone_is_measured_and_passes_by_hand(bench: Bench) -> None:
    assert said(bench.ask(manual(contact="13800000000", origin="文一路"), G)) is None
    assert bench.view.state == "measuring"
    bench.step_up(3650)
    bench.recorded()
    assert bench.devices.opened == [101]
    entry = bench.services.drafts[0]
    assert (entry.kind, entry.staff, entry.outcome) == (EntryKind.MANUAL_ENTRY, G, Outcome.PASS)
    assert entry.reasons == (Reason.MANUAL_ENTRY,)
    assert bench.services.reserved == [True]


def test_what_was_typed_is_sealed_and_shown_masked(bench: Bench) -> None:
    bench.ask(manual(contact="13800000000", origin="文一路 \n 1 号"), G)
    bench.step_up(3650)
    bench.recorded()
    result = bench.view.result
    assert result is not None
    assert (result.name, result.document_tail) == ("张**", "3X")
    assert "张三丰" not in bench.view.model_dump_json()
    personal = bench.services.drafts[0].personal
    assert personal is not None
    assert personal.text == "name=张三丰\ndocument=33010619500101123x\ncontact=13800000000\nfrom=文一路 1 号"
    assert "张三丰" not in repr(bench.services.drafts[0])


def test_a_typed_temperature_saves_the_measurement(bench: Bench) -> None:
    bench.ask(manual(temperature_centi=3660), G)
    assert bench.view.state == "recording"
    temperature = bench.services.drafts[0].temperature
    assert temperature is not None
    assert (temperature.result, temperature.method) == (3660, Method.CONTACT)


def test_somebody_by_hand_with_a_fever_does_not_pass(bench: Bench) -> None:
    bench.ask(manual(temperature_centi=3810), G)
    bench.recorded()
    assert bench.view.state == "referred"
    assert bench.devices.opened == []
    result = bench.view.result
    assert result is not None
    assert set(result.reasons) == {Reason.TEMPERATURE_HIGH, Reason.MANUAL_ENTRY}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": " \t "}, "entry.no_name"),
        ({"document": " 1 "}, "entry.document"),
        ({"document": "33\x0001"}, "entry.document"),
        ({"temperature_centi": 365}, "entry.temperature"),
        ({"temperature_centi": 9000}, "entry.temperature"),
    ],
)
def test_nonsense_in_a_form_is_refused_in_words(bench: Bench, changes: dict[str, object], why: str) -> None:
    assert said(bench.ask(manual(**changes), G)) == why
    assert bench.view.state == "waiting"
    assert bench.services.drafts == []


def test_a_kiosk_sends_people_without_codes_to_the_staffed_lane() -> None:
    kiosk = Bench(attended=False, kind=SiteKind.SUBWAY)
    assert said(kiosk.ask(manual(), G)) == "entry.staffed_lane"


def test_a_full_disk_admits_nobody_by_hand_unrecorded(bench: Bench) -> None:
    bench.ask(manual(temperature_centi=3650), G)
    bench.recorded(JournalFullError("full"))
    assert bench.view.state == "referred"
    assert bench.devices.opened == []


def test_somebody_registered_is_written_down_though_the_lane_closes_before_anything_is_decided(bench: Bench) -> None:
    bench.ask(manual(host="502"), G)
    assert bench.view.state == "measuring"
    bench.ask(Pause(id=2, lane="main", paused=True), G)
    (entry,) = (one for one in bench.services.drafts if one.kind is EntryKind.MANUAL_ENTRY)
    assert (entry.staff, entry.outcome, entry.lane) == (G, None, "main")
    assert entry.detail == ManualDetail(direction=Direction.ENTRY, cause="abandoned")
    assert entry.personal is not None
    assert entry.personal.name == "张**"
    assert bench.visitors.inside() == ((), 0)


@pytest.mark.parametrize("by_hand", [True, False])
def test_whom_staff_registered_is_written_down_though_the_engine_stops_before_anything_is_decided(
    bench: Bench, by_hand: bool
) -> None:
    if by_hand:
        bench.ask(manual(), G)
    else:
        bench.show(code())
    assert bench.view.state == "measuring"
    stopped = threading.Event()
    stopped.set()
    bench.loop.run(stopped)
    assert [entry.kind for entry in bench.services.drafts] == [EntryKind.MANUAL_ENTRY] * by_hand


def test_nobody_is_registered_over_somebody_who_stands_there(bench: Bench) -> None:
    bench.show(code())
    assert said(bench.ask(manual(), G)) == "command.not_now"


# --- grey codes -------------------------------------------------------------------------------------------------------


def activate() -> Activate:
    return Activate(id=1, lane="main", document_type=DocumentType.PASSPORT)


def test_a_grey_code_is_activated_and_passes_and_passes_again_later(bench: Bench) -> None:
    bench.show(code(1, Colour.GREY))
    bench.step_up(3650)
    bench.recorded()
    assert bench.view.state == "referred"
    answer = bench.ask(activate(), G)
    assert bench.view.state == "overriding"
    assert not answer.done()
    bench.recorded()
    assert said(answer) is None
    assert bench.devices.opened == [102]
    entry = bench.services.drafts[1]
    assert (entry.kind, entry.staff, entry.refers_to) == (EntryKind.ACTIVATION, G, 101)
    assert entry.detail == ActivationDetail(DocumentType.PASSPORT)
    bench.step_away()
    bench.wait(200)
    bench.show(code(1, Colour.GREY))
    bench.step_up(3650)
    bench.recorded()
    assert bench.view.state == "passed"


def test_an_activation_is_forgotten_at_midnight(bench: Bench) -> None:
    bench.show(code(1, Colour.GREY))
    bench.step_up(3650)
    bench.recorded()
    bench.ask(activate(), G)
    bench.recorded()
    bench.post(Midnight())
    bench.step_away()
    bench.wait(10)
    bench.show(code(1, Colour.GREY))
    bench.step_up(3650)
    bench.recorded()
    assert bench.view.state == "referred"


def test_a_grey_code_that_was_revoked_meanwhile_is_not_activated(bench: Bench) -> None:
    bench.show(code(1, Colour.GREY))
    bench.step_up(3650)
    bench.recorded()
    for text in bench.services.proofs:
        bench.services.proofs[text] = code(1, Colour.GREY, reason=Reason.REVOKED)
    assert said(bench.ask(activate(), G)) == "activation.other_reasons"
    assert bench.view.state == "referred"


def test_an_activation_whose_receipt_comes_late_opens_nothing(bench: Bench) -> None:
    bench.show(code(1, Colour.GREY))
    bench.step_up(3650)
    bench.recorded()
    answer = bench.ask(activate(), G)
    bench.wait(6)
    bench.recorded()
    assert said(answer) == "override.not_recorded"
    assert bench.view.state == "referred"
    assert bench.devices.opened == []
    assert bench.services.drafts[-1].detail == GateDetail(confirmed=False, why_not="commit_too_late")


def test_a_grey_code_with_a_fever_is_not_activated(bench: Bench) -> None:
    bench.show(code(1, Colour.GREY))
    bench.step_up(3800)
    bench.wait(5)
    bench.measured(3800)
    bench.recorded()
    assert said(bench.ask(activate(), G)) == "activation.temperature"
    assert bench.devices.opened == []


def test_only_a_grey_code_is_activated(bench: Bench) -> None:
    bench.show(code(1, Colour.GREEN, reason=Reason.EXPIRED))
    bench.step_up(3650)
    bench.recorded()
    assert said(bench.ask(activate(), G)) == "activation.not_grey"


def test_an_activation_that_cannot_be_recorded_opens_nothing(bench: Bench) -> None:
    bench.show(code(1, Colour.GREY))
    bench.step_up(3650)
    bench.recorded()
    answer = bench.ask(activate(), G)
    bench.recorded(JournalFullError("full"))
    assert said(answer) == "override.not_recorded"
    assert bench.view.state == "referred"
    assert bench.devices.opened == []


# --- typed temperatures -----------------------------------------------------------------------------------------------


def test_a_contact_thermometer_settles_what_infrared_could_not(bench: Bench) -> None:
    bench.post(DeviceState("thermometer", LinkState.LOST, ""))
    bench.show(code())
    bench.recorded()
    assert bench.view.state == "referred"
    assert said(bench.ask(typed(bench, 3650), G)) is None
    bench.recorded()
    assert bench.view.state == "passed"
    entry = bench.services.drafts[1]
    assert (entry.staff, entry.refers_to) == (G, 101)
    assert entry.temperature is not None
    assert entry.temperature.method is Method.CONTACT


def test_a_temperature_typed_during_the_pause_leaves_the_high_reading_in_the_log(bench: Bench) -> None:
    bench.show(code())
    bench.step_up(3790)
    assert bench.view.state == "cooling"
    assert said(bench.ask(typed(bench, 3650), G)) is None
    detail, temperature = bench.services.drafts[-1].detail, bench.services.drafts[-1].temperature
    assert isinstance(detail, PassageDetail)
    assert temperature is not None
    assert (temperature.result, temperature.method, detail.first_raw) == (3650, Method.CONTACT, 3790)


def test_a_typed_fever_refers_like_a_measured_one(bench: Bench) -> None:
    bench.show(code())
    assert said(bench.ask(typed(bench, 3790), G)) is None
    bench.recorded()
    assert bench.view.state == "referred"


def test_a_typed_temperature_saves_nobody_with_a_red_code(bench: Bench) -> None:
    bench.show(code(1, Colour.RED))
    bench.recorded()
    assert bench.view.state == "stopped"
    assert said(bench.ask(typed(bench, 3650), G)) == "command.not_now"


def test_a_mistyped_temperature_is_refused(bench: Bench) -> None:
    bench.show(code())
    assert said(bench.ask(typed(bench, 365), G)) == "entry.temperature"
    assert bench.view.state == "measuring"


# --- visitors ---------------------------------------------------------------------------------------------------------


def test_a_visitor_without_a_code_gets_a_slip_and_is_inside_once_recorded(bench: Bench) -> None:
    answer = said(bench.ask(manual(host="3-2-501 王", temperature_centi=3650), G))
    assert answer == SlipIssued(slip=1)
    assert bench.visitors.inside() == ((), 0)
    bench.recorded()
    assert [one.slip for one in bench.visitors.inside()[0]] == [1]
    assert bench.services.drafts[0].detail == ManualDetail(Direction.ENTRY, slip=1)


def test_a_visitor_with_a_code_gets_a_slip_after_passing(bench: Bench) -> None:
    bench.show(code())
    bench.step_up()
    bench.recorded()
    answer = bench.ask(RegisterVisitor(id=1, lane="main", about=101, host="3-2-501"), G)
    assert not answer.done()
    bench.recorded()
    assert said(answer) == SlipIssued(slip=1)
    assert bench.services.drafts[1].refers_to == 101
    leaving = bench.ask(VisitorLeaves(id=2, lane="main", slip=1), G)
    bench.recorded()
    assert said(leaving) is None
    assert bench.visitors.inside() == ((), 0)
    assert bench.devices.opened == [101]


def test_nobody_who_did_not_pass_gets_a_visitors_slip(bench: Bench) -> None:
    bench.show(code(1, Colour.RED))
    bench.recorded()
    answer = bench.ask(RegisterVisitor(id=1, lane="main", about=101, host="3-2-501"), G)
    assert said(answer) == "visitor.no_passage"


def test_a_slip_that_nobody_has_cannot_leave(bench: Bench) -> None:
    assert said(bench.ask(VisitorLeaves(id=1, lane="main", slip=7), G)) == "visitor.no_such_slip"


def test_a_visitor_whose_entry_was_not_recorded_is_not_inside(bench: Bench) -> None:
    bench.ask(manual(host="501", temperature_centi=3650), G)
    bench.recorded(JournalFullError("full"))
    assert bench.visitors.inside() == ((), 0)


# --- several codes on one phone ---------------------------------------------------------------------------------------


def show_together(bench: Bench, *numbers: int) -> None:
    for number in numbers:
        verdict = code(number)
        bench.post(CodeSeen(f"JKM1:{number}", verdict, bench.at, bench.at, ((0, 0), (9, 0), (9, 9), (0, 9)), True))


def test_of_a_familys_codes_nobody_passes_until_staff_choose(bench: Bench) -> None:
    show_together(bench, 1, 2)
    assert bench.view.state == "waiting"
    assert bench.view.hint == "hint.choose"
    assert [one.handle for one in bench.view.waiting] == [1, 2]
    assert said(bench.ask(ChooseCode(id=1, lane="main", handle=2), G)) is None
    bench.step_up()
    bench.recorded()
    assert bench.view.state == "passed"
    assert bench.services.drafts[0].personal is not None
    assert bench.services.drafts[0].personal.identity == code(2).identity
    assert [one.handle for one in bench.view.waiting] == [1]


def test_a_familys_codes_that_are_gone_cannot_be_chosen(bench: Bench) -> None:
    show_together(bench, 1, 2)
    bench.wait(3)
    assert bench.view.waiting == ()
    assert said(bench.ask(ChooseCode(id=1, lane="main", handle=1), G)) == "choose.gone"


def test_a_code_that_is_gone_is_not_chosen_while_another_is_still_there(bench: Bench) -> None:
    show_together(bench, 1, 2)
    for _ in range(4):
        bench.wait(1)
        show_together(bench, 2)
    assert [one.handle for one in bench.view.waiting] == [2]
    assert said(bench.ask(ChooseCode(id=1, lane="main", handle=1), G)) == "choose.gone"
    assert bench.view.state == "waiting"


def test_a_kiosk_takes_several_codes_one_after_the_other() -> None:
    kiosk = Bench(attended=False)
    show_together(kiosk, 1, 2)
    assert kiosk.view.waiting == ()
    assert kiosk.view.state == "measuring"


# --- vehicles ---------------------------------------------------------------------------------------------------------


def begin(bench: Bench, people: int = 2, plate: str = PLATE) -> Reaction:
    answer = bench.ask(BeginParty(id=1, lane="main", plate=plate, people=people), G)
    if not answer.done():
        bench.recorded()
    return said(answer)


def occupant(bench: Bench, number: int, centi: int = 3650, colour: Colour = Colour.GREEN) -> None:
    bench.step_away()
    bench.show(code(number, colour, live=1_800_000_000))
    if bench.view.state == "measuring":
        bench.step_up(centi)
    bench.recorded()


def party(bench: Bench) -> PartyView:
    assert bench.view.party is not None
    return bench.view.party


def test_a_vehicle_goes_once_everybody_in_it_may(road: Bench) -> None:
    assert begin(road, 2) is None
    occupant(road, 1)
    assert road.view.state == "seated"
    assert road.devices.opened == []
    occupant(road, 2)
    assert road.view.state == "releasing"
    assert road.devices.opened == []
    road.recorded()
    assert road.view.state == "passed"
    assert road.devices.opened == [104]
    assert party(road).released
    kinds = [draft.kind for draft in road.services.drafts]
    assert kinds == [EntryKind.PARTY, EntryKind.PASSAGE, EntryKind.PASSAGE, EntryKind.PARTY]
    assert [draft.party for draft in road.services.drafts] == [None, 101, 101, 101]
    last = road.services.drafts[-1]
    assert last.detail == PartyDetail(PartyPhase.COMPLETE, 2)
    assert last.personal is not None
    assert last.personal.plate == "浙A12345"
    road.wait(10)
    assert road.view.party is None


def test_the_plate_is_shown_masked_only(road: Bench) -> None:
    begin(road)
    assert party(road).plate == "浙A***45"
    assert "12345" not in road.view.model_dump_json()
    assert "12345" not in repr(road.services.drafts[0])


def test_one_code_shown_twice_fills_one_seat(road: Bench) -> None:
    begin(road, 2)
    occupant(road, 1)
    road.wait(10)
    occupant(road, 1)
    assert len(party(road).seats) == 1
    assert road.devices.opened == []


def test_one_occupant_who_may_not_pass_holds_the_vehicle(road: Bench) -> None:
    begin(road, 2)
    occupant(road, 1)
    occupant(road, 2, colour=Colour.RED)
    assert road.view.state == "stopped"
    road.ask(Acknowledge(id=1, lane="main"), G)
    assert road.view.state == "waiting"
    assert [seat.outcome for seat in party(road).seats] == [Outcome.PASS, Outcome.STOP]
    assert road.devices.opened == []
    assert said(road.ask(TurnAway(id=2, lane="main"), G)) is None
    assert road.view.party is None
    assert road.services.drafts[-1].outcome is Outcome.STOP
    assert road.devices.opened == []


def test_an_occupant_admitted_by_staff_completes_the_vehicle(road: Bench) -> None:
    begin(road, 1)
    occupant(road, 1, colour=Colour.YELLOW)
    assert road.view.state == "referred"
    word = StaffOverride(True, G, Role.GUARD, None, "known_resident")
    road.ask(word)
    road.recorded()
    assert road.view.state == "releasing"
    assert road.devices.opened == []
    road.recorded()
    assert len(road.devices.opened) == 1


def test_an_occupant_without_a_phone_takes_a_seat(road: Bench) -> None:
    begin(road, 1)
    road.ask(manual(temperature_centi=3650), G)
    road.recorded()
    assert road.view.state == "releasing"
    assert party(road).seats[0].by_hand


def test_a_vehicle_that_stands_aside_is_taken_up_as_it_was(road: Bench) -> None:
    begin(road, 2)
    occupant(road, 1)
    assert said(road.ask(PutAside(id=1, lane="main"), G)) is None
    assert road.view.party is None
    assert [one.plate for one in road.view.aside] == ["浙A***45"]
    road.recorded()
    assert begin(road, 1, "沪A54321") is None
    assert said(road.ask(TakeUp(id=2, lane="main", party=101), G)) == "party.here_already"
    road.ask(PutAside(id=3, lane="main"), G)
    road.recorded()
    assert said(road.ask(TakeUp(id=4, lane="main", party=101), G)) is None
    road.recorded()
    assert len(party(road).seats) == 1
    occupant(road, 2)
    assert road.view.state == "releasing"


def test_whoever_comes_without_a_vehicle_on_the_highway_is_referred_and_then_seated(road: Bench) -> None:
    occupant(road, 1)
    assert road.view.state == "referred"
    assert road.view.result is not None
    assert road.view.result.reasons == (Reason.PARTY_INCOMPLETE,)
    begin(road, 1)
    assert road.view.state == "measuring"
    road.step_up()
    road.recorded()
    assert road.view.state == "releasing"
    assert road.devices.opened == []
    road.recorded()
    assert len(road.devices.opened) == 1
    assert road.services.drafts[2].refers_to == 101


def test_too_many_people_counted_are_corrected(road: Bench) -> None:
    begin(road, 3)
    occupant(road, 1)
    assert said(road.ask(ResizeParty(id=1, lane="main", people=1), G)) is None
    assert road.view.state == "releasing"


def test_a_vehicle_is_remembered_against_passing_again_when_it_goes_and_not_before(road: Bench) -> None:
    begin(road, 2)
    occupant(road, 1)
    road.wait(10)
    occupant(road, 1)
    assert road.view.state == "seated"
    occupant(road, 2)
    road.recorded()
    road.wait(10)
    begin(road, 1)
    occupant(road, 1)
    assert road.view.result is not None
    assert Reason.REPLAYED in road.view.result.reasons


def test_a_release_that_cannot_be_recorded_opens_nothing_and_can_be_tried_again(road: Bench) -> None:
    begin(road, 1)
    occupant(road, 1)
    road.recorded(JournalFullError("full"))
    assert road.view.state == "waiting"
    assert road.view.hint == "hint.release_failed"
    assert road.devices.opened == []
    road.ask(ResizeParty(id=1, lane="main", people=1), G)
    road.recorded()
    road.recorded()
    assert len(road.devices.opened) == 1


def test_a_release_whose_receipt_comes_late_opens_nothing(road: Bench) -> None:
    begin(road, 1)
    occupant(road, 1)
    road.wait(6)
    road.recorded()
    assert road.view.state == "waiting"
    assert road.devices.opened == []
    assert road.services.drafts[-1].detail == GateDetail(confirmed=False, why_not="commit_too_late")


def test_midnight_does_not_make_a_stranger_of_an_occupant(road: Bench) -> None:
    begin(road, 2)
    occupant(road, 1)
    road.post(Midnight())
    road.wait(10)
    occupant(road, 1)
    assert len(party(road).seats) == 1


@pytest.mark.parametrize("plate", ["", "ABC", "浙A1234", "浙A12345浙A12345"])
def test_what_is_no_plate_begins_no_party(road: Bench, plate: str) -> None:
    if not plate:
        plate = " "
    assert begin(road, 2, plate) == "party.plate"
    assert road.services.drafts == []


def test_a_vehicle_does_not_come_while_another_is_there(road: Bench) -> None:
    begin(road)
    assert begin(road) == "party.here_already"


def test_the_first_one_drives_until_somebody_else_is_marked(road: Bench) -> None:
    begin(road, 3)
    occupant(road, 1)
    occupant(road, 2)
    assert [seat.driver for seat in party(road).seats] == [True, False]
    assert said(road.ask(MarkDriver(id=1, lane="main", seat=2), G)) is None
    assert said(road.ask(MarkDriver(id=1, lane="main", seat=5), G)) == "party.seat"
    assert [seat.driver for seat in party(road).seats] == [False, True]


def test_no_vehicle_is_taken_up_while_another_is_being_written_down(road: Bench) -> None:
    begin(road, 1)
    occupant(road, 1)
    road.recorded(JournalFullError("full"))
    road.ask(PutAside(id=1, lane="main"), G)
    road.recorded()
    beginning = road.ask(BeginParty(id=2, lane="main", plate="沪B99999", people=5), G)
    assert said(road.ask(TakeUp(id=3, lane="main", party=101), G)) == "party.here_already"
    road.recorded()
    assert said(beginning) is None
    assert not party(road).released
    assert [one.party for one in road.view.aside] == [101]
    assert road.devices.opened == []


def test_one_code_does_not_let_two_vehicles_go(road: Bench) -> None:
    begin(road, 2)
    occupant(road, 1)
    road.ask(PutAside(id=1, lane="main"), G)
    road.recorded()
    road.wait(10)
    begin(road, 1, "沪B99999")
    occupant(road, 1)
    road.recorded()
    road.wait(10)
    road.ask(TakeUp(id=2, lane="main", party=101), G)
    road.recorded()
    road.ask(ResizeParty(id=3, lane="main", people=1), G)
    road.recorded()
    assert road.view.state == "waiting"
    assert [seat.outcome for seat in party(road).seats] == [Outcome.REFER]
    assert len(road.devices.opened) == 1


def test_an_occupant_stopped_while_the_log_fails_does_not_pass_by_an_earlier_check(road: Bench) -> None:
    begin(road, 2)
    occupant(road, 1)
    road.wait(10)
    road.show(code(1, Colour.RED, live=1_800_000_030))
    road.recorded(JournalFullError("full"))
    road.ask(Acknowledge(id=1, lane="main"), G)
    road.ask(manual(temperature_centi=3650), G)
    road.recorded()
    assert road.view.state == "seated"
    assert [seat.outcome for seat in party(road).seats] == [Outcome.STOP, Outcome.PASS]


def test_an_occupant_whom_staff_refuse_is_a_stop_of_the_vehicle(road: Bench) -> None:
    begin(road, 2)
    occupant(road, 1, colour=Colour.YELLOW)
    road.ask(StaffOverride(False, G, Role.GUARD, None, "other"))
    road.recorded()
    assert [seat.outcome for seat in party(road).seats] == [Outcome.STOP]


def test_nobody_passes_by_hand_on_the_highway_without_a_vehicle(road: Bench) -> None:
    assert said(road.ask(manual(temperature_centi=3650), G)) == "party.none"
    assert road.services.drafts == []


def test_the_first_occupant_is_judged_by_what_the_proof_says_when_the_vehicle_is_written_down(road: Bench) -> None:
    occupant(road, 1)
    for text in road.services.proofs:
        road.services.proofs[text] = code(1, reason=Reason.REVOKED, live=1_800_000_000)
    begin(road, 1)
    road.recorded()
    assert road.view.state == "stopped"


# --- who did it -------------------------------------------------------------------------------------------------------


def test_what_staff_do_is_written_under_their_number(bench: Bench) -> None:
    bench.show(code(1, Colour.YELLOW, reason=Reason.EXPIRED, carrier=Carrier.PAPER))
    bench.step_up()
    bench.recorded()
    bench.ask(Remeasure(id=1, lane="main"), G)
    bench.measured(3650)
    bench.recorded()
    bench.ask(Acknowledge(id=2, lane="main"), G)
    bench.ask(CallSupervisor(id=3, lane="main"), G)
    assert [(one.detail, one.staff) for one in bench.services.actions] == [
        (ActionDetail(StaffAction.REMEASURED), G),
        (ActionDetail(StaffAction.ACKNOWLEDGED), G),
        (ActionDetail(StaffAction.CALLED_SUPERVISOR), G),
    ]


def test_whoever_types_the_temperature_answers_for_what_it_decides(bench: Bench) -> None:
    bench.ask(manual(), G)
    bench.wait(9)
    bench.recorded()
    assert bench.view.state == "referred"
    bench.ask(typed(bench, 3650), "0042")
    assert [draft.staff for draft in bench.services.drafts] == [G, "0042"]


def test_a_call_that_is_repeated_is_written_once(bench: Bench) -> None:
    for _ in range(5):
        bench.ask(CallSupervisor(id=1, lane="main"))
    assert len(bench.services.actions) == 1


# --- what a strict reader found ---------------------------------------------------------------------------------------


def test_a_driver_who_has_gone_lends_the_next_vehicle_no_occupant(road: Bench) -> None:
    occupant(road, 1)
    assert road.view.state == "referred"
    road.wait(61)
    begin(road, 1)
    assert road.view.state == "waiting"
    assert party(road).seats == ()


def test_a_reading_typed_for_one_person_serves_no_other(bench: Bench) -> None:
    bench.show(code(1))
    meant = typed(bench, 3650)
    bench.step_up(3650)
    bench.recorded()
    bench.step_away()
    bench.show(code(2))
    assert bench.view.state == "measuring"
    assert said(bench.ask(meant, G)) == "command.not_now"
    assert said(bench.ask(meant.model_copy(update={"turn": None}), G)) == "command.not_now"


def test_somebody_without_a_code_is_measured_though_others_show_theirs(bench: Bench) -> None:
    bench.ask(manual(), G)
    for _ in range(12):
        bench.wait(0.25)
        bench.show(code(5))
    assert bench.view.state == "measuring"
    bench.step_up(3650)
    bench.recorded()
    assert bench.services.drafts[0].kind is EntryKind.MANUAL_ENTRY
    assert bench.devices.opened == [101]


def test_one_passage_gets_one_slip(bench: Bench) -> None:
    bench.show(code())
    bench.step_up()
    bench.recorded()
    command = RegisterVisitor(id=1, lane="main", about=101, host="3-2-501")
    first = bench.ask(command, G)
    bench.recorded()
    assert said(bench.ask(command, G)) == said(first)
    assert bench.visitors.inside()[1] == 1


def test_a_visitor_in_a_vehicle_that_is_turned_away_is_not_inside(road: Bench) -> None:
    begin(road, 2)
    road.ask(manual(host="501", temperature_centi=3650), G)
    road.recorded()
    road.ask(TurnAway(id=1, lane="main"), G)
    assert road.visitors.inside() == ((), 0)


def test_a_check_of_an_hour_ago_lets_no_vehicle_go(road: Bench) -> None:
    begin(road, 2)
    occupant(road, 1)
    road.ask(PutAside(id=1, lane="main"), G)
    road.recorded()
    road.wait(3601)
    road.ask(TakeUp(id=2, lane="main", party=101), G)
    road.recorded()
    occupant(road, 2)
    assert road.view.state == "seated"
    assert [seat.outcome for seat in party(road).seats] == [Outcome.REFER, Outcome.PASS]
    assert road.devices.opened == []


def test_registering_by_hand_right_after_a_stop_points_at_it(bench: Bench) -> None:
    bench.show(code(1, Colour.RED))
    bench.recorded()
    bench.ask(Acknowledge(id=1, lane="main"), G)
    bench.ask(manual(temperature_centi=3650), G)
    bench.recorded()
    assert bench.services.drafts[1].kind is EntryKind.MANUAL_ENTRY
    assert bench.services.drafts[1].refers_to == 101
