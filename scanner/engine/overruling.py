"""Staff's word on a person while it is on its way into the log, and who waits for what became of it."""

from __future__ import annotations

from concurrent.futures import Future

from keys.reasons import Reason
from scanner.engine.inputs import Reaction, StaffActivation, StaffOverride, Word
from scanner.engine.person import Person
from scanner.lane import Event
from scanner.values import Decision


class Overruling:
    """The word under way, if any, and the screen that waits for its answer."""

    def __init__(self) -> None:
        self.word: Word | None = None
        self._activated: Decision | None = None
        self._waiting: Future[Reaction] | None = None

    def begin(self, word: Word, waiting: Future[Reaction], activated: Decision | None = None) -> None:
        """Take a word that may be given. `activated`: what an activation makes of the decision."""
        self.word, self._waiting, self._activated = word, waiting, activated

    @property
    def admits(self) -> bool:
        """Whether the word under way would open the gate."""
        return isinstance(self.word, StaffActivation) or (self.word is not None and self.word.admit)

    def recorded(self, person: Person) -> Event | None:
        """Let the word count, now that the log has it; return what that is to the lane's table."""
        word = self.word
        if word is None:
            return None
        admits = True
        match word:
            case StaffOverride(admit=admits):
                person.overridden = Reason.OVERRIDE_ADMIT if admits else Reason.OVERRIDE_REFUSE
            case StaffActivation():
                if self._activated is None:
                    return None
                person.decision = self._activated
        person.ready_at = person.committed_at or 0.0
        self.answer(None)
        return Event.ADMISSION_RECORDED if admits else Event.REFUSAL_RECORDED

    def answer(self, error: str | None) -> None:
        """Tell whoever waits: None, or the locale key of what went wrong."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(error)
        self._waiting = None

    def end(self) -> None:
        """Forget the word: the person has been dealt with."""
        self.word = None
