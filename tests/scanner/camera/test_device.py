"""Without a camera: what V4L2 drivers hand over, made of arrays of the same shapes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from scanner.camera.device import raw_to_grey
from scanner.camera.picture import PictureError
from tests.scanner.pictures import jpeg, number_in, numbered


def read(picture: np.ndarray) -> tuple[int, bool]:  # type: ignore[type-arg]  # of any shape
    grey, damaged = raw_to_grey(picture, 240)
    return number_in(grey), damaged


@pytest.mark.parametrize("shape", [(1, -1), (-1, 1), (-1,)])
def test_motion_jpeg_bytes_are_decoded(shape: tuple[int, ...]) -> None:
    data = np.frombuffer(jpeg(numbered(9)) + bytes(700), np.uint8)  # drivers pad
    assert read(data.reshape(shape)) == (9, False)


def test_damaged_motion_jpeg_is_refused() -> None:
    with pytest.raises(PictureError):
        raw_to_grey(np.zeros((1, 5000), np.uint8), 240)


def test_yuyv_is_its_first_channel() -> None:
    yuyv = np.dstack([numbered(9), np.full((240, 320), 128, np.uint8)])
    assert read(yuyv) == (9, False)


@pytest.mark.parametrize("axes", [2, 3])
def test_planar_formats_are_cut_to_their_brightness(axes: int) -> None:
    planes = np.vstack([numbered(9), np.full((120, 320), 128, np.uint8)])
    grey, _ = raw_to_grey(planes if axes == 2 else planes[:, :, np.newaxis], 240)
    assert grey.shape == (240, 320)
    assert number_in(grey) == 9


def test_converted_pictures_become_grey() -> None:
    assert read(cv2.cvtColor(numbered(9), cv2.COLOR_GRAY2BGR)) == (9, False)


@pytest.mark.parametrize("brightness", [0, 255])
def test_a_picture_of_one_brightness_is_a_picture(brightness: int) -> None:
    assert raw_to_grey(np.full((240, 320, 3), brightness, np.uint8), 240)[0].mean() == brightness


def test_a_torn_motion_jpeg_is_read_as_far_as_it_goes_and_said() -> None:
    data = jpeg(numbered(9))
    torn = np.frombuffer(data[: len(data) * 2 // 3] + bytes(300), np.uint8)
    assert read(torn.reshape(1, -1)) == (9, True)
