"""One person's way to the gate and the conditions of the showing: every effect of the generator, as a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, unique

from demo.artwork import Kind


@unique
class Effect(StrEnum):
    """What besides walking and trembling makes a person's code hard to read."""

    PLAIN = "plain"
    GLARE = "glare"
    CRACKED = "cracked"
    DIM = "dim"
    DARK_MODE = "dark_mode"
    CREASED = "creased"
    SLEEVE = "sleeve"
    LOW_LIGHT = "low_light"
    RAIN = "rain"
    FINGERS = "fingers"
    HASTY = "hasty"
    """Keeps on walking and waving."""
    SHAKY = "shaky"
    """An old hand's tremor."""
    OBLIQUE = "oblique"
    """Held flat, or across."""


@dataclass(frozen=True, slots=True)
class Tremble:
    """A hand's unrest: one oscillation a band, in millimetres and degrees of amplitude."""

    hz: tuple[float, ...] = (0.9, 2.3, 4.7, 9.5)
    """Sway of the body, of the arm, of the hand, and the physiological tremor."""
    mm: tuple[float, ...] = (2.0, 0.8, 0.25, 0.08)
    degrees: tuple[float, ...] = (1.2, 0.5, 0.15, 0.05)


@dataclass(frozen=True, slots=True)
class Walk:
    """How a carrier comes up to the camera and is held there."""

    begin_m: float = 0.9
    """Distance of the carrier from the camera at time 0."""
    hold_m: float = 0.25
    """Distance at which it is held."""
    approach_s: float = 1.2
    """Seconds from the one to the other; most of the way at a walking pace, then slower."""
    begin_at: tuple[float, float] = (900.0, 760.0)
    """Pixel of the carrier's origin at time 0."""
    hold_at: tuple[float, float] = (640.0, 360.0)
    pitch: float = 8.0
    """Degrees while held; positive leans the top away."""
    yaw: float = -6.0
    roll: float = 3.0
    swing: tuple[float, float, float] = (25.0, 15.0, -12.0)
    """Degrees of pitch, yaw and roll added at the beginning, gone when it is held."""
    tremble: Tremble = field(default_factory=Tremble)


@dataclass(frozen=True, slots=True)
class Finger:
    """A thumb that lies over the code's edge and moves away."""

    depth_mm: float = 0.0
    """How far it reaches over the edge of the modules at first; 0: no finger."""
    along: float = 0.5
    """Where on the lower edge, 0 to 1."""
    away_at_s: float = 0.6
    """When it begins to draw back."""
    speed_mm_s: float = 40.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """Light, glass, paper, lens and sensor."""

    exposure_s: float = 1 / 160
    """Seconds the shutter stays open: with the real velocity, the motion blur."""
    readout_s: float = 0.012
    """Seconds from the first to the last row of a rolling shutter; 0: all rows at once."""
    lens_sigma: float = 0.6
    """Blur of the lens in pixels at its focus."""
    focus_m: float = 0.3
    defocus_px_m: float = 0.35
    """Sigma in pixels for each 1/m away from the focus, added in squares."""
    ambient: float = 1.0
    """Light of the place, 1.0 being ordinary: dims everything but screens."""
    screen: float = 1.0
    """Light of a phone's screen."""
    veil: float = 8.0
    """Grey levels that diffuse reflection adds to a screen, at ordinary light."""
    noise: float = 3.0
    """Sigma in grey levels."""
    glare: float = 0.0
    """Peak of the light a reflection on glass adds, in grey levels."""
    glare_mm: float = 6.0
    """Sigma of the reflection's size on the carrier at the distance of holding."""
    glare_at: tuple[float, float] = (0.0, 0.0)
    """Its place on the carrier in millimetres, at the angles of holding."""
    glare_mm_degree: float = 2.5
    """How far it moves over the carrier for each degree the carrier turns."""
    cracks: int = 0
    """Rays from the point of impact on a cracked screen."""
    crack_mm: float = 0.2
    """Their width."""
    dark_mode: bool = False
    """Light modules on a dark ground."""
    folds: int = 0
    """Creases across a paper."""
    fold_mm: float = 0.0
    """Largest displacement of the printed modules by creases."""
    crumple_mm: float = 0.0
    """Largest displacement by small waves."""
    haze: float = 0.0
    """Share of a sleeve's own grey in the picture of what it holds, 0 to 1."""
    streaks: int = 0
    """Bands of reflection on a sleeve's wrinkles."""
    streak_light: float = 110.0
    """Peak of the light they add."""
    drops: int = 0
    """Rain drops on the lens."""
    drop_px: float = 26.0
    """Their radius."""
    finger: Finger = field(default_factory=Finger)
    jpeg: int = 85
    """Quality of the camera's JPEG; 0: none."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who comes: one seed, one code, one way, one set of conditions."""

    number: int
    seed: int
    kind: Kind
    text: str
    walk: Walk
    conditions: Conditions
    effects: tuple[Effect, ...]
