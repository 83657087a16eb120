"""Comparing a thermometer with what is known: when readings stand still, and what points say together."""

import pytest

from firmware_bridge.calibration import Comparison, Point, compare, steady
from firmware_bridge.errors import CalibrationError
from firmware_bridge.values import Sample


def samples(*objects: int, period: float = 0.1) -> list[Sample]:
    return [Sample(10.0 + number * period, centi, None) for number, centi in enumerate(objects)]


def points(*pairs: tuple[int, int]) -> list[Point]:
    return [Point(known, read, 5) for known, read in pairs]


def test_readings_that_stand_still_for_two_seconds_are_their_median():
    assert steady(samples(*[3700, 3702, 3704] * 8)) == (3702, 4)


@pytest.mark.parametrize(
    "readings",
    [
        samples(),
        samples(*[3700] * 15),
        samples(*range(3600, 3720, 4)),
        samples(*[3700] * 29, 3730),
        samples(3700, 3700, 3700, period=1.0),
    ],
    ids=["none", "too short a time", "still warming", "one far off", "too few"],
)
def test_readings_that_are_too_few_or_still_move_are_no_point(readings):
    assert steady(readings) is None


def test_what_came_before_the_last_two_seconds_does_not_matter():
    assert steady(samples(*[2400] * 20, *[3700] * 21)) == (3700, 0)


def test_the_correction_is_the_mean_error_of_the_points():
    assert compare(points((3500, 3488), (3700, 3690), (3900, 3889))) == Comparison(11, 1)


def test_one_point_beside_a_reference_thermometer_is_enough():
    assert compare(points((3650, 3701))) == Comparison(-51, 0)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (((3500, 3500), (3560, 3560)), "too close together"),
        (((3500, 3480), (3700, 3690), (3900, 3950)), "differs by 0.70 °C between the points"),
        (((3500, 2900), (3700, 3100)), "wrong by +6.00 °C"),
        (((2500, 2500),), "far from a forehead"),
    ],
)
def test_what_no_single_number_corrects_is_refused_in_words(pairs, words):
    with pytest.raises(CalibrationError) as refused:
        compare(points(*pairs))
    assert words in str(refused.value)
