from __future__ import annotations

import cv2
import numpy as np

from scanner.camera.frame import Box, Frame
from scanner.camera.meter import Meter
from scanner.camera.sharpness import sharpness
from tests.scanner.pictures import code, placed, scene

WHOLE = Box(0, 0, 1, 1)


def blurred(sigma: float) -> float:
    picture = placed(code("HELLO"), 300, 200, on=scene(640, 480))
    return sharpness(np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8), WHOLE)


def test_turning_the_lens_towards_focus_raises_the_number() -> None:
    numbers = [blurred(sigma) for sigma in (6.0, 3.0, 1.5, 0.8, 0.4)]
    assert numbers == sorted(numbers)
    assert numbers[-1] > 3 * numbers[0]


def test_light_matters_little() -> None:
    picture = placed(code("HELLO"), 300, 200, on=scene(640, 480))
    bright, dim = sharpness(picture, WHOLE), sharpness((picture // 2).astype(np.uint8), WHOLE)
    assert abs(bright - dim) < bright * 0.1


def test_nothing_is_not_sharp() -> None:
    assert sharpness(np.full((100, 100), 7, np.uint8), WHOLE) == 0


def test_only_the_region_counts() -> None:
    picture = np.full((400, 400), 90, np.uint8)
    picture[100:200, 100:200] = code("A", scale=2)[:100, :100].mean()
    picture[300:, 300:] = scene(100, 100)
    assert sharpness(picture, Box(0, 0, 0.2, 0.2)) == 0
    assert sharpness(picture, Box(0.75, 0.75, 0.25, 0.25)) > 1


def test_the_meter_counts_what_the_camera_gave_and_what_was_read() -> None:
    meter = Meter(WHOLE)
    assert meter.report() is None
    picture = scene(320, 240)
    for number in range(0, 31, 2):
        meter.add(Frame(picture, 10 + number / 30, number, number == 4), codes=number % 4 == 0)
    reading = meter.report()
    assert reading is not None
    assert (round(reading.fps), round(reading.read_fps), round(reading.codes)) == (30, 15, 7)
    assert (reading.width, reading.height, reading.damaged) == (320, 240, 1)
    assert reading.best == reading.sharpness > 0
    assert meter.report() is None  # nothing new
    meter.add(Frame(np.full((240, 320), 5, np.uint8), 12.0, 60), codes=0)
    flat = meter.report()
    assert flat is not None
    assert flat.sharpness == 0
    assert flat.best == reading.best
