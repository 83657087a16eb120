from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.decoder.values import Corners
from scanner.engine.places import READ_HOLDS_S, SUSPECTED_HOLDS_S, Places

SIZE = (1280, 720)
WHOLE = (0.0, 0.0, 1.0, 1.0)


def square(x: float, y: float, side: float) -> Corners:
    return (x, y), (x + side, y), (x + side, y + side), (x, y + side)


def test_where_a_code_was_read_is_looked_at_closer_with_room_around_it() -> None:
    places = Places(WHOLE)
    places.read([square(400, 200, 200)], SIZE, 10.0)
    assert places.closer_look(SIZE, 11.0) == (300, 100, 400, 400)


def test_a_place_is_forgotten_after_a_while_one_only_suspected_sooner() -> None:
    places = Places(WHOLE)
    places.read([square(400, 200, 200)], SIZE, 10.0)
    assert places.closer_look(SIZE, 10.0 + READ_HOLDS_S) is None
    places.suspected(square(400, 200, 200), SIZE, 20.0)
    assert places.closer_look(SIZE, 20.1) is not None
    assert places.closer_look(SIZE, 20.0 + SUSPECTED_HOLDS_S) is None


def test_without_a_place_the_configured_region_is_looked_at_closer() -> None:
    assert Places((0.25, 0.5, 0.5, 0.5)).closer_look(SIZE, 0.0) == (320, 360, 640, 360)


def test_nearly_the_whole_picture_is_no_place() -> None:
    places = Places(WHOLE)
    assert places.closer_look(SIZE, 0.0) is None
    places.read([square(100, 10, 700)], SIZE, 10.0)
    assert places.closer_look(SIZE, 10.0) is None


def test_two_codes_are_one_place() -> None:
    places = Places(WHOLE)
    places.read([square(400, 300, 100), square(600, 300, 100)], SIZE, 10.0)
    assert places.closer_look(SIZE, 10.0) == (250, 250, 600, 200)


def test_no_code_changes_no_place() -> None:
    places = Places(WHOLE)
    places.read([square(400, 200, 200)], SIZE, 10.0)
    places.read([], SIZE, 10.5)
    assert places.closer_look(SIZE, 11.0) == (300, 100, 400, 400)


@pytest.mark.parametrize("corners", [square(0, 0, 0), square(5000, 5000, 10), square(-900, -900, 100)])
def test_a_place_outside_of_the_picture_is_none(corners: Corners) -> None:
    places = Places(WHOLE)
    places.suspected(corners, SIZE, 10.0)
    assert places.closer_look(SIZE, 10.0) is None


coordinate = st.floats(-2000, 3000)
corner = st.tuples(coordinate, coordinate)


@given(st.tuples(corner, corner, corner, corner), st.tuples(st.integers(1, 4000), st.integers(1, 4000)))
def test_any_place_lies_in_the_picture_even_when_that_has_changed_its_size(
    corners: Corners, size: tuple[int, int]
) -> None:
    places = Places(WHOLE)
    places.suspected(corners, SIZE, 10.0)
    region = places.closer_look(size, 10.0)
    if region is not None:
        x, y, width, height = region
        assert 0 <= x <= x + width <= size[0]
        assert 0 <= y <= y + height <= size[1]
