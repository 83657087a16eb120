"""Cameras of every kind, read in the same way: devices, network addresses, FIFOs, video files, folders of stills."""

from __future__ import annotations

import stat
from pathlib import Path

import cv2
import numpy as np

from scanner.camera.device import DeviceCamera
from scanner.camera.frame import Camera, CameraError, CameraStalledError, Frame, Grey
from scanner.camera.network import NetworkCamera
from scanner.camera.picture import STILL_SUFFIXES
from scanner.camera.recording import Stills, VideoFile
from scanner.camera.stream import StreamCamera
from scanner.config.model import CameraSection

__all__ = ["Camera", "CameraError", "CameraStalledError", "Frame", "Grey", "open_camera"]


class _Mirrored:
    """Another camera, seen in a mirror: left and right are exchanged."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self.live = camera.live

    def read(self) -> Frame | None:
        frame = self._camera.read()
        if frame is None:
            return None
        return Frame(np.ascontiguousarray(cv2.flip(frame.grey, 1), np.uint8), frame.at, frame.number)

    def close(self) -> None:
        self._camera.close()


def open_camera(section: CameraSection) -> Camera:
    """Open what `section.source` means, by what stands at that path. Raises CameraError with what to do.

    A number is a V4L2 index, an address such as `rtsp://…` a camera on the network, a character device a V4L2 camera,
    a FIFO a stream of JPEGs, a folder or a picture a row of stills, and any other file a video.
    """
    camera = _open(section)
    return _Mirrored(camera) if section.mirror else camera


def _open(section: CameraSection) -> Camera:
    source = section.source
    if isinstance(source, str) and source.isascii() and source.isdecimal():
        source = int(source)
    if isinstance(source, int):
        return DeviceCamera(source, section.width, section.height, section.fps)
    if "://" in source:
        return NetworkCamera(source)
    path = Path(source)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise CameraError(f"there is no camera at {path}: {why}") from error
    if stat.S_ISCHR(mode):
        return DeviceCamera(source, section.width, section.height, section.fps)
    if stat.S_ISFIFO(mode):
        return StreamCamera(path)
    if stat.S_ISDIR(mode) or path.suffix.lower() in STILL_SUFFIXES:
        return Stills(path, section.fps)
    if stat.S_ISREG(mode):
        return VideoFile(path, section.fps)
    raise CameraError(f"{path} is no camera: name a device, a video file, a FIFO of JPEGs or a folder of pictures")
