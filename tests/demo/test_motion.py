"""Hands and people move as functions of time alone."""

from __future__ import annotations

import math

from demo.geometry import HEIGHT, WIDTH
from demo.motion import LOWER_S, WALK_S, Course, Hold, Walk


def test_a_hand_comes_from_below_and_ends_where_it_holds() -> None:
    hold = Hold(x=700, y=330, tremble_px=2.0)
    course = Course(hold, module_mm=1.0, seed=1, begin=10.0)
    assert course.pose(10.0).y > HEIGHT
    held = course.pose(10.0 + hold.rise_s)
    assert math.dist((held.x, held.y), (hold.x, hold.y)) <= 2 * hold.tremble_px
    assert held.scale == hold.module_px


def test_a_hand_grows_slower_towards_the_end_of_its_way() -> None:
    course = Course(Hold(tremble_px=0, rise_s=0.5), module_mm=1.0, seed=1, begin=0.0)
    steps = [course.pose(t / 10).y - course.pose((t + 1) / 10).y for t in range(5)]
    assert steps == sorted(steps, reverse=True)


def test_a_lowered_hand_is_gone_only_when_it_has_left_the_picture() -> None:
    course = Course(Hold(), module_mm=1.0, seed=1, begin=0.0)
    assert not course.gone(100.0)
    course.lower(5.0)
    assert not course.gone(5.0 + LOWER_S / 2)
    assert course.gone(5.0 + LOWER_S)
    assert course.pose(5.0 + LOWER_S).y > HEIGHT + 300


def test_a_held_hand_trembles_and_the_same_seed_trembles_alike() -> None:
    first, second, other = (Course(Hold(), 1.0, seed, begin=0.0) for seed in (3, 3, 4))
    times = [1 + t / 30 for t in range(30)]
    assert [first.pose(t) for t in times] == [second.pose(t) for t in times]
    assert [first.pose(t) for t in times] != [other.pose(t) for t in times]
    assert len({first.pose(t).x for t in times}) > 25


def test_a_person_comes_from_the_right_and_leaves_to_the_left() -> None:
    walk = Walk(begin=0.0, stand_x=430)
    assert walk.place(0.0)[0] > WIDTH
    assert walk.place(WALK_S)[0] == 430
    walk.leave(5.0)
    assert walk.place(5.0 + WALK_S)[0] < -200
    assert walk.gone(5.0 + WALK_S)
    assert not walk.gone(5.0)
