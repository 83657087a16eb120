"""Whose turn it is: results by gravity and lane, alarms to their end, hints when nothing else is to be heard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.sound.tones import Tone
from scanner.sound.turns import HINT_STALE_S, MAX_ALARMS, RESULT_STALE_S, Piece, Turns
from scanner.sound.vocabulary import Announcement, Kind, Prompt
from scanner.values import Outcome

TONES = {Outcome.PASS: Tone.PASS, Outcome.REFER: Tone.REFER, Outcome.STOP: Tone.STOP}


def result(outcome: Outcome, lane: str = "east") -> Piece:
    return Piece(Announcement(Kind.RESULT, lane, (TONES[outcome],), outcome), ("en",))


def alarm(tone: Tone = Tone.DEVICE_LOST) -> Piece:
    return Piece(Announcement(Kind.ALARM, None, (tone,)), ("en",))


def hint(prompt: Prompt = Prompt.CLOSER, lane: str = "east") -> Piece:
    return Piece(Announcement(Kind.HINT, lane, (prompt,)), ("en",))


PIECES = st.one_of(
    st.builds(result, st.sampled_from(Outcome), st.sampled_from(["east", "west"])),
    st.builds(alarm, st.sampled_from([Tone.DEVICE_LOST, Tone.CALLED])),
    st.builds(hint, st.sampled_from([Prompt.CLOSER, Prompt.FARTHER])),
)


def test_the_newest_result_of_a_lane_replaces_the_one_that_waits() -> None:
    turns = Turns()
    turns.add(result(Outcome.STOP), 0)
    turns.add(result(Outcome.PASS), 0)
    assert turns.take(0) == result(Outcome.PASS)
    assert turns.take(0) is None


def test_a_new_result_cuts_off_the_one_before_it_at_the_same_lane_however_grave() -> None:
    turns = Turns()
    turns.add(result(Outcome.PASS), 0)
    assert turns.cut(result(Outcome.STOP).announcement, 0)


def test_somebody_who_passes_elsewhere_does_not_cut_off_that_somebody_was_stopped() -> None:
    turns = Turns()
    turns.add(result(Outcome.PASS, "west"), 0)
    assert not turns.cut(result(Outcome.STOP, "east").announcement, 0)
    turns.add(result(Outcome.STOP, "west"), 0)
    assert turns.cut(result(Outcome.PASS, "east").announcement, 0)


def test_nothing_cuts_off_an_alarm() -> None:
    turns = Turns()
    turns.add(result(Outcome.STOP), 0)
    turns.add(alarm(Tone.CALLED), 0)
    assert not turns.cut(alarm().announcement, 0)


def test_an_alarm_waits_for_a_result_and_comes_before_a_hint() -> None:
    turns = Turns()
    for piece in (hint(lane="west"), alarm(), result(Outcome.PASS)):
        turns.add(piece, 0)
    assert [turns.take(0) for _ in range(4)] == [result(Outcome.PASS), alarm(), hint(lane="west"), None]


@pytest.mark.parametrize("piece", [result(Outcome.PASS), alarm()])
def test_everything_cuts_off_a_hint_but_another_hint(piece: Piece) -> None:
    turns = Turns()
    turns.add(hint(Prompt.FARTHER), 0)
    assert not turns.cut(hint().announcement, 0)
    turns.add(piece, 0)
    assert turns.cut(hint().announcement, 0)


def test_a_result_drops_the_hint_that_waits_at_its_lane() -> None:
    turns = Turns()
    turns.add(hint(), 0)
    turns.add(result(Outcome.PASS), 0)
    assert turns.take(0) == result(Outcome.PASS)
    assert turns.take(0) is None


def test_what_is_about_somebody_who_has_gone_is_not_heard_and_cuts_nothing_off() -> None:
    turns = Turns()
    turns.add(hint(), 0)
    assert turns.take(HINT_STALE_S + 0.1) is None
    turns.add(result(Outcome.PASS), 0)
    assert not turns.cut(result(Outcome.PASS).announcement, RESULT_STALE_S + 0.1)
    assert turns.take(RESULT_STALE_S + 0.1) is None


@given(st.lists(PIECES, max_size=60))
def test_what_waits_is_bounded_whatever_comes(pieces: list[Piece]) -> None:
    turns = Turns()
    for piece in pieces:
        turns.add(piece, 0)
    taken = []
    while (piece_taken := turns.take(0)) is not None:
        taken.append(piece_taken)
    assert len(taken) <= 2 + MAX_ALARMS + 1
    assert len(set(taken)) == len(taken)


@given(st.lists(PIECES, max_size=20), PIECES)
def test_what_cuts_off_is_whose_turn_is_next(pieces: list[Piece], playing: Piece) -> None:
    turns = Turns()
    for piece in pieces:
        turns.add(piece, 0)
    if turns.cut(playing.announcement, 0):
        following = turns.take(0)
        assert following is not None
        assert following.announcement.kind is not Kind.HINT
        assert (following.announcement.kind, following.announcement.gravity) >= (Kind.RESULT, 0)
