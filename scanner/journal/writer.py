"""The one thread that writes the log: drafts in, receipts out, and word of when writing fails or works again.

Whatever waits when the thread comes round is written in one commit, in order; nothing ever waits for company.
Overrides (`reserve=True`) never share a commit with ordinary entries, so that a full disk cannot hold them up.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from scanner.journal.entry import EntryDraft
from scanner.journal.errors import EntryError, JournalClosedError, JournalError, JournalFailedError
from scanner.journal.store import Journal, Receipt

MAX_GROUP = 16
"""Drafts in one commit."""
IDLE_SECONDS = 0.5
"""How long the thread waits for a draft before it looks after the log."""
_LOG = logging.getLogger(__name__)

Done = Callable[[Receipt | JournalError], None]


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    draft: EntryDraft
    done: Done
    reserve: bool


class JournalWriter:
    """Owns the writing of one journal; does not close it."""

    def __init__(
        self,
        journal: Journal,
        on_state: Callable[[JournalError | None], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_state` hears, on the writer's thread, of the error that began and of None when it is over."""
        self._journal = journal
        self._on_state = on_state
        self._clock = clock
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._taken: list[_Job] = []
        self._gate = Lock()
        self._open = False
        self._since: float | None = None
        self._trouble: JournalError | None = None
        self._thread = Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._open = True
        self._thread.start()

    def submit(self, draft: EntryDraft, done: Done, *, reserve: bool = False) -> None:
        """Queue a draft; `done` is called once, on the writer's thread, with the receipt or the error."""
        with self._gate:
            if self._open:
                self._jobs.put(_Job(draft, done, reserve))
                return
        done(JournalClosedError("the log's writer has ended"))

    def age(self) -> float:
        """Seconds that the current commit has taken so far; 0.0 at rest."""
        since = self._since
        return 0.0 if since is None else self._clock() - since

    def waiting(self) -> int:
        """Drafts in the queue."""
        return self._jobs.qsize()

    def stop(self, timeout: float = 10.0) -> bool:
        """Write what is queued, then end the thread. False when it has not ended in `timeout` seconds."""
        with self._gate:
            if self._open:
                self._open = False
                self._jobs.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            try:
                if not self._turn():
                    return
            except Exception as error:  # the thread's one supervised edge: no lane may wait for ever
                _LOG.exception("the log's writer met a fault of its own")
                self._give_up(JournalFailedError(f"a fault in the log's writer: {error!r}"))
            finally:
                self._since = None

    def _turn(self) -> bool:
        """Write what waits, or look after the log; False when the writer was told to end."""
        try:
            job = self._jobs.get(timeout=IDLE_SECONDS)
        except Empty:
            self._look_after()
            return True
        ended = False
        while job is not None:
            self._taken.append(job)
            if len(self._taken) >= MAX_GROUP or self._jobs.empty():
                break
            job = self._jobs.get_nowait()
        else:
            ended = True
        for reserve, group in groupby(tuple(self._taken), key=lambda one: one.reserve):
            self._write(tuple(group), reserve)
        return not ended

    def _write(self, group: tuple[_Job, ...], reserve: bool) -> None:
        """Commit a group; when that fails, each draft alone, so that one bad draft harms no other."""
        self._since = self._clock()
        try:
            receipts = self._journal.append_all([job.draft for job in group], reserve=reserve)
        except JournalError as error:
            if len(group) > 1:
                for job in group:
                    self._write((job,), reserve)
                return
            self._answer(group[0], error)
            if not isinstance(error, EntryError):
                self._tell(error)
            return
        if not reserve:
            self._tell(None)
        for job, receipt in zip(group, receipts, strict=True):
            self._answer(job, receipt)

    def _look_after(self) -> None:
        """Use a quiet moment; while writing fails, try whether it works again."""
        self._since = self._clock()
        try:
            if self._trouble is not None:
                self._journal.check()
            self._journal.rest()
        except JournalError as error:
            self._tell(error)
        else:
            self._tell(None)

    def _answer(self, job: _Job, answer: Receipt | JournalError) -> None:
        self._taken.remove(job)
        job.done(answer)

    def _give_up(self, error: JournalError) -> None:
        """Answer what was taken and not yet answered; another fault in an answer is only told."""
        while self._taken:
            try:
                self._taken.pop(0).done(error)
            except Exception:
                _LOG.exception("whoever wrote to the log cannot take the answer")

    def _tell(self, error: JournalError | None) -> None:
        """Report a change of state: an error of another kind, or its end."""
        if type(error) is not type(self._trouble):
            self._trouble = error
            self._on_state(error)
