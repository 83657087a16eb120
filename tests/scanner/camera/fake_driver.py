"""A V4L2 driver behind the ioctl call, with the structures of linux/videodev2.h laid out by ctypes."""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Callable
from dataclasses import dataclass, field

from scanner.camera.v4l2 import ControlId

U32, S32 = ctypes.c_uint32, ctypes.c_int32


class Capability(ctypes.Structure):
    _fields_ = [
        *(("driver", ctypes.c_char * 16), ("card", ctypes.c_char * 32), ("bus_info", ctypes.c_char * 32)),
        *(("version", U32), ("capabilities", U32), ("device_caps", U32), ("reserved", U32 * 3)),
    ]


class FormatDescription(ctypes.Structure):
    _fields_ = [
        *(("index", U32), ("type", U32), ("flags", U32), ("description", ctypes.c_char * 32)),
        *(("pixelformat", U32), ("mbus_code", U32), ("reserved", U32 * 3)),
    ]


class FrameSize(ctypes.Structure):
    _fields_ = [
        *(("index", U32), ("pixel_format", U32), ("type", U32)),
        *(("min_width", U32), ("max_width", U32), ("step_width", U32)),
        *(("min_height", U32), ("max_height", U32), ("step_height", U32), ("reserved", U32 * 2)),
    ]
    """The discrete half of the union lies on min_width and max_width."""


class FrameInterval(ctypes.Structure):
    _fields_ = [
        *(("index", U32), ("pixel_format", U32), ("width", U32), ("height", U32), ("type", U32)),
        *(("numerator", U32), ("denominator", U32), ("others", U32 * 4), ("reserved", U32 * 2)),
    ]


class QueryControl(ctypes.Structure):
    _fields_ = [
        *(("id", U32), ("type", U32), ("name", ctypes.c_char * 32), ("minimum", S32), ("maximum", S32)),
        *(("step", S32), ("default_value", S32), ("flags", U32), ("reserved", U32 * 2)),
    ]


class ControlValue(ctypes.Structure):
    _fields_ = [("id", U32), ("value", S32)]


def request(direction: str, number: int, structure: type[ctypes.Structure]) -> int:
    """_IOR and _IOWR of asm-generic/ioctl.h with the type 'V'."""
    bits = {"r": 2, "wr": 3}[direction]
    return bits << 30 | ctypes.sizeof(structure) << 16 | ord("V") << 8 | number


REQUESTS: dict[int, type[ctypes.Structure]] = {
    request("r", 0, Capability): Capability,
    request("wr", 2, FormatDescription): FormatDescription,
    request("wr", 27, ControlValue): ControlValue,
    request("wr", 28, ControlValue): ControlValue,
    request("wr", 36, QueryControl): QueryControl,
    request("wr", 74, FrameSize): FrameSize,
    request("wr", 75, FrameInterval): FrameInterval,
}


def fourcc(text: str) -> int:
    return int.from_bytes(text.encode("ascii"), "little")


@dataclass
class FakeControl:
    """A control as a driver holds it."""

    least: int
    most: int
    value: int
    step: int = 1
    flags: int = 0
    name: str = "a control"
    stuck: bool = False
    """Takes every value and keeps its own."""


@dataclass
class FakeDriver:
    """Answers ioctls for one camera, and records what was set in order."""

    capabilities: int = 0x84A00001
    device_caps: int = 0x04200001
    card: str = "HD Pro Webcam C920"
    formats: tuple[tuple[str, tuple[tuple[int, int, tuple[int, ...]], ...]], ...] = (
        ("YUYV", ((640, 480, (30, 15)), (1280, 720, (10,)))),
        ("MJPG", ((1280, 720, (30, 60, 15)), (1920, 1080, (30,)))),
    )
    controls: dict[int, FakeControl] = field(default_factory=dict)
    done: list[tuple[int, int]] = field(default_factory=list)
    gone: bool = False

    def ioctl(self, fd: int, number: int, argument: bytearray) -> int:
        assert fd >= 0
        structure = REQUESTS[number]
        assert ctypes.sizeof(structure) == len(argument)
        asked = structure.from_buffer(argument)
        if self.gone:
            raise OSError(errno.ENODEV, "No such device")
        answer: dict[int, Callable[..., None]] = {
            0: self._capability,
            2: self._format,
            27: self._get,
            28: self._set,
            36: self._query,
            74: self._size,
            75: self._interval,
        }
        answer[number & 0xFF](asked)
        return 0

    def _capability(self, asked: Capability) -> None:
        asked.driver, asked.card, asked.bus_info = b"uvcvideo", self.card.encode(), b"usb-0000:01:00.0-1.3"
        asked.capabilities, asked.device_caps = self.capabilities, self.device_caps

    def _format(self, asked: FormatDescription) -> None:
        assert asked.type == 1
        if asked.index >= len(self.formats):
            raise OSError(errno.EINVAL, "Invalid argument")
        asked.pixelformat = fourcc(self.formats[asked.index][0])

    def _size(self, asked: FrameSize) -> None:
        sizes = next(sizes for name, sizes in self.formats if fourcc(name) == asked.pixel_format)
        if asked.index >= len(sizes):
            raise OSError(errno.EINVAL, "Invalid argument")
        asked.type = 1
        asked.min_width, asked.max_width = sizes[asked.index][:2]

    def _interval(self, asked: FrameInterval) -> None:
        sizes = next(sizes for name, sizes in self.formats if fourcc(name) == asked.pixel_format)
        rates = next(rates for width, height, rates in sizes if (width, height) == (asked.width, asked.height))
        if asked.index >= len(rates):
            raise OSError(errno.EINVAL, "Invalid argument")
        asked.type, asked.numerator, asked.denominator = 1, 1, rates[asked.index]

    def _query(self, asked: QueryControl) -> None:
        control = self._control(asked.id)
        asked.type, asked.name = 1, control.name.encode()
        asked.minimum, asked.maximum, asked.step = control.least, control.most, control.step
        asked.default_value, asked.flags = control.least, control.flags

    def _get(self, asked: ControlValue) -> None:
        asked.value = self._control(asked.id).value

    def _set(self, asked: ControlValue) -> None:
        control = self._control(asked.id)
        if not control.least <= asked.value <= control.most:
            raise OSError(errno.ERANGE, "Numerical result out of range")
        self.done.append((asked.id, asked.value))
        if not control.stuck:
            control.value = asked.value

    def _control(self, which: int) -> FakeControl:
        if which not in self.controls:
            raise OSError(errno.EINVAL, "Invalid argument")
        return self.controls[which]


def webcam() -> FakeDriver:
    """A camera with the controls of a better webcam."""
    return FakeDriver(
        controls={
            ControlId.EXPOSURE_AUTO: FakeControl(0, 3, 3, name="Auto Exposure"),
            ControlId.EXPOSURE_US100: FakeControl(3, 2047, 250, name="Exposure Time, Absolute"),
            ControlId.EXPOSURE_SLOWS: FakeControl(0, 1, 1, name="Exposure, Dynamic Framerate"),
            ControlId.GAIN: FakeControl(0, 255, 64, name="Gain"),
            ControlId.FOCUS_AUTO: FakeControl(0, 1, 1, name="Focus, Automatic Continuous"),
            ControlId.FOCUS: FakeControl(0, 250, 0, step=5, name="Focus, Absolute"),
        }
    )
