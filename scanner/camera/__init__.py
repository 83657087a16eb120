"""Cameras of every kind, read in the same way: devices, network addresses, FIFOs, video files, folders of stills."""

from __future__ import annotations

import stat
from pathlib import Path

from scanner.camera.device import DeviceCamera
from scanner.camera.frame import Box, Camera, CameraError, CameraStalledError, Frame, Grey
from scanner.camera.network import NetworkCamera
from scanner.camera.picamera import PiCamera, number_of
from scanner.camera.picture import STILL_SUFFIXES
from scanner.camera.recording import Stills, VideoFile
from scanner.camera.stream import StreamCamera
from scanner.camera.viewed import ViewedCamera
from scanner.config.model import CameraSection, is_picamera

__all__ = ["Box", "Camera", "CameraError", "CameraStalledError", "Frame", "Grey", "open_camera"]


def open_camera(section: CameraSection) -> Camera:
    """Open what `section.source` means, by what stands at that path. Raises CameraError with what to do.

    A number is a V4L2 index, `picamera` or `picamera:N` a Raspberry Pi camera module, an address such as `rtsp://…` a
    camera on the network, a character device a V4L2 camera, a FIFO a stream of JPEGs, a folder or a picture a row of
    stills, and any other file a video. Pictures come mirrored and cut as the section says.
    """
    camera = _open(section)
    whole = section.crop == (0.0, 0.0, 1.0, 1.0)
    return camera if whole and not section.mirror else ViewedCamera(camera, section)


def _open(section: CameraSection) -> Camera:
    source = section.source
    if isinstance(source, str) and source.isascii() and source.isdecimal():
        source = int(source)
    if isinstance(source, int):
        return DeviceCamera(source, section)
    if is_picamera(source):
        return PiCamera(number_of(source), section)
    if "://" in source:
        return NetworkCamera(source)
    path = Path(source)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise CameraError(f"there is no camera at {path}: {why}") from error
    if stat.S_ISCHR(mode):
        return DeviceCamera(source, section)
    if stat.S_ISFIFO(mode):
        return StreamCamera(path)
    if stat.S_ISDIR(mode) or path.suffix.lower() in STILL_SUFFIXES:
        return Stills(path, section.fps)
    if stat.S_ISREG(mode):
        return VideoFile(path, section.fps)
    raise CameraError(f"{path} is no camera: name a device, a video file, a FIFO of JPEGs or a folder of pictures")
