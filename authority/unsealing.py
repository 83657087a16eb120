"""Opening the sealed parts of an appliance's log: who the people behind its entries were.

The log is read as it is; whether it is whole and unaltered is what `checkpoint journal verify` proves.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from authority.errors import AuthorityError, JournalFileError
from keys.errors import SealError
from scanner.journal import entry as wire
from scanner.journal import personal as personal_wire
from scanner.journal.errors import EntryError, JournalError
from scanner.journal.files import journal_path
from scanner.journal.personal import Personal
from scanner.journal.reader import open_reader

Unseal: TypeAlias = Callable[[bytes, bytes, int, bytes], bytes]
"""(seal kid, device id, seq, sealed bytes) → plaintext; raises AuthorityError or SealError."""


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """An entry and who it was."""

    entry: wire.Entry
    personal: Personal


@dataclass(frozen=True, slots=True)
class ClosedEntry:
    """An entry whose sealed part does not open, and why."""

    seq: int
    why: str


def open_sealed(journal: Path, unseal: Unseal, wanted: Collection[int]) -> Iterator[OpenedEntry | ClosedEntry]:
    """Yield the entries of a log that have a sealed part, oldest first, each opened or with the reason why not.

    `journal` is the log's database file or the state folder it lies in; `wanted` are the numbers of the entries to
    open, none for all of them. Entries whose sealed part retention has erased are left out, unless they are wanted by
    number. Raises JournalFileError when the file is no readable log.
    """
    path = journal_path(journal) if journal.is_dir() else journal
    missing = set(wanted)
    try:
        with open_reader(path) as connection:
            rows = connection.execute("SELECT seq, body, sealed FROM entry ORDER BY seq")
            for seq, body, sealed in rows:
                missing.discard(seq)
                if seq in wanted or (not wanted and sealed is not None):
                    yield _open(seq, body, sealed, unseal)
    except (JournalError, sqlite3.Error) as error:
        raise JournalFileError(f"{error}") from error
    for seq in sorted(missing):
        yield ClosedEntry(seq, "there is no such entry in this log")


def _open(seq: int, body: bytes, sealed: bytes | None, unseal: Unseal) -> OpenedEntry | ClosedEntry:
    try:
        entry = wire.decode(body)
        if entry.seq != seq:
            return ClosedEntry(seq, f"the entry calls itself number {entry.seq}")
        if entry.seal is None:
            return ClosedEntry(seq, "it has no sealed part")
        if sealed is None:
            return ClosedEntry(seq, "its sealed part has been erased by retention")
        if not hmac.compare_digest(hashlib.sha256(sealed).digest(), entry.seal.digest):
            return ClosedEntry(seq, "its sealed part is not the one the entry was written with")
        plaintext = unseal(entry.seal.kid, entry.device, entry.seq, sealed)
        return OpenedEntry(entry, personal_wire.decode(plaintext))
    except (EntryError, AuthorityError, SealError) as error:
        return ClosedEntry(seq, str(error))
