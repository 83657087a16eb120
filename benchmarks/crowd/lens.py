"""What the camera makes of a person: a pure function, the same person at the same instant gives the same picture.

Background, perspective, the exposure's whole path, rolling shutter, focus, glare, drops on the lens, noise and JPEG.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.crowd.carrier import Carrier
from benchmarks.crowd.conditions import Conditions, Finger
from benchmarks.crowd.motion import Path
from demo import scenery
from demo.artwork import Image
from demo.geometry import HEIGHT, WIDTH, Point, Pose, homography, project

Matrix = NDArray[np.float64]
_TAP_PX = 1.2
"""Largest step between the instants that make up an exposure."""
_MAX_TAPS = 32
_GRAIN_MARGIN = 64
_BACKGROUND_M = 0.55
"""Distance by which the person is behind what they hold up."""
_FINGER_MM = 15.0
_SKIN_GREY = 170


@dataclass(frozen=True, slots=True, eq=False)
class Drops:
    """Water on the lens: where, and how much of the light goes through it."""

    cover: Image
    """0 to 255 a pixel."""


@lru_cache(maxsize=4)
def place(seed: int) -> Image:
    """Draw the empty gate in grey."""
    view = scenery.gate(seed)[0]
    return np.asarray(cv2.cvtColor(view, cv2.COLOR_BGR2GRAY), np.uint8)


@lru_cache(maxsize=8)
def figure(seed: int) -> tuple[Image, Image]:
    """Draw a person from the waist up: grey multiplied by coverage, and coverage."""
    drawn = scenery.figure(seed)
    grey = cv2.cvtColor(drawn.ink, cv2.COLOR_BGR2GRAY)
    return np.asarray(grey, np.uint8), np.asarray(cv2.bitwise_not(drawn.inverse[:, :, 0]), np.uint8)


@lru_cache(maxsize=1)
def _grain() -> Image:
    """Draw normal noise once: mean 128, sigma 32."""
    rng = np.random.default_rng(20_200_211)
    normal = rng.standard_normal((HEIGHT + _GRAIN_MARGIN, WIDTH + _GRAIN_MARGIN), np.float32)
    return np.clip(np.rint(128 + 32 * normal), 0, 255).astype(np.uint8)


def sigma_px(light: Conditions, distance_m: float) -> float:
    """Sigma of the blur by lens and focus at a distance, in pixels."""
    return math.hypot(light.lens_sigma, light.defocus_px_m * abs(1 / distance_m - 1 / light.focus_m))


def shutter(path: Path, light: Conditions, at: float) -> tuple[float, ...]:
    """Return the instants at which the picture that begins at `at` is sampled, for its middle row."""
    opened = at + light.readout_s / 2
    before, after = path.pose(opened), path.pose(opened + light.exposure_s)
    reach = 45.0  # millimetres: a corner of what is held up
    corners = [(-reach, -reach), (reach, -reach), (reach, reach), (-reach, reach)]
    moved = max(math.dist(a, b) for a, b in zip(project(before, corners), project(after, corners), strict=True))
    taps = min(_MAX_TAPS, max(1, math.ceil(moved / _TAP_PX)))
    return tuple(opened + light.exposure_s * (tap + 0.5) / taps for tap in range(taps))


def slant(path: Path, light: Conditions, at: float) -> Matrix:
    """Return what a rolling shutter does to the picture of a moving thing: each row is a little later than the last."""
    row_s = light.readout_s / HEIGHT
    step = 0.004
    before, after = path.pose(at - step), path.pose(at + step)
    vx, vy = ((after.x - before.x) / (2 * step) * row_s, (after.y - before.y) / (2 * step) * row_s)
    stretch = 1 / (1 - min(0.5, max(-0.5, vy)))
    middle = HEIGHT / 2
    return np.array(((1, vx * stretch, -vx * middle), (0, stretch, -stretch * vy * middle), (0, 0, 1)), np.float64)


class Lens:
    """Takes pictures of one person."""

    def __init__(self, carrier: Carrier, path: Path, light: Conditions, seed: int) -> None:
        self._carrier = carrier
        self._path = path
        self._light = light
        self._seed = seed
        self.drops = _rain(light, seed)
        base = place(seed % 3)
        self._place = (
            base if light.ambient == 1.0 else np.asarray(cv2.convertScaleAbs(base, alpha=light.ambient), np.uint8)
        )

    def picture(self, at: float, number: int) -> Image:
        """Take the picture that begins at `at` seconds; `number` chooses its noise. 720 × 1280 grey levels."""
        view = self._place.copy()
        self._stand(view, at)
        self._hold_up(view, at)
        if self.drops is not None:
            self._wet(view, self.drops)
        self._expose(view, number)
        if not self._light.jpeg:
            return view
        _, jpeg = cv2.imencode(".jpg", view, [cv2.IMWRITE_JPEG_QUALITY, self._light.jpeg])
        return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)

    def _stand(self, view: Image, at: float) -> None:
        scale = 0.85 / (self._path.distance_m(at) + _BACKGROUND_M)
        pose = self._path.pose(at)
        middle = (pose.x + WIDTH) / 3 - scenery.PERSON_WIDTH * scale / 2
        wide = round(scenery.PERSON_WIDTH * scale)
        left, right = max(0, math.floor(middle)), min(WIDTH, math.ceil(middle) + wide)
        top = max(0, math.floor(HEIGHT - 560 * scale))
        if right - left < 2 or HEIGHT - top < 2:
            return
        matrix = np.array(((scale, 0, middle - left), (0, scale, HEIGHT - 560 * scale - top)), np.float64)
        grey, cover = (
            np.asarray(cv2.warpAffine(plane, matrix, (right - left, HEIGHT - top)), np.uint8)
            for plane in figure(self._seed % 40)
        )
        _lay(view[top:, left:right], np.asarray(cv2.convertScaleAbs(grey, alpha=self._light.ambient), np.uint8), cover)

    def _hold_up(self, view: Image, at: float) -> None:
        carrier, light = self._carrier, self._light
        planes, per_mm = _shrunk(carrier, self._path.pose(at).scale)
        texture = np.array(
            (
                (1 / per_mm, 0, -carrier.origin[0] / carrier.per_mm),
                (0, 1 / per_mm, -carrier.origin[1] / carrier.per_mm),
                (0, 0, 1),
            )
        )
        instants = shutter(self._path, light, at)
        middle = (instants[0] + instants[-1]) / 2
        tilted = slant(self._path, light, middle)
        places = [tilted @ homography(self._path.pose(instant)) @ texture for instant in instants]
        sigma = sigma_px(light, self._path.distance_m(middle))
        region = _region((places[0], places[-1]), (planes[0].shape[0], planes[0].shape[1]), 6 + int(3 * sigma))
        if region is None:
            return
        left, top, right, bottom = region
        shift = np.array(((1, 0, -left), (0, 1, -top), (0, 0, 1)), np.float64)
        size = (right - left, bottom - top)
        # The outline takes three instants: it only has to be as soft as what it encloses.
        outline = places if len(places) < 4 else (places[0], places[len(places) // 2], places[-1])
        grey, cover = (
            _mean([np.asarray(cv2.warpPerspective(plane, shift @ one, size), np.uint8) for one in instants_of])
            for plane, instants_of in zip(planes, (places, outline), strict=True)
        )
        pose = self._path.pose(middle)
        if light.finger.depth_mm > 0:
            self._touch(grey, cover, pose, (left, top), middle)
        if sigma > 0.3:
            grey, cover = (np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma), np.uint8) for plane in (grey, cover))
        _lay(view[top:bottom, left:right], grey, cover)
        if light.glare > 0 and carrier.sheen:
            self._shine(view[top:bottom, left:right], cover, pose, (left, top))

    def _touch(self, grey: Image, cover: Image, pose: Pose, corner: tuple[int, int], at: float) -> None:
        tip, root = finger_mm(self._light.finger, self._carrier, at)
        a, b = ((round(x) - corner[0], round(y) - corner[1]) for x, y in project(pose, (tip, root)))
        thick = max(1, round(_FINGER_MM * pose.scale))
        cv2.line(grey, a, b, round(_SKIN_GREY * min(1.0, self._light.ambient)), thick, cv2.LINE_AA)
        cv2.line(cover, a, b, 255, thick, cv2.LINE_AA)

    def _shine(self, view: Image, cover: Image, pose: Pose, corner: tuple[int, int]) -> None:
        x, y, sigma = spot(self._light, self._path, pose)
        columns = np.exp(-(((np.arange(view.shape[1]) + corner[0] - x) / sigma) ** 2) / 2)
        rows = np.exp(-(((np.arange(view.shape[0]) + corner[1] - y) / sigma) ** 2) / 2)
        added = np.minimum(np.outer(rows * self._light.glare, columns), 255).astype(np.uint8)
        cv2.add(view, np.asarray(cv2.bitwise_and(added, cover), np.uint8), view)

    def _wet(self, view: Image, drops: Drops) -> None:
        """Smear the picture in soft patches: a drop on the lens is far out of focus."""
        radius = self._light.drop_px
        small = cv2.resize(view, (WIDTH // 4, HEIGHT // 4), interpolation=cv2.INTER_AREA)
        smeared = cv2.resize(cv2.GaussianBlur(small, (0, 0), max(1.0, radius / 8)), (WIDTH, HEIGHT))
        through = cv2.multiply(np.asarray(smeared, np.uint8), drops.cover, scale=1 / 255)
        kept = cv2.multiply(view, cv2.bitwise_not(drops.cover), scale=1 / 255)
        cv2.add(kept, through, view)

    def _expose(self, view: Image, number: int) -> None:
        if self._light.noise <= 0:
            return
        rng = np.random.default_rng((self._seed, number))
        row, column = (int(n) for n in rng.integers(0, _GRAIN_MARGIN, 2))
        grain = _grain()[row : row + HEIGHT, column : column + WIDTH]
        alpha = self._light.noise / 32
        cv2.addWeighted(view, 1.0, grain, alpha, -128 * alpha, view)


def spot(light: Conditions, path: Path, pose: Pose) -> tuple[float, float, float]:
    """Return where a lamp's reflection is, and its sigma, in pixels; it moves over the glass as the glass turns."""
    turned_x, turned_y = pose.yaw - path.walk.yaw, pose.pitch - path.walk.pitch
    place_mm = (
        light.glare_at[0] + light.glare_mm_degree * turned_x,
        light.glare_at[1] + light.glare_mm_degree * turned_y,
    )
    ((x, y),) = project(pose, (place_mm,))
    return x, y, max(1.0, light.glare_mm * pose.scale)


def finger_mm(finger: Finger, carrier: Carrier, at: float) -> tuple[Point, Point]:
    """Return the two ends of the thumb's middle line, in millimetres on the carrier, at `at` seconds."""
    half = carrier.code.modules * carrier.code.module_mm / 2
    depth = finger.depth_mm - max(0.0, at - finger.away_at_s) * finger.speed_mm_s
    x = carrier.code.centre[0] + (2 * finger.along - 1) * half
    y = carrier.code.centre[1] + half - depth + _FINGER_MM / 2
    return (x, y), (x + 12.0, y + 60.0)


def finger_depth_mm(finger: Finger, at: float) -> float:
    """How far the thumb reaches over the modules' edge at `at` seconds; negative: it is clear of them."""
    if finger.depth_mm <= 0:
        return -math.inf
    return finger.depth_mm - max(0.0, at - finger.away_at_s) * finger.speed_mm_s


def finger_radius_mm() -> float:
    """Half of a thumb's width."""
    return _FINGER_MM / 2


def _lay(view: Image, grey: Image, cover: Image) -> None:
    kept = cv2.multiply(view, cv2.bitwise_not(cover), scale=1 / 255)
    cv2.add(kept, grey, view)


def _mean(pictures: list[Image]) -> Image:
    if len(pictures) == 1:
        return pictures[0]
    total = np.zeros(pictures[0].shape, np.float32)
    for one in pictures:
        cv2.accumulate(one, total)
    return np.asarray(cv2.convertScaleAbs(total, alpha=1 / len(pictures)), np.uint8)


def _shrunk(carrier: Carrier, scale: float) -> tuple[tuple[Image, Image], float]:
    """Halve the texture while it is more than twice as fine as the picture, so that far codes do not flicker."""
    grey, cover, per_mm = carrier.grey, carrier.cover, carrier.per_mm
    while per_mm > 2 * scale and min(grey.shape) > 64:
        grey, cover = (
            np.asarray(cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
            for plane in (grey, cover)
        )
        per_mm /= 2
    return (grey, cover), per_mm


def _region(places: tuple[Matrix, Matrix], shape: tuple[int, int], margin: int) -> tuple[int, int, int, int] | None:
    height, width = shape
    ends = np.array(((0, 0, 1), (width, 0, 1), (width, height, 1), (0, height, 1)), np.float64)
    found = np.vstack([ends @ one.T for one in places])
    xy = found[:, :2] / found[:, 2:]
    left, top = (max(0, math.floor(float(edge)) - margin) for edge in xy.min(axis=0))
    right, bottom = (
        min(limit, math.ceil(float(edge)) + margin) for limit, edge in zip((WIDTH, HEIGHT), xy.max(axis=0), strict=True)
    )
    return (left, top, right, bottom) if right - left > 2 and bottom - top > 2 else None


def _rain(light: Conditions, seed: int) -> Drops | None:
    if not light.drops:
        return None
    rng = np.random.default_rng((seed, 7))
    cover = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(light.drops):
        x, y = int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT))
        radius = max(2, round(light.drop_px * float(rng.uniform(0.6, 1.3))))
        cv2.ellipse(
            cover, (x, y), (radius, round(radius * float(rng.uniform(1.0, 1.4)))), 0, 0, 360, 235, -1, cv2.LINE_AA
        )
    return Drops(np.asarray(cv2.GaussianBlur(cover, (0, 0), max(2.0, light.drop_px / 6)), np.uint8))
