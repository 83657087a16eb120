"""What waits to be heard, and what may cut off what is being heard. Pure, and bounded.

The newest result of a lane replaces the one before it, waiting or being heard; a result of another lane only where it
is as grave. An alarm is heard to its end, after a result and instead of a hint. A hint gives way to everything, and is
dropped when it has grown old.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scanner.sound.vocabulary import Announcement, Kind

MAX_ALARMS: Final = 4
RESULT_STALE_S: Final = 5.0
HINT_STALE_S: Final = 1.5
"""What has waited longer is about somebody who is no longer there."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An announcement with the languages it is spoken in, one after another."""

    announcement: Announcement
    languages: tuple[str, ...]


class Turns:
    """The pieces that wait. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._results: dict[str | None, tuple[float, Piece]] = {}
        self._alarms: list[Piece] = []
        self._hint: tuple[float, Piece] | None = None

    def add(self, piece: Piece, now: float) -> None:
        """Let a piece wait for its turn."""
        lane = piece.announcement.lane
        match piece.announcement.kind:
            case Kind.RESULT:
                self._results[lane] = (now, piece)
                if self._hint is not None and self._hint[1].announcement.lane == lane:
                    self._hint = None
            case Kind.ALARM:
                if piece not in self._alarms:
                    self._alarms = [*self._alarms, piece][:MAX_ALARMS]
            case Kind.HINT:
                self._hint = (now, piece)

    def take(self, now: float) -> Piece | None:
        """Return whose turn it is, and no longer keep it: the gravest result, an alarm, a hint."""
        results = {lane: one for lane, one in self._results.items() if now - one[0] <= RESULT_STALE_S}
        self._results = results
        if results:
            lane = max(results, key=lambda name: results[name][1].announcement.gravity)
            return results.pop(lane)[1]
        if self._alarms:
            return self._alarms.pop(0)
        hint, self._hint = self._hint, None
        return hint[1] if hint is not None and now - hint[0] <= HINT_STALE_S else None

    def cut(self, playing: Announcement, now: float) -> bool:
        """Whether something waits that cuts off what is being heard."""
        match playing.kind:
            case Kind.ALARM:
                return False
            case Kind.HINT:
                return bool(self._alarms) or any(now - at <= RESULT_STALE_S for at, _ in self._results.values())
            case Kind.RESULT:
                return any(
                    lane == playing.lane or piece.announcement.gravity >= playing.gravity
                    for lane, (at, piece) in self._results.items()
                    if now - at <= RESULT_STALE_S
                )
