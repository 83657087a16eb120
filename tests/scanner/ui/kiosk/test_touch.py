"""Touches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanner.ui.kiosk.touch import GESTURE_S, Corners, Grid, corner_of, hit

W, H = 80, 24
CLOCKWISE = ((1, 1), (78, 1), (78, 22), (1, 22))


def touched(points: tuple[tuple[int, int], ...], step: float = 0.5) -> Corners:
    corners = Corners()
    for number, (x, y) in enumerate(points):
        corners = corners.touch(x, y, W, H, number * step)
    return corners


def test_four_corners_clockwise_ask_for_staff() -> None:
    assert touched(CLOCKWISE).complete
    assert not touched(CLOCKWISE[:3]).complete


def test_the_other_way_round_does_not() -> None:
    assert not touched(tuple(reversed(CLOCKWISE))).complete


def test_a_touch_in_between_begins_it_anew() -> None:
    assert not touched((*CLOCKWISE[:2], (40, 12), *CLOCKWISE[2:])).complete
    assert touched((*CLOCKWISE[:2], (40, 12), *CLOCKWISE)).complete


def test_too_slow_is_too_late() -> None:
    assert not touched(CLOCKWISE, step=GESTURE_S / 3).complete
    assert touched(CLOCKWISE, step=GESTURE_S / 4).complete


@given(st.integers(0, W - 1), st.integers(0, H - 1))
def test_the_middle_of_the_screen_is_no_corner(x: int, y: int) -> None:
    middle = W // 5 <= x < W - W // 5 or H // 5 <= y < H - H // 5
    assert (corner_of(x, y, W, H) is None) == middle


@given(st.integers(1, 200), st.integers(1, 60))
def test_keys_never_overlap_and_never_leave_the_screen(width: int, height: int) -> None:
    rows = [[("a", "a"), ("b", "b"), ("c", "c")], [("d", "d")]]
    keys = Grid(rows, 0, 1, width, height - 1).keys()
    cells = [
        (x, y)
        for key in keys
        for x in range(key.left, key.left + key.width)
        for y in range(key.top, key.top + key.height)
    ]
    assert len(cells) == len(set(cells))
    assert all(0 <= x < width and 1 <= y < height for x, y in cells)
    assert all(hit(keys, key.left, key.top) == key.name for key in keys)
