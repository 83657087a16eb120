"""What views sound like: once a person, in order, and nothing that others may not hear."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.values import Light
from keys.reasons import Reason
from scanner.control.messages import LaneView, ResultView, View
from scanner.control.outcomes import effective_outcome
from scanner.engine.degradations import Cause
from scanner.sound.tones import Tone
from scanner.sound.vocabulary import (
    ALARM_AGAIN_S,
    ALARMS,
    HINTS,
    NO_PHONE_S,
    SAME_HINT_S,
    SHOW_CODE_S,
    Announcement,
    Kind,
    Memory,
    Prompt,
    announce,
    announce_outage,
)
from scanner.values import GuardStep, Outcome, SpokenTo
from tests.scanner.ui import scripted_engine as says


class Ear:
    """Hears one view after another."""

    def __init__(self, spoken_to: SpokenTo = SpokenTo.EVERYBODY) -> None:
        self.spoken_to = spoken_to
        self.memory = Memory()

    def announcements(self, view: View, now: float = 0.0) -> tuple[Announcement, ...]:
        self.memory, heard = announce(self.memory, view, now, self.spoken_to)
        return heard

    def hear(self, view: View, now: float = 0.0) -> list[str]:
        return [str(one) for each in self.announcements(view, now) for one in each.utterances]


def at_lane(state: str, result: ResultView | None = None, **changes: object) -> View:
    lane = says.lane(state, result) if result else says.lane(state)
    return says.view(lane.model_copy(update=changes))


def kiosk(state: str, result: ResultView | None = None, **changes: object) -> View:
    return at_lane(state, result, attended=False, **changes)


@pytest.mark.parametrize(
    ("view", "heard"),
    [
        (says.WAITING, []),
        (says.PASS, ["pass", "pass"]),
        (says.REFER, ["refer", "refer"]),
        (says.STOP, ["stop", "stop"]),
        (says.FORGED, ["stop", "stop"]),
    ],
)
def test_a_result_is_heard_as_its_tone_and_then_in_words(view: View, heard: list[str]) -> None:
    assert Ear().hear(view) == heard


def test_a_result_is_heard_once_a_person() -> None:
    ear = Ear(SpokenTo.NOBODY)
    views = (says.STOP, says.STOP, says.WAITING, says.STOP)
    assert [ear.hear(view) for view in views] == [["stop"], [], [], ["stop"]]


def test_the_next_person_with_the_same_result_is_heard() -> None:
    ear = Ear(SpokenTo.NOBODY)
    first, second = (at_lane("passed", says.result(Outcome.PASS, seq=seq)) for seq in (1, 2))
    assert [ear.hear(view) for view in (first, second, second)] == [["pass"], ["pass"], []]


def test_an_admitted_person_is_heard_as_passing_and_a_refused_one_as_stopped() -> None:
    stopped, passed = says.STOP.lanes[0].result, says.PASS.lanes[0].result
    assert stopped is not None
    assert passed is not None
    ear = Ear()
    ear.hear(says.STOP)
    assert ear.hear(at_lane("passed", stopped.model_copy(update={"overridden": Reason.OVERRIDE_ADMIT}))) == ["pass"] * 2
    assert (
        ear.hear(at_lane("stopped", passed.model_copy(update={"overridden": Reason.OVERRIDE_REFUSE}))) == ["stop"] * 2
    )


def test_of_two_lanes_at_once_the_graver_is_heard_first() -> None:
    both = says.view(
        says.lane("passed", says.result(Outcome.PASS), name="east"),
        says.lane("stopped", says.result(Outcome.STOP, Reason.BAD_SIGNATURE), name="west"),
    )
    assert [one.lane for one in Ear().announcements(both)] == ["west", "east"]


def test_where_nobody_is_spoken_to_there_are_tones_alone() -> None:
    assert Ear(SpokenTo.NOBODY).hear(says.REFER) == ["refer"]


def test_people_at_an_attended_lane_are_left_to_staff_where_the_rest_is_spoken_to() -> None:
    ear = Ear(SpokenTo.UNATTENDED)
    assert ear.hear(says.STOP) == ["stop"]
    ear = Ear(SpokenTo.UNATTENDED)
    assert ear.hear(kiosk("stopped", says.result(Outcome.STOP, guard=GuardStep.STAFFED_LANE))) == [
        "stop",
        "staffed_lane",
    ]


@pytest.mark.parametrize(
    ("reason", "guard", "heard"),
    [
        (Reason.EXPIRED, GuardStep.STAFFED_LANE, ["expired", "staffed_lane"]),
        (Reason.PRESENTATION_REQUIRED, GuardStep.ASK_TO_SHOW_LIVE, ["show_live"]),
        (Reason.REPLAYED, GuardStep.STAFFED_LANE, ["refresh", "staffed_lane"]),
        (Reason.COLOUR_RED, GuardStep.HOLD_AND_REPORT, ["stop"]),
        (Reason.TEMPERATURE_HIGH, GuardStep.STAFFED_LANE, ["staffed_lane"]),
        (Reason.STATIC_COPY, GuardStep.STAFFED_LANE, ["document", "staffed_lane"]),
        (Reason.BAD_SIGNATURE, GuardStep.REFUSE, ["staffed_lane"]),
    ],
)
def test_at_a_kiosk_a_person_hears_what_to_do_and_where_to_go(
    reason: Reason, guard: GuardStep, heard: list[str]
) -> None:
    assert Ear().hear(kiosk("stopped", says.result(Outcome.STOP, reason, guard=guard))) == ["stop", *heard]


@pytest.mark.parametrize(("outcome", "attended"), list(itertools.product(Outcome, [True, False])))
def test_every_reason_with_every_step_has_a_tone_and_one_or_two_sentences(outcome: Outcome, attended: bool) -> None:
    for reason, guard in itertools.product(Reason, GuardStep):
        view = at_lane("stopped", says.result(outcome, reason, guard=guard), attended=attended)
        (heard,) = Ear().announcements(view)
        assert heard.kind is Kind.RESULT
        assert isinstance(heard.utterances[0], Tone)
        assert 1 <= sum(isinstance(one, Prompt) for one in heard.utterances[1:]) == len(heard.utterances) - 1 <= 2


def test_nothing_but_a_pass_sounds_like_one() -> None:
    for outcome, reason, guard in itertools.product((Outcome.REFER, Outcome.STOP), Reason, GuardStep):
        assert "pass" not in Ear().hear(kiosk("stopped", says.result(outcome, reason, guard=guard)))


def test_measuring_again_is_heard_once_whether_the_lane_or_the_guard_wants_it() -> None:
    ear = Ear()
    states = ("measuring", "cooling", "cooling", "remeasuring")
    assert [ear.hear(at_lane(state)) for state in states] == [[], ["measure_again"] * 2, [], []]
    ear = Ear()
    ear.hear(says.FEVER)
    assert ear.hear(at_lane("remeasuring")) == ["measure_again"] * 2


def test_an_occupant_who_may_pass_does_not_sound_like_a_vehicle_that_may_go() -> None:
    ear = Ear()
    seated = at_lane("seated", says.result(Outcome.PASS, seq=7))
    states = (seated, seated, at_lane("waiting"), at_lane("releasing"), at_lane("passed"), at_lane("passed"))
    assert [ear.hear(view) for view in states] == [["seated"], [], [], [], ["pass", "pass"], []]


def test_an_occupant_who_may_not_pass_is_heard_as_anybody_is() -> None:
    assert Ear().hear(at_lane("stopped", says.result(Outcome.STOP, seq=7))) == ["stop", "stop"]


def test_a_lane_out_of_service_is_said_where_people_are_spoken_to() -> None:
    ear = Ear(SpokenTo.UNATTENDED)
    assert [ear.hear(kiosk(state)) for state in ("waiting", "out_of_service", "out_of_service")] == [
        [],
        ["out_of_service"],
        [],
    ]
    assert Ear(SpokenTo.UNATTENDED).hear(at_lane("out_of_service")) == []


def test_a_hint_is_spoken_without_a_tone_and_not_again_at_once() -> None:
    ear = Ear()
    closer = at_lane("waiting", hint="hint.closer")
    times = [0.0, 0.5, 4.0, SAME_HINT_S - 0.1, SAME_HINT_S + 0.1]
    assert [ear.hear(closer, now) for now in times] == [["closer"], [], [], [], ["closer"]]


def test_another_hint_waits_until_the_person_has_heard_the_first() -> None:
    ear = Ear()
    ear.hear(at_lane("waiting", hint="hint.closer"), 0.0)
    farther = at_lane("waiting", hint="hint.farther")
    assert [ear.hear(farther, now) for now in (1.0, 2.9, 3.1)] == [[], [], ["farther"]]


def test_hints_are_for_people_who_are_spoken_to() -> None:
    assert Ear(SpokenTo.NOBODY).hear(at_lane("waiting", hint="hint.closer")) == []
    assert Ear(SpokenTo.UNATTENDED).hear(at_lane("waiting", hint="hint.closer")) == []


def test_a_gate_that_fails_after_a_pass_is_said() -> None:
    ear = Ear()
    ear.hear(says.PASS)
    failed = says.PASS.lanes[0].model_copy(update={"hint": "hint.gate_failed"})
    assert ear.hear(says.view(failed), 1.0) == ["gate_failed"]


def test_somebody_without_a_code_is_asked_for_it_then_shown_the_way_and_then_left_in_peace() -> None:
    ear = Ear()
    heard = [(now, ear.hear(kiosk("waiting", present=True), now)) for now in range(60)]
    asked = [(now, words) for now, words in heard if words]
    assert asked == [(SHOW_CODE_S + 0.5, ["show_code"]), (NO_PHONE_S, ["no_phone"])]


def test_the_next_person_without_a_code_is_asked_anew() -> None:
    ear = Ear()
    for now in range(6):
        ear.hear(kiosk("waiting", present=True), now)
    ear.hear(kiosk("waiting", present=False), 7.0)
    ear.hear(kiosk("waiting", present=True), 8.0)
    assert ear.hear(kiosk("waiting", present=True), 11.0) == ["show_code"]


def test_nobody_is_asked_for_a_code_before_an_empty_gate() -> None:
    ear = Ear()
    assert not any(ear.hear(kiosk("waiting", present=False), now) for now in range(60))


@pytest.mark.parametrize("code", ["camera_lost", "thermometer_lost", "gate_lost", "reader_lost", "journal_failed"])
def test_a_lost_device_is_heard_whoever_is_spoken_to(code: str) -> None:
    assert Ear(SpokenTo.NOBODY).hear(says.view(says.lane("waiting"), degraded=(code,))) == ["device_lost"]


def test_whatever_sends_staff_to_a_device_a_gate_or_a_door_is_heard() -> None:
    stems = ("camera_lost", "reader_", "thermometer_", "gate_", "door_", "staff_", "journal_", "decoder_")
    assert set(ALARMS) == {cause.value for cause in Cause if cause.value.startswith(stems)}


def test_what_is_merely_worth_knowing_is_not_heard() -> None:
    assert Ear().hear(says.view(says.lane("waiting"), degraded=("lists_old", "memory_lost", "policy_default"))) == []


def test_several_lost_devices_are_one_alarm_and_a_call_is_another() -> None:
    degraded = ("camera_lost", "gate_lost", "staff_called")
    assert sorted(Ear().hear(says.view(says.lane("waiting"), degraded=degraded))) == ["called", "device_lost"]


def test_an_alarm_is_heard_again_while_it_lasts() -> None:
    ear = Ear()
    lost = says.view(says.lane("waiting"), degraded=("camera_lost",))
    times = [0.0, 1.0, ALARM_AGAIN_S - 1, ALARM_AGAIN_S, ALARM_AGAIN_S + 1]
    assert [bool(ear.hear(lost, now)) for now in times] == [True, False, False, True, False]


def test_a_loose_plug_does_not_ring_without_end() -> None:
    ear = Ear()
    lost, well = says.view(says.lane("waiting"), degraded=("camera_lost",)), says.WAITING
    heard = sum(bool(ear.hear(view, now)) for now in range(0, 60, 2) for view in (lost, well))
    assert heard == 3


def test_results_come_before_alarms_that_begin_with_them() -> None:
    view = says.view(says.PASS.lanes[0], degraded=("gate_lost",))
    assert [one.kind for one in Ear().announcements(view)] == [Kind.RESULT, Kind.ALARM]


def test_an_engine_that_goes_is_heard_and_people_at_a_kiosk_are_sent_elsewhere() -> None:
    ear = Ear(SpokenTo.UNATTENDED)
    ear.hear(kiosk("waiting"))
    assert announce_outage(ear.memory, ear.spoken_to).utterances == (Tone.DEVICE_LOST, Prompt.OUT_OF_SERVICE)
    ear.hear(says.WAITING)
    assert announce_outage(ear.memory, ear.spoken_to).utterances == (Tone.DEVICE_LOST,)
    assert announce_outage(Memory(), SpokenTo.EVERYBODY).utterances == (Tone.DEVICE_LOST,)


def test_the_same_result_is_not_heard_again_when_the_engine_comes_back() -> None:
    ear = Ear()
    ear.hear(says.STOP)
    announce_outage(ear.memory, ear.spoken_to)
    assert ear.hear(says.STOP) == []


LANES = st.builds(
    lambda state, result, attended, hint, present: (
        says.lane(state, result) if result else says.lane(state)
    ).model_copy(update={"attended": attended, "hint": hint, "present": present}),
    st.sampled_from(["waiting", "measuring", "cooling", "seated", "passed", "referred", "stopped", "out_of_service"]),
    st.none()
    | st.builds(
        lambda outcome, reason, seq, overridden: says.result(outcome, reason, seq=seq, overridden=overridden),
        st.sampled_from(Outcome),
        st.sampled_from(Reason),
        st.integers(1, 3),
        st.sampled_from([None, Reason.OVERRIDE_ADMIT, Reason.OVERRIDE_REFUSE]),
    ),
    st.booleans(),
    st.sampled_from([None, "hint.closer", "hint.measure", "hint.gate_failed", "hint.nobody_knows"]),
    st.booleans(),
)


@given(st.lists(LANES, max_size=12), st.sampled_from(SpokenTo))
def test_a_pass_is_heard_only_where_the_gate_opens_and_nothing_is_heard_twice(
    lanes: list[LaneView], spoken_to: SpokenTo
) -> None:
    ear = Ear(spoken_to)
    for now, lane in enumerate(lanes):
        heard = ear.hear(says.view(lane), float(now))
        passes = lane.result is not None and effective_outcome(lane.result) is Outcome.PASS
        if "pass" in heard:
            assert (passes and lane.state != "seated") or (lane.result is None and lane.state == "passed")
        if spoken_to is SpokenTo.NOBODY:
            assert set(heard) <= set(Tone)
        again = ear.hear(says.view(lane), float(now))
        assert set(again) <= set(HINTS.values()) - set(heard)
        assert ear.hear(says.view(lane), float(now)) == []


def test_what_is_remembered_names_nobody() -> None:
    ear = Ear()
    ear.hear(says.REFER)
    assert says.NAME not in repr(ear.memory)


def test_every_state_of_a_lane_may_come_first() -> None:
    for light in Light:
        lane: LaneView = says.lane("waiting").model_copy(update={"state": "something_new", "light": light})
        assert Ear().hear(says.view(lane)) == []
