"""Several codes shown together by one holder: nobody passes by them until staff say whose holder stands there.

Families keep each other's codes on one phone. Taking them all would log people who are not here. Not thread-safe: a
lane's own. Times are monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from scanner.control.people import WaitingCode
from scanner.engine.vision import CodeSeen

GONE_S: Final = 2.0
"""A code not seen for so long is not held there any more."""
MOST: Final = 9
"""Codes to choose among: as many as there are keys."""


@dataclass(frozen=True, slots=True)
class _Held:
    handle: int
    seen: CodeSeen
    last_at: float
    chosen: bool = False


class Together:
    """The codes that one holder shows at once, until none of them has been seen for a while."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def holds(self, seen: CodeSeen, at: float, *, served: bool) -> bool:
        """Note a sighting; whether its code must wait for staff's choice. `served`: it has had its passage."""
        self._drop_gone(at)
        held = self._held.get(seen.who)
        if held is not None:
            # One of them alone for a moment is still one of them: the others are covered, or blurred.
            self._held[seen.who] = replace(held, seen=seen, last_at=at)
            return True
        if not seen.together or len(self._held) >= MOST:
            return seen.together
        self._held[seen.who] = _Held(len(self._held) + 1, seen, at, chosen=served)
        return True

    def includes(self, who: str) -> bool:
        """Whether this code is one of those shown together."""
        return who in self._held

    def waiting(self, at: float) -> tuple[WaitingCode, ...]:
        """Return the codes to choose among: those still in view; none where fewer than two were ever there."""
        self._drop_gone(at)
        if len(self._held) < 2:
            return ()
        return tuple(
            WaitingCode(
                handle=held.handle,
                name=held.seen.verdict.name,
                document_tail=held.seen.verdict.document.tail if held.seen.verdict.document else None,
                colour=held.seen.verdict.colour,
            )
            for held in self._held.values()
            if not held.chosen and at - held.last_at <= GONE_S
        )

    def choose(self, handle: int, at: float) -> CodeSeen | None:
        """Return the code with this handle, which is then chosen; None where it is gone or was chosen before."""
        self._drop_gone(at)
        for who, held in self._held.items():
            if held.handle == handle and not held.chosen and at - held.last_at <= GONE_S:
                self._held[who] = replace(held, chosen=True)
                return held.seen
        return None

    def forget(self) -> None:
        """Forget everything."""
        self._held.clear()

    def _drop_gone(self, at: float) -> None:
        if self._held and all(at - held.last_at > GONE_S for held in self._held.values()):
            self._held.clear()
