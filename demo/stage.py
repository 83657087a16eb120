"""What the conductor tells the stream's process, and what that answers: one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from demo.scene import Showing

FPS = 30
"""Frames due in a second."""


@dataclass(frozen=True, slots=True)
class StepUp:
    """A person walks up to the camera; `seed` dresses them."""

    seed: int
    type: Literal["step_up"] = "step_up"


@dataclass(frozen=True, slots=True)
class WalkOn:
    """Whoever stands there walks on."""

    type: Literal["walk_on"] = "walk_on"


@dataclass(frozen=True, slots=True)
class Show:
    """A hand brings something up. A presentation in it was made this moment."""

    showing: Showing
    type: Literal["show"] = "show"


@dataclass(frozen=True, slots=True)
class Lower:
    """The hand goes down."""

    key: str
    type: Literal["lower"] = "lower"


@dataclass(frozen=True, slots=True)
class Barrier:
    """The staged barrier follows the real gate's command."""

    opened: bool
    type: Literal["barrier"] = "barrier"


StageCommand = Annotated[StepUp | WalkOn | Show | Lower | Barrier, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class Rolling:
    """The first frame has been drawn."""

    type: Literal["rolling"] = "rolling"


@dataclass(frozen=True, slots=True)
class Readable:
    """A code came within every limit of reading. Times are CLOCK_MONOTONIC nanoseconds of the frame's exposure."""

    key: str
    index: int
    appeared_ns: int
    """First frame with the whole code and its quiet zone in the picture, however blurred."""
    readable_ns: int
    """First frame within every limit, whether or not the frame was dropped: time zero."""
    type: Literal["readable"] = "readable"


@dataclass(frozen=True, slots=True)
class Tally:
    """Frames since the start, told every few seconds."""

    due: int
    drawn: int
    written: int
    dropped: int
    """Drawn, and not taken by the reader in time."""
    late: int
    """Not drawn, because the machine was too slow."""
    type: Literal["tally"] = "tally"


StageReport = Annotated[Rolling | Readable | Tally, Field(discriminator="type")]

COMMAND: TypeAdapter[StageCommand] = TypeAdapter(StageCommand)
REPORT: TypeAdapter[StageReport] = TypeAdapter(StageReport)
