"""Codes over time: one track each, the longest waiting first, and nothing kept."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from scanner.sight.tracks import GONE_S, MAX_TRACKS, NAMED_AFTER_S, NAMED_FOR_S, Point, Track, Tracks

Corners = tuple[Point, ...]


def at_place(x: float, y: float = 100.0, side: float = 80.0) -> Corners:
    return (x, y), (x + side, y), (x + side, y + side), (x, y + side)


def frame(tracks: Tracks, codes: list[tuple[str, bool, Corners]], at: float) -> list[Track]:
    """Read several codes in one frame, each a name, foreign or not, and its corners."""
    return [tracks.saw(name, foreign=foreign, corners=corners, at=at) for name, foreign, corners in codes]


HERE, THERE = at_place(100), at_place(600)


def test_a_code_that_flickers_is_one_track() -> None:
    tracks = Tracks()
    first = tracks.saw("a", foreign=False, corners=HERE, at=0.0)
    again = tracks.saw("a", foreign=False, corners=HERE, at=GONE_S - 0.1)
    assert again is first
    assert again.first_seen == 0.0
    assert len(tracks) == 1


def test_a_code_that_comes_back_after_it_was_gone_begins_anew() -> None:
    tracks = Tracks()
    tracks.saw("a", foreign=False, corners=HERE, at=0.0)
    assert tracks.saw("a", foreign=False, corners=HERE, at=GONE_S + 0.1).first_seen == GONE_S + 0.1
    assert len(tracks) == 1


def test_of_two_codes_in_view_the_one_that_waited_longest_is_next() -> None:
    tracks = Tracks()
    first = tracks.saw("a", foreign=False, corners=HERE, at=0.0)
    second = tracks.saw("b", foreign=False, corners=THERE, at=0.5)
    tracks.saw("a", foreign=False, corners=HERE, at=0.5)
    assert tracks.next_in_line(0.5) is first
    first.served = True
    assert tracks.next_in_line(0.5) is second


def test_a_code_that_is_not_in_view_now_holds_nobody_up() -> None:
    tracks = Tracks()
    tracks.saw("a", foreign=False, corners=HERE, at=0.0)
    second = tracks.saw("b", foreign=False, corners=THERE, at=0.9)
    assert tracks.next_in_line(0.9) is second


def test_a_poster_is_never_in_line() -> None:
    tracks = Tracks()
    tracks.saw("poster", foreign=True, corners=HERE, at=0.0)
    assert tracks.next_in_line(0.0) is None


def test_two_codes_on_one_phone_are_two_tracks_however_near() -> None:
    tracks = Tracks()
    one, other = frame(tracks, [("a", False, at_place(100)), ("b", False, at_place(185))], 0.0)
    assert one is not other
    assert len(tracks) == 2


def test_a_foreign_code_alone_is_named_after_a_while() -> None:
    tracks = Tracks()
    for n in range(30):
        at = n * 0.1
        tracks.saw("poster", foreign=True, corners=HERE, at=at)
        assert (tracks.named(at) is not None) is (at >= NAMED_AFTER_S)


def test_a_foreign_code_beside_a_health_code_is_not_named() -> None:
    tracks = Tracks()
    for n in range(30):
        frame(tracks, [("poster", True, HERE), ("a", False, THERE)], n * 0.1)
    assert tracks.named(2.9) is None


def test_a_payment_code_that_renews_itself_in_its_place_is_one_track() -> None:
    tracks = Tracks()
    for n in range(30):
        tracks.saw(f"pay {n // 10}", foreign=True, corners=HERE, at=n * 0.1)
    assert len(tracks) == 1
    named = tracks.named(2.9)
    assert named is not None
    assert named.first_seen == 0.0


def test_two_foreign_codes_side_by_side_in_one_frame_stay_two() -> None:
    tracks = Tracks()
    for n in range(5):
        frame(tracks, [("a", True, at_place(100)), ("b", True, at_place(120))], n * 0.1)
    assert len(tracks) == 2


def test_a_health_code_in_the_place_of_another_is_not_taken_for_it() -> None:
    tracks = Tracks()
    first = tracks.saw("a", foreign=False, corners=HERE, at=0.0)
    assert tracks.saw("b", foreign=False, corners=HERE, at=0.1) is not first


def test_a_poster_on_the_wall_is_not_named_for_ever_but_one_that_is_held_up_is() -> None:
    wall, hand = Tracks(), Tracks()
    for n in range(round(10 * (NAMED_FOR_S + 2))):
        at = n * 0.1
        wall.saw("poster", foreign=True, corners=HERE, at=at)
        hand.saw("pay", foreign=True, corners=at_place(100 + 60 * (n % 2)), at=at)
    assert wall.named(NAMED_FOR_S + 1.5) is None
    assert hand.named(NAMED_FOR_S + 1.5) is not None


def test_a_code_that_stays_is_still_and_one_that_moves_is_not() -> None:
    tracks = Tracks()
    for n in range(20):
        still = tracks.saw("a", foreign=False, corners=at_place(100 + n % 3), at=n * 0.1)
        moving = tracks.saw("b", foreign=False, corners=at_place(400 + 30 * n), at=n * 0.1)
    assert still.still(1.9)
    assert not moving.still(1.9)


def test_fifty_new_codes_a_frame_take_no_more_room_and_push_nobody_out() -> None:
    tracks = Tracks()
    for n in range(200):
        at = n / 30
        waiting = tracks.saw("honest", foreign=False, corners=THERE, at=at)
        for k in range(50):
            tracks.saw(f"{n}/{k}", foreign=bool(k % 2), corners=at_place(9.0 * k), at=at)
        assert len(tracks) <= MAX_TRACKS
        assert tracks.next_in_line(at) is waiting
    assert waiting.first_seen == 0.0


def test_no_text_is_kept_and_tags_do_not_outlive_the_forgetting() -> None:
    tracks = Tracks()
    before = tracks.saw("JKM1:SECRET-TEXT", foreign=False, corners=HERE, at=0.0).tag
    assert b"SECRET" not in pickle.dumps(tracks)
    tracks.forget()
    assert len(tracks) == 0
    assert tracks.saw("JKM1:SECRET-TEXT", foreign=False, corners=HERE, at=0.1).tag != before


def test_what_has_gone_is_forgotten_without_another_code() -> None:
    tracks = Tracks()
    tracks.saw("a", foreign=False, corners=HERE, at=0.0)
    tracks.drop_gone(GONE_S + 0.1)
    assert len(tracks) == 0


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.sampled_from("abcdefgh"),
            st.booleans(),
            st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), max_size=5),
        ),
        max_size=80,
    )
)
def test_whoever_is_next_is_in_view_unserved_and_waited_longest(
    steps: list[tuple[float, str, bool, list[Point]]],
) -> None:
    tracks, at = Tracks(), 0.0
    for pause, name, foreign, corners in steps:
        at += pause
        seen = tracks.saw(name, foreign=foreign, corners=corners, at=at)
        following = tracks.next_in_line(at)
        assert len(tracks) <= MAX_TRACKS
        if not foreign and not seen.served:
            assert following is not None
        if following is not None:
            assert not following.foreign
            assert not following.served
            assert following.first_seen <= seen.first_seen or foreign or seen.served
            if following is seen:
                seen.served = True
