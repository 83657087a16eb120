"""Another camera, mirrored and cut as the configuration says."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from scanner.camera.frame import Camera, Frame, Grey
from scanner.camera.lens import Lens, Tunable
from scanner.config.model import CameraSection


class ViewedCamera:
    """What is left of a camera's picture."""

    def __init__(self, camera: Camera, section: CameraSection) -> None:
        self.behind = camera
        self._mirror = section.mirror
        self._crop = section.crop
        self.live = camera.live

    @property
    def lens(self) -> Lens | None:
        """The lens of the camera behind."""
        return self.behind.lens if isinstance(self.behind, Tunable) else None

    @property
    def remarks(self) -> tuple[str, ...]:
        """The remarks of the camera behind."""
        return self.behind.remarks if isinstance(self.behind, Tunable) else ()

    def read(self) -> Frame | None:
        """As the camera behind."""
        frame = self.behind.read()
        return None if frame is None else replace(frame, grey=viewed(frame.grey, self._crop, mirror=self._mirror))

    def close(self) -> None:
        """Close the camera behind."""
        self.behind.close()


def viewed(grey: Grey, crop: tuple[float, float, float, float], *, mirror: bool) -> Grey:
    """Cut and mirror a picture; `crop` holds fractions of the picture as it is after mirroring."""
    height, width = grey.shape
    left, top, part_width, part_height = crop
    if mirror:
        left = max(0.0, 1 - left - part_width)
    columns = slice(round(left * width), max(round(left * width) + 1, round((left + part_width) * width)))
    rows = slice(round(top * height), max(round(top * height) + 1, round((top + part_height) * height)))
    part = grey[rows, columns]
    return np.asarray(cv2.flip(part, 1), np.uint8) if mirror else np.ascontiguousarray(part)
