"""What a person holds up, as a flat grey texture with its coverage, worn as the conditions say.

The drawings are the demo's; wear is drawn on them once a person: dark mode, cracks, creases, a sleeve, a dim screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.crowd.conditions import Conditions, Person
from demo import artwork
from demo.artwork import Artwork, Image, Kind, PrintedCode, Tint
from demo.geometry import Point

Field = NDArray[np.float32]
GRID = 33
"""Points a side at which a code is looked at for what is lost of it."""
_DISPLAY = (-36.5, -63.0, 36.5, 89.0)
"""The phone's display, in millimetres from the code's centre."""
_THUMB = ((44.0, 78.0), (26.0, 54.0), 16.0)
"""The thumb before it: two ends and a width in millimetres."""
_TINTS = (Tint.GREEN, Tint.YELLOW, Tint.RED)


@dataclass(frozen=True, slots=True, eq=False)
class Carrier:
    """A worn carrier, flat."""

    grey: Image
    """Multiplied by coverage."""
    cover: Image
    per_mm: float
    origin: Point
    code: PrintedCode
    dark: float
    """Grey of the dark modules when nothing shines on them."""
    light: float
    """Grey of the light modules."""
    lost: Field
    """GRID × GRID over the code's modules: share of each part that a crack has taken, 0 to 1."""
    streaks: Field
    """GRID × GRID: grey levels that a sleeve's wrinkles add."""
    warp_mm: float
    """Largest displacement of a module by creases."""
    sheen: bool
    """Whether its surface reflects like glass."""

    @property
    def contrast(self) -> float:
        """Difference between light and dark modules as a share of the full range."""
        return (self.light - self.dark) / 255


def draw(person: Person) -> Carrier:
    """Draw what `person` holds up. Takes about 0.1 s."""
    flat = _flat(person)
    (code,) = flat.codes
    grey = np.asarray(cv2.cvtColor(flat.ink[:, :, :3], cv2.COLOR_BGR2GRAY), np.uint8)
    cover = flat.ink[:, :, 3]
    wear = person.conditions
    rng = np.random.default_rng(person.seed)
    lost, streaks = np.zeros(grey.shape, np.float32), np.zeros(grey.shape, np.float32)
    warp = 0.0
    if person.kind is Kind.PHONE:
        grey = _screen(grey, flat, wear)
        if wear.cracks:
            lost = _crack(grey, flat, wear, rng)
        levels = _screen_levels(wear)
    else:
        if wear.folds or wear.crumple_mm:
            grey, warp = _crease(grey, flat, code, wear, rng)
        grey = _scaled(grey, wear.ambient)
        levels = (0.0, 255.0 * wear.ambient)
    if wear.haze or wear.streaks:
        grey, levels, streaks = _sleeve(grey, levels, flat, wear, rng)
    covered = cv2.multiply(grey, cover, scale=1 / 255)
    return Carrier(
        grey=np.asarray(covered, np.uint8),
        cover=np.ascontiguousarray(cover),
        per_mm=flat.per_mm,
        origin=flat.origin,
        code=code,
        dark=levels[0],
        light=levels[1],
        lost=_sampled(lost, flat, code),
        streaks=_sampled(streaks, flat, code),
        warp_mm=warp,
        sheen=person.kind is Kind.PHONE or wear.haze > 0,
    )


def _flat(person: Person) -> Artwork:
    match person.kind:
        case Kind.PAPER:
            return artwork.paper(person.text, "张**", person.seed)
        case Kind.CARD:
            return artwork.card(person.text, "张**", person.seed)
        case _:
            return artwork.phone(person.text, "张**", "08:30", _TINTS[person.seed % len(_TINTS)], person.seed)


def _scaled(grey: Image, factor: float, added: float = 0.0) -> Image:
    return np.asarray(cv2.convertScaleAbs(grey, alpha=factor, beta=added), np.uint8)


def _window(flat: Artwork, left: float, top: float, right: float, bottom: float) -> tuple[slice, slice]:
    x0, x1 = (round(flat.origin[0] + edge * flat.per_mm) for edge in (left, right))
    y0, y1 = (round(flat.origin[1] + edge * flat.per_mm) for edge in (top, bottom))
    return slice(max(0, y0), y1), slice(max(0, x0), x1)


def _screen_levels(wear: Conditions) -> tuple[float, float]:
    veil = wear.veil * wear.ambient
    return veil, min(255.0, 255.0 * wear.screen + veil)


def _screen(grey: Image, flat: Artwork, wear: Conditions) -> Image:
    """Light the display by itself, and the rest of the hand and phone by the place."""
    window = _window(flat, *_DISPLAY)
    shown = grey[window]
    lit = cv2.bitwise_not(shown) if wear.dark_mode else shown
    whole = _scaled(grey, wear.ambient)
    thumb = np.zeros(grey.shape, np.uint8)
    a, b = ((round(flat.origin[0] + x * flat.per_mm), round(flat.origin[1] + y * flat.per_mm)) for x, y in _THUMB[:2])
    cv2.line(thumb, a, b, 255, round(_THUMB[2] * flat.per_mm))
    display = _scaled(np.asarray(lit, np.uint8), wear.screen, wear.veil * wear.ambient)
    whole[window] = np.where(thumb[window] > 0, whole[window], display)
    return whole


def _crack(grey: Image, flat: Artwork, wear: Conditions, rng: np.random.Generator) -> Field:
    """Draw rays from a point of impact, each with kinks and branches, dark with a glint beside; tell where they are."""
    where = np.zeros(grey.shape, np.uint8)
    thickness = max(1, round(wear.crack_mm * flat.per_mm))
    start = np.array((rng.uniform(-30, 30), rng.uniform(-45, 45)))
    first = rng.uniform(0, math.tau)
    for ray in range(wear.cracks):
        angle = first + math.tau * ray / wear.cracks + rng.normal(0, 0.2)
        point = start
        for _ in range(int(rng.integers(3, 8))):
            angle += rng.normal(0, 0.25)
            ahead = point + rng.uniform(6, 18) * np.array((math.cos(angle), math.sin(angle)))
            ends = [
                tuple(round(o + v * flat.per_mm) for o, v in zip(flat.origin, p, strict=True)) for p in (point, ahead)
            ]
            cv2.line(where, ends[0], ends[1], 255, thickness, cv2.LINE_AA)
            point = ahead
    glint = np.asarray(np.roll(where, (thickness, thickness), (0, 1)), np.uint8)
    grey[:] = cv2.subtract(grey, _scaled(where, 0.75))
    grey[:] = cv2.add(grey, _scaled(glint, 0.5 * wear.ambient))
    return np.asarray((where > 127) | (glint > 127), np.float32)


def _crease(
    grey: Image, flat: Artwork, code: PrintedCode, wear: Conditions, rng: np.random.Generator
) -> tuple[Image, float]:
    """Displace the print by folds and waves, shade it by the slope; also return the largest displacement."""
    height, width = grey.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (columns - flat.origin[0]) / flat.per_mm, (rows - flat.origin[1]) / flat.per_mm
    dx, dy, shade = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    for _ in range(wear.folds):
        angle, offset = rng.uniform(0, math.pi), rng.uniform(-22, 22)
        nx, ny = math.cos(angle), math.sin(angle)
        away = x * nx + y * ny - offset
        # A fold lifts a ridge: the print on both sides is drawn towards it, most some millimetres away from it.
        pull = -np.sign(away) * np.minimum(np.abs(away) / 4, 1) * np.exp(-np.abs(away) / 14)
        dx += pull * nx
        dy += pull * ny
        shade += np.sign(away) * np.exp(-np.abs(away) / 9) * rng.uniform(0.06, 0.16)
        shade += 0.25 * np.exp(-((away / 0.5) ** 2)) * rng.choice((-1.0, 1.0))
    if wear.folds:
        on_code = (np.abs(x - code.centre[0]) < code.modules * code.module_mm / 2) & (
            np.abs(y - code.centre[1]) < code.modules * code.module_mm / 2
        )
        largest = float(np.hypot(dx, dy)[on_code].max())
        dx, dy = (shift * (wear.fold_mm / max(largest, 1e-6)) for shift in (dx, dy))
    if wear.crumple_mm:
        waves = [_waves((height, width), rng) for _ in range(2)]
        dx, dy = dx + waves[0] * wear.crumple_mm, dy + waves[1] * wear.crumple_mm
        shade += 0.10 * waves[0] + 0.06 * waves[1]
    bent = cv2.remap(
        grey,
        (columns - dx * flat.per_mm).astype(np.float32),
        (rows - dy * flat.per_mm).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    shaded = np.clip(bent.astype(np.float32) * (1 + np.clip(shade, -0.45, 0.15)), 0, 255).astype(np.uint8)
    return shaded, wear.fold_mm + wear.crumple_mm


def _waves(shape: tuple[int, int], rng: np.random.Generator) -> Field:
    """Draw smooth random waves of about 1.5 cm, between −1 and 1."""
    coarse = rng.uniform(-1, 1, (max(4, shape[0] // 90), max(4, shape[1] // 90))).astype(np.float32)
    fine = np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.clip(fine, -1, 1)


def _sleeve(
    grey: Image, levels: tuple[float, float], flat: Artwork, wear: Conditions, rng: np.random.Generator
) -> tuple[Image, tuple[float, float], Field]:
    """Lay a plastic sleeve over: its own grey, and bands of light on its wrinkles, which are returned too."""
    own = 190.0 * min(1.0, wear.ambient)
    hazed = _scaled(grey, 1 - wear.haze, own * wear.haze)
    dark, light = (level * (1 - wear.haze) + own * wear.haze for level in levels)
    height, width = grey.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    added = np.zeros((height, width), np.float32)
    for _ in range(wear.streaks):
        angle, offset, broad = rng.uniform(0, math.pi), rng.uniform(-40, 40), rng.uniform(1.0, 4.0)
        away = (columns - flat.origin[0]) * math.cos(angle) + (rows - flat.origin[1]) * math.sin(angle)
        added += wear.streak_light * wear.ambient * np.exp(-(((away / flat.per_mm - offset) / broad) ** 2))
    shone = np.clip(hazed.astype(np.float32) + added, 0, 255).astype(np.uint8)
    return shone, (dark, light), added


def grid(code: PrintedCode) -> NDArray[np.float64]:
    """Return the middles of GRID² parts of the code's modules, in millimetres, row by row."""
    side = code.modules * code.module_mm
    steps = ((np.arange(GRID) + 0.5) / GRID - 0.5) * side
    x, y = np.meshgrid(code.centre[0] + steps, code.centre[1] + steps)
    return np.column_stack((x.ravel(), y.ravel()))


def _sampled(field: Field, flat: Artwork, code: PrintedCode) -> Field:
    """Return the field's mean over each part of the code's modules."""
    if not field.any():
        return np.zeros((GRID, GRID), np.float32)
    half = code.modules * code.module_mm / 2
    window = _window(flat, code.centre[0] - half, code.centre[1] - half, code.centre[0] + half, code.centre[1] + half)
    return np.asarray(cv2.resize(field[window], (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)
