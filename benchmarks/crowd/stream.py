"""A person's frames at 30 a second, each with its judgement; and the whole crowd's as one stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.crowd.carrier import draw
from benchmarks.crowd.conditions import Person
from benchmarks.crowd.judge import Judgement, judge
from benchmarks.crowd.lens import Lens
from benchmarks.crowd.motion import Path
from benchmarks.crowd.population import person
from demo.artwork import Image

FPS = 30
STAY_S = 1.0
"""For how long somebody stays after coming to a stop."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One frame of one person."""

    number: int
    """Of the person's frames, from 0."""
    at: float
    """Seconds since the person set out."""
    picture: Image


class Visit:
    """One person's time before the camera."""

    def __init__(self, who: Person) -> None:
        self.person = who
        self._carrier = draw(who)
        self._path = Path(who.walk, who.seed)
        self._lens = Lens(self._carrier, self._path, who.conditions, who.seed)
        self.frames = round((who.walk.approach_s + STAY_S) * FPS)

    def judgement(self, number: int) -> Judgement:
        """Judge frame `number` without drawing it."""
        return judge(self._carrier, self._path, self.person.conditions, self._lens.drops, number / FPS)

    def shot(self, number: int) -> Shot:
        """Draw frame `number`."""
        return Shot(number, number / FPS, self._lens.picture(number / FPS, number))

    def time_zero(self, *, published: bool = False) -> int | None:
        """Return the number of the first frame within the limits; None: the code never comes within them.

        `published`: by the published limits alone, see `Judgement`.
        """
        for number in range(self.frames):
            judged = self.judgement(number)
            if not (judged.published if published else judged.faults):
                return number
        return None


def crowd(people: int, seed: int) -> Iterator[Visit]:
    """Let `people` come one after the other."""
    for number in range(people):
        yield Visit(person(number, seed))
