"""What a lane has given to the log, and which answer is for what it waits for now."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from scanner.engine.inputs import Recorded
from scanner.engine.ports import Services
from scanner.journal.entry import EntryDraft
from scanner.journal.errors import JournalError

LATE_S = 5.0
"""A receipt that took longer opens nothing: whoever it is for may not stand there any more."""


class Answer(Enum):
    """What a receipt means for the lane."""

    STALE = auto()
    """It is for something the lane no longer waits for."""
    WRITTEN = auto()
    LATE = auto()
    """Written, but too late for a gate to open by it."""
    FAILED = auto()


class Receipts:
    """One draft under way at a time; answers to earlier ones are stale."""

    def __init__(self, services: Services, post: Callable[[Recorded], None], clock: Callable[[], float]) -> None:
        self._services = services
        self._post = post
        self._clock = clock
        self._token = 0
        self._since = 0.0

    def submit(self, draft: EntryDraft, *, reserve: bool) -> None:
        """Give a draft to the log; its answer comes back through `post`."""
        self._token += 1
        token, self._since = self._token, self._clock()
        self._services.record(draft, lambda result: self._post(Recorded(token, result, self._clock())), reserve=reserve)

    def meaning(self, recorded: Recorded) -> Answer:
        """Tell what an answer of the log means now."""
        if recorded.token != self._token:
            return Answer.STALE
        if isinstance(recorded.result, JournalError):
            return Answer.FAILED
        return Answer.LATE if recorded.at - self._since > LATE_S else Answer.WRITTEN
