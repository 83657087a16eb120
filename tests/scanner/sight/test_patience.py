"""A hint is said when frames agree, and long enough to be read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanner.sight.hints import Hint
from scanner.sight.patience import AGREE_S, HELD_S, LAPSE_S, HintFilter


def fed(*frames: tuple[float, Hint | None]) -> HintFilter:
    patience = HintFilter()
    for at, hint in frames:
        patience.update(hint, at)
    return patience


def test_one_frame_says_nothing() -> None:
    assert fed((0.0, Hint.CLOSER)).shown(0.0) is None


def test_frames_that_agree_for_a_while_are_said() -> None:
    patience = fed((0.0, Hint.CLOSER), (0.2, Hint.CLOSER))
    assert patience.shown(0.2) is None
    patience.update(Hint.CLOSER, AGREE_S)
    assert patience.shown(AGREE_S) is Hint.CLOSER


def test_frames_that_disagree_say_nothing() -> None:
    frames = [(0.1 * n, (Hint.CLOSER, Hint.HOLD_STILL)[n % 2]) for n in range(30)]
    patience = HintFilter()
    for at, hint in frames:
        patience.update(hint, at)
        assert patience.shown(at) is None


def test_a_frame_without_a_guess_in_between_changes_nothing() -> None:
    assert fed((0.0, Hint.CLOSER), (0.2, None), (0.45, Hint.CLOSER)).shown(0.45) is Hint.CLOSER


def test_a_pause_begins_the_agreement_anew() -> None:
    late = LAPSE_S + 0.1
    patience = fed((0.0, Hint.CLOSER), (late, Hint.CLOSER))
    assert patience.shown(late) is None


def test_a_hint_is_held_long_enough_to_be_read_and_then_goes() -> None:
    patience = fed(*((0.1 * n, Hint.CLOSER) for n in range(6)))
    assert patience.shown(0.5 + HELD_S - 0.01) is Hint.CLOSER
    assert patience.shown(0.5 + HELD_S) is None


def test_another_hint_waits_until_the_first_could_be_read() -> None:
    patience = fed(*((0.1 * n, Hint.CLOSER) for n in range(6)))
    for n in range(6, 30):
        patience.update(Hint.HOLD_STILL, 0.1 * n)
        assert patience.shown(0.1 * n) is (Hint.CLOSER if 0.1 * n < 0.5 + HELD_S else Hint.HOLD_STILL)


def test_a_code_that_was_read_ends_it_at_once() -> None:
    patience = fed(*((0.1 * n, Hint.CLOSER) for n in range(6)))
    patience.clear()
    assert patience.shown(0.5) is None


@given(st.lists(st.tuples(st.floats(0.01, 1.0), st.sampled_from([*Hint, None])), max_size=60))
def test_what_is_said_was_seen_and_stays_for_its_time(steps: list[tuple[float, Hint | None]]) -> None:
    patience, at = HintFilter(), 0.0
    said: Hint | None = None
    said_at = 0.0
    seen: set[Hint | None] = {None}
    for pause, hint in steps:
        at += pause
        patience.update(hint, at)
        seen.add(hint)
        now = patience.shown(at)
        assert now in seen
        if said is not None and now is not said:
            assert at - said_at >= HELD_S - 1e-9
        if now is not None and now is not said:
            said_at = at
        said = now
