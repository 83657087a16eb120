"""What is said of what is in view, and whose turn it is."""

from __future__ import annotations

from scanner.sight.hints import Hint, HintSeen
from scanner.sight.in_view import NOT_A_CODE, InView
from tests.scanner.sight.test_tracks import HERE, THERE


def test_a_hint_is_said_after_frames_agree_and_not_after_a_code_was_read() -> None:
    view = InView()
    for n in range(6):
        view.unread(HintSeen(Hint.CLOSER, n * 0.1))
    assert view.words(0.5) == "hint.closer"
    assert view.waits("a", HERE, 0.6)
    assert view.words(0.6) is None


def test_what_cannot_be_read_matters_more_than_the_poster_beside_it() -> None:
    view = InView()
    for n in range(40):
        view.foreign("poster", HERE, n * 0.1)
    assert view.words(3.9) == NOT_A_CODE
    for n in range(40, 46):
        view.foreign("poster", HERE, n * 0.1)
        view.unread(HintSeen(Hint.TOO_BRIGHT, n * 0.1))
    assert view.words(4.5) == "hint.too_bright"


def test_turns_go_by_waiting_and_a_served_code_leaves_the_line() -> None:
    view = InView()
    assert view.waits("a", HERE, 0.0)
    assert not view.waits("b", THERE, 0.1)
    view.served("a", HERE, 0.2)
    assert view.waits("b", THERE, 0.2)


def test_everything_is_forgotten_at_once() -> None:
    view = InView()
    for n in range(40):
        view.foreign("poster", HERE, n * 0.1)
        view.unread(HintSeen(Hint.CLOSER, n * 0.1))
    view.forget()
    assert view.words(3.9) is None
