from __future__ import annotations

import struct
from pathlib import Path

import pytest

from scanner.camera import v4l2
from scanner.camera.frame import CameraError
from scanner.camera.v4l2 import Capability, Control, ControlId, Mode, VideoDevice
from tests.scanner.camera.fake_driver import REQUESTS, FakeControl, FakeDriver, webcam


@pytest.fixture
def path(tmp_path: Path) -> Path:
    device = tmp_path / "video0"
    device.touch()
    return device


def opened(path: Path, driver: FakeDriver) -> VideoDevice:
    return VideoDevice(path, ioctl=driver.ioctl)


def test_the_request_numbers_are_those_that_a_compiler_makes_of_videodev2() -> None:
    # gcc -include linux/videodev2.h on x86-64; the structures hold no pointers, so aarch64 has the same.
    assert v4l2.QUERYCAP == 0x80685600
    assert v4l2.ENUM_FMT == 0xC0405602
    assert v4l2.ENUM_FRAMESIZES == 0xC02C564A
    assert v4l2.ENUM_FRAMEINTERVALS == 0xC034564B
    assert v4l2.QUERYCTRL == 0xC0445624
    assert v4l2.G_CTRL == 0xC008561B
    assert v4l2.S_CTRL == 0xC008561C
    assert set(REQUESTS) == {
        *(v4l2.QUERYCAP, v4l2.ENUM_FMT, v4l2.ENUM_FRAMESIZES, v4l2.ENUM_FRAMEINTERVALS),
        *(v4l2.QUERYCTRL, v4l2.G_CTRL, v4l2.S_CTRL),
    }


def test_a_recorded_capability_is_read(path: Path) -> None:
    recorded = b"uvcvideo".ljust(16, b"\0") + b"UVC Camera: \xe6\x91\x84".ljust(32, b"\0")
    recorded += b"usb-xhci-1.2".ljust(32, b"\0") + struct.pack("=6I", 0x060C00, 0x84A00001, 0x04200001, 0, 0, 0)

    def ioctl(fd: int, request: int, argument: bytearray) -> int:
        assert (request, len(argument)) == (0x80685600, 104)
        argument[:] = recorded
        return 0

    capability = VideoDevice(path, ioctl=ioctl).capability()
    assert capability == Capability("uvcvideo", "UVC Camera: 摄", "usb-xhci-1.2", captures=True)


@pytest.mark.parametrize(
    ("capabilities", "device_caps", "captures"),
    [
        (0x84A00001, 0x04200001, True),
        (0x84A00001, 0x04A00000, False),  # the second device of a webcam: data about the pictures
        (0x84204000, 0x04204000, False),  # a codec of a Raspberry Pi
        (0x04000001, 0, True),  # a driver from before device_caps
    ],
)
def test_a_device_that_gives_no_pictures_is_told_from_a_camera(
    path: Path, capabilities: int, device_caps: int, captures: bool
) -> None:
    driver = FakeDriver(capabilities=capabilities, device_caps=device_caps)
    assert opened(path, driver).capability().captures is captures


def test_every_mode_has_its_highest_rate(path: Path) -> None:
    assert list(opened(path, webcam()).modes()) == [
        Mode("YUYV", 640, 480, 30),
        Mode("YUYV", 1280, 720, 10),
        Mode("MJPG", 1280, 720, 60),
        Mode("MJPG", 1920, 1080, 30),
    ]


def test_controls_are_read_set_and_read_back(path: Path) -> None:
    driver = webcam()
    device = opened(path, driver)
    assert device.control(ControlId.FOCUS) == Control(ControlId.FOCUS, "Focus, Absolute", 0, 250, 5, 0, writable=True)
    assert device.control(ControlId.AUTO_GAIN) is None
    assert device.get(ControlId.EXPOSURE_US100) == 250
    assert device.set(ControlId.EXPOSURE_US100, 40) == 40
    assert driver.controls[ControlId.EXPOSURE_US100].value == 40


@pytest.mark.parametrize(("asked", "nearest"), [(12, 10), (13, 15), (-4, 0), (999, 250), (2.4, 0), (2.6, 5)])
def test_a_control_takes_the_nearest_value_of_its_steps(path: Path, asked: float, nearest: int) -> None:
    control = opened(path, webcam()).control(ControlId.FOCUS)
    assert control is not None
    assert control.nearest(asked) == nearest


def test_disabled_and_read_only_controls_are_known(path: Path) -> None:
    driver = FakeDriver(controls={ControlId.GAIN: FakeControl(0, 1, 0, flags=0x1)})
    assert opened(path, driver).control(ControlId.GAIN) is None
    driver.controls[ControlId.GAIN].flags = 0x4
    control = opened(path, driver).control(ControlId.GAIN)
    assert control is not None
    assert not control.writable


def test_a_value_that_is_refused_and_a_device_that_is_gone_are_errors_in_words(path: Path) -> None:
    driver = webcam()
    device = opened(path, driver)
    with pytest.raises(CameraError, match="out of range"):
        device.set(ControlId.GAIN, 100_000)
    driver.gone = True
    with pytest.raises(CameraError, match="No such device"):
        device.capability()
    assert list(device.modes()) == []


def test_a_driver_whose_lists_never_end_is_left(path: Path) -> None:
    def endless(fd: int, request: int, argument: bytearray) -> int:
        argument[:] = bytes(len(argument))
        argument[8:12] = struct.pack("=I", 1)
        return 0

    assert len(list(VideoDevice(path, ioctl=endless).modes())) <= 256 * 256


def test_what_is_no_camera_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CameraError, match="does not answer as a camera"):
        VideoDevice(tmp_path / "file").capability()
    with pytest.raises(CameraError, match="cannot be opened"):
        VideoDevice(tmp_path / "nothing")
