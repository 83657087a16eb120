"""Taking logs in from the hub: continued in a tree of our own, and believed only under heads that appliances signed.

The hub holds no secret of ours and is not trusted: it can withhold entries, and can add, change or reorder none.
An activation that is proved, at an appliance that somebody vouched for, becomes a change of status for the next
publication, once, however often it is seen. At another it waits until somebody does.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from authority.errors import AuthorityError, LogError, UnknownCodeError
from authority.records import Order
from authority.store import Authority
from authority.tracing.index import Gate, Index, KnownGate, Sighting
from authority.tracing.line import HandedEntries, HandedLog, HubLine
from keys.errors import SealError, TreeHeadError
from keys.merkle import HASH_SIZE, Tree
from keys.printable import printable
from keys.tree_head import TreeHead, log_origin, read_head
from keys.verdict import CodeIdentity
from scanner.journal import entry as wire
from scanner.journal import personal as personal_wire
from scanner.journal.detail import EntryKind
from scanner.journal.device import device_id
from scanner.journal.errors import EntryError
from scanner.journal.personal import Personal
from scanner.values import ClockTrust

DAY_MS: Final = 86_400_000
AHEAD_MS: Final = 300_000
"""How far an appliance's clock may be ahead of ours."""
_APPLIED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Round:
    """What one round brought."""

    entries: int
    """Taken in and proved."""
    troubles: tuple[str, ...]
    """Logs that do not hold, or that could not be fetched, in words."""
    activated: int
    """Codes that became green."""
    held: tuple[KnownGate, ...]
    """Appliances with activations that wait for somebody to vouch for them."""


class Intake:
    """Takes in, for one authority. Not for several threads."""

    def __init__(self, authority: Authority, index: Index, line: HubLine, now: Callable[[], int]) -> None:
        """`now` gives seconds since 1970."""
        self._authority = authority
        self._index = index
        self._line = line
        self._now = now
        self._key = authority.tracing_key()

    def round(self) -> Round:
        """Take in what the hub has by now, log by log. Raises HubLineError, FolderError."""
        entries, troubles = 0, []
        try:
            for log in self._line.logs():
                if device_id(log.public_key) != log.device:
                    troubles.append(f"{log.device.hex()}: the hub gives a key that is not this appliance's")
                    continue
                try:
                    entries += self._log(log, troubles)
                except (TreeHeadError, LogError) as error:  # of this one; where the line is dead, nobody asks on
                    troubles.append(f"{log.device.hex()}: {error}")
        finally:
            activated = self._activations()
        gates = self._index.gates(int(EntryKind.ACTIVATION))
        held = tuple(gate for gate in gates if gate.waiting and not gate.vouched)
        return Round(entries, tuple(troubles), activated, held)

    def _log(self, log: HandedLog, troubles: list[str]) -> int:
        """Take in one log up to its head; returns how many entries that brought.

        Where the hub has erased some that were never taken in, it says what the tree was behind them. That is believed
        as the entries are: goes the tree on from there to the root that the appliance has signed, it was so.
        """
        with self._index.transaction():
            gate = self._index.gate(log.device, log.site)
        if log.size < gate.proved or log.size == 0:
            return 0
        head = read_head(log.head, log.public_key)
        if head.origin != log_origin(log.device) or head.size != log.size:
            raise TreeHeadError("the hub gives a head of another log or size")
        if head.size == gate.proved:
            self._same(gate, head)
            return 0
        tree, skipped = _tree(gate.size, gate.roots), 0
        while tree.size < head.size:
            handed = self._line.entries(log.device, tree.size)
            if not handed.entries:
                return 0  # it has fewer than it said: there will be another round
            first = handed.first
            if handed.roots is not None:
                told = f"entries {tree.size} to {first - 1} were erased at the hub before they were taken in here"
                troubles.append(f"{log.device.hex()}: {told}")
                skipped += first - tree.size
                tree = _tree_said(first, handed.roots)
            room = max(0, head.size - first)
            handed = HandedEntries(handed.entries[:room], handed.sealed[:room], first)
            tree.extend(handed.entries)
            found = self._sightings(gate, first, handed)
            with self._index.transaction():
                self._index.put(gate.number, tree.size, b"".join(tree.roots), found, self._now() * 1000)
        self._prove(gate, head, tree)
        return head.size - gate.proved - skipped

    def _same(self, gate: Gate, head: TreeHead) -> None:
        """Hold a head of as many entries as are proved against them."""
        if _tree(gate.proved, gate.proved_roots).root() != head.root:
            why = f"the appliance has signed two heads of {head.size} entries; this is not the one that was proved here"
            with self._index.transaction():
                self._index.distrust(gate.number, why, forked=True)
            raise TreeHeadError(why)

    def _prove(self, gate: Gate, head: TreeHead, tree: Tree) -> None:
        with self._index.transaction():
            if tree.root() == head.root:
                self._index.prove(gate.number)
                return
            why = f"entries from {gate.proved} to {head.size - 1} are not those that the appliance signed"
            self._index.distrust(gate.number, why)
        raise TreeHeadError(why)

    def _sightings(self, gate: Gate, first: int, handed: HandedEntries) -> list[Sighting]:
        """Pick the entries that have a sealed part, each with its tag where the part opens."""
        found = []
        for seq, (body, sealed) in enumerate(zip(handed.entries, handed.sealed, strict=True), start=first):
            if not sealed:
                continue
            try:
                entry = wire.decode(body)
            except EntryError:
                continue  # nothing that could be asked for; the appliance's hub rings about it
            if (entry.device, entry.seq) != (gate.device, seq):
                continue  # one that speaks for another gate, or of another place in its log
            if entry.seal is None or entry.seal.digest != sha256(sealed).digest():
                continue
            personal = opened(self._authority, gate.device, body, sealed)
            identity = None if personal is None else personal.identity
            tag = None if identity is None else tag_of(self._key, identity)
            found.append(Sighting(gate.number, seq, self._when(entry), int(entry.kind), body, sealed, tag))
        return found

    def _when(self, entry: wire.Entry) -> int:
        """Return when an entry was written, ms: as it says, or now where its clock is in doubt or ahead of ours.

        Answers are looked for and erased by it: a wrong clock must neither hide a sighting nor keep it for ever.
        """
        now_ms = self._now() * 1000
        trusted = entry.clock is ClockTrust.TRUSTED and entry.time_ms <= now_ms + AHEAD_MS
        return entry.time_ms if trusted else now_ms

    def _activations(self) -> int:
        """Turn proved activations into green codes; one that is not grey any more is left as it is."""
        activated = 0
        while waiting := self._index.waiting(int(EntryKind.ACTIVATION), _APPLIED_AT_ONCE):
            for found in waiting:
                if not self._index.is_vouched(found.device):
                    continue  # any more
                sighting = found.sighting
                personal = opened(self._authority, found.device, sighting.body, sighting.sealed)
                identity = None if personal is None else personal.identity
                if identity is not None and identity.issuer == self._authority.issuer:
                    activated += self._activate(identity, found.device, found.site, sighting.seq)
                with self._index.transaction():
                    self._index.apply(sighting.gate, sighting.seq)
        return activated

    def _activate(self, identity: CodeIdentity, device: bytes, site: str, seq: int) -> bool:
        # FolderError goes through: what cannot be written now is tried again with the next round.
        order = Order(by=f"gate {device.hex()}", reason=printable(f"activated at {site}, entry {seq}")[:200])
        try:
            return self._authority.activate(identity, order, self._now())
        except UnknownCodeError:
            return False  # it was never issued here


def opened(authority: Authority, device: bytes, body: bytes, sealed: bytes) -> Personal | None:
    """Open an entry's sealed part; None when it is not sealed to us, or not as it must be."""
    try:
        entry = wire.decode(body)
        if entry.seal is None:
            return None
        return personal_wire.decode(authority.unseal(entry.seal.kid, device, entry.seq, sealed))
    except (EntryError, SealError, AuthorityError):
        return None


def tag_of(key: bytes, identity: CodeIdentity) -> bytes:
    """Return the 16 bytes under which the index knows a code."""
    text = f"{identity.issuer}\n{identity.uri}\n{identity.index}"
    return hmac.digest(key, text.encode(), "sha256")[:16]


def _tree(size: int, roots: bytes) -> Tree:
    return Tree(size, [roots[at : at + HASH_SIZE] for at in range(0, len(roots), HASH_SIZE)])


def _tree_said(size: int, roots: bytes) -> Tree:
    """Make the tree that the hub says. Raises LogError: there is none like that."""
    try:
        return _tree(size, roots)
    except ValueError as error:
        raise LogError(f"the hub says that the log stood at {size} entries, and not how: {error}") from None
