"""The engine's hold on the journal: opens it, opens it again when it could not be, and says what is wrong meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from keys.errors import KeyFileError
from scanner.engine.degradations import Cause, Degradations
from scanner.engine.trust import Trust
from scanner.journal.device import Device
from scanner.journal.entry import EntryDraft, decode
from scanner.journal.errors import JournalError, JournalFullError, JournalReadOnlyError
from scanner.journal.files import explain
from scanner.journal.store import Journal, Receipt
from scanner.journal.writer import JournalWriter

log = logging.getLogger(__name__)

RETRY_S = 3.0
STALLED_S = 3.0
"""A commit that takes longer than this is reported as a failing log."""
STOP_S = 10.0
"""How long the last commits may take when the engine ends."""

Done = Callable[[Receipt | JournalError], None]


class Log:
    """The one way into the journal. `record` never blocks and always calls `done`; nothing passes unlogged."""

    def __init__(
        self,
        folder: Path,
        *,
        reserve_mb: int,
        software: str,
        trust: Trust,
        degradations: Degradations,
        written: Callable[[EntryDraft], None],
    ) -> None:
        """`written` hears of every entry that has become durable, on the writer's thread."""
        self._folder = folder
        self._reserve_mb = reserve_mb
        self._software = software
        self._trust = trust
        self._degradations = degradations
        self._written = written
        self._lock = threading.Lock()
        self._saying = threading.Lock()
        """Held while the causes are put in force: the writer and whoever polls must not say each the half."""
        self._journal: Journal | None = None
        self._writer: JournalWriter | None = None
        self._retry_at = 0.0
        self._stalled = False
        self._trouble: JournalError | None = None
        self._first_ms: int | None = None
        self._hushed = False
        self.device: Device | None = None

    def open(self) -> bool:
        """Try to open the journal and start its writer; False, with a degradation in force, when it cannot be."""
        try:
            device = self._load_device()
            journal = Journal.open(
                self._folder,
                device,
                seal_key=self._trust.seal_key(),
                software=self._software,
                reserve_mb=self._reserve_mb,
            )
        except JournalError as error:
            self._note(error)
            self._retry_at = time.monotonic() + RETRY_S
            return False
        self._first_ms = _time_of_first(journal)
        writer = JournalWriter(journal, on_state=self._note)
        writer.start()
        with self._lock:
            self.device, self._journal, self._writer = device, journal, writer
        self._note(None)
        return True

    def _load_device(self) -> Device:
        """Return the device's identity. Raises JournalError: without it nothing can be signed."""
        try:
            return Device.load_or_create(self._folder)
        except KeyFileError as error:
            if isinstance(error.__cause__, OSError):
                raise explain(error.__cause__, self._folder) from error
            raise JournalError(str(error)) from error

    def close(self) -> None:
        """Write what is queued, sign the head and close."""
        with self._lock:
            writer, journal = self._writer, self._journal
            self._writer = self._journal = None
        if writer is not None and not writer.stop(STOP_S):
            log.error("a commit does not end; the log is left as it is, and the next start takes it up")
            return
        if journal is not None:
            journal.close()

    def record(self, draft: EntryDraft, done: Done, *, reserve: bool = False) -> None:
        """Append `draft`; `done` gets the receipt once it is durable, or the reason why it is not.

        `reserve`: staff's word, which a full disk must not stop.
        """
        with self._lock:
            writer = self._writer
        if writer is None or self._hushed:
            done(JournalError("the log is not open"))
            return

        def finished(result: Receipt | JournalError) -> None:
            if isinstance(result, Receipt):
                self._first_ms = draft.time_ms if self._first_ms is None else self._first_ms
            done(result)  # before all else: a gate waits for it
            if isinstance(result, Receipt):
                self._written(draft)

        writer.submit(draft, finished, reserve=reserve)

    def hush(self) -> None:
        """Take no entry any more: the last one is to stay the last."""
        self._hushed = True

    def poll(self) -> bool:
        """Call every second: opens a journal that could not be opened, and notices a commit that does not end.

        True when the journal has just been opened.
        """
        with self._lock:
            writer = self._writer
        if writer is None:
            return time.monotonic() >= self._retry_at and self.open()
        stalled = writer.age() > STALLED_S
        if stalled:
            self._degradations.set(Cause.JOURNAL_FAILED, True, detail=f"a commit has taken {writer.age():.0f} s")
        elif self._stalled:
            with self._saying:
                self._say(self._trouble)
        self._stalled = stalled
        return False

    def use_seal_key(self) -> None:
        """Seal what follows to the key that the trust list names now."""
        with self._lock:
            journal = self._journal
        if journal is not None:
            journal.use_seal_key(self._trust.seal_key())

    @property
    def is_open(self) -> bool:
        """Whether entries are taken; they may still fail."""
        with self._lock:
            return self._writer is not None

    @property
    def size(self) -> int:
        """Number of entries."""
        with self._lock:
            return self._journal.size if self._journal is not None else 0

    def head(self) -> str:
        """Return the tree's head, signed now: a C2SP checkpoint. Empty while there is no log. Raises JournalError."""
        with self._lock:
            journal = self._journal
        return "" if journal is None else journal.head()

    @property
    def first_ms(self) -> int | None:
        """Time of the first entry that is kept, ms since 1970."""
        with self._lock:
            return self._first_ms

    @property
    def journal(self) -> Journal | None:
        """The open log; None while it cannot be opened."""
        with self._lock:
            return self._journal

    def _note(self, error: JournalError | None) -> None:
        """Take up what is wrong with the log now; None: nothing."""
        with self._saying:
            self._trouble = error
            self._say(error)

    def _say(self, error: JournalError | None) -> None:
        cause = None
        if isinstance(error, JournalFullError):
            cause = Cause.JOURNAL_FULL
        elif isinstance(error, JournalReadOnlyError):
            cause = Cause.JOURNAL_READONLY
        elif error is not None:
            cause = Cause.JOURNAL_FAILED
        for one in (Cause.JOURNAL_FULL, Cause.JOURNAL_READONLY, Cause.JOURNAL_FAILED):
            self._degradations.set(one, one is cause, detail=str(error) if one is cause else "")


def _time_of_first(journal: Journal) -> int | None:
    """Return when the first entry was written, ms since 1970; None without one.

    One that cannot be read is no reason to let nobody in: `journal verify` names it.
    """
    try:
        first = journal.entries(journal.pruned, journal.pruned + 1)
        return decode(first[0].body).time_ms if first else None
    except JournalError as error:
        log.error("the log's first entry cannot be read: %s; run `checkpoint journal verify`", error)
        return None
