"""Taking in what appliances upload: authenticated, proved to extend the log that is known, stored exactly once.

1 the appliance is known and in good standing · 2 its key signed the head · 3 the head covers exactly these entries · 4
they begin no later than the known log ends · 5 the known tree as it was before the first of them, continued with them,
goes through the known root and has the head's · 6 a consistency proof that came with them holds · 7 entries are looked
through, sealed parts compared · 8 the head is cosigned · 9 all of it is stored in one transaction that first compares
and sets the high-water mark. What is beyond the day's allowance (`hub.allowance`) is sent away after step 6.

Step 5 alone proves everything: the hub continues its own tree, so a head that it accepts is of the log it knows,
wherever a batch begins and ends. So batches may overlap, come twice and in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub import allowance, counting, upload
from hub.bell import Bell
from hub.cosigner import Cosigner
from hub.errors import KnownLog, Problem, RefusalError
from hub.storage import alarms, appliances
from hub.storage.session import Database, Session
from hub.timekeeping import FilingDay
from hub.upload import Upload, UploadError
from hub.values import AlarmKind, Appliance, Batch, Finding, Frontier, Intake, Standing
from keys import cbor
from keys.errors import TreeHeadError
from keys.merkle import Tree, verify_consistency
from keys.tree_head import TreeHead, log_origin, own_note, read_head

RACES = 8
"""How often a batch is judged anew because another hub process stored something in between."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the appliance is told: how much is durable, under whose cosignature."""

    durable_to: int
    """Tree size."""
    head: str
    """The head that was sent, with the hub's cosignature."""
    time_ms: int
    """The hub's clock."""

    def body(self) -> bytes:
        """Write it as the answer's CBOR."""
        return cbor.encode({1: self.durable_to, 2: self.head, 3: self.time_ms})


class Ingest:
    """Takes uploads in; used by many threads."""

    def __init__(
        self,
        database: Database,
        cosigner: Cosigner,
        clock_ms: Callable[[], int],
        zone: tzinfo = UTC,
        entries_a_day: int = allowance.ENTRIES_A_DAY,
    ) -> None:
        """`zone`: of the days of sites that have not said theirs; `entries_a_day`: the allowance of each appliance."""
        self._zone = zone
        self._entries_a_day = entries_a_day
        self._bell = Bell()
        self._database = database
        self._cosigner = cosigner
        self._clock_ms = clock_ms
        self._filing_day = FilingDay(database)

    def admit(self, device: bytes) -> Appliance:
        """Find the appliance before anything of its body is read. Raises RefusalError."""
        with self._database.read() as session:
            found = appliances.find(session, device)
        if found is None:
            raise RefusalError(401, Problem.UNKNOWN_KEY, "no appliance of this id is enrolled here; enrol it")
        return found

    def take(self, device: bytes, body: bytes, *, by_hand: bool = False) -> Receipt:
        """Take one upload in; `by_hand`: somebody at the hub asked for it, so no allowance counts.

        Raises RefusalError, StorageError.
        """
        try:
            batch = upload.read(body)
        except upload.TooLargeError as error:
            raise RefusalError(413, Problem.TOO_LARGE, str(error)) from error
        except UploadError as error:
            raise RefusalError(400, Problem.BAD_REQUEST, str(error)) from error
        for _ in range(RACES):
            receipt = self._attempt(self.admit(device), batch, None if by_hand else len(body))
            if receipt is not None:
                return receipt
        raise RefusalError(503, Problem.BUSY, "other uploads of this appliance are under way", retry_after=5)

    def _attempt(self, appliance: Appliance, batch: Upload, size: int | None) -> Receipt | None:
        """Judge and store a batch; None when the log has moved on meanwhile. `size`: bytes that count, if any do."""
        head = self._authentic(appliance, batch)
        known = appliance.frontier.size
        if batch.first > known:
            raise self._refusal(appliance, Problem.GAP, f"the hub has {known} entries; send from there")
        tree = self._extended(appliance, batch, head)
        now_ms = self._clock_ms()
        if tree is None:  # everything was known before: there is nothing to store
            same = head.size == known
            return Receipt(known, appliance.head if same else self._cosigned(appliance, batch, now_ms), now_ms)
        intake = appliance.intake if size is None else self._within(appliance, now_ms, batch.end - known, size)
        skip = known - batch.first
        entries, parts = batch.entries[skip:], batch.sealed[skip:]
        found = counting.find(appliance, known, entries, now_ms, self._zone_of(appliance))
        good, bad = counting.sealed_parts(known, entries, parts)
        cosigned = self._cosigned(appliance, batch, now_ms)
        stored = Batch(
            appliance=appliance,
            entries=tuple(found.stored),
            sealed=tuple(good),
            counts=tuple(found.counts),
            begins_anew=found.begins_anew,
            troubles=tuple(found.troubles.values()),
            frontier=Frontier.of(tree),
            root=head.root,
            head=cosigned,
            arrived_ms=now_ms,
            day=self._filing_day.of(now_ms),
            entry_ms=found.entry_ms,
            lists_ms=found.lists_ms,
            software=found.software,
            standing=Standing.RETIRED if found.ended else Standing.ACTIVE,
            intake=intake,
        )
        self._database.prepare_day(stored.day)  # done long ago, unless this machine's clock has leapt
        with self._database.write() as session:
            if not appliances.append(session, stored):
                return None
            self._ring(session, appliance, AlarmKind.UNREADABLE, found.unreadable, now_ms)
            self._ring(session, appliance, AlarmKind.SEALED_ALTERED, bad, now_ms)
        return Receipt(head.size, cosigned, now_ms)

    def _within(self, appliance: Appliance, now_ms: int, entries: int, size: int) -> Intake:
        """Count a batch to the day's allowance; raises RefusalError and an alarm where that is spent."""
        intake = allowance.after(appliance.intake, now_ms, entries, size)
        if intake.many <= self._entries_a_day:
            return intake
        told = Finding.ALLOWANCE_SPENT.told(self._entries_a_day)
        self._alarm(appliance, AlarmKind.FLOOD, told)
        words = f"more than {self._entries_a_day} entries of this appliance in one day; keep the rest and come back"
        raise RefusalError(429, Problem.ALLOWANCE, words, retry_after=allowance.retry_after(now_ms))

    def _zone_of(self, appliance: Appliance) -> tzinfo:
        name = appliance.site.timezone
        try:
            return self._zone if name is None else ZoneInfo(name)
        except ZoneInfoNotFoundError:  # another hub's machine knew it
            return self._zone

    def newest(self, device: bytes) -> Receipt:
        """Return the hub's word on all that it has of a log. Raises Refusal."""
        appliance = self.admit(device)
        return Receipt(appliance.frontier.size, appliance.head, self._clock_ms())

    def refused_key(self, appliance: Appliance, words: str, evidence: bytes = b"") -> RefusalError:
        """Refuse whoever proved to have the key of an appliance that is no more, and raise an alarm."""
        self._alarm(appliance, AlarmKind.REFUSED_KEY, words, evidence)
        return RefusalError(403, Problem.RETIRED, f"this appliance is {appliance.standing}; nothing of it is taken")

    def _cosigned(self, appliance: Appliance, batch: Upload, now_ms: int) -> str:
        return self._cosigner.cosign(own_note(batch.head, appliance.key), now_ms)

    def _authentic(self, appliance: Appliance, batch: Upload) -> TreeHead:
        """Check that the appliance's own key signed the head, and that it covers exactly these entries.

        A retired appliance may ask again for the receipt of what it handed in: it erases itself under that alone.
        """
        try:
            head = read_head(batch.head, appliance.key)
        except TreeHeadError as error:
            raise RefusalError(401, Problem.UNKNOWN_KEY, f"the head is not by this appliance's key: {error}") from error
        if head.origin != log_origin(appliance.id):
            raise RefusalError(401, Problem.UNKNOWN_KEY, "the head is of another log")
        late = appliance.standing is Standing.RETIRED and batch.end <= appliance.frontier.size
        if appliance.standing is not Standing.ACTIVE and not late:
            told = Finding.GENUINE_HEAD.told(batch.first, head.size)
            raise self.refused_key(appliance, told, own_note(batch.head, appliance.key).encode())
        if head.size != batch.end:
            words = f"the head covers {head.size} entries, and these are {batch.first} to {batch.end - 1}"
            raise RefusalError(400, Problem.BAD_REQUEST, words)
        return head

    def _extended(self, appliance: Appliance, batch: Upload, head: TreeHead) -> Tree | None:
        """Continue the known tree with these entries; None when it already has them all. Raises RefusalError."""
        known = appliance.frontier.size
        tree = self._tree_at(appliance, batch.first)
        entries = batch.entries
        if tree is None and batch.end > known:  # what overlaps cannot be compared any more; what is new can be proved
            tree, entries = appliance.frontier.tree(), entries[known - batch.first :]
        if tree is None:
            raise self._refusal(appliance, Problem.ERASED, "these were handed in, and erased here by retention since")
        size, root = tree.size, tree.root()
        overlap = max(0, known - size)
        tree.extend(entries[:overlap])
        if tree.size == known and tree.root() != appliance.root:
            raise self._forked(appliance, batch, head)
        tree.extend(entries[overlap:])
        if tree.root() != head.root or not self._is_known(appliance, tree):
            raise self._forked(appliance, batch, head)
        compared = batch.proof and size == batch.first
        if compared and not verify_consistency(size, head.size, batch.proof, root, head.root):
            words = f"the consistency proof does not lead from {size} to {head.size} entries"
            raise self._refusal(appliance, Problem.WRONG_PROOF, words)
        return tree if tree.size > known else None

    def _is_known(self, appliance: Appliance, tree: Tree) -> bool:
        """Whether a tree no larger than the known one is a beginning of it; a larger one went through its root."""
        if tree.size >= appliance.frontier.size:
            return True
        with self._database.read() as session:
            found = appliances.next_root(session, appliance.number, tree.size)
        size, root = found or (appliance.frontier.size, appliance.root)
        further = tree.copy()
        if self._continue(appliance, further, size):
            return further.root() == root
        ours = self._tree_at(appliance, tree.size)
        if ours is None:
            raise self._refusal(appliance, Problem.ERASED, "these were handed in, and erased here by retention since")
        return ours.root() == tree.root()

    def _tree_at(self, appliance: Appliance, size: int) -> Tree | None:
        """Return the known tree as it was at `size` entries; None where retention took what that needs."""
        if size == appliance.frontier.size:
            return appliance.frontier.tree()
        with self._database.read() as session:
            tree = appliances.nearest_mark(session, appliance.number, size).tree()
        return tree if self._continue(appliance, tree, size) else None

    def _continue(self, appliance: Appliance, tree: Tree, size: int) -> bool:
        """Append stored entries up to `size`: few, since a state is kept of every few thousand. False: erased."""
        while tree.size < size:
            with self._database.read() as session:
                stored = appliances.bodies(
                    session, appliance.number, tree.size, min(size, tree.size + upload.MAX_ENTRIES)
                )
            if not stored:
                return False
            if [seq for seq, _ in stored] != list(range(tree.size, tree.size + len(stored))):
                return False
            tree.extend(body for _, body in stored)
        return True

    def _forked(self, appliance: Appliance, batch: Upload, head: TreeHead) -> RefusalError:
        """Refuse a history that contradicts the known one, and raise an alarm that keeps the signed head."""
        first = self._first_difference(appliance, batch)
        known = appliance.frontier.size
        where = (
            f"entry {first} is another than the hub has" if first is not None else "the entries do not give its root"
        )
        words = f"a head of {head.size} entries does not extend the {known} known ones: {where}"
        told = (
            Finding.ROOT_DIFFERS.told(head.size, known)
            if first is None
            else Finding.ENTRY_DIFFERS.told(head.size, known, first)
        )
        self._alarm(appliance, AlarmKind.FORKED, told, own_note(batch.head, appliance.key).encode())
        return self._refusal(appliance, Problem.NOT_AN_EXTENSION, words)

    def _first_difference(self, appliance: Appliance, batch: Upload) -> int | None:
        with self._database.read() as session:
            stored = appliances.bodies(session, appliance.number, batch.first, batch.end)
        for seq, body in stored:
            if batch.entries[seq - batch.first] != body:
                return seq
        return None

    def _refusal(self, appliance: Appliance, problem: Problem, words: str) -> RefusalError:
        return RefusalError(409, problem, words, known=KnownLog(appliance.frontier.size, appliance.root))

    def _alarm(self, appliance: Appliance, kind: AlarmKind, told: str, evidence: bytes = b"") -> None:
        """Raise an alarm about an upload of which nothing is stored; where it hammers, not each time."""
        if self._bell.may_ring(appliance.number):
            with self._database.write() as session:
                alarms.ring(session, appliance.number, kind, self._clock_ms(), detail=told, evidence=evidence)

    def _ring(self, session: Session, appliance: Appliance, kind: AlarmKind, numbers: list[int], now_ms: int) -> None:
        if numbers:
            told = Finding.SEVERAL.told(len(numbers), numbers[0])
            alarms.ring(session, appliance.number, kind, now_ms, detail=told)
