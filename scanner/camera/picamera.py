"""A Raspberry Pi camera module, through picamera2 where the system has it.

picamera2 and libcamera come with the system (`sudo apt-get install python3-picamera2`), never from a package index:
libcamera's binding fits one system only. The program's own environment does not see the system's packages, so they are
looked for in `/usr/lib/python3/dist-packages`, behind everything of our own, for the import alone.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import numpy as np

from scanner.camera.adapt import LONGEST_US, SHARP_US, Limits, Setting
from scanner.camera.frame import CameraError, Frame
from scanner.config.model import CameraSection

SYSTEM_PACKAGES: Final = Path("/usr/lib/python3/dist-packages")
"""Where Debian keeps Python modules."""
_AUTO_FOCUS_MANUAL: Final = 0
_AUTO_FOCUS_CONTINUOUS: Final = 2


def number_of(source: str) -> int:
    """Return which module `picamera` or `picamera:N` means. Raises CameraError for anything else."""
    name, _, number = source.partition(":")
    if name != "picamera" or (number and not (number.isascii() and number.isdecimal())):
        raise CameraError(f"{source!r} names no Raspberry Pi camera: write picamera or picamera:1")
    return int(number or 0)


def find_picamera2(packages: Path = SYSTEM_PACKAGES) -> ModuleType:
    """Import picamera2 from our own environment or from the system's. Raises CameraError with what to do."""
    try:
        with _also_from(packages):
            return importlib.import_module("picamera2")
    except ModuleNotFoundError as error:
        if error.name not in ("picamera2", "libcamera"):
            raise CameraError(f"picamera2 lacks the module {error.name}: {_ADVICE}") from error
        if any((packages / name).is_dir() for name in ("picamera2", "libcamera")):
            version = ".".join(map(str, sys.version_info[:2]))
            raise CameraError(
                f"picamera2 is installed, but not for Python {version}: make the environment anew with the system's "
                "python3"
            ) from error
        raise CameraError(f"Raspberry Pi cameras need picamera2, which is not installed: {_ADVICE}") from error
    except (ImportError, ValueError, OSError, AttributeError) as error:
        # Compiled parts that do not fit our numpy or this system's libcamera fail in these ways.
        raise CameraError(f"picamera2 does not load ({error}): {_ADVICE}") from error


_ADVICE: Final = "run: sudo apt-get install --no-install-recommends python3-picamera2"


@contextlib.contextmanager
def _also_from(packages: Path) -> Iterator[None]:
    """Look for modules in a further folder, last, until the end of the block."""
    place = str(packages)
    if place in sys.path:
        yield
        return
    sys.path.append(place)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(place)


class PiCamera:
    """Reads the brightness plane of a module's pictures; nothing is compressed or converted."""

    live = True

    def __init__(self, number: int, section: CameraSection, *, packages: Path = SYSTEM_PACKAGES) -> None:
        """Open module `number` and start it. Raises CameraError when it is missing or in use."""
        self._name = f"Raspberry Pi camera {number}"
        self._number = -1
        self._closed = False
        module = find_picamera2(packages)
        try:
            with _also_from(packages):  # some of its parts are imported when the camera is opened
                if number >= len(module.Picamera2.global_camera_info()):
                    raise CameraError(f"{self._name} is not there: check its ribbon cable, then run rpicam-hello")
                self._camera = module.Picamera2(number)
                self._start(section)
        except (RuntimeError, IndexError, OSError) as error:
            raise CameraError(f"{self._name} cannot be opened ({error}): does another program use it?") from error

    def _start(self, section: CameraSection) -> None:
        frame_us = 1_000_000 // section.fps
        controls: dict[str, object] = {"FrameDurationLimits": (frame_us, frame_us)}
        known = self._camera.camera_controls
        self._height, self._width = section.height, section.width
        shape = {"size": (section.width, section.height), "format": "YUV420"}
        self._camera.configure(
            self._camera.create_video_configuration(main=shape, controls=controls, buffer_count=3, queue=False)
        )
        asked = self._asked(section, known)
        if asked:
            self._camera.set_controls(asked)
        self._camera.start()
        actual = self._camera.camera_configuration()["main"]["size"]
        self._width, self._height = int(actual[0]), int(actual[1])
        if (self._width, self._height) != (section.width, section.height):
            self._remarks.append(f"it gives {self._width} × {self._height}, not {section.width} × {section.height}")

    def _asked(self, section: CameraSection, known: dict[str, tuple[float, float, float]]) -> dict[str, object]:
        """Return the controls for exposure, gain and focus, and note what cannot be asked."""
        self._remarks: list[str] = []
        asked: dict[str, object] = {}
        fixed = section.exposure != "auto" or section.gain != "auto"
        obeys = "ExposureTime" in known and "AnalogueGain" in known
        self._limits = Limits(None, None)
        if obeys and (section.adapt or fixed):
            exposure = SHARP_US if section.exposure == "auto" else section.exposure
            gain = known["AnalogueGain"][0] if section.gain == "auto" else section.gain
            self._setting = Setting(exposure, gain)
            # Exposure and gain are automatic together or not at all on most of these cameras.
            if section.adapt or (section.exposure != "auto" and section.gain != "auto"):
                asked["AeEnable"] = False
                asked["ExposureTime"], asked["AnalogueGain"] = exposure, gain
            elif section.exposure != "auto":
                asked["ExposureTime"] = exposure
            else:
                asked["AnalogueGain"] = gain
            if section.adapt:
                least, most = (int(one) for one in known["ExposureTime"][:2])
                self._limits = Limits(
                    (max(1, least), min(LONGEST_US, most)) if section.exposure == "auto" else None,
                    (float(known["AnalogueGain"][0]), float(known["AnalogueGain"][1]))
                    if section.gain == "auto"
                    else None,
                )
        elif fixed:
            self._remarks.append("its exposure and gain cannot be set")
        if "AfMode" in known:
            asked["AfMode"] = _AUTO_FOCUS_CONTINUOUS if section.focus == "auto" else _AUTO_FOCUS_MANUAL
            if section.focus != "auto":
                asked["LensPosition"] = section.focus
        elif section.focus != "auto":
            self._remarks.append(f"its focus cannot be set to {section.focus:g}: turn its ring by hand")
        return asked

    @property
    def remarks(self) -> tuple[str, ...]:
        """What it does not do as it was asked."""
        return tuple(self._remarks)

    @property
    def lens(self) -> PiLens | None:
        """What of its exposure follows the light."""
        if self._limits == Limits(None, None):
            return None
        return PiLens(self._camera, self._limits, self._setting)

    def read(self) -> Frame | None:
        """Block until the next picture. Never None. Raises CameraError when the camera fails."""
        if self._closed:
            raise CameraError(f"{self._name} is closed")
        try:
            planes = np.asarray(self._camera.capture_array("main"), np.uint8)
        except (RuntimeError, OSError, TimeoutError) as error:
            raise CameraError(f"{self._name} failed: {error}") from error
        if planes.ndim != 2 or planes.shape[0] < self._height or planes.shape[1] < self._width:
            raise CameraError(f"{self._name} gives a picture of the shape {planes.shape}")
        self._number += 1
        # Brightness lies on top of the two colour planes; rows may be padded.
        return Frame(np.ascontiguousarray(planes[: self._height, : self._width]), time.monotonic(), self._number)

    def close(self) -> None:
        """Stop the camera and let go of it. Safe to call twice."""
        if not self._closed:
            self._closed = True
            self._camera.stop()
            self._camera.close()


class PiLens:
    """Exposure and gain of a module; libcamera takes what it is told, some pictures later."""

    def __init__(self, camera: object, limits: Limits, setting: Setting) -> None:
        self._camera = camera
        self.limits = limits
        self._setting = setting

    def now(self) -> Setting:
        """Return what the camera was told last."""
        return self._setting

    def set(self, setting: Setting) -> Setting:
        """Set exposure and gain. Raises CameraError when the camera is gone."""
        try:
            self._camera.set_controls(  # type: ignore[attr-defined]  # picamera2 has no types and is not here to ask
                {"ExposureTime": setting.exposure_us, "AnalogueGain": setting.gain}
            )
        except (RuntimeError, OSError) as error:
            raise CameraError(f"the exposure cannot be set: {error}") from error
        self._setting = setting
        return setting
