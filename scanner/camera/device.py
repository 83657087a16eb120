"""A V4L2 camera: Motion JPEG where the camera offers it, decoded straight to grey."""

from __future__ import annotations

import logging
import time
from typing import Final

import cv2
import numpy as np

from scanner.camera.frame import CameraError, Frame, Grey
from scanner.camera.picture import PictureError, decode_picture, flatten

logger = logging.getLogger(__name__)

_MAX_PIXELS: Final = 4096 * 2160
_MAX_DAMAGED: Final = 60
"""Damaged pictures in a row after which the camera is opened anew."""


class DeviceCamera:
    """Reads `/dev/videoN` through OpenCV. A read may block for as long as the driver pleases, even for ever."""

    live = True

    def __init__(self, source: int | str, width: int, height: int, fps: int) -> None:
        """Open and ask for `width` × `height` at `fps`; the camera may give something else.

        Raises CameraError when there is no such camera, it may not be opened, or another program has it.
        """
        self._name = f"camera {source}" if isinstance(source, int) else str(source)
        self._video = cv2.VideoCapture(source, cv2.CAP_V4L2)
        if not self._video.isOpened():
            self._video.release()
            raise CameraError(
                f"{self._name} cannot be opened: is it plugged in, may this user read it (group video), "
                "and is no other program using it?"
            )
        self._video.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._video.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        self._video.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        self._video.set(cv2.CAP_PROP_FPS, fps)
        self._video.set(cv2.CAP_PROP_BUFFERSIZE, 2)
        raw = self._video.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        got_width = int(self._video.get(cv2.CAP_PROP_FRAME_WIDTH))
        got_height = int(self._video.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self._height = got_height
        self._number = -1
        logger.info("%s opened: %d × %d, %s", self._name, got_width, got_height, "raw" if raw else "converted")

    def read(self) -> Frame | None:
        """Block until the next picture. Never None. Raises CameraError when the camera fails."""
        for _ in range(_MAX_DAMAGED):
            try:
                read, picture = self._video.read()
            except cv2.error as error:
                raise CameraError(f"{self._name} failed: {error}") from error
            if not read:
                raise CameraError(f"{self._name} gives no picture: was it unplugged?")
            self._number += 1
            try:
                return Frame(raw_to_grey(np.asarray(picture), self._height), time.monotonic(), self._number)
            except PictureError:
                continue
        raise CameraError(f"{self._name} gives damaged pictures only: check its cable, or another USB port")

    def close(self) -> None:
        """Let go of the device."""
        self._video.release()


def raw_to_grey(picture: np.ndarray[tuple[int, ...], np.dtype[np.generic]], height: int) -> Grey:
    """Make grey of what V4L2 gave, converted or not.

    A compressed picture comes as one row of bytes; YUYV as two channels, brightness first; planar formats (NV12,
    YU12) as one channel of 3/2 × `height` rows, brightness on top; anything else as BGR. Raises PictureError.
    """
    if picture.dtype == np.uint8 and picture.ndim in (1, 2) and 1 in (picture.ndim, *picture.shape[:2]):
        return decode_picture(picture.tobytes(), max_pixels=_MAX_PIXELS)
    grey = flatten(picture)
    if grey.shape[0] == height * 3 // 2 and height > 0:
        return np.ascontiguousarray(grey[:height])
    return grey
