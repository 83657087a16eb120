"""The engine's side of the hub: the thread that hands the log over, and what it means for log and screens."""

from __future__ import annotations

import logging
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keys.site_order import HubOrder, SiteOrder
from scanner.config.model import Configuration, RetentionSection
from scanner.engine.degradations import Cause, Degradations
from scanner.engine.log import Log
from scanner.engine.supervision import SupervisedThread
from scanner.journal.database import Erasure
from scanner.sync.inbox import LeftExport
from scanner.sync.keeper import SyncKeeper
from scanner.sync.membership import Membership, MembershipError, read_membership, write_membership
from scanner.sync.values import Trouble

LOG = logging.getLogger(__name__)


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

        self._configuration = configuration
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

    def obey(self, order: SiteOrder | None) -> None:
        """Take up what the authority orders: its hub, and how long what the hub holds is kept here at most."""
        local = self._configuration.retention
        if order is None:
            self.keeper.keep_for(local)
            return
        self.keeper.keep_for(
            RetentionSection(
                sealed_days=_least(local.sealed_days, order.sealed_days),
                entries_days=_least(local.entries_days, order.entries_days),
            )
        )
        if order.hub is not None:
            self._join(order, order.hub)

    def _join(self, order: SiteOrder, hub: HubOrder) -> None:
        state = self._configuration.state.folder
        try:
            before = read_membership(state)
            site = order.site or ("" if before is None else before.site)
            wanted = Membership(hub.url, hub.pin, Ed25519PublicKey.from_public_bytes(hub.key), site)
            if before != wanted:
                write_membership(state, wanted)
        except (OSError, ValueError, MembershipError) as error:
            LOG.error("the hub that is ordered cannot be joined: %s", error)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """End; an exchange that is going on is left to itself, and asked about at the next start."""
        self._thread.stop()

    def watch(self) -> None:
        """Start the thread again where it has died."""
        self._thread.watch()


def _least(local: int, ordered: int | None) -> int:
    return local if ordered is None else min(local, ordered)
