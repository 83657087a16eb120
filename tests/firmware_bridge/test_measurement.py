"""The measurement: what people, weather and damage do to a series of samples, and what comes of it."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.gy_mcu90614 import DRIVER
from firmware_bridge.measurement import Offsets, Settling, Stuckness
from firmware_bridge.values import Method, Sample, Unmeasurable
from tests.firmware_bridge.series import PERIOD_S, Series


def test_somebody_who_steps_in_is_measured_once_within_a_second():
    series = Series().run(1.0)
    stepped_in = series.now
    series.person(3650, 5.0)
    (measurement,) = series.measurements
    assert measurement.result_centi == pytest.approx(3650, abs=10)
    assert measurement.why_not is None
    assert measurement.at - stepped_in < 1.0
    assert series.began == [1]
    assert series.ended == []


def test_every_raw_value_is_kept():
    series = Series(offsets=Offsets(device_centi=-12, site_centi=45)).feed(*[3600] * 7)
    (measurement,) = series.measurements
    assert measurement.raw_centi == 3600
    assert measurement.result_centi == 3633
    assert (measurement.device_offset_centi, measurement.site_offset_centi) == (-12, 45)
    assert (measurement.ambient_centi, measurement.spread_centi) == (2480, 0)
    assert (measurement.method, measurement.device, measurement.presence) == (Method.INFRARED, "forehead", 1)


def test_five_samples_are_needed():
    assert Series().feed(3650, 3650, 3650, 3650).measurements == []
    assert len(Series().feed(3650, 3650, 3650, 3650, 3650).measurements) == 1


def test_samples_within_exactly_a_fifth_of_a_degree_agree():
    assert [m.spread_centi for m in Series().feed(3650, 3670, 3660, 3655, 3665).measurements] == [20]
    assert Series().feed(3650, 3671, 3660, 3655, 3665).measurements == []


def test_two_of_seven_samples_may_be_wrong():
    (measurement,) = Series().feed(3650, 3900, 3652, 3651, 3300, 3653, 3654).measurements
    assert measurement.result_centi == 3652


def test_three_of_seven_wrong_samples_are_too_many():
    assert Series().feed(3650, 3900, 3652, 3400, 3300, 3653, 3654).measurements == []


def test_the_result_is_the_median_of_those_that_agree():
    assert [m.raw_centi for m in Series().feed(3640, 3641, 3642, 3655, 3656).measurements] == [3642]


def test_samples_too_far_apart_in_time_do_not_agree():
    assert Series().feed(*[3650] * 5, period=0.4).measurements == []
    assert len(Series().feed(*[3650] * 5, period=0.37).measurements) == 1


def test_a_slow_approach_is_measured_at_its_end_and_not_on_the_way():
    ramp = [round(2480 + (3660 - 2480) * step / 40) for step in range(41)]
    (measurement,) = Series().feed(*ramp, *[3660] * 10).measurements
    assert measurement.result_centi == pytest.approx(3660, abs=20)


def test_somebody_who_halts_at_a_distance_first_is_measured_at_the_end():
    (measurement,) = Series().feed(*[3150] * 10, *[3380] * 6, *[3660] * 10).measurements
    assert measurement.result_centi == 3660


def test_somebody_who_trembles_is_unsteady_after_some_seconds():
    series = Series().feed(*[3500, 3620, 3560, 3680, 3440] * 15)
    (measurement,) = series.measurements
    assert measurement.why_not is Unmeasurable.UNSTEADY
    assert measurement.result_centi is None
    assert measurement.raw_centi is None
    assert measurement.spread_centi == 240


def test_somebody_who_trembles_and_then_stands_still_is_measured():
    series = Series().feed(*[3500, 3620, 3560, 3680, 3440] * 5, *[3650] * 7)
    assert [m.result_centi for m in series.measurements] == [3650]


def test_a_cold_face_is_too_low_and_no_pass():
    (measurement,) = Series().run(0.5).person(3300, 4.0).measurements
    assert measurement.why_not is Unmeasurable.TOO_LOW
    assert measurement.result_centi is None
    assert measurement.raw_centi == pytest.approx(3300, abs=10)


def test_a_cold_face_that_has_warmed_up_is_measured_again():
    series = Series().run(0.5).person(3300, 4.0)
    series.settling.again()
    series.person(3640, 2.0)
    first, second = series.measurements
    assert first.why_not is Unmeasurable.TOO_LOW
    assert second.result_centi == pytest.approx(3640, abs=10)
    assert first.presence == second.presence


def test_somebody_from_a_hot_car_reads_38_and_less_when_measured_again():
    series = Series().run(0.5).person(3800, 1.5)
    series.settling.again()
    series.person(3690, 1.5)
    assert [m.result_centi for m in series.measurements] == [pytest.approx(3800, abs=10), pytest.approx(3690, abs=10)]


def test_a_fever_is_a_result():
    (measurement,) = Series().feed(*[3950] * 7).measurements
    assert (measurement.result_centi, measurement.why_not) == (3950, None)


@pytest.mark.parametrize(
    ("centi", "why_not"),
    [
        (3499, Unmeasurable.TOO_LOW),
        (3500, None),
        (4200, None),
        (4201, Unmeasurable.TOO_HIGH),
    ],
)
def test_the_limits_of_a_result_are_exact(centi, why_not):
    (measurement,) = Series().feed(*[centi] * 40).measurements
    assert measurement.why_not is why_not
    assert measurement.result_centi == (None if why_not else centi)


def test_limits_hold_for_the_result_after_offsets():
    (warm,) = Series(offsets=Offsets(0, 300)).feed(*[3300] * 40).measurements
    (hot,) = Series(offsets=Offsets(10, 0)).feed(*[4195] * 40).measurements
    assert warm.result_centi == 3600
    assert hot.why_not is Unmeasurable.TOO_HIGH


@pytest.mark.parametrize(
    ("ambient", "why_not"),
    [(1599, Unmeasurable.AMBIENT), (1600, None), (3500, None), (3501, Unmeasurable.AMBIENT)],
)
def test_a_module_outside_16_to_35_degrees_is_not_believed(ambient, why_not):
    (measurement,) = Series().feed(*[3650] * 7, ambient=ambient).measurements
    assert measurement.why_not is why_not
    assert measurement.ambient_centi == ambient


def test_sun_on_the_sensor_is_too_high():
    (measurement,) = Series().feed(*[5200] * 10).measurements
    assert measurement.why_not is Unmeasurable.TOO_HIGH


def test_a_wall_in_the_sun_is_never_a_pass():
    assert [m.why_not for m in Series(ambient=3300).run(10.0).measurements] == [Unmeasurable.TOO_LOW]


def test_an_empty_scene_gives_nothing():
    assert Series().run(30.0).events == []


def test_an_empty_scene_on_a_hot_day_gives_nothing_below_the_threshold():
    assert Series(ambient=2970).run(10.0).measurements == []


def test_two_people_in_a_row_are_two_presences_with_a_measurement_each():
    series = Series().run(0.5).person(3640, 1.5).nobody(0.6).person(3780, 1.5).nobody(1.0)
    assert series.began == [1, 2]
    assert series.ended == [1, 2]
    assert [(m.presence, m.result_centi) for m in series.measurements] == [
        (1, pytest.approx(3640, abs=10)),
        (2, pytest.approx(3780, abs=10)),
    ]


def test_a_nod_is_no_second_person():
    series = Series().run(0.5).person(3640, 1.0).feed(2800, 2700).person(3640, 1.0)
    assert series.began == [1]
    assert len(series.measurements) == 1


def test_noise_at_the_threshold_is_one_presence():
    chance = random.Random(7)
    series = Series().feed(*[round(chance.gauss(3000, 15)) for _ in range(2000)])
    assert series.began == [1]
    assert series.ended == []


def test_one_damaged_warm_sample_is_nobody():
    assert Series().feed(2480, 3700, 2480, 2480, 3650, 2480).events == []


def test_one_presence_has_one_measurement_however_long_it_lasts():
    assert len(Series().run(0.5).person(3650, 60.0).measurements) == 1


def test_again_gives_one_more_from_later_samples_alone():
    series = Series().feed(*[3650] * 7)
    series.settling.again()
    series.feed(*[3700] * 4)
    assert len(series.measurements) == 1
    series.feed(3700)
    assert [m.result_centi for m in series.measurements] == [3650, 3700]


def test_again_without_anybody_changes_nothing():
    series = Series().run(0.5)
    series.settling.again()
    assert series.run(2.0).events == []
    assert len(series.person(3650, 2.0).measurements) == 1


def test_a_silence_ends_the_presence():
    series = Series().feed(*[3650] * 7)
    assert series.settling.tick(series.now + 0.9) == ()
    series.events += series.settling.tick(series.now + 1.1)
    assert series.ended == [1]
    assert series.settling.presence is None


def test_behind_a_silence_the_same_forehead_is_a_new_presence():
    series = Series().feed(*[3650] * 7).pause(1.5).feed(*[3650] * 7)
    assert series.began == [1, 2]
    assert series.ended == [1]
    assert len(series.measurements) == 2


def test_samples_from_before_a_gap_never_count():
    series = Series().feed(*[3650] * 4).pause(0.6).feed(*[3650] * 4)
    assert series.measurements == []
    series.feed(3650)
    assert len(series.measurements) == 1


def test_samples_from_before_a_presence_never_count():
    assert Series().feed(3650, 2480, 3650, 2480, 3650, 3650, 3650).measurements == []


def test_cold_samples_within_a_presence_never_count_as_skin():
    series = Series(offsets=Offsets(0, 600)).feed(3100, 3100, *[2980] * 200)
    assert [m.why_not for m in series.measurements] == [Unmeasurable.UNSTEADY]


def test_an_interruption_ends_the_presence_and_forgets_every_sample():
    series = Series().feed(*[3650] * 4)
    series.events += series.settling.interrupt(series.now)
    series.feed(*[3650] * 4)
    assert series.ended == [1]
    assert series.measurements == []


def test_a_module_that_gives_no_ambient_is_believed():
    settling = Settling(DRIVER.rule, Offsets(), "t")
    events = [event for n in range(7) for event in settling.push(Sample(n * PERIOD_S, 3650, None))]
    assert len(events) == 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.07, 0.07, 0.07, 0.3, 0.6, 1.5]),
            st.one_of(st.integers(2000, 4500), st.integers(3640, 3660)),
        ),
        max_size=120,
    )
)
def test_whatever_comes_presences_alternate_and_results_are_medians_of_recent_warm_samples(steps):
    series = Series()
    given_samples = []
    for delay, centi in steps:
        series.feed(centi, period=delay)
        given_samples.append((series.now, centi))
    assert series.began == list(range(1, len(series.began) + 1))
    assert series.ended in (series.began, series.began[:-1])
    assert len({m.presence for m in series.measurements}) == len(series.measurements)
    for measurement in series.measurements:
        if measurement.raw_centi is None:
            continue
        near = [
            centi
            for at, centi in given_samples
            if measurement.at - DRIVER.rule.span_s <= at and abs(centi - measurement.raw_centi) <= 20 and centi > 3000
        ]
        assert len(near) >= DRIVER.rule.agreeing
        assert (measurement.result_centi is None) == (measurement.why_not is not None)


def readings(seconds: float, centi: int) -> list[Sample]:
    return [Sample(n * PERIOD_S, centi, 2480) for n in range(math.ceil(seconds / PERIOD_S))]


def test_a_warm_reading_that_never_moves_is_stuck():
    stuckness = Stuckness()
    verdicts = [stuckness.stuck(sample) for sample in readings(6.0, 3650)]
    assert not any(verdicts[: int(4.9 / PERIOD_S)])
    assert verdicts[-1]


def test_a_still_wall_is_not_stuck():
    stuckness = Stuckness()
    assert not any(stuckness.stuck(sample) for sample in readings(60.0, 2480))


def test_a_living_person_is_not_stuck():
    series = Series().run(0.5)
    series.scene.person(3650, series.now)
    stuckness = Stuckness()
    for _ in range(2000):
        series.now += PERIOD_S
        assert not stuckness.stuck(Sample(series.now, *series.scene.reading(series.now)))


def test_a_reading_that_moves_again_is_believed_again():
    stuckness = Stuckness()
    samples = readings(6.0, 3650)
    assert [stuckness.stuck(sample) for sample in samples][-1]
    assert not stuckness.stuck(Sample(samples[-1].at + PERIOD_S, 3652, 2480))
