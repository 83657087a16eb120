"""Lets one camera's exposure and gain follow the light, between two of its frames."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from scanner.camera.adapt import CODE_LASTS_S, Adapter, Setting, brightness
from scanner.camera.frame import Box, Camera, Frame
from scanner.camera.lens import Lens, Tunable

_EVERY: Final = 3
"""One frame of so many is judged."""


class CodePlace:
    """Where the last code was read, told by the decoder's thread and asked by the camera's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[Box, float] | None = None

    def tell(self, corners: Sequence[tuple[float, float]], shape: tuple[int, ...], at: float) -> None:
        """Take note of a code read in a frame of this shape, its corners in pixels, at monotonic seconds."""
        height, width = shape[:2]
        xs, ys = [x / width for x, _ in corners], [y / height for _, y in corners]
        box = Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
        with self._lock:
            self._last = box, at

    def ask(self, at: float) -> Box | None:
        """Return where a code was read within the last moments before `at`; None when none was."""
        with self._lock:
            return self._last[0] if self._last is not None and at - self._last[1] < CODE_LASTS_S else None


class Tuner:
    """Follows the light with the lens of one opened camera; does nothing where it has none."""

    def __init__(self, camera: Camera, region: Box, codes: CodePlace) -> None:
        """Ask the camera where it stands. Raises CameraError when it is gone already."""
        self._lens: Lens | None = camera.lens if isinstance(camera, Tunable) else None
        self._adapter = None if self._lens is None else Adapter(self._lens.limits, self._lens.now())
        self._region = region
        self._codes = codes
        self._count = 0

    @property
    def setting(self) -> Setting | None:
        """Where the camera stands, None where it has no lens to set."""
        return None if self._adapter is None else self._adapter.setting

    def after(self, frame: Frame) -> None:
        """Judge a frame and set the camera. Raises CameraError when the camera is gone."""
        self._count += 1
        if self._lens is None or self._adapter is None or self._count % _EVERY:
            return
        place = self._codes.ask(frame.at)
        code = None if place is None else brightness(frame.grey, place)
        wanted = self._adapter.update(brightness(frame.grey, self._region), code, frame.at)
        if wanted is not None:
            self._adapter.obeyed(self._lens.set(wanted))
