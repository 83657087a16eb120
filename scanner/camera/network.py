"""A camera on the network: an address such as rtsp://… or http://…, read through FFmpeg."""

from __future__ import annotations

import os
import time
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import cv2
import numpy as np

from scanner.camera.frame import CameraError, Frame
from scanner.camera.picture import PictureError, flatten

OPEN_TIMEOUT_MS: Final = 8000
READ_TIMEOUT_MS: Final = 1500

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # the errors here say it in words


class NetworkCamera:
    """Reads a stream as fast as it comes. Its end is a loss: a camera does not end."""

    live = True

    def __init__(self, address: str) -> None:
        """Connect. Raises CameraError when nothing answers or it is no video."""
        self._name = without_password(address)
        self._number = -1
        self._video = cv2.VideoCapture(
            address,
            cv2.CAP_FFMPEG,
            [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS],
        )
        if not self._video.isOpened():
            self._video.release()
            raise CameraError(f"the camera at {self._name} does not answer: check its address, power and network")

    def read(self) -> Frame | None:
        """Block until the next picture. Never None. Raises CameraError when the stream breaks or ends."""
        try:
            read, picture = self._video.read()
            if not read:
                raise CameraError(f"the camera at {self._name} has stopped sending")
            self._number += 1
            return Frame(flatten(np.asarray(picture)), time.monotonic(), self._number)
        except (cv2.error, PictureError) as error:
            raise CameraError(f"the camera at {self._name} failed: {error}") from error

    def close(self) -> None:
        """End the connection."""
        self._video.release()


def without_password(address: str) -> str:
    """Return an address as it may stand in a log: without user and password."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "an address that cannot be read"
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
