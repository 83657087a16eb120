"""Several credentials of one person, shown in a row: what one of them lacks, the next may bring.

A credential of another issuer that meets every rule passes at once. One that a rule refuses, and nothing else, waits
some seconds for another: of the same person (the same name and full date of birth), both count together where the rules
for either's issuer are met by both; of somebody else, that is a reason of its own. Whatever comes instead of a second
one, the first is handed back: nobody whose credential was read is let go of without a decision. Not thread-safe:
everything here happens in the lane's own thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from keys.facts import combined
from keys.reasons import Reason
from scanner.engine.vision import CodeSeen

WAIT_S: Final = 8.0
"""So long a credential that a rule refuses waits for another of the same person."""
ANOTHER: Final = "hint.another_credential"
"""What is said meanwhile."""


class Taken(NamedTuple):
    """What becomes of a code that was read, and of the credential that waited for it."""

    judge: CodeSeen | None
    """What is to be judged now; None: it is held, for another credential may follow."""
    left: CodeSeen | None = None
    """What was held and counts together with nothing: its holder is decided about by it alone."""


class Credentials:
    """What one lane holds of a credential that did not suffice. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._held: CodeSeen | None = None
        self._until = 0.0

    def take(self, seen: CodeSeen, at: float, lacks: Callable[[CodeSeen], bool]) -> Taken:
        """Take a code that was read at `at`.

        `lacks`: whether a rule that is not met is all that speaks against a code.
        """
        held, self._held = self._held, None
        if held is not None and held.who == seen.who:
            held = None  # the same credential, read anew
        statement = seen.verdict.statement
        if statement is None or not seen.verdict.valid:
            return Taken(seen, held)
        before = None if held is None or at >= self._until else held.verdict.statement
        if held is None or before is None:
            if not lacks(seen):
                return Taken(seen, held)
            self._held, self._until = seen, at + WAIT_S
            return Taken(None, held)
        if not before.person.same_as(statement.person):
            return Taken(replace(seen, verdict=seen.verdict._replace(reason=Reason.IDENTITY_MISMATCH)), held)
        together = combined(before, statement)
        if lacks(replace(held, verdict=held.verdict._replace(statement=together))):
            # What the first one's issuer has ruled out does not count by another issuer's name.
            return Taken(seen, held)
        return Taken(replace(seen, verdict=seen.verdict._replace(statement=together), beside=held))

    def release(self) -> CodeSeen | None:
        """Return what was held, which nothing has followed; it is then judged as it is."""
        held, self._held = self._held, None
        return held
