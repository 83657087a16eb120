"""The judge of drawn codes: each limit by itself, exactly at its edge."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.geometry import (
    FORESHORTENED_PX,
    DrawnCode,
    Fault,
    Point,
    Pose,
    faults,
    project,
    square,
)

MODULES = 57


def drawn(x: float = 640, y: float = 360, module_px: float = 4.1) -> DrawnCode:
    """A code held flat and still in the middle of the picture."""
    return DrawnCode(
        corners=square((x, y), MODULES * module_px),
        outer=square((x, y), (MODULES + 8) * module_px),
        modules=MODULES,
        module_px=module_px,
        tilt=0.0,
        motion_px=0.0,
        defocus_sigma=0.0,
        noise_sigma=0.0,
        brightness=1.0,
        glare_share=0.0,
    )


def test_a_code_held_flat_and_still_can_be_read() -> None:
    assert faults(drawn()) == ()


@pytest.mark.parametrize(
    ("kept", "broken", "fault"),
    [
        ({"motion_px": 5.0}, {"motion_px": 5.01}, Fault.MOVING),
        ({"defocus_sigma": 1.7}, {"defocus_sigma": 1.71}, Fault.DEFOCUSED),
        ({"tilt": 55.0}, {"tilt": 55.1}, Fault.TILTED),
        ({"noise_sigma": 25.0}, {"noise_sigma": 25.1}, Fault.NOISY),
        ({"brightness": 0.10}, {"brightness": 0.09}, Fault.DARK),
        ({"glare_share": 0.08}, {"glare_share": 0.081}, Fault.GLARE),
        ({"covered": False}, {"covered": True}, Fault.COVERED),
    ],
)
def test_each_limit_holds_to_its_edge_and_no_further(
    kept: dict[str, float], broken: dict[str, float], fault: Fault
) -> None:
    assert faults(replace(drawn(), **kept)) == ()  # type: ignore[arg-type]  # fields by name
    assert faults(replace(drawn(), **broken)) == (fault,)  # type: ignore[arg-type]


def test_modules_smaller_than_three_and_a_quarter_pixels_are_too_small() -> None:
    assert faults(drawn(module_px=3.25)) == ()
    assert faults(drawn(module_px=3.24)) == (Fault.TOO_SMALL,)


def test_a_small_code_may_not_be_tilted_as_far_as_a_large_one() -> None:
    pose = Pose(640, 360, 1.0, pitch=50.0)
    for module_px, expected in ((4.2, ()), (3.3, (Fault.TOO_SMALL,))):
        corners = project(replace(pose, scale=module_px), square((0, 0), MODULES))
        code = replace(drawn(module_px=module_px), corners=corners, tilt=pose.tilt)
        assert faults(code) == expected


def test_the_quiet_zone_counts_as_part_of_the_code() -> None:
    half_outer = (MODULES + 8) * 4.1 / 2
    assert faults(drawn(x=half_outer + 0.1)) == ()
    assert faults(drawn(x=half_outer - 0.1)) == (Fault.OUTSIDE,)


def test_every_broken_limit_is_named() -> None:
    assert set(faults(replace(drawn(), motion_px=9.0, tilt=70.0, brightness=0.0))) == {
        Fault.MOVING,
        Fault.TILTED,
        Fault.DARK,
    }


def test_a_plane_held_flat_is_drawn_to_scale() -> None:
    assert project(Pose(100, 200, 4.0), ((0, 0), (10, 0), (0, -5))) == ((100, 200), (140, 200), (100, 180))


def test_the_edge_that_leans_away_is_drawn_shorter() -> None:
    top_left, top_right, bottom_right, bottom_left = project(Pose(640, 360, 4.0, pitch=30.0), square((0, 0), 60))
    assert math.dist(top_left, top_right) < math.dist(bottom_left, bottom_right)
    top_left, top_right, bottom_right, bottom_left = project(Pose(640, 360, 4.0, yaw=30.0), square((0, 0), 60))
    assert math.dist(top_right, bottom_right) < math.dist(top_left, bottom_left)


@given(
    pitch=st.floats(-60, 60),
    yaw=st.floats(-60, 60),
    roll=st.floats(-180, 180),
    at=st.tuples(st.floats(0, 1280), st.floats(0, 720)),
)
def test_however_it_is_turned_the_origin_stays_where_it_is_held(
    pitch: float, yaw: float, roll: float, at: Point
) -> None:
    ((x, y),) = project(Pose(*at, 3.0, pitch, yaw, roll), ((0, 0),))
    assert (x, y) == pytest.approx(at, abs=1e-6)


@given(angle=st.floats(0, 80), roll=st.floats(-180, 180))
def test_turning_in_the_plane_is_no_tilt(angle: float, roll: float) -> None:
    assert Pose(0, 0, 1, pitch=angle, roll=roll).tilt == pytest.approx(angle, abs=1e-6)


def test_what_is_left_of_a_module_at_the_steepest_tilt_is_known() -> None:
    assert pytest.approx(2.352, abs=0.001) == FORESHORTENED_PX
