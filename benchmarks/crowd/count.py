"""Lets a crowd walk past a core and counts who is read, how soon, and what stood in the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import zxingcpp

from benchmarks.crowd.conditions import Effect
from benchmarks.crowd.gate import Core
from benchmarks.crowd.stream import FPS, Visit
from demo.artwork import Image

LIMIT_MS: Final = 500.0
WINDOW: Final = round(LIMIT_MS / 1000 * FPS)
"""Frames from time zero that can be read in time."""
LEAD: Final = 6
"""Frames before time zero that the core has seen already."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one person."""

    number: int
    effects: tuple[Effect, ...]
    counts: bool
    """Whether the code came within the measured limits at all, for long enough."""
    after_ms: float | None
    """From time zero to the text; negative: read before; None: not within the limit."""
    bare: bool
    """Whether a bare zxing-cpp call on each frame read it in the same time."""
    wrong: tuple[str, ...]
    """Texts that nobody showed."""
    decoder: str = ""


def outcome(visit: Visit, *, slower: float = 1.0, published: bool = False) -> Outcome:
    """Let one person walk up; `published`: time zero by the published limits alone.

    Who never comes within the limits is looked at too: nothing wrong may be read.
    """
    who = visit.person
    zero = visit.time_zero(published=published)
    counts = zero is not None and zero + WINDOW <= visit.frames
    first = max(0, (visit.frames - WINDOW if zero is None else zero) - LEAD)
    start_ms = 0.0 if zero is None else (zero - first) * 1000 / FPS
    core = Core(slower=slower)
    wrong: list[str] = []
    after: float | None = None
    decoder = ""
    bare = False
    for number in range(first, min(visit.frames, first + LEAD + WINDOW)):
        picture = visit.shot(number).picture
        bare = bare or who.text in bare_texts(picture)
        for read in core.frame(picture, number - first):
            wrong += [text for text in read.texts if text != who.text]
            if after is None and who.text in read.texts and read.at_ms - start_ms <= LIMIT_MS:
                after, decoder = read.at_ms - start_ms, read.decoder
        if after is not None and bare:
            break
    return Outcome(who.number, who.effects, counts, after, bare, tuple(wrong), decoder)


def bare_texts(picture: Image) -> set[str]:
    """Return what a bare zxing-cpp call reads."""
    return {str(code.text) for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCodeModel2)}


@dataclass(frozen=True, slots=True)
class Count:
    """Of those who came within the limits."""

    people: int
    read: int
    bare: int

    @property
    def rate(self) -> float:
        """Per cent read in time."""
        return 100 * self.read / self.people if self.people else 100.0

    @property
    def bare_rate(self) -> float:
        """Per cent read in time by bare zxing-cpp calls."""
        return 100 * self.bare / self.people if self.people else 100.0


def count(outcomes: Iterable[Outcome], effect: Effect | None = None) -> Count:
    """Count all, or those with `effect`."""
    those = [one for one in outcomes if one.counts and (effect is None or effect in one.effects)]
    return Count(len(those), sum(one.after_ms is not None for one in those), sum(one.bare for one in those))
