"""The end of an appliance that the authority has retired: its lanes closed at once, its log handed in, all erased."""

from __future__ import annotations

import logging
from collections.abc import Callable

from keys.site_order import SiteOrder
from scanner.config.model import Configuration
from scanner.engine import records
from scanner.journal.entry import EntryDraft
from scanner.sync.retirement import Retired, wipe

log = logging.getLogger(__name__)


class Retirement:
    """Waits for an order to retire, and carries it out. The engine closes its lanes, ends, and calls `wipe` last."""

    def __init__(self, stamp: Callable[[], records.Stamp], ended: Callable[[], None]) -> None:
        """Wait for an order. `ended` is called from the hub's thread when the hub has the last entry."""
        self._stamp = stamp
        self._ended = ended
        self.begun = False
        self.retired: Retired | None = None

    def ordered(self, order: SiteOrder | None) -> bool:
        """Whether an order to retire has just come."""
        if self.begun or order is None or order.retire is None:
            return False
        self.begun = True
        log.warning("retired by %s: %s", order.retire.by, order.retire.reason)
        return True

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
