"""Cards in several codes, as they are shown: one text after another in, one verdict each out.

What a lane and `checkpoint verify` ask. The verifier stays pure: what has been shown so far is kept here, for a minute.
"""

from __future__ import annotations

from typing import Final

from keys import card_parts, smart_health_card
from keys.card_parts import Parts
from keys.errors import RefusedError
from keys.verdict import CodeFormat, Verdict
from keys.verifier import MAX_TEXT, Verifier

PATIENCE_S: Final = 60
"""So long after the last part the others are waited for."""


class CardReading:
    """Judges texts one after another; parts of a card are kept until the card is whole. One caller at a time."""

    def __init__(self) -> None:
        self._parts = Parts()
        self._last_at = 0

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of the parts still to be shown of the card that was begun; empty where none was."""
        return self._parts.missing

    def verify(self, verifier: Verifier, text: str, now: int, *, presentations_from: int = 0) -> Verdict:
        """Prove `text` at `now` as `Verifier.verify` does; the part that completes a card gets the card's verdict."""
        if not card_parts.is_card(text) or len(text) > MAX_TEXT:
            return verifier.verify(text, now, presentations_from=presentations_from)
        try:
            part = card_parts.read_part(text)
        except RefusedError:
            part = None
        if part is None:
            return verifier.verify(text, now)
        if not 0 <= now - self._last_at <= PATIENCE_S:
            self._parts = Parts()
        self._parts, self._last_at = self._parts.joined(part), now
        digits = self._parts.whole
        if digits is None:
            return verifier.verify(text, now)
        # A camera sees the last part again and again: the card stays together until another one begins.
        try:
            code = smart_health_card.read_jws(smart_health_card.jws_of(digits))
        except RefusedError as refusal:
            return Verdict(refusal.reason, CodeFormat.SHC)
        return verifier.verify_read(code, now)
