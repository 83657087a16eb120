"""Where a drawn code stands in the picture, and whether that lies within the measured limits of reading.

Pure, and independent of any decoder: the demo's renderer knows the geometry and the optics of each frame, so it can
say when a code first *could* be read. That instant is the time zero of the demo's latency figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]

WIDTH = 1280
HEIGHT = 720
FOCAL = 1100.0
"""Focal length of the staged camera in pixels: about 60° across."""

MODULE_PX = 3.25
"""Smallest module, as seen face on, that ordinary frames are read with."""
TILT = 55.0
"""Degrees between the code's plane and the picture's, measured at 4.1 px a module."""
FORESHORTENED_PX = 4.1 * math.cos(math.radians(TILT))
"""What that tilt leaves of a module on the shortest edge; tilt and smallness do not both go to their limits."""
MOTION_PX = 5.0
DEFOCUS_SIGMA = 1.7
NOISE_SIGMA = 25.0
BRIGHTNESS = 0.10
GLARE_SHARE = 0.08
"""Saturated share of the code's area at error correction M."""


@unique
class Fault(StrEnum):
    """One limit that a drawn code does not keep."""

    OUTSIDE = "outside"
    """A corner of the code or of its quiet zone is out of the picture."""
    TOO_SMALL = "too_small"
    TILTED = "tilted"
    MOVING = "moving"
    DEFOCUSED = "defocused"
    NOISY = "noisy"
    DARK = "dark"
    GLARE = "glare"
    COVERED = "covered"
    """Something stands in front of it: losing a few percent of an edge kills every decoder."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How a flat carrier is held before the camera."""

    x: float
    """Pixel column of the carrier's origin."""
    y: float
    """Pixel row of the carrier's origin."""
    scale: float
    """Pixels per millimetre at the origin, seen face on."""
    pitch: float = 0.0
    """Degrees; positive leans the top away."""
    yaw: float = 0.0
    """Degrees; positive turns the right edge away."""
    roll: float = 0.0
    """Degrees in the picture's plane."""

    @property
    def tilt(self) -> float:
        """Degrees between the carrier's plane and the picture's."""
        cosine = math.cos(math.radians(self.pitch)) * math.cos(math.radians(self.yaw))
        return math.degrees(math.acos(max(-1.0, min(1.0, cosine))))


@dataclass(frozen=True, slots=True)
class DrawnCode:
    """One code in one frame: everything the limits speak of."""

    corners: tuple[Point, Point, Point, Point]
    """Of the modules, in pixels, clockwise from the top left."""
    outer: tuple[Point, Point, Point, Point]
    """Of the quiet zone."""
    modules: int
    """Modules a side."""
    module_px: float
    """Size of a module as it would be face on."""
    tilt: float
    motion_px: float
    """Length of the longest corner's path during the exposure."""
    defocus_sigma: float
    noise_sigma: float
    brightness: float
    """Share of the ordinary brightness, 1.0 being ordinary."""
    glare_share: float
    covered: bool = False


def faults(code: DrawnCode, width: int = WIDTH, height: int = HEIGHT) -> tuple[Fault, ...]:
    """Return the limits that `code` does not keep in a picture of `width` × `height` pixels; empty: it can be read."""
    shortest = min(math.dist(code.corners[i], code.corners[(i + 1) % 4]) for i in range(4)) / code.modules
    found = {
        Fault.OUTSIDE: any(not (0 <= x < width and 0 <= y < height) for x, y in code.outer),
        Fault.TOO_SMALL: code.module_px < MODULE_PX or shortest < FORESHORTENED_PX,
        Fault.TILTED: code.tilt > TILT,
        Fault.MOVING: code.motion_px > MOTION_PX,
        Fault.DEFOCUSED: code.defocus_sigma > DEFOCUS_SIGMA,
        Fault.NOISY: code.noise_sigma > NOISE_SIGMA,
        Fault.DARK: code.brightness < BRIGHTNESS,
        Fault.GLARE: code.glare_share > GLARE_SHARE,
        Fault.COVERED: code.covered,
    }
    return tuple(fault for fault, present in found.items() if present)


def _rotation(pose: Pose) -> NDArray[np.float64]:
    pitch, yaw, roll = (math.radians(angle) for angle in (pose.pitch, pose.yaw, pose.roll))
    cp, sp, cy, sy, cr, sr = (
        math.cos(pitch),
        math.sin(pitch),
        math.cos(yaw),
        math.sin(yaw),
        math.cos(roll),
        math.sin(roll),
    )
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, dtype=np.float64)


def homography(pose: Pose) -> NDArray[np.float64]:
    """Return the 3×3 map from the carrier's plane (millimetres from its origin) to the picture (pixels)."""
    rotation = _rotation(pose)
    distance = FOCAL / pose.scale
    plane = np.column_stack((rotation[:, 0], rotation[:, 1], (0.0, 0.0, distance)))
    # The origin stands at (x, y) whatever the angle: the principal point follows the carrier.
    camera = np.array([[FOCAL, 0, pose.x], [0, FOCAL, pose.y], [0, 0, 1]])
    return np.asarray(camera @ plane, dtype=np.float64)


def project(pose: Pose, points: Sequence[Point]) -> tuple[Point, ...]:
    """Where points of the carrier's plane (millimetres) fall in the picture (pixels)."""
    matrix = homography(pose)
    mapped = np.column_stack((np.asarray(points, dtype=np.float64), np.ones(len(points)))) @ matrix.T
    return tuple((float(x / w), float(y / w)) for x, y, w in mapped)


def square(centre: Point, side: float) -> tuple[Point, Point, Point, Point]:
    """Return the corners of an upright square in the carrier's plane, clockwise from the top left."""
    x, y = centre
    half = side / 2
    return (x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)
