"""The staged view of one lane's camera: who stands there and what they hold up, drawn frame by frame.

The scene is steered by events and drawn for an instant; it keeps no thread and reads no clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from demo import artwork, optics, scenery
from demo.artwork import Artwork, Image, Kind, PrintedCode, Tint
from demo.geometry import HEIGHT, WIDTH, DrawnCode, Fault, Pose, faults, project
from demo.motion import Course, Hold, Walk
from demo.optics import Optics

ORDINARY = Optics()
BARRIER_S = 0.35
"""Seconds the arm takes."""


@dataclass(frozen=True, slots=True)
class Showing:
    """What one person holds up, and under which conditions."""

    key: str
    """Whose it is, in the demo's script."""
    kind: Kind
    texts: tuple[str, ...]
    """One code, or two on a phone."""
    names: tuple[str, ...] = ("",)
    clock: str = ""
    """The time on the phone's screen."""
    tint: Tint = Tint.GREEN
    seed: int = 0
    hold: Hold = field(default_factory=Hold)
    optics: Optics = field(default_factory=Optics)


@dataclass(frozen=True, slots=True)
class SeenCode:
    """One code in one frame, judged."""

    key: str
    index: int
    """Which of the carrier's codes."""
    drawn: DrawnCode
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class _Held:
    showing: Showing
    art: Artwork
    course: Course


def draw(showing: Showing) -> Artwork:
    """Draw the flat carrier of a showing. Takes some tens of milliseconds: not for the frame's own thread."""
    name = showing.names[0] if showing.names else ""
    match showing.kind:
        case Kind.PAPER:
            return artwork.paper(showing.texts[0], name, showing.seed)
        case Kind.CARD:
            return artwork.card(showing.texts[0], name, showing.seed)
        case Kind.POSTER:
            return artwork.poster(showing.texts[0])
        case Kind.PHONE if len(showing.texts) == 2:
            texts, names = (showing.texts[0], showing.texts[1]), (name, showing.names[-1])
            return artwork.two_on_a_phone(texts, names, showing.tint, showing.seed)
        case Kind.PHONE:
            return artwork.phone(showing.texts[0], name, showing.clock, showing.tint, showing.seed)


class Scene:
    """The view of the camera. Not thread-safe: one thread steers and draws."""

    def __init__(self, seed: int) -> None:
        self._gates = scenery.gate(seed)
        self._sensor = optics.Sensor(seed + 1)
        self._held: dict[str, _Held] = {}
        self._people: list[tuple[scenery.Figure, Walk]] = []
        self._barrier_open = False
        self._barrier_since = -math.inf

    def step_up(self, figure: scenery.Figure, at: float) -> None:
        """Let a person walk up; whoever stands there walks on."""
        self.leave(at)
        self._people.append((figure, Walk(at)))

    def leave(self, at: float) -> None:
        """Let whoever stands there walk on."""
        for _, walk in self._people:
            walk.leave(at)

    def show(self, showing: Showing, art: Artwork, at: float) -> None:
        """Let a hand bring up `art`, as `draw` made it."""
        module_mm = art.codes[0].module_mm
        self._held[showing.key] = _Held(showing, art, Course(showing.hold, module_mm, showing.seed, at))

    def lower(self, key: str, at: float) -> None:
        """Take the hand of `key` down."""
        if key in self._held:
            self._held[key].course.lower(at)

    def barrier(self, opened: bool, at: float) -> None:
        """Move the arm up or down."""
        if opened != self._barrier_open:
            self._barrier_open, self._barrier_since = opened, at

    def codes(self, at: float) -> tuple[SeenCode, ...]:
        """Judge every code in view at the monotonic second `at`, without drawing anything."""
        seen: list[SeenCode] = []
        for held in self._held.values():
            light = held.showing.optics
            pose, before = held.course.pose(at), held.course.pose(at - light.exposure)
            for index, code in enumerate(held.art.codes):
                drawn = judge(code, pose, before, light)
                seen.append(SeenCode(held.showing.key, index, drawn, faults(drawn)))
        return tuple(seen)

    def frame(self, at: float) -> Image:
        """Draw the picture at the monotonic second `at` (720 × 1280 × 3, BGR)."""
        self._people = [(figure, walk) for figure, walk in self._people if not walk.gone(at)]
        self._held = {key: held for key, held in self._held.items() if not held.course.gone(at)}
        view = self._gates[self._barrier_step(at)].copy()
        for figure, walk in self._people:
            _stand(view, figure, *walk.place(at))
        weather = ORDINARY
        for held in self._held.values():
            light = held.showing.optics
            pose, before = held.course.pose(at), held.course.pose(at - light.exposure)
            optics.expose(view, held.art, pose, (pose.x - before.x, pose.y - before.y), light)
            weather = light
        return self._sensor.read(view, weather)

    def _barrier_step(self, at: float) -> int:
        way = min(1.0, max(0.0, (at - self._barrier_since) / BARRIER_S))
        opened = way if self._barrier_open else 1 - way
        return round(opened * (scenery.BARRIER_STEPS - 1))


def judge(code: PrintedCode, pose: Pose, before: Pose, light: Optics) -> DrawnCode:
    """Return the numbers by which a code in a frame is judged; `before` is its pose when the shutter opened."""
    corners, earlier = project(pose, code.corners), project(before, code.corners)
    outer = project(pose, code.outer)
    return DrawnCode(
        corners=(corners[0], corners[1], corners[2], corners[3]),
        outer=(outer[0], outer[1], outer[2], outer[3]),
        modules=code.modules,
        module_px=pose.scale * code.module_mm,
        tilt=pose.tilt,
        motion_px=max(math.dist(now, then) for now, then in zip(corners, earlier, strict=True)),
        defocus_sigma=light.defocus,
        noise_sigma=light.noise,
        brightness=light.brightness,
        glare_share=optics.glare_share(light, pose, code),
    )


def _stand(view: Image, figure: scenery.Figure, x: float, bob: float) -> None:
    """Blend a figure into the picture with its middle at column `x`."""
    left, top = round(x) - scenery.PERSON_WIDTH // 2, HEIGHT - scenery.PERSON_HEIGHT + round(bob)
    start, end = max(0, left), min(WIDTH, left + scenery.PERSON_WIDTH)
    if end <= start:
        return
    part = np.s_[0 : HEIGHT - top, start - left : end - left]
    region = view[top:HEIGHT, start:end]
    kept = cv2.multiply(region, figure.inverse[part], scale=1 / 255)
    cv2.add(kept, figure.ink[part], region)
