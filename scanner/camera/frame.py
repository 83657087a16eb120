"""What a camera is: `read` a frame, `close`; and the two ways in which it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
"""Rows × columns of brightness, 0 black to 255 white, C-contiguous."""


class CameraError(Exception):
    """The camera gives no pictures: it cannot be opened, was unplugged, or broke. Close it and open it anew.

    The message names the source and says what to do where anything can be done.
    """


class CameraStalledError(CameraError):
    """No picture came for a while, yet the source is still open and may go on: read again, do not close it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture."""

    grey: Grey
    at: float
    """Monotonic seconds at which its last byte arrived."""
    number: int
    """Counts every picture of the source, those skipped because nobody had time for them included."""
    damaged: bool = False
    """Whether it arrived torn or with wrong bytes inside, so that a part of it is not what the camera saw."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in fractions of its width and height."""

    left: float
    top: float
    width: float
    height: float


class Camera(Protocol):
    """A source of frames, used by one thread."""

    live: bool
    """True for devices and streams, which never end; False for recordings, which do."""

    def read(self) -> Frame | None:
        """Block until the next frame; None when a recording is over.

        Raises CameraStalledError when nothing came for a while and CameraError when it must be opened anew. A device's
        driver may also block for ever: whoever must go on reads in a thread that can be abandoned.
        """

    def close(self) -> None:
        """Let go of the source. Safe to call twice."""
