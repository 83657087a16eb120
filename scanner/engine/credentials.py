"""Several credentials of one person, shown in a row: what one of them lacks, the next may bring.

A credential of another issuer that meets every rule passes at once. One that a rule refuses, and nothing else, waits
some seconds for another: of the same person (the same name and full date of birth), both count together where the rules
for either's issuer are met by both; of somebody else, that is a reason of its own. Not thread-safe: everything here
happens in the lane's own thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from keys.facts import combined
from keys.reasons import Reason
from scanner.engine.vision import CodeSeen

WAIT_S: Final = 8.0
"""So long a credential that a rule refuses waits for another of the same person."""


class Credentials:
    """What one lane holds of a credential that did not suffice. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._held: CodeSeen | None = None
        self._until = 0.0

    def take(self, seen: CodeSeen, at: float, lacks: Callable[[CodeSeen], bool]) -> CodeSeen | None:
        """Return what is to be judged of a code at `at`; None: it is held, for another credential may follow.

        `lacks`: whether a rule that is not met is all that speaks against a code.
        """
        held, self._held = (self._held if at < self._until else None), None
        statement = seen.verdict.statement
        if statement is None or not seen.verdict.valid:
            return seen
        before = None if held is None or held.who == seen.who else held.verdict.statement
        if before is None:
            if not lacks(seen):
                return seen
            self._held, self._until = seen, at + WAIT_S
            return None
        if not before.person.same_as(statement.person):
            return replace(seen, verdict=seen.verdict._replace(reason=Reason.IDENTITY_MISMATCH))
        together = combined(before, statement)
        if held is not None and lacks(replace(held, verdict=held.verdict._replace(statement=together))):
            # What the first one's issuer has ruled out does not count by another issuer's name.
            return seen
        return replace(seen, verdict=seen.verdict._replace(statement=together))

    def release(self) -> CodeSeen | None:
        """Return what was held, which nothing has followed; it is then judged as it is."""
        held, self._held = self._held, None
        return held

    def forget(self) -> None:
        """Forget what is held."""
        self._held = None
