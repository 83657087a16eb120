"""The end of an appliance that the authority has retired: its lanes closed at once, its log handed in, all erased."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from keys.site_order import SiteOrder
from scanner.config.model import Configuration
from scanner.engine import records
from scanner.engine.log import Log
from scanner.journal.entry import EntryDraft
from scanner.sync.retirement import Retired, is_ended, wipe

log = logging.getLogger(__name__)

HUSH_S = 2.0
"""How long somebody may be at an entry that he has begun."""


class Retirement:
    """Waits for an order to retire, and carries it out. The engine closes its lanes, ends, and calls `wipe` last."""

    def __init__(self, log: Log, stamp: Callable[[], records.Stamp], ended: Callable[[], None]) -> None:
        """Wait for an order. `ended` is called from the hub's thread when the hub has the last entry."""
        self._log = log
        self._stamp = stamp
        self._ended = ended
        self._hushed_at: float | None = None
        self.begun = False
        self.retired: Retired | None = None

    def ordered(self, order: SiteOrder | None) -> bool:
        """Whether an order to retire has just come."""
        if self.begun or order is None or order.retire is None:
            return False
        self.begun = True
        log.warning("retired by %s: %s", order.retire.by, order.retire.reason)
        return True

    def resume(self, order: SiteOrder | None) -> None:
        """Go on after a power cut: where the log has its last entry already, nothing may follow it."""
        journal = self._log.journal
        if order is not None and order.retire is not None and journal is not None and is_ended(journal):
            self._hush()

    def hushed(self) -> bool:
        """See that nothing is written any more; whether that has been so for long enough for whoever was about to."""
        return time.monotonic() - self._hush() >= HUSH_S

    def _hush(self) -> float:
        if self._hushed_at is None:
            self._log.hush()
            self._hushed_at = time.monotonic()
        return self._hushed_at

    def entry(self, count: int) -> EntryDraft:
        """Draft the last entry."""
        return records.emptied(count, self._stamp())

    def told(self, retired: Retired) -> None:
        """Hear that the hub holds the last entry."""
        self.retired = retired
        self._ended()

    def wipe(self, configuration: Configuration) -> None:
        """Erase what is left, where the hub holds everything; call it when nothing uses the files any more."""
        if self.retired is None:
            return
        try:
            wipe(configuration.state.folder, configuration.trust.folder, self.retired)
        except OSError as error:
            log.error("not everything could be erased: %s; the next start goes on with it", error)
        else:
            log.warning("everything is erased; this appliance has ended")
