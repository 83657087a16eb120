"""Which codes of one picture lie right beside each other."""

from __future__ import annotations

from scanner.sight.beside import Point, together


def square(x: float, y: float, side: float = 200) -> tuple[Point, ...]:
    return (x, y), (x + side, y), (x + side, y + side), (x, y + side)


def test_codes_on_one_phone_are_together() -> None:
    assert together([square(100, 100), square(100, 340)], ["a", "b"]) == [True, True]


def test_codes_on_the_phones_of_two_people_are_not() -> None:
    assert together([square(100, 100), square(500, 120)], ["a", "b"]) == [False, False]


def test_a_code_that_does_not_count_stands_beside_nobody() -> None:
    assert together([square(100, 100), None], ["a", "b"]) == [False, False]


def test_of_three_only_neighbours_are_together() -> None:
    assert together([square(0, 0), square(240, 0), square(900, 0)], ["a", "b", "c"]) == [True, True, False]


def test_the_same_persons_code_shown_twice_is_no_company() -> None:
    assert together([square(100, 100), square(100, 340)], ["a", "a"]) == [False, False]
