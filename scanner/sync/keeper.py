"""The engine's thread for the hub: sends what waits, keeps the hub's word, erases what is due; lanes never wait for it.

Nothing here can stop a passage: the log is read beside its writer, and what is kept or erased goes in small commits.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keys.cosignature import CosignedHead, read_cosigned, told_at
from keys.errors import TreeHeadError
from scanner.config.model import RetentionSection
from scanner.journal.database import Erasure
from scanner.journal.device import Device
from scanner.journal.errors import JournalDamagedError, JournalError
from scanner.journal.store import Journal
from scanner.sync.client import HubClient
from scanner.sync.errors import HubBusyError, HubDoubtedError, HubError, HubRefusedError, HubUnreachableError
from scanner.sync.exchange import BreachError, Exchange, Step
from scanner.sync.history import Breach
from scanner.sync.inbox import LeftExport, take
from scanner.sync.membership import Membership, MembershipError, MembershipFile
from scanner.sync.outbox import open_outbox
from scanner.sync.retention import EVERY_S, HubClock, WitnessClock, due, erase
from scanner.sync.retirement import Retired, empty, is_ended
from scanner.sync.schedule import Schedule
from scanner.sync.values import End, Log, SyncState, Trouble

LOG = logging.getLogger(__name__)

TURN_S: Final = 0.5
"""How often it is looked whether something waits."""
UNREACHABLE_S: Final = 600.0
"""Without the hub for so long, it is said."""
OLD_S: Final = 86_400
"""Entries that wait longer are said to wait."""
PAUSE_S: Final = 0.02
"""Between two slices of what is erased."""
PRECEDENCE_S: Final = 60.0
"""How long an update waits for entries that are being handed over."""


class SyncKeeper:
    """Keeps the log and the hub together. `changed` is called from its thread whenever `state` is a new one."""

    def __init__(
        self,
        state: Path,
        log: Log,
        *,
        every_s: float,
        retention: RetentionSection,
        now: Callable[[], int],
        trusted: Callable[[], bool],
        trouble: Callable[[Trouble, bool, str], None],
        erased: Callable[[Erasure], None],
        exported: Callable[[LeftExport], None],
        changed: Callable[[], None],
        spread: Callable[[float, float], float] = random.uniform,
        connect: Callable[[Membership, Device], HubClient] = HubClient,
    ) -> None:
        """Talk to nobody yet. `trouble` is told what is wrong and what is not any more.

        `erased` is told what retention has erased, `exported` what a command has written to a stick.
        """
        self._folder = state
        self._log = log
        self._every_s = every_s
        self._retention = retention
        self._now = now
        self._trusted = trusted
        self._trouble = trouble
        self._erased = erased
        self._exported = exported
        self._changed = changed
        self._spread = spread
        self._connect = connect
        self._file = MembershipFile(state)
        self._membership: Membership | None = None
        self._client: HubClient | None = None
        self._exchange: Exchange | None = None
        self._schedule = Schedule.begin(every_s, time.monotonic(), spread)
        self._waiting_since: float | None = None
        self._reached_at = time.monotonic()
        self._retain_at = 0.0
        self._hub_clock = HubClock()
        self._sweep = False
        self._looked = False
        self._end: End | None = None
        self._state = SyncState()
        self._busy_since: float | None = None
        self._asked = threading.Event()

    @property
    def state(self) -> SyncState:
        """How things stand."""
        return self._state

    def busy_for(self) -> float:
        """Return 0: every exchange has its own limit, however long a backlog takes."""
        return 0.0

    def hurry(self) -> None:
        """Let what waits be sent at once."""
        self._asked.set()

    def keep_for(self, retention: RetentionSection) -> None:
        """Let other times of retention hold from now on."""
        self._retention = retention

    def retire(self, end: End) -> None:
        """Hand the log in, then erase it; `end` is asked for the last entry, and told when the hub has that too."""
        self._end = end
        self._asked.set()

    def clear(self) -> bool:
        """Whether an update may go ahead: upload comes before download, though not for ever."""
        since = self._busy_since
        return since is None or time.monotonic() - since > PRECEDENCE_S

    def run(self, stop: threading.Event) -> None:
        """Look and talk until `stop`."""
        try:
            while not stop.is_set():
                if not self._turn(stop):
                    self._busy_since = None
                    self._asked.wait(TURN_S)
        finally:
            self._busy_since = None
            if self._client is not None:
                self._client.close()

    def _turn(self, stop: threading.Event) -> bool:
        """Do one piece of work; whether there is more to do at once."""
        journal = self._log.journal
        if journal is None:
            self._asked.clear()
            return False
        self._join(journal)
        self._open_inbox(journal)
        exchange = self._exchange
        self._look(journal)
        if exchange is None:
            self._asked.clear()
            if self._end is not None:  # by stick alone
                self._close(journal, self._end, stop)
            return False
        now = time.monotonic()
        asked = self._asked.is_set()
        self._asked.clear()
        held = journal.durable if exchange.held is None else min(journal.durable, exchange.held)
        waiting = journal.size - held
        if waiting and self._waiting_since is None:
            self._waiting_since = now
        waited = 0.0 if self._waiting_since is None else now - self._waiting_since
        if asked or held < journal.durable or self._end is not None:
            waited = max(waited, self._schedule.age_s)
        self._judge_wait()
        if self._end is None:
            self._tidy(journal, stop)
        elif exchange.held == journal.size:
            self._close(journal, self._end, stop)
        if not self._schedule.is_due(now, waiting, waited):
            return False
        if waiting:
            self._busy_since = self._busy_since or now
        return self._talk(journal, exchange)

    def _talk(self, journal: Journal, exchange: Exchange) -> bool:
        """Exchange one piece with the hub; whether more waits and may go at once."""
        nothing_to_send = exchange.held is None or exchange.held >= journal.size
        asked_at = time.monotonic()
        try:
            step = exchange.meet() if nothing_to_send else exchange.send()
        except HubBusyError as error:
            LOG.info("%s", error)
            self._schedule.told(time.monotonic(), error.retry_after_s)
            self._not_reached(str(error))
        except HubUnreachableError as error:
            LOG.info("%s", error)
            self._schedule.failed(time.monotonic())
            self._not_reached(str(error))
        except HubRefusedError as error:
            self._objects(Trouble.REFUSED, str(error))
        except BreachError as error:
            lost = error.breach is Breach.LOST
            self._objects(Trouble.DOUBTED if lost else Trouble.REFUSED, str(error))
        except (HubDoubtedError, HubError) as error:
            self._objects(Trouble.DOUBTED, str(error))
        except JournalDamagedError as error:
            self._objects(Trouble.ALTERED, str(error))
        except JournalError as error:
            LOG.error("the log cannot be handed over: %s", error)
            self._schedule.failed(time.monotonic())
        else:
            return self._went_well(journal, step, asked_at, asked_only=nothing_to_send)
        finally:
            if exchange.altered is not None:
                words = f"entry {exchange.altered} is not what was written; run: checkpoint journal verify"
                self._trouble(Trouble.ALTERED, True, words)
        return False

    def _went_well(self, journal: Journal, step: Step, asked_at: float, *, asked_only: bool) -> bool:
        """Take up what a piece that was begun at `asked_at` brought.

        A hub that answers a question need not take what it has refused.
        """
        now = time.monotonic()
        self._reached_at = now
        self._hub_clock.heard(None if self._client is None else self._client.time, asked_at, now)
        self._schedule.succeeded(now)
        self._trouble(Trouble.UNREACHABLE, False, "")
        undated = self._hub_clock.time is None
        self._trouble(Trouble.UNDATED, undated, "answers of the hub, or of a proxy before it, have no Date header")
        settled = not asked_only or step.held >= step.size
        if settled:
            self._trouble(Trouble.REFUSED, False, "")
        if step.forgotten:
            words = f"the hub has lost {step.forgotten} entries that it had acknowledged; they are sent again"
            self._trouble(Trouble.DOUBTED, True, words)
        elif settled and step.held >= journal.durable:
            self._trouble(Trouble.DOUBTED, False, "")
        more = step.held < journal.size
        self._waiting_since = (self._waiting_since or now) if more else None
        self._look(journal)
        return step.held < step.size

    def _not_reached(self, words: str) -> None:
        self._busy_since = None
        if time.monotonic() - self._reached_at >= UNREACHABLE_S:
            self._trouble(Trouble.UNREACHABLE, True, words)

    def _objects(self, trouble: Trouble, words: str) -> None:
        """Note that one side does not believe the other: people have to look, and nothing is hurried meanwhile."""
        LOG.error("%s: %s", trouble.value, words)
        self._busy_since = None
        self._reached_at = time.monotonic()
        self._schedule.refused(time.monotonic())
        self._trouble(Trouble.UNREACHABLE, False, "")
        self._trouble(trouble, True, words)

    def _close(self, journal: Journal, end: End, stop: threading.Event) -> None:
        """Take the next step to the end, where everything so far is under the hub's word."""
        size = journal.size
        if journal.durable < size:
            return
        try:
            if not end.hushed() or journal.size > size:
                return
            if is_ended(journal):
                with open_outbox(self._folder, journal.device) as outbox:
                    note = outbox.cosigned()
                if note is not None:
                    end.told(Retired(journal.device.id.hex(), self._now(), note))
            elif empty(journal, self._now(), lambda: stop.wait(PAUSE_S)):
                journal.append(end.entry(size))
        except JournalError as error:
            LOG.error("the log cannot be closed: %s", error)

    def _join(self, journal: Journal) -> None:
        """Take up the hub that was joined last, where that is another one."""
        try:
            found = self._file.current()
        except MembershipError as error:
            LOG.error("%s", error)
            found = None
        looked, self._looked = self._looked, True
        if found == self._membership:
            return
        if self._client is not None:
            self._client.close()
        self._membership, self._client, self._exchange = found, None, None
        self._hub_clock = HubClock()
        for trouble in Trouble:
            self._trouble(trouble, False, "")
        if found is None:
            return
        try:
            self._client = self._connect(found, journal.device)
        except HubUnreachableError as error:
            LOG.error("%s", error)
            return
        witness = found.witness

        def keep(note: str, cosigned: CosignedHead) -> None:
            try:
                self._keep(journal, witness, note, cosigned)
            except TreeHeadError as error:
                raise HubDoubtedError(f"the hub's word does not hold: {error}") from None

        self._exchange = Exchange(self._client, self._folder, journal.device, witness, keep)
        if looked:  # joined just now, by hand: nobody else does in the same second
            self._schedule = replace(self._schedule, not_before=0.0, present_by=0.0, failures=0)
        self._reached_at = time.monotonic()

    def _keep(self, journal: Journal, witness: Ed25519PublicKey, note: str, cosigned: CosignedHead) -> None:
        """Make the hub's word durable: retention counts from now, or from the hub's time where ours is in doubt."""
        at = self._now()
        journal.keep_cosigned(note, witness, at if self._trusted() else cosigned.seen_at)

    def _open_inbox(self, journal: Journal) -> None:
        """Take up what commands have left."""
        for left in take(self._folder):
            if isinstance(left, LeftExport):
                self._exported(left)
                continue
            if self._membership is None:
                LOG.warning("a receipt came by stick, and no hub is joined")
                continue
            witness = self._membership.witness
            try:
                self._keep(journal, witness, left.note, read_cosigned(left.note, journal.device.public_key, witness))
            except (TreeHeadError, JournalError) as error:
                LOG.error("a receipt that came by stick does not hold: %s", error)

    def _look(self, journal: Journal) -> None:
        """See how things stand, and tell where that is new."""
        joined, held = self._exchange is not None, journal.durable
        before = self._state
        oldest = before.oldest_ms
        if before.joined != joined or before.held != held or (oldest is None and held < journal.size):
            oldest = self._oldest(journal, max(held, journal.pruned))
        state = SyncState(joined, held, oldest if held < journal.size else None)
        if state != before:
            self._state = state
            self._changed()

    def _oldest(self, journal: Journal, seq: int) -> int | None:
        try:
            with open_outbox(self._folder, journal.device) as outbox:
                return outbox.written_by(seq)
        except JournalError as error:
            LOG.error("the oldest entry that waits cannot be read: %s", error)
            return None

    def _judge_wait(self) -> None:
        oldest = self._state.oldest_ms
        late = oldest is not None and self._trusted() and self._now() - oldest // 1000 > OLD_S
        self._trouble(Trouble.WAITING, late, "" if oldest is None else f"since {oldest // 1000}")

    def _tidy(self, journal: Journal, stop: threading.Event) -> None:
        """Erase what is due, in a quiet moment, where the time is known and the hub has just been heard."""
        exchange, now = self._exchange, time.monotonic()
        try:
            if self._sweep:
                self._sweep = not journal.sweep()
            at = self._now()  # before it is asked whether it can be trusted: what leaps in between is not
            if now < self._retain_at or not self._trusted() or exchange is None or exchange.held is None:
                return
            if self._hub_clock.stands is None:  # another answer tells: in some minutes at most
                return
            self._retain_at = now + EVERY_S
            found = due(journal, self._retention, at, exchange.held, lambda size: self._witnessed(journal, size))
            for line in erase(journal, found, at, lambda: stop.wait(PAUSE_S)):
                self._sweep = True
                if line.count:
                    self._erased(line)
        except (JournalError, TreeHeadError) as error:
            LOG.error("what is due cannot be erased: %s", error)

    def _witnessed(self, journal: Journal, size: int) -> WitnessClock:
        """Return the hub's clock for a head that it cosigned, or one before it. Raises JournalError, TreeHeadError."""
        with open_outbox(self._folder, journal.device) as outbox:
            note = outbox.cosigned(size)
        now = self._hub_clock.time
        if note is None or now is None:
            raise JournalDamagedError(f"the head over {size} entries is missing, or the hub's time")
        return WitnessClock(told_at(note), now, self._hub_clock.stands is True)
