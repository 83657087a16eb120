"""Cards in several codes, as they are shown: one text after another in, and out what is to be judged instead.

What a lane and `checkpoint verify` ask before the verifier, which stays pure: what has been shown so far is kept here,
for a minute. Not thread-safe.
"""

from __future__ import annotations

from typing import Final

from keys import card_parts
from keys.card_parts import PREFIX, Parts
from keys.errors import RefusedError

PATIENCE_S: Final = 60
"""So long after the last part the others are waited for."""


class CardReading:
    """Puts cards together from their parts. A camera sees the last part again and again: the card stays together."""

    def __init__(self) -> None:
        self._parts = Parts()
        self._last_at = 0

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of the parts still to be shown of the card that was begun; empty where none was."""
        return self._parts.missing

    def whole(self, text: str, now: int) -> str:
        """Return the text to judge at `now`, seconds: the whole card where `text` completes one, else `text` itself."""
        if not card_parts.is_card(text):
            return text
        try:
            part = card_parts.read_part(text)
        except RefusedError:
            return text
        if part is None:
            return text
        if not 0 <= now - self._last_at <= PATIENCE_S:
            self._parts = Parts()
        self._parts, self._last_at = self._parts.joined(part), now
        digits = self._parts.whole
        return text if digits is None else PREFIX + digits
