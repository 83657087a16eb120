"""What can be set of a camera while it runs, and what it said when it was set up."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from scanner.camera.adapt import Limits, Setting


class Lens(Protocol):
    """Exposure and gain of a camera that obeys. Used by the camera's own thread."""

    limits: Limits

    def now(self) -> Setting:
        """Return what the camera stands at."""

    def set(self, setting: Setting) -> Setting:
        """Set exposure and gain, and return what the camera made of it. Raises CameraError when it is gone."""


@runtime_checkable
class Tunable(Protocol):
    """A camera of which something can be set."""

    @property
    def lens(self) -> Lens | None:
        """Its exposure and gain; None where they cannot be set, or the configuration fixes both."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What it does not do as it was asked, a sentence each."""
