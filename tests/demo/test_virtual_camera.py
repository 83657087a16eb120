"""The virtual camera, and the FIFO that it writes into."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from demo.virtual_camera import VirtualCamera, pictures


def grey(jpeg: bytes) -> np.ndarray:  # type: ignore[type-arg]  # a test picture
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)


def test_pictures_of_one_code_all_read_and_none_is_like_another() -> None:
    shown = pictures("JKM1:A")
    assert len(set(shown)) == len(shown) > 1
    assert {found.text for each in shown for found in zxingcpp.read_barcodes(grey(each))} == {"JKM1:A"}


def test_without_a_code_there_is_nothing_to_read() -> None:
    assert not any(zxingcpp.read_barcodes(grey(each)) for each in pictures(None))


def test_a_fifo_that_was_there_before_stays_when_the_camera_goes(tmp_path: Path) -> None:
    fifo = tmp_path / "camera.mjpeg"
    os.mkfifo(fifo)
    camera = VirtualCamera(fifo)
    camera.start()
    camera.stop()
    assert fifo.is_fifo()


def test_a_text_that_no_code_can_hold_leaves_what_is_shown(tmp_path: Path) -> None:
    camera = VirtualCamera(tmp_path / "camera.mjpeg")
    before = camera.frames
    with pytest.raises(ValueError, match="too large"):
        camera.show("A" * 5000)
    assert camera.frames is before
