"""Whether a key that ends what is shown was meant: neither held down nor pressed before anybody could read it. Pure."""

from __future__ import annotations

import math

SETTLE_S = 0.4
"""What has been on the screen for less cannot be ended: the key may have been meant for what stood there before."""
REPEAT_S = 0.15
"""Presses closer than this are one key held down: keyboards repeat ten times a second and more."""
NEXT_S = 0.7
"""Nothing else is ended so soon after the last one: a held key waits up to 0.66 s before it repeats."""


class Deliberate:
    """What is on the screen, and the key that ends it. Times are monotonic seconds."""

    def __init__(self, moment: float) -> None:
        self._shown_at = moment
        self._pressed_at = self._ended_at = -math.inf

    def shown(self, moment: float) -> None:
        """Note that something else is on the screen now."""
        self._shown_at = moment

    def meant(self, moment: float) -> bool:
        """Whether the press at `moment` counts; every press must be told, also one that does not."""
        repeated = moment - self._pressed_at < REPEAT_S or moment - self._ended_at < NEXT_S
        self._pressed_at = moment
        if repeated or moment - self._shown_at < SETTLE_S:
            return False
        self._ended_at = moment
        return True
