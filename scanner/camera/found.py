"""The cameras of this machine: what they are called, what they give, what can be set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scanner.camera.frame import CameraError
from scanner.camera.picamera import find_picamera2
from scanner.camera.v4l2 import Control, ControlId, Mode, VideoDevice

SHOWN: Final = (ControlId.EXPOSURE_US100, ControlId.GAIN, ControlId.ANALOGUE_GAIN, ControlId.FOCUS)
"""Controls whose range a person needs for the configuration."""


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """One camera."""

    source: str
    """What to write into the configuration: a name that survives replugging where there is one."""
    path: str
    """The device itself; empty for camera modules."""
    name: str
    """As its maker calls it."""
    driver: str
    links: tuple[str, ...]
    """Its names under /dev/v4l: by-id tells the camera, by-path the socket it is plugged into."""
    modes: tuple[Mode, ...]
    controls: tuple[Control, ...]
    trouble: str = ""
    """Why nothing more is known of it."""


def find_cameras(
    devices: Path = Path("/dev"), *, open_device: Callable[[Path], VideoDevice] = VideoDevice
) -> Iterator[FoundCamera]:
    """Ask every V4L2 device, then picamera2 where it is installed. Devices that give no pictures are left out."""
    links = _links(devices)
    for path in sorted(devices.glob("video*"), key=lambda path: (len(path.name), path.name)):
        names = tuple(sorted(links.get(path.name, ())))
        try:
            device = open_device(path)
        except CameraError as error:
            yield FoundCamera(str(path), str(path), "", "", names, (), (), str(error))
            continue
        try:
            camera = _ask(device, path, names)
        except CameraError:  # not a V4L2 device, whatever it is called
            continue
        finally:
            device.close()
        if camera is not None:
            yield camera
    yield from _modules()


def stable_name(source: int | str, devices: Path = Path("/dev")) -> int | str:
    """Return the name under /dev/v4l/by-id or by-path of a V4L2 camera, or its source as it is where it has none."""
    path = Path(devices / f"video{source}") if isinstance(source, int) else Path(source)
    if path.parent != devices:
        return source
    names = _links(devices).get(path.name, [])
    return next((name for kind in ("by-id", "by-path") for name in sorted(names) if kind in name), source)


def _ask(device: VideoDevice, path: Path, names: tuple[str, ...]) -> FoundCamera | None:
    capability = device.capability()
    if not capability.captures:
        return None
    controls = tuple(control for which in SHOWN if (control := device.control(which)) is not None)
    modes = tuple(dict.fromkeys(device.modes()))
    source = next((name for name in names if "/by-id/" in name), str(path))
    return FoundCamera(source, str(path), capability.card, capability.driver, names, modes, controls)


def _links(devices: Path) -> dict[str, list[str]]:
    """Return for each device's name the links that lead to it."""
    found: dict[str, list[str]] = {}
    for kind in ("by-id", "by-path"):
        folder = devices / "v4l" / kind
        for link in folder.iterdir() if folder.is_dir() else ():
            if link.is_symlink():
                found.setdefault(link.resolve().name, []).append(str(link))
    return found


def _modules() -> Iterator[FoundCamera]:
    try:
        module = find_picamera2()
    except CameraError:  # on most machines it is not there, and that is no fault
        return
    for number, info in enumerate(module.Picamera2.global_camera_info()):
        if "usb" not in str(info.get("Id", "")).lower():  # libcamera lists USB cameras too
            name = str(info.get("Model", ""))
            yield FoundCamera(f"picamera:{number}", "", name, "libcamera", (), (), ())
