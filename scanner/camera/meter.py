"""Counts what a camera gives and what is read from it, a report a second, for aiming and focusing. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.camera.adapt import brightness
from scanner.camera.frame import Box, Frame
from scanner.camera.sharpness import sharpness


@dataclass(frozen=True, slots=True)
class MeterReading:
    """One report."""

    fps: float
    """Pictures a second that the camera gave, seen or not."""
    read_fps: float
    """Pictures a second that were looked at."""
    codes: float
    """Of these, pictures a second in which a code was read."""
    width: int
    height: int
    sharpness: float
    """Of the newest picture, where people hold the phone; 0 to about 100."""
    best: float
    """The highest so far: turn the lens until both are the same."""
    brightness: float
    """0 to 255, there too."""
    blown: float
    """Share that is white beyond telling, 0 to 1."""
    damaged: int
    """Pictures that arrived damaged."""


class Meter:
    """Collects the frames of one camera."""

    def __init__(self, region: Box) -> None:
        self._region = region
        self._best = 0.0
        self._since: float | None = None
        self._first = self._looked = self._read = self._damaged = 0
        self._newest: Frame | None = None

    def add(self, frame: Frame, codes: int) -> None:
        """Count a frame and how many codes were read in it."""
        if self._since is None:
            self._since, self._first = frame.at, frame.number
        else:
            self._looked += 1
            self._read += codes > 0
            self._damaged += frame.damaged
        self._newest = frame

    def report(self) -> MeterReading | None:
        """Return what was counted since the last report; None where there were not two frames."""
        frame, since = self._newest, self._since
        if frame is None or since is None or frame.at <= since:
            return None
        seconds = frame.at - since
        light = brightness(frame.grey, self._region)
        sharp = sharpness(frame.grey, self._region)
        self._best = max(self._best, sharp)
        reading = MeterReading(
            fps=(frame.number - self._first) / seconds,
            read_fps=self._looked / seconds,
            codes=self._read / seconds,
            width=frame.grey.shape[1],
            height=frame.grey.shape[0],
            sharpness=sharp,
            best=self._best,
            brightness=light.mean,
            blown=light.blown,
            damaged=self._damaged,
        )
        self._since, self._first = frame.at, frame.number
        self._looked = self._read = self._damaged = 0
        return reading
