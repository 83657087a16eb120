"""Frozen, empty, damaged, slow and changing pictures, by hand-turned time."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from scanner.camera.frame import Frame, Grey
from scanner.camera.picture import decode_jpeg
from scanner.camera.watch import EMPTY_S, FROZEN_S, Fault, Grade, PictureWatch
from tests.scanner.pictures import code, jpeg, placed, scene

NOISY = [scene(320, 240, seed=seed) for seed in range(3)]


class Line:
    """A camera line at a steady rate; `play` returns the last fault."""

    def __init__(self, fps: float = 30, asked: int = 30) -> None:
        self.watch = PictureWatch(asked)
        self.fps = fps
        self.count = 0

    def show(self, grey: Grey, *, damaged: bool = False) -> Fault | None:
        self.count += 1
        return self.watch.judge(Frame(grey, self.count / self.fps, self.count, damaged))

    def play(self, seconds: float, *pictures: Grey) -> Fault | None:
        fault = None
        for number in range(round(seconds * self.fps)):
            fault = self.show(pictures[number % len(pictures)])
        return fault


def grade(fault: Fault | None) -> Grade | None:
    return None if fault is None else fault.grade


def test_a_noisy_wall_is_nothing_to_say() -> None:
    assert Line().play(20, *NOISY) is None


def test_the_same_picture_for_seconds_is_frozen_and_the_next_one_is_not() -> None:
    line = Line()
    assert line.play(FROZEN_S - 0.1, NOISY[0]) is None
    fault = line.play(0.2, NOISY[0])
    assert fault is not None
    assert fault.grade is Grade.FROZEN
    assert "not changed for 3 s" in fault.words
    assert line.show(NOISY[1]) is None


def test_a_frozen_picture_that_is_compressed_anew_is_frozen_all_the_same() -> None:
    again = NOISY[0].copy()
    again[::2, ::2] += 1
    assert grade(Line().play(FROZEN_S + 1, NOISY[0], again)) is Grade.FROZEN


def test_noise_of_one_level_in_a_few_pixels_is_a_living_sensor() -> None:
    rng = np.random.default_rng(1)
    quiet = [np.clip(NOISY[0] + np.rint(rng.normal(0, 0.6, NOISY[0].shape)), 0, 255).astype(np.uint8) for _ in range(8)]
    assert Line().play(FROZEN_S * 3, *quiet) is None


def test_a_small_code_that_appears_thaws_a_frozen_picture() -> None:
    line = Line()
    wall = scene()
    assert grade(line.play(FROZEN_S + 0.5, wall)) is Grade.FROZEN
    assert line.show(placed(code("HELLO", scale=2), 900, 500, on=wall.copy())) is None


def test_a_camera_opened_anew_with_the_same_picture_is_still_frozen() -> None:
    line = Line()
    line.play(FROZEN_S + 0.5, NOISY[0])
    line.watch.reopened()
    assert grade(line.show(NOISY[0])) is Grade.FROZEN


def test_frozen_at_one_picture_a_second_is_noticed_too() -> None:
    assert grade(Line(fps=1, asked=1).play(FROZEN_S + 2, NOISY[0])) is Grade.FROZEN


@pytest.mark.parametrize(
    ("level", "words"),
    [(0, "black"), (16, "black"), (255, "white"), (150, "one colour")],
    ids=["0", "16", "255", "150"],
)
def test_an_empty_picture_is_said_after_a_moment(level: int, words: str) -> None:
    line = Line()
    empty = np.full((240, 320), level, np.uint8)
    assert line.play(EMPTY_S - 0.1, empty) is None
    fault = line.play(5, empty)
    assert fault is not None
    assert fault.grade is Grade.LOST
    assert words in fault.words
    assert line.show(NOISY[0]) is None


def test_a_green_frame_as_a_broken_usb_line_gives_it_is_of_one_colour() -> None:
    green = np.zeros((240, 320, 3), np.uint8)
    green[:, :, 1] = 135  # YUV 0, 0, 0 shown as BGR
    grey, _ = decode_jpeg(bytes(cv2.imencode(".jpg", green)[1]))
    fault = Line().play(5, grey)
    assert fault is not None
    assert "green" in fault.words


def test_a_covered_lens_with_a_noisy_sensor_is_black() -> None:
    rng = np.random.default_rng(2)
    dark = [np.clip(rng.normal(6, 1.5, (240, 320)), 0, 255).astype(np.uint8) for _ in range(4)]
    fault = Line().play(5, *dark)
    assert fault is not None
    assert "black" in fault.words


def test_a_phone_in_the_dark_is_a_picture() -> None:
    rng = np.random.default_rng(3)
    phone = code("HELLO", scale=3)
    dark = []
    for _ in range(4):
        night = np.clip(rng.normal(6, 1.5, (480, 640)), 0, 255).astype(np.uint8)
        dark.append(placed(phone, 300, 200, on=night))
    assert Line().play(10, *dark) is None


def test_a_hand_before_the_lens_for_a_second_is_nothing_to_say() -> None:
    line = Line()
    line.play(3, *NOISY)
    assert line.play(1, np.zeros((240, 320), np.uint8)) is None
    assert line.play(3, *NOISY) is None


def test_many_damaged_pictures_are_said_and_a_few_are_not() -> None:
    line = Line()
    for number in range(60):
        assert line.show(NOISY[number % 3], damaged=number % 20 == 0) is None
    fault = None
    for number in range(120):
        fault = line.show(NOISY[number % 3], damaged=number % 2 == 0)
    assert fault is not None
    assert fault.grade is Grade.POOR
    assert "damaged" in fault.words


def test_one_change_of_size_is_a_setting_and_many_are_a_fault() -> None:
    line = Line()
    small = scene(160, 120)
    line.play(2, *NOISY)
    assert line.play(0.5, small, scene(160, 120, seed=2)) is None
    fault = line.play(2, small, NOISY[0])
    assert fault is not None
    assert "size" in fault.words


def test_one_picture_a_second_is_said_after_some() -> None:
    line = Line(fps=1)
    assert line.play(3, *NOISY) is None
    fault = line.play(3, *NOISY)
    assert fault is not None
    assert fault.grade is Grade.POOR
    assert "1 of 30 pictures a second" in fault.words


def test_a_slow_rate_that_was_asked_for_is_nothing_to_say() -> None:
    assert Line(fps=2, asked=2).play(20, *NOISY) is None


def test_a_silence_does_not_count_as_slow() -> None:
    line = Line()
    line.play(6, *NOISY)
    line.count += 300
    line.watch.reopened()
    assert line.play(1, *NOISY) is None


def test_jpegs_of_a_standing_scene_differ_by_their_noise_alone() -> None:
    assert Line().play(10, *(decode_jpeg(jpeg(picture, 70))[0] for picture in NOISY)) is None


def test_what_comes_and_goes_is_said_once_until_it_has_been_good_for_a_while() -> None:
    line = Line()
    faults = []
    for number in range(30 * 40):
        second = number // 30
        faults.append(line.show(NOISY[number % 3], damaged=second % 6 < 2 and second < 20))
    said = [fault is not None for fault in faults]
    changes = [number / 30 for number in range(1, len(said)) if said[number] is not said[number - 1]]
    assert len(changes) == 2
    assert changes[1] == pytest.approx(22 + 10, abs=2)
