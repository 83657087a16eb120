"""What waits in the log, read in one snapshot beside whoever writes: entries, roots and proofs.

Everything is held against the hashes and heads that were stored when it was written. What does not hold is told and
sent all the same: the head that goes with it is the one that was signed, so the hub objects too, and both sides know.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keys.errors import TreeHeadError
from keys.merkle import Node, Proof, Tree, leaf_hash, spans, stored_consistency_proof, stored_root
from keys.tree_head import TreeHead, log_origin, read_head, sign_head
from scanner.journal.device import Device
from scanner.journal.entry import decode
from scanner.journal.errors import SQLITE_ERRORS, EntryError, JournalDamagedError
from scanner.journal.files import journal_path
from scanner.journal.pruned import Pruned, node_in, read_pruned
from scanner.journal.reader import open_reader
from scanner.journal.schema import has_table
from scanner.sync.wire import MAX_ENTRIES, MAX_UPLOAD, Upload
from scanner.values import ClockTrust

ROOM: Final = 64 << 10
"""Bytes of an upload left for its head, its proof and its heads of byte strings."""
LOOKED_THROUGH: Final = 16
"""Entries that are looked through for a time one by one."""
PER_ENTRY: Final = 10
"""Bytes of two heads of byte strings."""


@dataclass(frozen=True, slots=True)
class Batch:
    """An upload, and the first of its entries that is not what was written."""

    upload: Upload
    altered: int | None

    @property
    def stop(self) -> int:
        """How many entries its head covers."""
        return self.upload.start + len(self.upload.entries)


class Outbox:
    """One snapshot of the log. Every method raises JournalDamagedError for what is missing or cannot be read."""

    def __init__(self, connection: sqlite3.Connection, device: Device) -> None:
        self._connection = connection
        self._device = device
        with _reading():
            self._pruned: Pruned = read_pruned(connection)
            self._witnessed = has_table(connection, "cosigned")
        self._node: Node = node_in(self._pruned, self._nodes_of)
        newest = self._rows("SELECT max(seq) FROM entry")[0][0]
        self.size: int = self._pruned.size if newest is None else int(newest) + 1
        """Number of entries."""

    @property
    def pruned(self) -> int:
        """How many of the first entries are gone."""
        return self._pruned.size

    @property
    def durable(self) -> int:
        """How many entries a witness has acknowledged."""
        if not self._witnessed:
            return 0
        return int(self._rows("SELECT max(size) FROM cosigned")[0][0] or 0)

    def cosigned(self, size: int | None = None) -> str | None:
        """Return the head over `size` entries that a witness has cosigned; None: the newest."""
        size = self.durable if size is None else size
        query = "SELECT note FROM cosigned JOIN head USING (size) WHERE size = ?"
        rows = self._rows(query, size) if size and self._witnessed else []
        return str(rows[0][0]) if rows else None

    def root(self, size: int) -> bytes:
        """Return the root over the first entries."""
        return stored_root(self._node, 0, size)

    def head(self, size: int) -> str:
        """Sign the head over the first entries."""
        return sign_head(TreeHead(log_origin(self._device.id), size, self.root(size)), self._device.key)

    def consistency(self, first: int, second: int) -> Proof:
        """Prove that the tree of `second` entries extends that of `first`."""
        return stored_consistency_proof(self._node, first, second)

    def written_by(self, seq: int) -> int | None:
        """Return the time by which an entry was written, ms since 1970: its own, or that of one written later.

        A time that nobody vouched for when it was written says nothing. The entries right behind are looked through,
        and beyond them fewer and fewer up to the newest: a box may have stood for weeks before anybody vouched for its
        time. None where none of them can be read.
        """
        steps = [*range(LOOKED_THROUGH), *(1 << power for power in range(LOOKED_THROUGH.bit_length() - 1, 63))]
        for at in sorted({min(seq + step, self.size - 1) for step in steps}):
            for (body,) in self._rows("SELECT body FROM entry WHERE seq = ? AND seq >= ?", at, seq):
                with suppress(EntryError):
                    entry = decode(body)
                    if entry.clock is ClockTrust.TRUSTED:
                        return entry.time_ms
        return None

    def batch(self, start: int, limit: int = MAX_ENTRIES) -> Batch:
        """Return what waits from `start` on: at most `limit` entries and as many as fit an upload, at least one."""
        entries: list[bytes] = []
        sealed: list[bytes] = []
        tree = Tree(start, [self._node(level, last) for level, last in spans(start)])
        room = MAX_UPLOAD - ROOM
        altered: int | None = None
        query = "SELECT seq, body, nodes, sealed FROM entry WHERE seq >= ? ORDER BY seq LIMIT ?"
        for seq, body, nodes, part in self._rows(query, start, min(limit, MAX_ENTRIES)):
            if seq != start + len(entries):
                break
            room -= len(body) + len(part or b"") + PER_ENTRY
            if entries and room < 0:
                break
            if b"".join(tree.append(leaf_hash(body))) != nodes and altered is None:
                altered = seq
            entries.append(body)
            sealed.append(part or b"")
        if not entries:
            raise JournalDamagedError(f"entry {start} is missing", start)
        stop = start + len(entries)
        if altered is None and not self._agrees(start, stop):
            altered = start
        proof = self.consistency(start, stop)
        return Batch(Upload(start, tuple(entries), self.head(stop), proof, tuple(sealed)), altered)

    def _agrees(self, start: int, stop: int) -> bool:
        """Whether the newest head that was signed over these entries has the root that is stored."""
        query = "SELECT size, note FROM head WHERE size > ? AND size <= ? ORDER BY size DESC LIMIT 1"
        for size, note in self._rows(query, start, stop):
            try:
                head = read_head(note, self._public)
            except (TreeHeadError, AttributeError):
                return False
            return head.size == size and head.root == self.root(size)
        return True

    @property
    def _public(self) -> Ed25519PublicKey:
        return self._device.public_key

    def _nodes_of(self, seq: int) -> bytes | None:
        rows = self._rows("SELECT nodes FROM entry WHERE seq = ?", seq)
        return bytes(rows[0][0]) if rows else None

    def _rows(self, query: str, *values: int) -> list[tuple[Any, ...]]:
        with _reading():
            return self._connection.execute(query, values).fetchall()


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except SQLITE_ERRORS as error:
        raise JournalDamagedError(f"the log cannot be read: {error}; run `checkpoint journal verify`") from error


@contextmanager
def open_outbox(state: Path, device: Device) -> Iterator[Outbox]:
    """Open one snapshot of the log in a state folder. Raises JournalError."""
    with open_reader(journal_path(state)) as connection:
        yield Outbox(connection, device)
