"""The engine's side of updates: the thread that keeps them going, and what their reports mean for log and screens."""

from __future__ import annotations

from collections.abc import Callable

from scanner.config.model import Configuration
from scanner.config.reader import Document
from scanner.engine.degradations import Cause, Degradations
from scanner.engine.supervision import SupervisedThread
from scanner.updates.keeper import UpdateKeeper, command_for
from scanner.updates.report import Result, UpdateReport, take


class Renewal:
    """Holds the keeper of updates, and reads the reports that it and a command in a terminal leave."""

    def __init__(
        self, document: Document[Configuration], degradations: Degradations, *, changed: Callable[[], None]
    ) -> None:
        """Hold one engine's updates; `changed` hears that a screen should be told something new."""
        self._state = document.model.state.folder
        self._degradations = degradations
        self._changed = changed
        self.keeper = UpdateKeeper(
            document.model.update,
            command=command_for(document.file),
            in_force=document.model.trust.folder / "current",
            changed=changed,
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
            refused = report.result is Result.REFUSED
            if refused:
                self._degradations.set(Cause.UPDATE_REFUSED, True, detail=report.why)
            elif report.result is not Result.UNREACHABLE:
                self._degradations.set(Cause.UPDATE_REFUSED, False)
            said = f"{report.source}: {report.why}" if refused else None
            if report.result is Result.TAKEN_IN or (refused and said != self._refused):
                notable.append(report)
            if report.result is not Result.UNREACHABLE:
                self._refused = said
            self._changed()
        return tuple(notable)
