"""What a V4L2 device says of itself, and its controls, by ioctl: names, formats, ranges, values.

OpenCV streams the pictures but maps controls onto properties without ranges, and tells no names. A second handle on
the device may set controls while OpenCV streams. Numbers and layouts are those of linux/videodev2.h; all integers are
in the machine's order.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

from scanner.camera.frame import CameraError

Ioctl = Callable[[int, int, bytearray], int]
"""File descriptor, request, argument changed in place; raises OSError."""

QUERYCAP: Final = 0x80685600
ENUM_FMT: Final = 0xC0405602
ENUM_FRAMESIZES: Final = 0xC02C564A
ENUM_FRAMEINTERVALS: Final = 0xC034564B
QUERYCTRL: Final = 0xC0445624
G_CTRL: Final = 0xC008561B
S_CTRL: Final = 0xC008561C

_CAPABILITY: Final = struct.Struct("=16s32s32s3I12x")
_FORMAT: Final = struct.Struct("=3I32s2I12x")
_SIZE: Final = struct.Struct("=9I8x")
_INTERVAL: Final = struct.Struct("=5I6I8x")
_CONTROL: Final = struct.Struct("=2I32s4iI8x")
_VALUE: Final = struct.Struct("=Ii")

_CAP_CAPTURE: Final = 0x1
_CAP_STREAMING: Final = 0x0400_0000
_CAP_DEVICE_CAPS: Final = 0x8000_0000
_BUF_CAPTURE: Final = 1
_DISCRETE: Final = 1
_FLAG_DISABLED: Final = 0x1
_FLAG_READ_ONLY: Final = 0x4
_MOST: Final = 256
"""Entries of any list: a driver that never ends one is broken."""


class ControlId(IntEnum):
    """The controls that matter here (V4L2_CID_…)."""

    AUTO_GAIN = 0x00980912
    GAIN = 0x00980913
    POWER_LINE = 0x00980918
    EXPOSURE_AUTO = 0x009A0901
    """1 is manual, 3 is automatic (aperture priority), 0 automatic altogether."""
    EXPOSURE_US100 = 0x009A0902
    """Hundreds of microseconds."""
    EXPOSURE_SLOWS = 0x009A0903
    """Whether automatic exposure may lower the frame rate."""
    FOCUS = 0x009A090A
    FOCUS_AUTO = 0x009A090C
    ANALOGUE_GAIN = 0x009E0903


@dataclass(frozen=True, slots=True)
class Control:
    """One control and what it takes."""

    id: ControlId
    name: str
    least: int
    most: int
    step: int
    usual: int
    writable: bool

    def nearest(self, value: float) -> int:
        """Return the value nearest to `value` that the control takes."""
        step = max(1, self.step)
        return max(self.least, min(self.most, self.least + round((value - self.least) / step) * step))


@dataclass(frozen=True, slots=True)
class Mode:
    """One way of giving pictures."""

    pixel_format: str
    """Four characters, such as MJPG."""
    width: int
    height: int
    fps: float
    """The most, 0 where the driver does not tell."""


@dataclass(frozen=True, slots=True)
class Capability:
    """What the device is."""

    driver: str
    card: str
    bus: str
    captures: bool
    """Whether it gives pictures; many cameras have a second device that gives only data about them."""


def _ioctl(fd: int, request: int, argument: bytearray) -> int:
    return int(fcntl.ioctl(fd, request, argument, True))


class VideoDevice:
    """An open `/dev/videoN`, for asking and setting. A driver that hangs, hangs here too."""

    def __init__(self, path: Path, *, ioctl: Ioctl = _ioctl) -> None:
        """Open the device beside whoever streams from it. Raises CameraError."""
        self._path = path
        self._ioctl = ioctl
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise CameraError(f"{path} cannot be opened: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the device. Safe to call twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def capability(self) -> Capability:
        """Ask what it is. Raises CameraError when it is no V4L2 device."""
        answer = bytearray(_CAPABILITY.size)
        self._call(QUERYCAP, answer)
        driver, card, bus, _version, capabilities, device = _CAPABILITY.unpack(answer)
        own = device if capabilities & _CAP_DEVICE_CAPS else capabilities
        captures = bool(own & _CAP_CAPTURE) and bool(own & _CAP_STREAMING)
        return Capability(_text(driver), _text(card), _text(bus), captures)

    def modes(self) -> Iterator[Mode]:
        """Ask for every format and size, with the highest rate of each."""
        for index in range(_MOST):
            answer = bytearray(_FORMAT.pack(index, _BUF_CAPTURE, 0, b"", 0, 0))
            if not self._ask(ENUM_FMT, answer):
                return
            pixel_format = _FORMAT.unpack(answer)[4]
            for width, height in self._sizes(pixel_format):
                fps = self._fastest(pixel_format, width, height)
                yield Mode(_text(pixel_format.to_bytes(4, "little")), width, height, fps)

    def control(self, which: ControlId) -> Control | None:
        """Ask for a control's range; None where the camera has no such control."""
        answer = bytearray(_CONTROL.pack(which, 0, b"", 0, 0, 0, 0, 0))
        if not self._ask(QUERYCTRL, answer):
            return None
        _id, _type, name, least, most, step, usual, flags = _CONTROL.unpack(answer)
        if flags & _FLAG_DISABLED:
            return None
        return Control(which, _text(name), least, most, step, usual, not flags & _FLAG_READ_ONLY)

    def get(self, which: ControlId) -> int:
        """Read a control. Raises CameraError."""
        answer = bytearray(_VALUE.pack(which, 0))
        self._call(G_CTRL, answer)
        return int(_VALUE.unpack(answer)[1])

    def set(self, which: ControlId, value: int) -> int:
        """Set a control and return what it stands at then. Raises CameraError when the camera refuses."""
        self._call(S_CTRL, bytearray(_VALUE.pack(which, value)))
        return self.get(which)

    def _sizes(self, pixel_format: int) -> Iterator[tuple[int, int]]:
        for index in range(_MOST):
            answer = bytearray(_SIZE.pack(index, pixel_format, *[0] * 7))
            if not self._ask(ENUM_FRAMESIZES, answer):
                return
            _index, _format, kind, *numbers = _SIZE.unpack(answer)
            if kind == _DISCRETE:
                yield numbers[0], numbers[1]
            else:  # any size in steps: the largest stands for all
                yield numbers[1], numbers[4]
                return

    def _fastest(self, pixel_format: int, width: int, height: int) -> float:
        best = 0.0
        for index in range(_MOST):
            answer = bytearray(_INTERVAL.pack(index, pixel_format, width, height, *[0] * 7))
            if not self._ask(ENUM_FRAMEINTERVALS, answer):
                break
            *_asked, kind, numerator, denominator, _a, _b, _c, _d = _INTERVAL.unpack(answer)
            if numerator:
                best = max(best, denominator / numerator)
            if kind != _DISCRETE:
                break
        return best

    def _ask(self, request: int, argument: bytearray) -> bool:
        """Call; False when the device has nothing (more) of the kind."""
        try:
            self._ioctl(self._fd, request, argument)
        except OSError:
            return False
        return True

    def _call(self, request: int, argument: bytearray) -> None:
        try:
            self._ioctl(self._fd, request, argument)
        except OSError as error:
            raise CameraError(f"{self._path} does not answer as a camera: {error.strerror}") from error


def _text(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
