"""What passes between the thread for the hub and the engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Protocol

from scanner.journal.entry import EntryDraft
from scanner.journal.store import Journal
from scanner.sync.retirement import Retired


@unique
class Trouble(StrEnum):
    """What can be wrong with handing over; each is a degradation of the same name."""

    REFUSED = "log_refused"
    """The hub objects to our log, or to us."""
    ALTERED = "log_altered"
    """What lies in the log is not what was written."""
    DOUBTED = "hub_doubted"
    """What the hub says does not hold, or it has forgotten what it acknowledged."""
    UNREACHABLE = "hub_unreachable"
    UNDATED = "hub_undated"
    """Its answers bear no time: nothing is erased by retention."""
    WAITING = "log_waiting"
    """Entries have waited for more than a day."""


class Log(Protocol):
    """The engine's hold on the log."""

    @property
    def journal(self) -> Journal | None:
        """The open log; None while it cannot be opened."""


class End(Protocol):
    """Who ends the appliance."""

    def hushed(self) -> bool:
        """See that nobody else writes entries any more; whether that is so."""

    def entry(self, count: int) -> EntryDraft:
        """Draft the last entry: `count` entries and all that was kept besides are erased."""

    def told(self, retired: Retired) -> None:
        """Hear that the hub has cosigned the last entry: now the rest may go. May be called again."""


@dataclass(frozen=True, slots=True)
class SyncState:
    """What the screens are told."""

    joined: bool = False
    held: int = 0
    """How many entries the hub has acknowledged."""
    oldest_ms: int | None = None
    """When the oldest entry was written that it has not, ms since 1970."""
