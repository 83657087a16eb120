"""What one lane's camera has in view: the codes, whose turn it is, and what to say of what cannot be read. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.sight.hints import Hint, HintSeen
from scanner.sight.patience import HintFilter
from scanner.sight.tracks import Point, Tracks

NOT_A_CODE = "hint.not_a_code"
NEXT_PART = "hint.next_part"
REFUSED_TOLD_S = 3.0
"""How long somebody is told that what was held before the reader is no code of ours."""
_WORDS = {hint: f"hint.{hint.value}" for hint in Hint}


class InView:
    """Tracks and hints of one lane. Times are monotonic seconds. Not thread-safe: one owner."""

    def __init__(self) -> None:
        self._tracks = Tracks()
        self._patience = HintFilter()
        self._refused_until = 0.0
        self._part_until = 0.0

    def part(self, at: float) -> None:
        """Note one of several codes of a card: the person is asked for the next."""
        self._part_until = at + REFUSED_TOLD_S

    def refused(self, at: float) -> None:
        """Note that a code reader has read what is none of this lane's business: somebody means it, so say so."""
        self._refused_until = at + REFUSED_TOLD_S

    def foreign(self, name: str, corners: Sequence[Point], at: float) -> None:
        """Note a code that is none of this lane's business."""
        self._tracks.saw(name, foreign=True, corners=corners, at=at)

    def served(self, name: str, corners: Sequence[Point], at: float) -> None:
        """Note a code that has had its passage and is still held there."""
        self._tracks.saw(name, foreign=False, corners=corners, at=at).served = True

    def waits(self, name: str, corners: Sequence[Point], at: float) -> bool:
        """Note a code that wants a passage; whether it is its turn: no other in view has waited longer."""
        self._patience.clear()
        self._refused_until = self._part_until = 0.0
        track = self._tracks.saw(name, foreign=False, corners=corners, at=at)
        track.served = False
        return self._tracks.next_in_line(at) is track

    def unread(self, seen: HintSeen) -> None:
        """Note a frame in which nothing was read."""
        self._patience.update(seen.hint, seen.at)

    def words(self, at: float) -> str | None:
        """Return the locale key of what to say to whoever stands there and has shown nothing readable yet."""
        self._tracks.drop_gone(at)
        hint = self._patience.shown(at)
        if hint is not None:
            return _WORDS[hint]
        if at < self._part_until:
            return NEXT_PART
        return NOT_A_CODE if at < self._refused_until or self._tracks.named(at) is not None else None

    def forget(self) -> None:
        """Forget everything."""
        self._tracks.forget()
        self._patience.clear()
        self._refused_until = 0.0
