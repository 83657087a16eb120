"""One lane's thread round the table: whose code, whose temperature, what is recorded, when the gate opens.

Time is the test's own, and the loop is turned by hand; the table, the policy and the memory are the real ones. The log
answers when the test lets it, so that what happens between a decision and its receipt can be seen.
"""

from __future__ import annotations

import pytest

from firmware_bridge.conversation import GateFault
from firmware_bridge.gate import GateCommanded, GateConfirmed, GateFailed
from firmware_bridge.reports import DoorChanged, StaffCalled
from firmware_bridge.values import Door, Light, LinkState, Unmeasurable
from keys.reasons import Reason
from keys.verdict import Colour, Verdict
from scanner.control.messages import Acknowledge, Pause, Remeasure
from scanner.engine.degradations import Cause
from scanner.engine.gateway import CALL_TOLD_S
from scanner.engine.inputs import DeviceState, Midnight, StaffOverride
from scanner.journal.detail import EntryKind, GateDetail, OverrideDetail, PassageDetail
from scanner.journal.errors import JournalError, JournalFullError
from scanner.journal.store import Receipt
from scanner.memory import Opened
from scanner.sight.hints import Hint, HintSeen
from scanner.values import ClockTrust, Direction, Freshness, GuardStep, Outcome, Role, SiteKind
from tests.scanner.engine.lane_bench import NOW, Bench, code

ACK = Acknowledge(id=1, lane="main")


def admit(role: Role = Role.GUARD, supervisor: str | None = None, about: int | None = None) -> StaffOverride:
    return StaffOverride(True, "G1", role, supervisor, "known_resident", about)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_gate_opens_once_the_log_has_the_passage_and_not_before(bench: Bench) -> None:
    bench.show(code())
    assert bench.view.state == "measuring"
    bench.step_up()
    assert bench.view.state == "recording"
    assert bench.devices.opened == []
    bench.recorded()
    assert bench.devices.opened == [101]
    assert bench.view.state == "passed"
    assert bench.services.drafts[0].outcome is Outcome.PASS
    assert bench.services.reports[0].gate_ns is not None


def test_a_temperature_taken_before_the_code_serves_it(bench: Bench) -> None:
    bench.step_up()
    bench.wait(4.0)
    bench.show(code())
    assert bench.view.state == "recording"


def test_a_temperature_older_than_five_seconds_serves_nobody(bench: Bench) -> None:
    bench.step_up()
    bench.wait(5.5)
    bench.show(code())
    assert bench.view.state == "measuring"


def test_a_friends_forehead_does_not_count(bench: Bench) -> None:
    bench.step_up()
    bench.step_away()
    bench.show(code())
    assert bench.view.state == "measuring"


def test_one_forehead_serves_one_code_of_a_family(bench: Bench) -> None:
    bench.step_up()
    bench.show(code(1))
    bench.recorded()
    bench.wait(1.0)
    bench.measured(3655)
    bench.show(code(2))
    assert bench.view.state == "measuring", "the same presence cannot serve a second code"
    bench.step_away()
    bench.step_up()
    assert bench.view.state == "recording"


def test_whoever_was_stopped_leaves_no_temperature_to_the_next(bench: Bench) -> None:
    bench.show(code(1, Colour.RED))
    bench.recorded()
    assert bench.view.state == "stopped"
    bench.step_up()
    bench.ask(ACK)
    bench.show(code(2))
    assert bench.view.state == "measuring"


def test_the_same_person_may_be_measured_in_the_same_presence_again(bench: Bench) -> None:
    bench.step_up(None, Unmeasurable.TOO_LOW)
    bench.show(code())
    bench.wait(8.5)
    bench.recorded()
    assert bench.view.result is not None
    assert bench.view.result.reasons == (Reason.TEMPERATURE_UNMEASURABLE,)
    assert bench.ask(Remeasure(id=1, lane="main")).result(0) is None
    bench.measured(3660)
    bench.recorded()
    assert bench.view.state == "passed"
    assert bench.services.drafts[-1].refers_to == 101


def test_a_high_temperature_is_measured_again_after_a_pause_before_anybody_is_referred(bench: Bench) -> None:
    bench.show(code())
    bench.step_up(3790)
    assert bench.view.state == "cooling"
    assert bench.view.hint == "hint.measure_again"
    bench.measured(3650)
    assert bench.view.state == "cooling", "what is measured during the pause does not count"
    bench.wait(5.25)
    assert bench.view.state == "remeasuring"
    assert bench.devices.armed == 1
    bench.measured(3780)
    bench.recorded()
    assert bench.view.state == "referred"
    assert bench.services.drafts[0].reasons == (Reason.TEMPERATURE_HIGH,)


def test_a_high_temperature_that_has_gone_down_passes(bench: Bench) -> None:
    bench.show(code())
    bench.step_up(3790)
    bench.wait(5.25)
    bench.measured(3690)
    bench.recorded()
    assert bench.view.state == "passed"
    detail = bench.services.drafts[0].detail
    assert isinstance(detail, PassageDetail)
    assert detail.first_raw == 3790, "the log keeps the first reading as well"


def test_a_friends_forehead_does_not_count_as_the_second_measurement_of_somebody_hot(bench: Bench) -> None:
    bench.show(code())
    bench.step_up(3790)
    bench.step_away()
    bench.wait(5.25)
    assert bench.view.state == "remeasuring"
    bench.step_up(3650)
    bench.recorded()
    assert bench.view.state == "referred"
    draft = bench.services.drafts[0]
    assert draft.reasons == (Reason.TEMPERATURE_HIGH,)
    assert draft.temperature is not None
    assert draft.temperature.result == 3790
    assert bench.devices.opened == []


def test_a_cold_face_is_tried_again_until_the_time_is_over(bench: Bench) -> None:
    bench.show(code())
    bench.step_up(None, Unmeasurable.TOO_LOW)
    assert bench.view.state == "measuring"
    assert bench.devices.armed == 1
    bench.measured(3640)
    assert bench.view.state == "recording"
    assert bench.services.drafts[0].outcome is Outcome.PASS


def test_nobody_before_the_thermometer_is_no_pass(bench: Bench) -> None:
    bench.show(code())
    bench.wait(8.25)
    bench.recorded()
    draft = bench.services.drafts[0]
    assert draft.reasons == (Reason.TEMPERATURE_UNMEASURABLE,)
    assert draft.temperature is not None
    assert draft.temperature.why_not is Unmeasurable.TIMEOUT
    assert bench.devices.opened == []


def test_a_thermometer_unplugged_while_somebody_waits_is_said_at_once(bench: Bench) -> None:
    bench.show(code())
    bench.post(DeviceState("thermometer", LinkState.LOST, "unplugged"))
    assert bench.services.drafts[0].reasons == (Reason.THERMOMETER_ABSENT,)


def test_a_lost_thermometer_takes_its_last_reading_with_it(bench: Bench) -> None:
    bench.step_up()
    bench.post(DeviceState("thermometer", LinkState.LOST, "unplugged"))
    bench.post(DeviceState("thermometer", LinkState.UP, ""))
    bench.show(code())
    assert bench.view.state == "measuring"


@pytest.mark.parametrize("error", [JournalFullError("full"), JournalError("gone")])
def test_what_cannot_be_recorded_does_not_pass(bench: Bench, error: JournalError) -> None:
    bench.step_up()
    bench.show(code())
    bench.recorded(error)
    assert bench.devices.opened == []
    assert bench.view.state == "referred"
    assert bench.view.result is not None
    assert bench.view.result.reasons == (Reason.LOG_UNAVAILABLE,)
    assert bench.view.result.seq is None


def test_a_red_code_that_cannot_be_recorded_stays_a_stop(bench: Bench) -> None:
    bench.show(code(colour=Colour.RED))
    bench.recorded(JournalFullError("full"))
    assert bench.view.state == "stopped"
    assert bench.view.result is not None
    assert bench.view.result.reasons == (Reason.COLOUR_RED, Reason.LOG_UNAVAILABLE)


def test_an_override_is_recorded_from_the_reserve_before_the_gate_opens(bench: Bench) -> None:
    bench.step_up()
    bench.show(code())
    bench.recorded(JournalFullError("full"))
    answer = bench.ask(admit())
    assert bench.services.reserved[-1]
    assert bench.devices.opened == []
    assert not answer.done()
    bench.recorded()
    assert answer.result(0) is None
    assert len(bench.devices.opened) == 1
    detail = bench.services.drafts[-1].detail
    assert bench.services.drafts[-1].kind is EntryKind.OVERRIDE
    assert isinstance(detail, OverrideDetail)
    assert detail.admit


def test_an_override_that_cannot_be_recorded_opens_nothing_and_says_so(bench: Bench) -> None:
    bench.show(code(colour=Colour.GREY))
    bench.step_up()
    bench.recorded()
    answer = bench.ask(admit())
    bench.recorded(JournalFullError("full"))
    assert answer.result(0) == "override.not_recorded"
    assert bench.devices.opened == []
    assert bench.view.state == "referred"


def test_a_guard_alone_does_not_admit_a_red_code_and_a_supervisor_with_him_does(bench: Bench) -> None:
    bench.show(code(colour=Colour.RED))
    bench.recorded()
    assert bench.ask(admit()).result(0) == "override.supervisor_needed"
    assert bench.view.state == "stopped"
    answer = bench.ask(admit(supervisor="S1"))
    bench.recorded()
    assert answer.result(0) is None
    assert bench.view.state == "passed"
    detail = bench.services.drafts[-1].detail
    assert isinstance(detail, OverrideDetail)
    assert detail.supervisor == "S1"


def test_an_override_needs_somebody_to_override(bench: Bench) -> None:
    assert bench.ask(admit()).result(0) == "command.not_now"
    assert bench.services.drafts == []


def test_a_refusal_is_recorded_and_opens_nothing(bench: Bench) -> None:
    bench.show(code(reason=Reason.EXPIRED))
    bench.recorded()
    answer = bench.ask(StaffOverride(False, "G1", Role.GUARD, None, "unknown"))
    bench.recorded()
    assert answer.result(0) is None
    assert bench.view.state == "waiting"
    assert bench.devices.opened == []
    assert bench.services.drafts[-1].outcome is Outcome.STOP


def test_the_same_code_within_five_seconds_is_one_scan(bench: Bench) -> None:
    bench.step_up()
    bench.show(code())
    bench.recorded()
    for _ in range(8):
        bench.wait(1.0)
        bench.show(code())
    assert len(bench.services.drafts) == 1


def test_a_code_that_comes_back_within_three_minutes_has_already_passed(bench: Bench) -> None:
    bench.step_up()
    bench.show(code())
    bench.recorded()
    bench.step_away()
    bench.wait(20.0)
    bench.step_up()
    bench.show(code())
    bench.recorded()
    assert bench.services.drafts[-1].reasons == (Reason.ALREADY_PASSED,)
    assert bench.view.state == "referred"


def test_a_presentation_that_opened_the_gate_is_not_taken_again(bench: Bench) -> None:
    bench.step_up()
    bench.show(code(live=NOW))
    bench.recorded()
    bench.wait(20.0)
    bench.show(code(live=NOW))
    bench.recorded()
    assert Reason.REPLAYED in bench.services.drafts[-1].reasons
    assert len(bench.devices.opened) == 1


def test_a_pass_that_was_not_given_consumes_nothing(bench: Bench) -> None:
    bench.step_up()
    bench.show(code(live=NOW))
    bench.recorded(JournalFullError("full"))
    bench.ask(ACK)
    bench.wait(6.0)
    bench.step_away()
    bench.step_up()
    bench.show(code(live=NOW))
    bench.recorded()
    assert bench.view.state == "passed"


def test_the_next_persons_code_ends_the_last_pass_at_once(bench: Bench) -> None:
    bench.step_up()
    bench.show(code(1))
    bench.recorded()
    bench.step_away()
    bench.wait(0.5)
    bench.show(code(2))
    assert bench.view.state == "measuring"
    assert bench.view.result is None


def test_a_pass_clears_after_three_seconds_with_everything_personal(bench: Bench) -> None:
    bench.step_up()
    bench.show(code())
    bench.recorded()
    assert bench.view.result is not None
    assert bench.view.result.name == "张**"
    bench.wait(3.25)
    assert bench.view.state == "waiting"
    assert "张" not in repr(vars(bench.loop))


def test_a_stop_stays_until_the_guard_acts(bench: Bench) -> None:
    bench.show(code(colour=Colour.ORANGE))
    bench.recorded()
    bench.wait(60.0)
    assert bench.view.state == "stopped"
    bench.show(code(2))
    assert bench.view.state == "stopped"
    assert bench.ask(ACK).result(0) is None
    assert bench.view.state == "waiting"


def test_a_kiosk_counts_a_stop_down_and_takes_the_next() -> None:
    bench = Bench(attended=False, kind=SiteKind.SUBWAY)
    bench.show(code(colour=Colour.YELLOW))
    bench.recorded()
    assert bench.view.result is not None
    assert bench.view.result.countdown_s == pytest.approx(10.0)
    bench.wait(10.25)
    assert bench.view.state == "waiting"


def test_a_kiosk_sends_what_it_cannot_judge_to_the_staffed_lane() -> None:
    bench = Bench(attended=False, kind=SiteKind.SUBWAY)
    bench.services.fresh = Freshness(None, None, None, ClockTrust.TRUSTED)
    bench.show(code(live=NOW))
    bench.recorded()
    assert bench.view.result is not None
    assert bench.view.result.outcome is Outcome.STOP
    assert bench.view.result.guard is GuardStep.STAFFED_LANE


def test_a_posters_code_is_named_after_a_while_and_never_recorded(bench: Bench) -> None:
    for _ in range(12):
        bench.show(Verdict(Reason.NOT_A_CODE), text="https://shop.example")
        bench.wait(0.25)
    assert bench.view.hint == "hint.not_a_code"
    assert bench.services.drafts == []
    bench.show(code())
    assert bench.view.state == "measuring", "a poster never blocks a health code"
    bench.wait(3.0)


def test_what_a_reader_read_that_is_no_health_code_is_answered_at_once_for_a_moment(bench: Bench) -> None:
    bench.show(Verdict(Reason.NOT_A_CODE), text="https://shop.example", by_reader=True)
    bench.wait(0.25)
    assert bench.view.hint == "hint.not_a_code"
    bench.wait(4.0)
    assert bench.view.hint is None
    assert bench.services.drafts == []


def test_a_code_before_a_reader_begins_one_passage_and_is_one_scan(bench: Bench) -> None:
    bench.step_up()
    bench.show(code(), by_reader=True)
    bench.recorded()
    assert bench.devices.opened == [101]
    bench.wait(1.0)
    bench.show(code(), by_reader=True)
    assert len(bench.devices.opened) == 1
    assert bench.view.state == "passed"


def test_a_code_that_a_reader_read_while_the_lane_was_busy_waits_for_nobody(bench: Bench) -> None:
    """It is not in view afterwards: whoever held it may be gone, and nobody behind has to wait for it."""
    bench.show(code(1), by_reader=True)
    bench.show(code(2), by_reader=True)
    bench.step_up()
    bench.recorded()
    bench.wait(3.0)
    assert len(bench.devices.opened) == 1
    bench.step_away()
    bench.step_up()
    bench.show(code(3), by_reader=True)
    bench.recorded()
    assert len(bench.devices.opened) == 2


def test_a_second_code_before_the_reader_ends_the_first_one_s_measurement(bench: Bench) -> None:
    bench.show(code(1), by_reader=True)
    bench.wait(2.0)
    bench.show(code(2), by_reader=True)
    assert bench.services.drafts[-1].reasons == (Reason.TEMPERATURE_UNMEASURABLE,)
    bench.recorded()
    assert bench.devices.opened == []


def test_a_paused_lane_reads_nothing(bench: Bench) -> None:
    assert bench.ask(Pause(id=1, lane="main", paused=True)).result(0) is None
    assert bench.devices.lights[-1] is Light.OUT_OF_SERVICE
    bench.show(code())
    assert bench.view.state == "out_of_service"
    bench.ask(Pause(id=2, lane="main", paused=False))
    bench.show(code())
    assert bench.view.state == "measuring"


@pytest.mark.parametrize(("door", "cause"), [(Door.HELD, Cause.DOOR_HELD), (Door.FORCED, Cause.DOOR_FORCED)])
def test_a_door_that_is_held_or_forced_is_told_until_it_is_shut(bench: Bench, door: Door, cause: Cause) -> None:
    bench.post(DoorChanged(Door.OPEN), DoorChanged(door))
    assert bench.degraded == {cause}
    bench.post(DoorChanged(Door.SHUT))
    assert bench.degraded == set()


def test_a_call_stands_until_staff_act_at_the_lane(bench: Bench) -> None:
    bench.post(StaffCalled())
    bench.wait(CALL_TOLD_S / 2)
    assert bench.degraded == {Cause.STAFF_CALLED}
    assert bench.ask(ACK).result(0) == "command.not_now"
    assert bench.degraded == {Cause.STAFF_CALLED}, "a command that did nothing is no answer to a call"
    bench.ask(Pause(id=1, lane="main", paused=True))
    assert bench.degraded == set()


def test_a_call_that_nobody_answers_is_over_after_a_minute_from_its_last_press(bench: Bench) -> None:
    bench.post(StaffCalled())
    bench.wait(CALL_TOLD_S / 2)
    bench.post(StaffCalled())
    bench.wait(CALL_TOLD_S - 1)
    assert bench.degraded == {Cause.STAFF_CALLED}
    bench.wait(2)
    assert bench.degraded == set()


def test_staff_who_act_without_a_call_answer_none(bench: Bench) -> None:
    bench.ask(Pause(id=1, lane="main", paused=True))
    assert bench.services.degraded == []


def test_what_the_gate_answers_is_an_entry(bench: Bench) -> None:
    bench.step_up()
    bench.show(code())
    bench.recorded()
    bench.post(GateConfirmed(101, 3.4))
    bench.post(GateFailed(101, GateFault.NO_ANSWER))
    details = [draft.detail for draft in bench.services.drafts[-2:]]
    assert details == [GateDetail(True), GateDetail(False, "no_answer")]
    assert all(draft.refers_to == 101 for draft in bench.services.drafts[-2:])
    assert bench.view.hint == "hint.gate_failed"


def test_an_opening_that_is_not_confirmed_is_an_alarm_until_staff_act_at_the_lane(bench: Bench) -> None:
    bench.step_up()
    bench.show(code())
    bench.recorded()
    bench.post(GateFailed(101, GateFault.NO_ANSWER))
    bench.step_away()
    bench.wait(120)
    assert bench.view.state == "waiting", "whoever it was for has gone"
    assert bench.degraded == {Cause.GATE_UNCONFIRMED}
    bench.ask(Pause(id=1, lane="main", paused=True))
    assert bench.degraded == set()


def test_the_alarm_of_an_unconfirmed_opening_ends_with_the_next_that_is_confirmed(bench: Bench) -> None:
    bench.post(GateFailed(101, GateFault.LOST))
    bench.post(GateFailed(102, GateFault.NOT_CONNECTED))
    assert bench.services.degraded == [(Cause.GATE_UNCONFIRMED, True)], "one alarm, however many openings fail"
    bench.post(GateConfirmed(103, 3.4))
    assert bench.degraded == set()


def test_a_gate_that_can_only_be_told_is_an_entry_that_says_so_and_no_alarm(bench: Bench) -> None:
    bench.step_up()
    bench.show(code())
    bench.recorded()
    bench.post(GateCommanded(101, 2.0))
    assert bench.services.drafts[-1].detail == GateDetail(False, "not_confirmable")
    assert bench.services.drafts[-1].latency_ms == 2
    assert bench.view.hint != "hint.gate_failed"
    assert bench.services.degraded == []


def test_midnight_forgets_who_passed(bench: Bench) -> None:
    bench.step_up()
    bench.show(code())
    bench.recorded()
    bench.step_away()
    bench.wait(20.0)
    bench.post(Midnight())
    assert bench.view.passed == 0
    bench.step_up()
    bench.show(code())
    assert bench.services.drafts[-1].reasons == ()


def test_a_receipt_that_comes_late_for_somebody_else_opens_nothing(bench: Bench) -> None:
    bench.show(code(1, Colour.RED))
    late = bench.services.waiting[0]
    bench.recorded()
    bench.ask(ACK)
    bench.step_up()
    bench.show(code(2))
    assert bench.view.state == "recording"
    late(Receipt(101, bytes(32)))
    bench.turn()
    assert bench.view.state == "recording"
    assert bench.devices.opened == []


def test_a_thermometer_that_is_only_being_connected_is_waited_for(bench: Bench) -> None:
    bench.post(DeviceState("thermometer", LinkState.CONNECTING, ""))
    bench.show(code())
    assert bench.view.state == "measuring"
    bench.post(DeviceState("thermometer", LinkState.UP, ""))
    bench.step_up()
    bench.recorded()
    assert bench.view.state == "passed"


def test_a_forehead_that_served_one_code_is_not_handed_on_by_a_second_code_that_was_stopped(bench: Bench) -> None:
    """A friend stays before the thermometer; the second code is shown twice, as a copy first and then live."""
    bench.step_up()
    bench.show(code(1))
    bench.recorded()
    bench.show(code(2, reason=Reason.PRESENTATION_REQUIRED))
    bench.recorded()
    assert bench.view.state == "stopped"
    bench.measured(3650)
    bench.ask(ACK)
    bench.show(code(2, live=NOW))
    assert bench.view.state == "measuring"


def test_an_admission_meant_for_somebody_who_has_gone_admits_nobody_else(bench: Bench) -> None:
    """Two screens: one clears the person for whom the other is typing a PIN."""
    bench.show(code(1, reason=Reason.EXPIRED))
    bench.step_up()
    bench.recorded()
    meant = bench.view.result.seq if bench.view.result else None
    bench.ask(ACK)
    bench.step_away()
    bench.show(code(2, reason=Reason.UNKNOWN_KEY))
    bench.step_up()
    bench.recorded()
    assert bench.ask(admit(about=meant)).result(0) == "command.not_now"
    assert bench.view.state == "referred"
    assert meant is not None
    assert not bench.ask(admit(about=meant + 1)).done()


def test_a_live_code_filmed_at_one_lane_does_not_open_the_other() -> None:
    opened = Opened()
    first, second = Bench(opened=opened), Bench(opened=opened, direction=Direction.EXIT)
    first.step_up()
    first.show(code(live=NOW))
    first.recorded()
    assert first.devices.opened == [101]
    second.step_up()
    second.show(code(live=NOW))
    assert second.services.drafts[-1].reasons == (Reason.REPLAYED,)


def test_a_live_code_shown_at_two_lanes_at_once_opens_one() -> None:
    opened = Opened()
    first, second = Bench(opened=opened), Bench(opened=opened)
    first.show(code(live=NOW))
    second.show(code(live=NOW))
    first.step_up()
    first.recorded()
    second.step_up()
    assert first.devices.opened == [101]
    assert Reason.REPLAYED in second.services.drafts[-1].reasons


def test_a_code_handed_back_over_the_fence_does_not_pass_by_the_lane_beside() -> None:
    opened = Opened()
    first, second = Bench(opened=opened), Bench(opened=opened)
    first.step_up()
    first.show(code())
    first.recorded()
    second.step_up()
    second.show(code())
    assert second.services.drafts[-1].reasons == (Reason.ALREADY_PASSED,)


def test_whoever_has_just_left_comes_in_again() -> None:
    opened = Opened()
    inward, out = Bench(opened=opened), Bench(opened=opened, direction=Direction.EXIT)
    out.step_up()
    out.show(code())
    out.recorded()
    inward.step_up()
    inward.show(code())
    assert inward.services.drafts[-1].reasons == ()


def test_a_stop_stays_a_stop_when_staffs_word_against_it_cannot_be_recorded(bench: Bench) -> None:
    bench.show(code(colour=Colour.RED))
    bench.recorded()
    assert bench.view.state == "stopped"
    answer = bench.ask(admit(supervisor="S1"))
    bench.recorded(JournalFullError("full"))
    assert answer.result(0) == "override.not_recorded"
    assert bench.view.state == "stopped"
    assert bench.view.light is Light.STOP
    assert bench.devices.opened == []


def test_another_code_at_the_camera_while_somebody_is_measured_leaves_the_forehead_to_nobody(bench: Bench) -> None:
    bench.show(code(1))
    bench.wait(1.5)
    bench.show(code(2, Colour.RED))
    bench.recorded()
    assert bench.view.state == "referred"
    assert bench.services.drafts[0].reasons == (Reason.TEMPERATURE_UNMEASURABLE,)
    assert bench.devices.opened == []


def test_two_codes_on_one_phone_do_not_disturb_each_others_measurement(bench: Bench) -> None:
    for _ in range(8):
        bench.show(code(1))
        bench.show(code(2))
        bench.wait(0.25)
    assert bench.view.state == "measuring"
    bench.step_up()
    bench.recorded()
    assert bench.view.state == "passed"


def test_a_receipt_that_comes_too_late_opens_nothing_and_is_an_entry(bench: Bench) -> None:
    bench.step_up()
    bench.show(code())
    bench.wait(6.0)
    bench.recorded()
    assert bench.devices.opened == []
    assert bench.view.state == "referred"
    assert bench.services.drafts[-1].detail == GateDetail(False, "commit_too_late")
    assert bench.services.drafts[-1].refers_to == 101


@pytest.mark.parametrize("ending", ["away", "unplugged"])
def test_a_high_temperature_is_not_forgotten_when_there_is_no_second_one(bench: Bench, ending: str) -> None:
    bench.show(code())
    bench.step_up(3850)
    if ending == "away":
        bench.step_away()
        bench.wait(14.0)
    else:
        bench.post(DeviceState("thermometer", LinkState.LOST, "unplugged"))
    draft = bench.services.drafts[0]
    assert draft.reasons == (Reason.TEMPERATURE_HIGH,)
    assert draft.temperature is not None
    assert draft.temperature.result == 3850


def test_whoever_is_measured_again_later_is_judged_by_what_the_proof_says_then(bench: Bench) -> None:
    bench.show(code())
    bench.wait(8.25)
    bench.recorded()
    assert bench.view.state == "referred"
    text = next(iter(bench.services.proofs))
    bench.services.proofs[text] = code(reason=Reason.EXPIRED)
    assert bench.ask(Remeasure(id=1, lane="main")).result(0) is None
    bench.step_up()
    bench.recorded()
    assert bench.services.drafts[-1].reasons == (Reason.EXPIRED,)
    assert bench.devices.opened == []


def passage(bench: Bench) -> None:
    """Measure whoever's code was taken, and let the log take it."""
    bench.step_up()
    bench.recorded()
    bench.step_away()


def test_two_codes_in_one_picture_get_one_passage_each(bench: Bench) -> None:
    for number in (1, 2):
        bench.show(code(number))
    passage(bench)
    for _ in range(20):
        bench.show(code(1))
        bench.show(code(2))
        if bench.view.state == "measuring":
            passage(bench)
        bench.wait(0.25)
    assert len(bench.devices.opened) == 2
    assert bench.view.passed == 2


def test_of_the_codes_in_view_the_one_that_waited_longest_is_next(bench: Bench) -> None:
    bench.show(code(1))
    bench.wait(0.25)
    bench.show(code(2))
    bench.show(code(3))
    passage(bench)
    assert bench.view.state == "passed"
    bench.show(code(3))
    assert bench.view.state == "passed", "code 2 was there first"
    bench.show(code(2))
    assert bench.view.state == "measuring"
    passage(bench)
    bench.show(code(3))
    passage(bench)
    assert bench.view.passed == 3


def test_whoever_has_gone_away_holds_nobody_up(bench: Bench) -> None:
    bench.show(code(1))
    bench.show(code(2))
    passage(bench)
    bench.wait(0.75)
    bench.show(code(3))
    assert bench.view.state == "measuring"


def test_fifty_codes_that_change_with_every_frame_do_not_keep_a_person_out(bench: Bench) -> None:
    for frame in range(40):
        bench.at += 1 / 30
        if frame >= 5:
            bench.show(code(1))
        for n in range(50):
            bench.show(Verdict(Reason.NOT_A_CODE), text=f"https://shop.example/{frame}/{n}")
    assert bench.view.state == "measuring"
    passage(bench)
    assert bench.devices.opened == [101]


def see(bench: Bench, hint: Hint | None, seconds: float) -> None:
    """Let frames of a code that cannot be read go by, ten a second."""
    for _ in range(round(seconds * 10)):
        bench.at += 0.1
        bench.post(HintSeen(hint, bench.at))


def test_what_keeps_a_code_from_being_read_is_said_and_goes_with_the_code(bench: Bench) -> None:
    see(bench, Hint.CLOSER, 0.3)
    assert bench.view.hint is None
    see(bench, Hint.CLOSER, 0.3)
    assert bench.view.hint == "hint.closer"
    see(bench, None, 0.5)
    assert bench.view.hint == "hint.closer", "long enough to be read"
    see(bench, None, 1.5)
    assert bench.view.hint is None


def test_a_hint_is_never_said_over_what_matters_more(bench: Bench) -> None:
    see(bench, Hint.CLOSER, 0.8)
    bench.show(code())
    assert bench.view.hint == "hint.measure"
    see(bench, Hint.HOLD_STILL, 1.0)
    assert bench.view.hint == "hint.measure"
    passage(bench)
    bench.post(GateFailed(101, GateFault.NO_ANSWER))
    see(bench, Hint.HOLD_STILL, 1.0)
    assert bench.view.hint == "hint.gate_failed"


def test_a_referred_persons_result_is_not_talked_over(bench: Bench) -> None:
    bench.show(code(colour=Colour.RED))
    bench.recorded()
    see(bench, Hint.CLOSER, 1.0)
    assert bench.view.state == "stopped"
    assert bench.view.hint is None


def test_an_acknowledgement_meant_for_somebody_who_has_gone_clears_nobody_else(bench: Bench) -> None:
    bench.show(code(1, colour=Colour.RED))
    bench.recorded()
    assert bench.view.result is not None
    seen = bench.view.result.seq
    assert bench.ask(ACK).result(0) is None
    bench.show(code(2, colour=Colour.RED))
    bench.recorded()
    assert bench.ask(Acknowledge(id=2, lane="main", about=seen)).result(0) == "command.not_now"
    assert bench.view.state == "stopped"
    assert bench.ask(Acknowledge(id=3, lane="main", about=bench.view.result.seq)).result(0) is None
    assert bench.view.state == "waiting"


def test_a_second_measurement_meant_for_somebody_who_has_gone_is_not_taken_of_another(bench: Bench) -> None:
    for number in (1, 2):
        bench.show(code(number))
        bench.wait(8.25)
        bench.recorded()
        if number == 1:
            assert bench.ask(ACK).result(0) is None
    assert bench.view.state == "referred"
    assert bench.view.result is not None
    mine = bench.view.result.seq
    assert bench.ask(Remeasure(id=2, lane="main", about=101)).result(0) == "command.not_now"
    assert bench.view.state == "referred"
    assert bench.ask(Remeasure(id=3, lane="main", about=mine)).result(0) is None
    assert bench.view.state == "remeasuring"
