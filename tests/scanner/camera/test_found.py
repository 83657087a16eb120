from __future__ import annotations

from pathlib import Path

import pytest

from scanner.camera.found import find_cameras, stable_name
from scanner.camera.frame import CameraError
from scanner.camera.v4l2 import ControlId, VideoDevice
from tests.scanner.camera.fake_driver import FakeDriver, webcam


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """A /dev with a webcam of two devices, a codec, a camera without links, and one that may not be opened."""
    for name in ("video0", "video1", "video2", "video10", "video3"):
        (tmp_path / name).touch()
    for kind, name in (("by-id", "usb-046d_C920-video-index0"), ("by-path", "pci-0000-usb-0:1.3:1.0-video-index0")):
        (tmp_path / "v4l" / kind).mkdir(parents=True)
        (tmp_path / "v4l" / kind / name).symlink_to(tmp_path / "video0")
    return tmp_path


def open_device(path: Path) -> VideoDevice:
    if path.name == "video3":
        raise CameraError(f"{path} cannot be opened: Permission denied")
    drivers = {
        "video0": webcam(),
        "video1": FakeDriver(device_caps=0x04A00000),
        "video2": FakeDriver(gone=True),
        "video10": FakeDriver(card="Plain"),
    }
    return VideoDevice(path, ioctl=drivers[path.name].ioctl)


def test_cameras_are_listed_with_what_to_write_and_what_they_can(devices: Path) -> None:
    found = list(find_cameras(devices, open_device=open_device))
    assert [Path(one.path).name for one in found] == ["video0", "video3", "video10"]
    camera = found[0]
    assert camera.source.endswith("by-id/usb-046d_C920-video-index0")
    assert camera.name == "HD Pro Webcam C920"
    assert [Path(link).parent.name for link in camera.links] == ["by-id", "by-path"]
    assert {mode.pixel_format for mode in camera.modes} == {"MJPG", "YUYV"}
    assert [control.id for control in camera.controls] == [ControlId.EXPOSURE_US100, ControlId.GAIN, ControlId.FOCUS]
    assert found[2].source == str(devices / "video10")
    assert "Permission denied" in found[1].trouble


def test_a_machine_without_devices_has_no_cameras(tmp_path: Path) -> None:
    assert list(find_cameras(tmp_path)) == []


def test_a_number_becomes_the_name_that_survives_replugging(devices: Path) -> None:
    stable = stable_name(0, devices)
    assert isinstance(stable, str)
    assert stable.endswith("by-id/usb-046d_C920-video-index0")
    assert stable_name(str(devices / "video0"), devices) == stable
    assert stable_name(10, devices) == 10
    assert stable_name("rtsp://host/x", devices) == "rtsp://host/x"
    assert stable_name("picamera:1", devices) == "picamera:1"
