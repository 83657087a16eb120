from __future__ import annotations

from pathlib import Path

import pytest

from scanner.camera.adapt import LONGEST_US, SHARP_US, Limits, Setting
from scanner.camera.frame import CameraError
from scanner.camera.v4l2 import ControlId, VideoDevice
from scanner.camera.v4l2_lens import V4l2Lens
from scanner.config.model import CameraSection
from tests.scanner.camera.fake_driver import FakeControl, FakeDriver, webcam


@pytest.fixture
def path(tmp_path: Path) -> Path:
    device = tmp_path / "video0"
    device.touch()
    return device


def lens(path: Path, driver: FakeDriver, section: CameraSection) -> V4l2Lens:
    return V4l2Lens(VideoDevice(path, ioctl=driver.ioctl), section)


def standing(driver: FakeDriver) -> dict[str, int]:
    return {ControlId(which).name: control.value for which, control in driver.controls.items()}


def test_a_camera_that_adapts_is_ours_short_and_never_slows_down(path: Path) -> None:
    driver = webcam()
    ours = lens(path, driver, CameraSection())
    assert standing(driver) == {
        "EXPOSURE_AUTO": 1,
        "EXPOSURE_US100": SHARP_US // 100,
        "EXPOSURE_SLOWS": 0,
        "GAIN": 64,
        "FOCUS_AUTO": 1,
        "FOCUS": 0,
    }
    assert ours.adapts
    assert ours.limits == Limits((300, LONGEST_US), (0, 255))
    assert ours.now() == Setting(SHARP_US, 64)
    assert ours.set(Setting(2030, 80.4)) == Setting(2000, 80)
    assert ours.remarks == ()


def test_without_adapting_auto_is_left_to_the_camera(path: Path) -> None:
    driver = webcam()
    driver.controls[ControlId.EXPOSURE_AUTO].value = 1
    ours = lens(path, driver, CameraSection(adapt=False))
    assert driver.controls[ControlId.EXPOSURE_AUTO].value == 3
    assert not ours.adapts
    assert ours.limits == Limits(None, None)


def test_what_is_fixed_is_set_and_not_moved(path: Path) -> None:
    driver = webcam()
    ours = lens(path, driver, CameraSection(exposure=2000, gain=30, focus=25))
    assert standing(driver) == {
        "EXPOSURE_AUTO": 1,
        "EXPOSURE_US100": 20,
        "EXPOSURE_SLOWS": 0,
        "GAIN": 30,
        "FOCUS_AUTO": 0,
        "FOCUS": 25,
    }
    assert not ours.adapts
    assert ours.remarks == ()


def test_a_fixed_exposure_leaves_the_gain_to_follow_the_light(path: Path) -> None:
    driver = webcam()
    ours = lens(path, driver, CameraSection(exposure=2000))
    assert ours.limits == Limits(None, (0, 255))
    ours.set(Setting(9999, 70))
    assert standing(driver)["EXPOSURE_US100"] == 20
    assert standing(driver)["GAIN"] == 70


def test_a_gain_does_not_chase_the_cameras_own_exposure(path: Path) -> None:
    driver = webcam()
    del driver.controls[ControlId.EXPOSURE_US100]
    ours = lens(path, driver, CameraSection())
    assert not ours.adapts


def test_what_the_camera_does_not_obey_is_said(path: Path) -> None:
    driver = webcam()
    driver.controls[ControlId.EXPOSURE_US100].stuck = True
    driver.controls[ControlId.GAIN].most = 100
    del driver.controls[ControlId.FOCUS]
    ours = lens(path, driver, CameraSection(exposure=2000, gain=300, focus=40))
    assert ours.remarks == (
        "its exposure is 25000 µs, not 2000",
        "its gain is 100, not 300",
        "its focus cannot be set to 40",
    )


def test_a_camera_without_any_control_is_said_and_used(path: Path) -> None:
    ours = lens(path, FakeDriver(), CameraSection(exposure=2000, gain=1))
    assert ours.remarks == ("its exposure cannot be set to 2000 µs", "its gain cannot be set to 1")
    assert not ours.adapts
    plain = lens(path, FakeDriver(), CameraSection())
    assert plain.remarks == ("its exposure cannot be set: it stays as the camera likes",)


def test_a_camera_that_knows_only_one_automatic_mode_is_left_in_it(path: Path) -> None:
    driver = FakeDriver(controls={ControlId.EXPOSURE_AUTO: FakeControl(0, 1, 1)})
    lens(path, driver, CameraSection(adapt=False))
    assert driver.controls[ControlId.EXPOSURE_AUTO].value == 0


def test_a_camera_unplugged_while_adapting_is_an_error(path: Path) -> None:
    driver = webcam()
    ours = lens(path, driver, CameraSection())
    driver.gone = True
    with pytest.raises(CameraError):
        ours.set(Setting(1000, 1))
