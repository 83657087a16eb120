"""The log of one appliance: appended durably, sealed as it is written, hashed into a tree, signed.

`append` returns when the entry is durable, so that a barrier may move. Whatever it raises, nothing was
half-written and the log is as it was; after a fault of the disk the next call opens the file anew and takes it
up from what was signed (`resume`). `verify` checks the whole.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import ClassVar, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keys.cosignature import read_cosigned
from keys.errors import SealError, TreeHeadError
from keys.merkle import Tree, leaf_hash, spans, stored_root
from keys.seal import SealKey, journal_info, seal
from keys.tree_head import TreeHead, log_origin, sign_head
from scanner.journal import entry as wire
from scanner.journal import files, personal
from scanner.journal.database import Database, Erasure, Row, SignedHead
from scanner.journal.device import Device
from scanner.journal.entry import EntryDraft, Seal
from scanner.journal.errors import (
    JournalClosedError,
    JournalError,
    JournalFailedError,
    JournalFullError,
    JournalReadOnlyError,
)
from scanner.journal.pruned import Pruned, node_in
from scanner.journal.resume import resume

HEAD_EVERY = 64
"""Entries after which a head is signed in any case."""
HEAD_SECONDS = 60.0
"""Seconds after which entries without a head get one, when the log is at rest."""
FAR_FUTURE = (1 << 63) - 1
FOLD_EVERY = 512
"""Entries after which the write-ahead log is folded into the database even under load."""


class Receipt(NamedTuple):
    """Proof for the caller that an entry is durable."""

    seq: int
    entry_hash: bytes
    """The leaf hash, 32 bytes: SHA-256(0x00 ‖ entry)."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it lies in the log."""

    seq: int
    body: bytes
    """The wire format; `scanner.journal.entry.decode` reads it."""
    sealed: bytes | None


class Journal:
    """The open log. Safe to call from several threads; one process at a time may open it."""

    _SYNCHRONOUS: ClassVar[str] = "FULL"

    def __init__(
        self, folder: Path, device: Device, seal_key: SealKey | None, software: str, reserve_mb: int = 8
    ) -> None:
        """Use `Journal.open`, which says the same in a verb."""
        self._folder = folder
        self._device = device
        self._seal_key = seal_key
        self._software = software
        self._reserve_bytes = reserve_mb * 1024 * 1024
        self._mutex = RLock()
        self._tree = Tree()
        self._signed = 0
        self._durable = 0
        self._pruned = 0
        self._signed_at = time.monotonic()
        self._unfolded = 0
        self._closed = False
        self._begun = False
        self._database: Database | None = None
        files.prepare_folder(folder)
        self._lock_file = files.take_lock(folder)
        try:
            self._begun = files.make_database(folder, self._lock_file)
            files.check_writable(folder)
            self._load()
            if not self._begun:
                files.mark_begun(folder, self._lock_file)
                self._begun = True
            with suppress(JournalFullError):
                self._sign()
        except BaseException:
            self._release()
            raise

    @classmethod
    def open(
        cls, folder: Path, device: Device, seal_key: SealKey | None, software: str, reserve_mb: int = 8
    ) -> Journal:
        """Open the log in a state folder, or begin it on the first start.

        `seal_key` None: personal parts are dropped, never stored. Raises JournalLockedError, JournalReadOnlyError,
        JournalFullError, JournalDamagedError (with the first bad entry, where known) and JournalFailedError.
        """
        return cls(folder, device, seal_key, software, reserve_mb)

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._tree.size

    @property
    def signed_size(self) -> int:
        """Number of entries under the newest stored head."""
        return self._signed

    @property
    def device(self) -> Device:
        """Whose log it is."""
        return self._device

    @property
    def seals(self) -> bool:
        """Whether there is a key to seal personal parts to."""
        return self._seal_key is not None

    def use_seal_key(self, seal_key: SealKey | None) -> None:
        """Seal what follows to another key. Never waits, not even for a commit under way."""
        self._seal_key = seal_key

    def append(self, draft: EntryDraft, *, reserve: bool = False) -> Receipt:
        """Write one entry; durable on return. `reserve`: an override, which may use the reserved room.

        Raises EntryError, JournalFullError, JournalReadOnlyError, JournalDamagedError, JournalFailedError,
        JournalClosedError.
        """
        return self.append_all((draft,), reserve=reserve)[0]

    def append_all(self, drafts: Sequence[EntryDraft], *, reserve: bool = False) -> tuple[Receipt, ...]:
        """Write several entries in one commit: all of them or none. Raises as `append` does."""
        with self._mutex:
            database = self._ready()
            tree = self._tree.copy()
            rows = [self._row(draft, tree) for draft in drafts]
            if not reserve:
                database.need_room()
            head = self._head(tree) if tree.size - self._signed >= HEAD_EVERY else None
            database.commit(rows, head)
            self._tree = tree
            if head is not None:
                self._signed, self._signed_at = tree.size, time.monotonic()
            self._wrote(database, len(rows))
            return tuple(Receipt(row.seq, row.nodes[:32]) for row in rows)

    def head(self) -> str:
        """Sign the tree as it stands, keep the head where there is room, and return it: a C2SP checkpoint."""
        with self._mutex:
            self._ready()
            with suppress(JournalFullError, JournalReadOnlyError):
                self._sign()
            return self._head(self._tree).note

    def entries(self, start: int, stop: int) -> tuple[StoredEntry, ...]:
        """Read entries `start` up to, not including, `stop`; fewer where the log is shorter. Raises JournalError."""
        with self._mutex:
            return tuple(StoredEntry(row.seq, row.body, row.sealed) for row in self._ready().rows(start, stop))

    @property
    def durable(self) -> int:
        """Number of entries under the newest head that a witness has cosigned: it holds them."""
        return self._durable

    @property
    def pruned(self) -> int:
        """Number of entries, from the first, that were removed under a cosigned head."""
        return self._pruned

    def keep_cosigned(self, note: str, witness: Ed25519PublicKey, seen_at: int) -> int:
        """Keep a head of this log that a witness has cosigned and seen at `seen_at` (seconds); return its size.

        From then on retention may erase what is under it. Raises TreeHeadError: the note does not hold, or is no head
        of this history. Raises as `append` does.
        """
        head = read_cosigned(note, self._device.public_key, witness).head
        with self._mutex:
            database = self._ready()
            if head.origin != log_origin(self._device.id) or not self._pruned <= head.size <= self.size:
                words = f"a head of {head.origin} at {head.size} is none of this log's {self.size} entries"
                raise TreeHeadError(words)
            if stored_root(node_in(database.pruned(), database.nodes_of), 0, head.size) != head.root:
                raise TreeHeadError(f"the head over {head.size} entries is one of another history than this log's")
            database.keep_cosigned(SignedHead(head.size, note), seen_at)
            self._durable = max(self._durable, head.size)
            if head.size > self._signed:
                self._signed, self._signed_at = head.size, time.monotonic()
            return head.size

    def durable_since(self, seen_by: int) -> int:
        """Tell how many entries a witness had seen by then (seconds). Raises as `append` does."""
        with self._mutex:
            head = self._ready().cosigned(seen_by)
            return 0 if head is None else head.size

    def erase_sealed(self, start: int, stop: int) -> int:
        """Erase the sealed bytes of entries `start` up to, not including, `stop`. The tree is not touched.

        Returns how many were erased; raises ValueError where no witness holds all of them, else as `append` does. The
        bytes are overwritten in the database, and `sweep` cuts them from the write-ahead log; what a flash card keeps
        in worn blocks is beyond any software.
        """
        with self._mutex:
            database = self._ready()
            self._need_witness(stop)
            erased = database.erase_sealed(start, stop)
            self._wrote(database, erased)
            return erased

    def prune(self, stop: int) -> int:
        """Remove the entries below `stop`; every later root and proof can still be made. Returns how many went.

        Raises ValueError where no witness holds all of them, else as `append` does.
        """
        with self._mutex:
            database = self._ready()
            self._need_witness(stop)
            if stop <= self._pruned:
                return 0
            node = node_in(database.pruned(), database.nodes_of)
            removed = database.prune(Pruned(stop, tuple(node(level, last) for level, last in spans(stop))))
            self._pruned = stop
            self._wrote(database, removed)
            return removed

    def sweep(self) -> bool:
        """Cut what was erased from the write-ahead log; False while a reader holds it: try again.

        Raises as `append` does.
        """
        with self._mutex:
            return self._ready().sweep()

    def note_erasure(self, erasure: Erasure) -> None:
        """Add a line to the report of what was erased. Raises as `append` does."""
        with self._mutex:
            self._ready().note_erasure(erasure)

    def erased_up_to(self, what: int) -> int:
        """Tell up to which entry one kind of data (`detail.Erased`) was erased. Raises as `append` does."""
        with self._mutex:
            return self._ready().erased_up_to(what)

    def check(self) -> None:
        """Ask whether an ordinary entry could be written now, opening the file anew after a fault.

        Raises what `append` would raise.
        """
        with self._mutex:
            database = self._ready()
            files.check_writable(self._folder)
            database.need_room()

    def rest(self) -> None:
        """Do what can wait: sign entries that have had no head for a minute, fold the write-ahead log, refill.

        For the writer when nobody waits. Raises as `append` does.
        """
        with self._mutex:
            database = self._ready()
            if self._signed < self.size and time.monotonic() - self._signed_at >= HEAD_SECONDS:
                self._sign()
            if self._unfolded >= HEAD_EVERY:
                self._fold(database)
            database.write_ahead()
            database.reserve.refill()

    @property
    def reserve_held(self) -> int:
        """Bytes of the reserve that are really allocated."""
        with self._mutex:
            reserve = self._ready().reserve
            return min(reserve.held(), reserve.size)

    def close(self) -> None:
        """Sign a last head and close. The write-ahead log stays, folded, with its reserve. Does not raise."""
        with self._mutex:
            if self._closed:
                return
            if self._database is not None and not self._database.sick:
                with suppress(JournalError):
                    self._sign()
                self._fold(self._database)
            self._release()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ready(self) -> Database:
        """Return the database, opened anew where an error left it in doubt."""
        if self._closed:
            raise JournalClosedError(f"{self._folder}: the log was closed")
        if self._database is None or self._database.sick:
            return self._load()
        return self._database

    def _load(self) -> Database:
        if self._database is not None:
            self._database.close()
            self._database = None
        database = Database(self._folder, self._reserve_bytes, self._SYNCHRONOUS, begun=self._begun)
        try:
            self._tree, self._signed = resume(database, self._device)
            self._pruned = database.pruned().size
            cosigned = database.cosigned(FAR_FUTURE)
            self._durable = 0 if cosigned is None else cosigned.size
        except JournalError:
            database.close()
            raise
        self._signed_at = time.monotonic()
        self._database = database
        return database

    def _row(self, draft: EntryDraft, tree: Tree) -> Row:
        """Seal, encode and hash one draft as the tree's next entry."""
        seq = tree.size
        sealed: bytes | None = None
        sealed_to: Seal | None = None
        seal_key = self._seal_key
        if draft.personal is not None and seal_key is not None:
            plaintext = personal.encode(draft.personal)
            try:
                sealed = seal(seal_key.public_key, journal_info(self._device.id, seq), plaintext)
            except SealError as error:
                raise JournalFailedError(f"entry {seq}: {error}") from error
            sealed_to = Seal(seal_key.kid, sha256(sealed).digest())
        body = wire.encode_as(draft, device=self._device.id, seq=seq, software=self._software, seal=sealed_to)
        return Row(seq, body, b"".join(tree.append(leaf_hash(body))), sealed)

    def _head(self, tree: Tree) -> SignedHead:
        head = TreeHead(log_origin(self._device.id), tree.size, tree.root())
        return SignedHead(tree.size, sign_head(head, self._device.key))

    def _sign(self) -> None:
        if self._signed == self.size or self._database is None:
            return
        self._database.commit((), self._head(self._tree))
        self._signed, self._signed_at = self.size, time.monotonic()

    def _need_witness(self, stop: int) -> None:
        if stop > self._durable:
            raise ValueError(f"entries up to {stop} cannot be erased: a witness holds the first {self._durable} only")

    def _wrote(self, database: Database, rows: int) -> None:
        self._unfolded += rows
        if self._unfolded >= FOLD_EVERY:
            self._fold(database)

    def _fold(self, database: Database) -> None:
        database.fold()
        self._unfolded = 0

    def _release(self) -> None:
        self._closed = True
        if self._database is not None:
            self._database.close()
            self._database = None
        os.close(self._lock_file)
