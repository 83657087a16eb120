"""Staff's word against a decision while it is on its way into the log, and who waits for what became of it."""

from __future__ import annotations

from concurrent.futures import Future

from keys.reasons import Reason
from scanner.engine.inputs import StaffOverride
from scanner.engine.person import Person
from scanner.lane import Event


class Overruling:
    """The word under way, if any, and the screen that waits for its answer."""

    def __init__(self) -> None:
        self.word: StaffOverride | None = None
        self._waiting: Future[str | None] | None = None

    def begin(self, word: StaffOverride, waiting: Future[str | None]) -> None:
        """Take a word that may be given."""
        self.word, self._waiting = word, waiting

    def recorded(self, person: Person) -> Event | None:
        """Let the word count, now that the log has it; return what that is to the lane's table."""
        word = self.word
        if word is None:
            return None
        person.overridden = Reason.OVERRIDE_ADMIT if word.admit else Reason.OVERRIDE_REFUSE
        person.ready_at = person.committed_at or 0.0
        self.answer(None)
        return Event.ADMISSION_RECORDED if word.admit else Event.REFUSAL_RECORDED

    def answer(self, error: str | None) -> None:
        """Tell whoever waits: None, or the locale key of what went wrong."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(error)
        self._waiting = None

    def end(self) -> None:
        """Forget the word: the person has been dealt with."""
        self.word = None
