"""The engine's side of the hub: the thread that hands the log over, and what it means for log and screens."""

from __future__ import annotations

from collections.abc import Callable

from scanner.config.model import Configuration
from scanner.engine.degradations import Cause, Degradations
from scanner.engine.log import Log
from scanner.engine.supervision import SupervisedThread
from scanner.journal.database import Erasure
from scanner.sync.inbox import LeftExport
from scanner.sync.keeper import SyncKeeper, Trouble


class HandOver:
    """Holds the keeper of the hub."""

    def __init__(
        self,
        configuration: Configuration,
        log: Log,
        degradations: Degradations,
        *,
        now: Callable[[], int],
        trusted: Callable[[], bool],
        erased: Callable[[Erasure], None],
        exported: Callable[[LeftExport], None],
        changed: Callable[[], None],
    ) -> None:
        """Hold one engine's hub; `erased` and `exported` hear what the log has to say, `changed` the screens."""

        def trouble(which: Trouble, active: bool, words: str) -> None:
            degradations.set(Cause(which.value), active, detail=words)

        self.keeper = SyncKeeper(
            configuration.state.folder,
            log,
            every_s=configuration.sync.every_seconds,
            retention=configuration.retention,
            now=now,
            trusted=trusted,
            trouble=trouble,
            erased=erased,
            exported=exported,
            changed=changed,
        )
        self._thread = SupervisedThread("sync", lambda: self.keeper, float("inf"))

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """End; an exchange that is going on is left to itself, and asked about at the next start."""
        self._thread.stop()

    def watch(self) -> None:
        """Start the thread again where it has died."""
        self._thread.watch()
