"""Without a module: a package of the same name and calls, found at run time as the real one is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scanner.camera import CameraError, open_camera
from scanner.camera.adapt import SHARP_US, Limits, Setting
from scanner.camera.picamera import PiCamera, find_picamera2, number_of
from scanner.config.model import CameraSection
from tests.scanner.pictures import number_in

PACKAGE = """
import numpy as np
from tests.scanner.pictures import numbered

made = []

class Picamera2:
    camera_controls = {CONTROLS}

    @staticmethod
    def global_camera_info():
        return [{"Model": "imx708", "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a"}, {"Model": "webcam", "Id": "usb@1"}]

    def __init__(self, number):
        if IN_USE:
            raise RuntimeError("Camera __init__ sequence did not complete.")
        self.number, self.calls, self.count = number, [], 0
        made.append(self)

    def create_video_configuration(self, **asked):
        self.calls.append(("video", asked))
        return asked

    def configure(self, asked):
        self.size = asked["main"]["size"]
        assert asked["main"]["format"] == "YUV420"

    def camera_configuration(self):
        return {"main": {"size": self.size}}

    def set_controls(self, controls):
        self.calls.append(("set", controls))

    def start(self):
        self.calls.append(("start", None))

    def capture_array(self, name):
        assert name == "main"
        self.count += 1
        width, height = self.size
        planes = np.full((height * 3 // 2, width + 64), 128, np.uint8)
        planes[:height, :width] = numbered(self.count, width, height)
        return planes

    def stop(self):
        self.calls.append(("stop", None))

    def close(self):
        self.calls.append(("close", None))
"""
FULL = {"ExposureTime": (60, 100_000, 20_000), "AnalogueGain": (1.0, 16.0, 1.0), "AfMode": (0, 2, 0)}


class System:
    """Where the system keeps its packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, controls: dict[str, tuple[float, float, float]] | None = None, *, in_use: bool = False) -> None:
        text = PACKAGE.replace("{CONTROLS}", repr(FULL if controls is None else controls))
        (self.folder / "picamera2").mkdir()
        (self.folder / "picamera2" / "__init__.py").write_text(text.replace("IN_USE", str(in_use)))

    def open(self, section: CameraSection, number: int = 0) -> PiCamera:
        return PiCamera(number, section, packages=self.folder)

    @property
    def calls(self) -> list[tuple[str, dict[str, object]]]:
        return sys.modules["picamera2"].made[-1].calls  # type: ignore[no-any-return]

    @property
    def controls(self) -> dict[str, object]:
        return next(asked for name, asked in self.calls if name == "set")


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    yield System(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "picamera2"]:
        del sys.modules[name]


def test_where_it_is_not_installed_the_sentence_says_what_to_do(system: System) -> None:
    with pytest.raises(CameraError, match=r"not installed: run: sudo apt-get install .*python3-picamera2"):
        system.open(CameraSection())


def test_picamera_is_a_source_beside_the_others() -> None:
    with pytest.raises(CameraError, match="Raspberry Pi"):
        open_camera(CameraSection(source="picamera:98"))


def test_it_is_found_among_the_systems_packages_and_the_search_path_is_left_as_it_was(system: System) -> None:
    system.install()
    before = list(sys.path)
    find_picamera2(system.folder)
    assert sys.path == before


def test_our_own_packages_come_before_the_systems(system: System) -> None:
    system.install()
    (system.folder / "numpy").mkdir()
    (system.folder / "numpy" / "__init__.py").write_text("raise ImportError('the wrong numpy')")
    find_picamera2(system.folder)
    assert np.__file__ is not None
    assert not np.__file__.startswith(str(system.folder))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ValueError('numpy.dtype size changed')", r"does not load \(numpy.dtype size changed\)"),
        ("import libcamera_that_is_missing", "lacks the module libcamera_that_is_missing"),
        ("import libcamera", "not for Python 3"),
    ],
)
def test_one_that_does_not_load_says_why(system: System, code: str, words: str) -> None:
    (system.folder / "picamera2").mkdir()
    (system.folder / "picamera2" / "__init__.py").write_text(code)
    with pytest.raises(CameraError, match=words):
        find_picamera2(system.folder)


def test_the_brightness_plane_is_the_picture(system: System) -> None:
    system.install()
    camera = system.open(CameraSection(width=640, height=480, fps=25))
    frames = [camera.read() for _ in range(3)]
    assert [number_in(frame.grey) for frame in frames if frame] == [1, 2, 3]
    assert frames[0] is not None
    assert frames[0].grey.shape == (480, 640)
    assert frames[0].grey.flags.c_contiguous
    name, asked = system.calls[0]
    assert name == "video"
    assert asked["controls"] == {"FrameDurationLimits": (40_000, 40_000)}
    camera.close()
    camera.close()
    assert [name for name, _ in system.calls][-2:] == ["stop", "close"]
    with pytest.raises(CameraError, match="is closed"):
        camera.read()


def test_one_that_adapts_is_ours(system: System) -> None:
    system.install()
    camera = system.open(CameraSection())
    assert system.controls == {"AeEnable": False, "ExposureTime": SHARP_US, "AnalogueGain": 1.0, "AfMode": 2}
    assert camera.lens is not None
    assert camera.lens.limits == Limits((60, 16_000), (1.0, 16.0))
    assert camera.lens.now() == Setting(SHARP_US, 1.0)
    camera.lens.set(Setting(2000, 3.5))
    assert system.calls[-1] == ("set", {"ExposureTime": 2000, "AnalogueGain": 3.5})
    assert camera.remarks == ()


def test_what_is_fixed_is_set(system: System) -> None:
    system.install()
    camera = system.open(CameraSection(exposure=2000, gain=4.0, focus=3.5))
    assert camera.lens is None
    assert system.controls == {
        **{"AeEnable": False, "ExposureTime": 2000, "AnalogueGain": 4.0},
        **{"AfMode": 0, "LensPosition": 3.5},
    }


def test_without_adapting_auto_is_left_to_the_camera(system: System) -> None:
    system.install()
    assert system.open(CameraSection(adapt=False)).lens is None
    assert system.controls == {"AfMode": 2}


def test_what_a_module_cannot_is_said(system: System) -> None:
    system.install({})
    camera = system.open(CameraSection(exposure=2000, focus=2))
    assert camera.remarks == (
        "its exposure and gain cannot be set",
        "its focus cannot be set to 2: turn its ring by hand",
    )


def test_a_module_that_is_missing_or_in_use_says_so(system: System) -> None:
    system.install(in_use=True)
    with pytest.raises(CameraError, match="camera 5 is not there: check its ribbon cable"):
        system.open(CameraSection(), 5)
    with pytest.raises(CameraError, match="does another program use it"):
        system.open(CameraSection())


@pytest.mark.parametrize(("source", "number"), [("picamera", 0), ("picamera:0", 0), ("picamera:12", 12)])
def test_a_module_is_named_by_its_number(source: str, number: int) -> None:
    assert number_of(source) == number


@pytest.mark.parametrize("source", ["picamera:x", "picamera:-1", "picamera:²", "picameras"])
def test_anything_else_is_no_module(source: str) -> None:
    with pytest.raises(CameraError):
        number_of(source)
