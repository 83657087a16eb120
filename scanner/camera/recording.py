"""Cameras that end: a video file, and a folder of stills. Both are played in real time, and skip when behind."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from scanner.camera.frame import CameraError, Frame
from scanner.camera.picture import STILL_SUFFIXES, PictureError, flatten, read_picture, still_files

logger = logging.getLogger(__name__)


class VideoFile:
    """Plays a video file at its own rate; pictures whose time has passed are skipped."""

    live = False

    def __init__(
        self,
        path: Path,
        fps: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open the file; `fps` holds where the file names no rate. Raises CameraError when it is no video."""
        self._path = path
        self._clock = clock
        self._sleep = sleep
        self._video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._video.isOpened():
            raise CameraError(f"the video {path} cannot be opened: is it a video file?")
        own = float(self._video.get(cv2.CAP_PROP_FPS))
        self._fps = own if math.isfinite(own) and 1 <= own <= 240 else fps
        self._began: float | None = None
        self._number = -1

    def read(self) -> Frame | None:
        """Give the next picture that is due; None at the end of the file, or where it is damaged beyond reading on."""
        began = self._began = self._clock() if self._began is None else self._began
        due = int((self._clock() - began) * self._fps)
        while self._number + 1 < due:
            if not self._video.grab():
                return None
            self._number += 1
        wait = began + (self._number + 1) / self._fps - self._clock()
        if wait > 0:
            self._sleep(wait)
        try:
            read, picture = self._video.read()
        except cv2.error as error:
            raise CameraError(f"the video {self._path} cannot be read on: {error}") from error
        if not read:
            return None
        self._number += 1
        try:
            return Frame(flatten(np.asarray(picture)), self._clock(), self._number)
        except PictureError as error:
            raise CameraError(f"the video {self._path} {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._video.release()


class Stills:
    """Shows the pictures of a folder, or one picture, one after the other, each once."""

    live = False

    def __init__(
        self,
        path: Path,
        fps: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """List the pictures, `fps` of which are shown a second. Raises CameraError when there are none."""
        try:
            self._files = still_files(path) if path.is_dir() else (path,)
        except OSError as error:
            raise CameraError(f"the folder {path} cannot be read: {error.strerror}") from error
        if not self._files:
            raise CameraError(f"the folder {path} holds no picture ({', '.join(sorted(STILL_SUFFIXES))})")
        self._fps = fps
        self._clock = clock
        self._sleep = sleep
        self._began: float | None = None
        self._number = -1

    def read(self) -> Frame | None:
        """Give the next picture when it is due, None at the end; unreadable ones are named in the log and left out."""
        while self._number + 1 < len(self._files):
            self._number += 1
            path = self._files[self._number]
            try:
                grey = read_picture(path)
            except (PictureError, OSError) as error:
                logger.warning("still left out: %s %s", path, error)
                continue
            now = self._clock()
            began = self._began = now if self._began is None else self._began
            if (wait := began + self._number / self._fps - now) > 0:
                self._sleep(wait)
            return Frame(grey, self._clock(), self._number)
        return None

    def close(self) -> None:
        """Nothing is held open."""
