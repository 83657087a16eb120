"""Where in a picture to look closer: where a code was read lately, where one is suspected, where phones are held."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from scanner.decoder.values import Corners, Region

Part = tuple[float, float, float, float]
"""A part of a picture: left, top, width and height as fractions of the whole."""

READ_HOLDS_S: Final = 3.0
"""People hold their phones where the last one did, or where their own just was."""
SUSPECTED_HOLDS_S: Final = 0.5
"""A phone that is being lifted has moved on after that."""
MARGIN: Final = 0.5
"""Around a code, in terms of its size: it moves, and needs its quiet zone."""
WORTH_IT: Final = 0.6
"""A part larger than this share of the picture is not worth a look of its own."""


class Places:
    """What is known of places in one camera's picture. Thread-safe."""

    def __init__(self, region: Part) -> None:
        """`region`: where people hold their phone."""
        self._region = region
        self._lock = threading.Lock()
        self._part: Part | None = None
        self._until = 0.0

    def read(self, codes: Sequence[Corners], size: tuple[int, int], now: float) -> None:
        """Remember where codes were read in a picture of `size` (width, height) at `now` (monotonic seconds)."""
        if codes:
            self._remember([point for corners in codes for point in corners], size, now + READ_HOLDS_S)

    def suspected(self, corners: Corners, size: tuple[int, int], now: float) -> None:
        """Remember where something looks like a code that cannot be read."""
        self._remember(list(corners), size, now + SUSPECTED_HOLDS_S)

    def closer_look(self, size: tuple[int, int], now: float) -> Region | None:
        """Return where to look closer in a picture of `size`; None where no place is better than the others."""
        with self._lock:
            part = self._part if self._part is not None and now < self._until else self._region
        left, top, width, height = part
        if width * height > WORTH_IT:
            return None
        x, y = round(left * size[0]), round(top * size[1])
        return x, y, min(size[0] - x, round(width * size[0])), min(size[1] - y, round(height * size[1]))

    def _remember(self, points: list[tuple[float, float]], size: tuple[int, int], until: float) -> None:
        xs, ys = [x / size[0] for x, _ in points], [y / size[1] for _, y in points]
        across, down = max(xs) - min(xs), max(ys) - min(ys)
        left, right = max(0.0, min(xs) - across * MARGIN), min(1.0, max(xs) + across * MARGIN)
        top, bottom = max(0.0, min(ys) - down * MARGIN), min(1.0, max(ys) + down * MARGIN)
        if right > left and bottom > top:
            with self._lock:
                self._part, self._until = (left, top, right - left, bottom - top), until
