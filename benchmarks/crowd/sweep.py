"""Single frames with chosen numbers, to measure where reading ends.

Apart from the crowd, so that a limit never comes from the frames that it judges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from benchmarks.crowd.carrier import Carrier, draw
from benchmarks.crowd.codes import code_text
from benchmarks.crowd.conditions import Conditions, Person, Tremble, Walk
from benchmarks.crowd.judge import Judgement, judge
from benchmarks.crowd.lens import Lens
from benchmarks.crowd.motion import Path
from benchmarks.crowd.population import module_mm
from demo.artwork import Image, Kind
from demo.geometry import FOCAL, Pose
from keys.verdict import Carrier as Shown

BARE = Conditions(exposure_s=1 / 125, readout_s=0.0, lens_sigma=0.0, defocus_px_m=0.0, noise=0.0, veil=0.0, jpeg=0)
"""A perfect camera in perfect light."""
_STILL = Tremble((), (), ())


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame to be drawn."""

    seed: int = 0
    kind: Kind = Kind.PHONE
    shown: Shown = Shown.PAPER
    """Whose text: a plain code (version 10) or what phones show (up to version 14)."""
    conditions: Conditions = field(default_factory=lambda: BARE)
    module_px: float = 4.1
    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0
    motion_px: float = 0.0
    motion_degrees: float = 0.0
    """Direction in the picture, 0 being to the right."""


class Glide(Path):
    """An even movement through the middle of the picture, there when the shutter is half through."""

    def __init__(self, frame: Frame, walk: Walk) -> None:
        super().__init__(walk, frame.seed)
        speed = frame.motion_px / frame.conditions.exposure_s
        self._vx = speed * math.cos(math.radians(frame.motion_degrees))
        self._vy = speed * math.sin(math.radians(frame.motion_degrees))
        self._middle = (frame.conditions.readout_s + frame.conditions.exposure_s) / 2

    def pose(self, at: float) -> Pose:
        """How it is held at `at` seconds."""
        still = super().pose(self.walk.approach_s)
        gone = at - self._middle
        return Pose(
            x=still.x + self._vx * gone,
            y=still.y + self._vy * gone,
            scale=still.scale,
            pitch=still.pitch,
            yaw=still.yaw,
            roll=still.roll,
        )

    def distance_m(self, at: float) -> float:
        """Metres from the camera."""
        return super().distance_m(self.walk.approach_s + at)


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A frame as drawn."""

    text: str
    picture: Image
    judgement: Judgement
    carrier: Carrier


def take(frame: Frame) -> Taken:
    """Draw and judge one frame."""
    text = code_text(frame.seed, frame.shown)
    hold_m = FOCAL * module_mm(frame.kind, text) / 1000 / frame.module_px
    walk = Walk(
        begin_m=hold_m,
        hold_m=hold_m,
        approach_s=0.1,
        begin_at=(640.0, 360.0),
        hold_at=(640.0, 360.0),
        pitch=frame.pitch,
        yaw=frame.yaw,
        roll=frame.roll,
        swing=(0.0, 0.0, 0.0),
        tremble=_STILL,
    )
    who = Person(frame.seed, frame.seed, frame.kind, text, walk, frame.conditions, ())
    carrier, path = draw(who), Glide(frame, walk)
    camera = Lens(carrier, path, frame.conditions, frame.seed)
    return Taken(text, camera.picture(0.0, 0), judge(carrier, path, frame.conditions, camera.drops, 0.0), carrier)
