"""How one core keeps up with 30 frames a second: the product's looks and their measured times, on a clock kept by hand.

So the result does not hang on what else the machine does. The quick look goes first and takes every frame. Harder looks
get what is left of the core, one at a time, on the newest frame in which nothing was read, and rest for as long as they
took. Times are processor time of this thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from demo.artwork import Image
from scanner.decoder import zxing
from scanner.decoder.chain import harder_looks
from scanner.decoder.zxing import Sight
from scanner.engine.vision import HARDER_BUDGET_MS, HARDER_REST

_FRAME_MS: Final = 1000 / 30
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Read:
    """Texts that became known."""

    texts: tuple[str, ...]
    at_ms: float
    """When, since the first frame was offered at 0."""
    frame: int
    decoder: str


@dataclass(slots=True)
class _Harder:
    """A harder look under way."""

    left_ms: float
    took_ms: float
    result: Read


class Core:
    """One core of a gate. Frames come in order, `1000 / 30` milliseconds apart."""

    def __init__(self, *, slower: float = 1.0) -> None:
        """`slower`: how many times slower the core is than this machine's."""
        self._slower = slower
        self._harder: _Harder | None = None
        self._rest_ms = 0.0
        self._turn = 0
        self._free_at_ms = 0.0
        self.missed = 0
        """Frames that came while the quick look at an earlier one was not done."""

    def frame(self, picture: Image, number: int) -> tuple[Read, ...]:
        """Take the frame with `number`, due at `number / 30` s, and return what is known until the next one is due."""
        due = number * _FRAME_MS
        if self._free_at_ms >= due + _FRAME_MS:
            self.missed += 1
            return ()
        begin = max(due, self._free_at_ms)
        quick, took = self._timed(lambda: zxing.look(picture, smaller_too=number % 2 == 0))
        done = self._free_at_ms = begin + took
        if quick.codes:
            return (Read(tuple(code.text for code in quick.codes), done, number, quick.codes[0].decoder),)
        return self._spare(picture, quick, number, (done, due + _FRAME_MS))

    def _spare(self, picture: Image, quick: Sight, number: int, time_left: tuple[float, float]) -> tuple[Read, ...]:
        """Go on with harder looks between two instants in milliseconds."""
        now, until = time_left
        found: list[Read] = []
        while now < until:
            if self._harder is None:
                rested = min(self._rest_ms, until - now)
                self._rest_ms -= rested
                now += rested
                if now >= until:
                    break
                looked, took = self._timed(
                    lambda: harder_looks(
                        picture, budget_ms=HARDER_BUDGET_MS / self._slower, turn=self._turn, quick=quick
                    )
                )
                self._turn += looked.taken
                texts = tuple(code.text for code in looked.codes)
                decoder = looked.codes[0].decoder if looked.codes else ""
                self._harder = _Harder(took, took, Read(texts, 0.0, number, decoder))
            step = min(self._harder.left_ms, until - now)
            self._harder.left_ms -= step
            now += step
            if self._harder.left_ms <= 0:
                done = self._harder
                self._harder, self._rest_ms = None, done.took_ms * HARDER_REST
                if done.result.texts:
                    found.append(Read(done.result.texts, now, done.result.frame, done.result.decoder))
                    break
        return tuple(found)

    def _timed(self, call: Callable[[], _T]) -> tuple[_T, float]:
        began = time.thread_time()
        result = call()
        return result, (time.thread_time() - began) * 1000 * self._slower
