"""The engine's side of updates: the thread that keeps them going, and what their reports mean for log and screens."""

from __future__ import annotations

import logging
from collections.abc import Callable

from scanner.config.model import Configuration
from scanner.config.reader import Document
from scanner.engine.degradations import Cause, Degradations
from scanner.engine.supervision import SupervisedThread
from scanner.updates.keeper import UpdateKeeper, command_for
from scanner.updates.origin import source_of
from scanner.updates.report import Result, UpdateReport, leave, take

log = logging.getLogger(__name__)


class Renewal:
    """Holds the keeper of updates, and reads the reports that it and a command in a terminal leave."""

    def __init__(
        self,
        document: Document[Configuration],
        degradations: Degradations,
        *,
        now: Callable[[], int],
        changed: Callable[[], None],
        clear: Callable[[], bool],
    ) -> None:
        """Hold one engine's updates; `changed` hears that a screen should be told something new.

        `clear` tells whether the network is free: what waits in the log goes first.
        """
        self._now = now
        self._state = document.model.state.folder
        self._degradations = degradations
        self._changed = changed
        self.keeper = UpdateKeeper(
            document.model.update,
            command=command_for(document.file),
            in_force=document.model.trust.folder / "current",
            changed=changed,
            failed=self._note_failed,
            clear=clear,
            source=lambda: source_of(document.model),
        )
        self._thread = SupervisedThread("updates", lambda: self.keeper, float("inf"))
        self.last: UpdateReport | None = None
        self._refused: str | None = None
        """What the last entry of a refusal said: a server that goes on lying need not fill the log."""

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """End, and with it an update that is going on; it leaves the old state or the new one."""
        self._thread.stop()

    def watch(self) -> None:
        """Start the thread again where it has died."""
        self._thread.watch()

    def take_notable(self) -> tuple[UpdateReport, ...]:
        """Return the reports left since the last call that deserve an entry: taken in, or refused anew."""
        notable = []
        for report in take(self._state):
            self.last = report
            self._changed()
            if report.result is Result.UNREACHABLE:
                continue  # nothing was judged: the lists' age tells what matters
            self._degradations.set(Cause.UPDATE_REFUSED, report.cause is not None, detail=report.why)
            said = None if report.cause is None else f"{report.source}: {report.why}"
            if report.result is Result.TAKEN_IN or (said is not None and said != self._refused):
                notable.append(report)
            self._refused = said
        return tuple(notable)

    def _note_failed(self, source: str, cause: str, words: str) -> None:
        """Say of an update that could not say it itself what became of it."""
        try:
            leave(self._state, UpdateReport(self._now(), source, Result.REFUSED, words, cause))
        except OSError as error:
            log.error("the update from %s: %s; and no report can be left: %s", source, words, error.strerror or error)
