"""Bell patterns: one stroke for pass, two for refer, three for stop, so that a guard need not look up."""

from __future__ import annotations

from scanner.control.messages import ResultView, View
from scanner.ui.words import effective_outcome
from scanner.values import Outcome

STROKES = {Outcome.PASS: 1, Outcome.REFER: 2, Outcome.STOP: 3}
INTERVAL_S = 0.22
"""Between strokes: terminals merge bells that come faster."""

_Key = tuple[int, int | None, Outcome]


class Announcer:
    """Tells which results are new. It remembers numbers and times only, nothing of the person."""

    def __init__(self) -> None:
        self._announced: dict[str, _Key | None] = {}

    def strokes(self, view: View) -> int:
        """Return how many strokes `view` calls for: those of the gravest result that has not been announced."""
        fresh: list[Outcome] = []
        for lane in view.lanes:
            key = _key(lane.result)
            before = self._announced.get(lane.name)
            self._announced[lane.name] = key
            if key is not None and key != before:
                fresh.append(key[2])
        return max((STROKES[outcome] for outcome in fresh), default=0)


def _key(result: ResultView | None) -> _Key | None:
    return None if result is None else (result.at, result.seq, effective_outcome(result))
