"""A V4L2 camera: Motion JPEG where the camera offers it, decoded straight to grey."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from scanner.camera.frame import CameraError, Frame, Grey
from scanner.camera.lens import Lens
from scanner.camera.picture import PictureError, decode_jpeg, flatten
from scanner.camera.v4l2 import VideoDevice
from scanner.camera.v4l2_lens import V4l2Lens
from scanner.config.model import CameraSection

logger = logging.getLogger(__name__)

SILENT_S: Final = 1.5
"""Without a picture for so long, the camera has failed."""
_MAX_PIXELS: Final = 4096 * 2160
_MAX_DAMAGED: Final = 60
"""Pictures in a row without anything decodable after which the camera is opened anew."""


class DeviceCamera:
    """Reads `/dev/videoN` through OpenCV. A read may block for as long as the driver pleases, even for ever."""

    live = True

    def __init__(self, source: int | str, section: CameraSection) -> None:
        """Open and ask for what the section says; what the camera gives instead is in `remarks`.

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
        self._video.set(cv2.CAP_PROP_FRAME_WIDTH, section.width)
        self._video.set(cv2.CAP_PROP_FRAME_HEIGHT, section.height)
        self._video.set(cv2.CAP_PROP_FPS, section.fps)
        self._video.set(cv2.CAP_PROP_BUFFERSIZE, 2)
        raw = self._video.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        self._height = int(self._video.get(cv2.CAP_PROP_FRAME_HEIGHT))
        self._number = -1
        self._waits = True
        self._lens = _open_lens(source, section)
        self.remarks = tuple(self._unasked(section)) + (() if self._lens is None else self._lens.remarks)
        got = f"{self._video.get(cv2.CAP_PROP_FRAME_WIDTH):.0f} × {self._height}"
        logger.info("%s opened: %s, %s", self._name, got, "raw" if raw else "converted")

    @property
    def lens(self) -> Lens | None:
        """What of its exposure follows the light."""
        return self._lens if self._lens is not None and self._lens.adapts else None

    def read(self) -> Frame | None:
        """Block until the next picture. Never None. Raises CameraError when the camera fails."""
        for _ in range(_MAX_DAMAGED):
            try:
                read, picture = self._next()
            except cv2.error as error:
                raise CameraError(f"{self._name} failed: {error}") from error
            if not read:
                raise CameraError(f"{self._name} gives no picture: was it unplugged?")
            self._number += 1
            try:
                grey, damaged = raw_to_grey(np.asarray(picture), self._height)
            except PictureError:
                continue
            return Frame(grey, time.monotonic(), self._number, damaged)
        raise CameraError(f"{self._name} gives damaged pictures only: check its cable, or another USB port")

    def close(self) -> None:
        """Let go of the device. Safe to call twice."""
        self._video.release()
        if self._lens is not None:
            self._lens.close()

    def _next(self) -> tuple[bool, object]:
        """Wait for a picture, but not for ever: OpenCV's own read waits ten seconds and holds the device meanwhile."""
        if not self._waits:
            return self._video.read()
        try:
            ready, _which = cv2.VideoCapture.waitAny([self._video], int(SILENT_S * 1e9))
        except cv2.error:  # OpenCV promises it for V4L2 only, and a build may lack it
            self._waits = False
            return self._video.read()
        return self._video.retrieve() if ready else (False, None)

    def _unasked(self, section: CameraSection) -> list[str]:
        """Sentences about what it gives instead of what was asked."""
        remarks = []
        width, height = (int(self._video.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if (width, height) != (section.width, section.height):
            remarks.append(f"it gives {width} × {height}, not {section.width} × {section.height}")
        fps = self._video.get(cv2.CAP_PROP_FPS)
        if 0 < fps < section.fps * 0.9:
            remarks.append(f"it gives {fps:.0f} pictures a second, not {section.fps}")
        code = int(self._video.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=False)
        if code != b"MJPG":
            name = code.decode("ascii", "replace")
            remarks.append(f"it gives {name} instead of MJPG, which needs more of the USB line")
        return remarks


def device_path(source: int | str) -> Path:
    """Return the path of a V4L2 camera that may be given by its number."""
    return Path(f"/dev/video{source}" if isinstance(source, int) else source)


def _open_lens(source: int | str, section: CameraSection) -> V4l2Lens | None:
    try:
        return V4l2Lens(VideoDevice(device_path(source)), section)
    except CameraError as error:
        logger.info("exposure and focus are left to the camera: %s", error)
        return None


def raw_to_grey(picture: np.ndarray[tuple[int, ...], np.dtype[np.generic]], height: int) -> tuple[Grey, bool]:
    """Make grey of what V4L2 gave, converted or not, and say whether it arrived damaged.

    A compressed picture comes as one row of bytes; YUYV as two channels, brightness first; planar formats (NV12,
    YU12) as one channel of 3/2 × `height` rows, brightness on top; anything else as BGR. Raises PictureError.
    """
    if picture.dtype == np.uint8 and picture.ndim in (1, 2) and 1 in (picture.ndim, *picture.shape[:2]):
        return decode_jpeg(picture.tobytes(), max_pixels=_MAX_PIXELS)
    grey = flatten(picture)
    if grey.shape[0] == height * 3 // 2 and height > 0:
        return np.ascontiguousarray(grey[:height]), False
    return grey, False
