"""The judge's numbers are those that were measured, and the drawing keeps to them: read at a limit, not far beyond."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmarks.crowd.conditions import Finger
from benchmarks.crowd.count import bare_texts
from benchmarks.crowd.sweep import BARE, Frame, take
from demo.artwork import Kind
from demo.geometry import Fault
from keys.verdict import Carrier

CAMERA = replace(BARE, lens_sigma=0.5, noise=2.0, jpeg=85)
PHONE = Carrier.PHONE


@pytest.mark.parametrize(
    ("within", "beyond", "fault"),
    [
        (Frame(conditions=CAMERA, module_px=3.26), Frame(conditions=CAMERA, module_px=3.24), Fault.TOO_SMALL),
        (Frame(conditions=CAMERA, motion_px=4.9), Frame(conditions=CAMERA, motion_px=5.1), Fault.MOVING),
        (
            Frame(conditions=replace(CAMERA, lens_sigma=1.69)),
            Frame(conditions=replace(CAMERA, lens_sigma=1.71)),
            Fault.DEFOCUSED,
        ),
        (Frame(conditions=CAMERA, pitch=54.0, module_px=4.6), Frame(conditions=CAMERA, pitch=56.0), Fault.TILTED),
        (
            Frame(conditions=replace(CAMERA, noise=24.9)),
            Frame(conditions=replace(CAMERA, noise=25.1)),
            Fault.NOISY,
        ),
        (
            Frame(conditions=replace(CAMERA, screen=0.11)),
            Frame(conditions=replace(CAMERA, screen=0.09)),
            Fault.DARK,
        ),
        (
            Frame(conditions=replace(CAMERA, glare=400.0, glare_mm=4.0)),
            Frame(conditions=replace(CAMERA, glare=400.0, glare_mm=12.0)),
            Fault.GLARE,
        ),
        (
            Frame(conditions=replace(CAMERA, finger=Finger(1.5, 0.5, 1.0))),
            Frame(conditions=replace(CAMERA, finger=Finger(2.5, 0.5, 1.0))),
            Fault.COVERED,
        ),
    ],
)
def test_each_measured_limit_is_where_the_judge_says_no(within: Frame, beyond: Frame, fault: Fault) -> None:
    assert take(within).judgement.faults == ()
    assert fault in take(beyond).judgement.faults


def rate(make: Callable[[int], Frame]) -> float:
    """Share of six frames that a bare zxing-cpp call reads."""
    taken = [take(make(seed)) for seed in range(6)]
    return sum(one.text in bare_texts(one.picture) for one in taken) / len(taken)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("at_the_limit", "far_beyond"),
    [
        (
            lambda seed: Frame(seed, shown=PHONE, conditions=CAMERA, module_px=3.25, roll=7.0 * seed),
            lambda seed: Frame(seed, shown=PHONE, conditions=CAMERA, module_px=1.4, roll=7.0 * seed),
        ),
        (
            lambda seed: Frame(seed, conditions=CAMERA, motion_px=5.0, motion_degrees=23.0 * seed),
            lambda seed: Frame(seed, conditions=CAMERA, motion_px=10.0, motion_degrees=23.0 * seed),
        ),
        (
            lambda seed: Frame(seed, conditions=replace(CAMERA, lens_sigma=1.65), roll=7.0 * seed),
            lambda seed: Frame(seed, conditions=replace(CAMERA, lens_sigma=2.5), roll=7.0 * seed),
        ),
        (
            lambda seed: Frame(seed, shown=PHONE, conditions=CAMERA, yaw=55.0, roll=7.0 * seed),
            lambda seed: Frame(seed, shown=PHONE, conditions=CAMERA, yaw=72.0, roll=7.0 * seed),
        ),
        (
            lambda seed: Frame(seed, shown=PHONE, conditions=replace(CAMERA, screen=0.1, ambient=0.1)),
            lambda seed: Frame(seed, shown=PHONE, conditions=replace(CAMERA, screen=0.03, ambient=0.1)),
        ),
    ],
    ids=["module", "motion", "defocus", "tilt", "brightness"],
)
def test_the_drawing_is_read_at_a_limit_and_not_far_beyond(
    at_the_limit: Callable[[int], Frame], far_beyond: Callable[[int], Frame]
) -> None:
    assert rate(at_the_limit) >= 0.9
    assert rate(far_beyond) <= 0.25


def test_glare_on_a_finder_pattern_counts_as_covering_it() -> None:
    corner = replace(CAMERA, glare=400.0, glare_mm=3.0, glare_at=(-24.0, -24.0))
    judged = take(Frame(seed=3, conditions=corner)).judgement
    assert judged.code.glare_share < 0.08
    assert Fault.COVERED in judged.faults
    middle = take(Frame(seed=3, conditions=replace(corner, glare_at=(0.0, 0.0)))).judgement
    assert middle.faults == ()


def test_nothing_shines_on_bare_paper() -> None:
    shining = replace(CAMERA, glare=400.0, glare_mm=9.0)
    assert take(Frame(kind=Kind.PAPER, conditions=shining)).judgement.code.glare_share == 0
    assert take(Frame(kind=Kind.PAPER, conditions=replace(shining, haze=0.1))).judgement.code.glare_share > 0
