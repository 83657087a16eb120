"""Staff's word against a decision: whether it may be given, and who waits for what became of it."""

from __future__ import annotations

from concurrent.futures import Future

from scanner import policy
from scanner.engine.inputs import StaffOverride
from scanner.policy import Rules
from scanner.values import Decision


def objection_to(word: StaffOverride, decision: Decision, rules: Rules) -> str | None:
    """Return the locale key of why this word may not be given against `decision`; None where it may."""
    if word.admit and word.supervisor is None:
        need = policy.may_override(decision, word.role, rules)
        if need is policy.OverrideNeed.SUPERVISOR:
            return "override.supervisor_needed"
    return None


class Overruling:
    """The word under way, if any, and the screen that waits for its answer."""

    def __init__(self) -> None:
        self.word: StaffOverride | None = None
        self._waiting: Future[str | None] | None = None

    def begin(self, word: StaffOverride, waiting: Future[str | None]) -> None:
        """Take a word that may be given."""
        self.word, self._waiting = word, waiting

    def answer(self, error: str | None) -> None:
        """Tell whoever waits: None, or the locale key of what went wrong."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(error)
        self._waiting = None

    def end(self) -> None:
        """Forget the word: the person has been dealt with."""
        self.word = None
