"""When a hint is said: not for one frame's guess, and not for so short that nobody can read it. Pure."""

from __future__ import annotations

from scanner.sight.hints import Hint

AGREE_S = 0.4
"""A hint is shown after this much agreement."""
HELD_S = 1.5
"""A hint is shown for at least this long after the last frame that gave it."""
LAPSE_S = 1.5
"""Agreement ends when no frame has given the hint for this long: a slow machine has time for few frames."""


class HintFilter:
    """Turns the hints of single frames into one that can be read. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: a code was read, or the person has gone."""
        self._guess: Hint | None = None
        self._since = self._last = 0.0
        self._shown: Hint | None = None
        self._until = 0.0

    def update(self, hint: Hint | None, at: float) -> None:
        """Take what one frame suggests; frames may be a second apart."""
        if hint is None:
            return
        if hint is not self._guess or at - self._last > LAPSE_S:
            self._guess, self._since = hint, at
        self._last = at
        if at - self._since >= AGREE_S and (hint is self._shown or at >= self._until):
            self._shown, self._until = hint, at + HELD_S

    def shown(self, at: float) -> Hint | None:
        """Return what is said at `at`."""
        return self._shown if at < self._until else None
