"""Proving a log, whole: every entry's bytes, the numbers, the hashes, the tree against every signed head.

Reads only, in one snapshot: beside a running engine, after one, or on a copy. The first fault ends the walk and is
named in words with the entry it concerns. What cannot be found without help: cutting the newest entries together
with the heads over them, or rewriting them with the device's own key; a head that somebody else holds (`against`)
finds that too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from keys.errors import TreeHeadError
from keys.merkle import HASH_SIZE, Tree, leaf_hash
from keys.tree_head import TreeHead, log_origin, read_head
from scanner.journal import entry as wire
from scanner.journal.device import device_id
from scanner.journal.entry import Entry, Seal
from scanner.journal.errors import SQLITE_ERRORS, EntryError, JournalDamagedError
from scanner.journal.pruned import read_pruned
from scanner.journal.reader import open_reader
from scanner.journal.schema import foreign


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing that is wrong."""

    seq: int | None
    """The first bad entry; None where no entry can be named."""
    text: str
    """One sentence."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a walk through the log found."""

    device: str
    """The device id, hexadecimal."""
    entries: int
    """Entries that hold."""
    heads: int
    """Signed heads that hold."""
    signed: int
    """Entries under the newest head that holds; those after it are only hashed."""
    sealed: int
    """Entries whose sealed part is there and is the one that was written."""
    erased: int
    """Entries whose sealed part was erased by retention."""
    pruned: int
    """Entries before those, which were removed by retention under a head that a witness has cosigned."""
    problem: Problem | None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None


@dataclass(slots=True)
class _Tally:
    entries: int = 0
    heads: int = 0
    signed: int = 0
    sealed: int = 0
    erased: int = 0
    pruned: int = 0


class _FaultError(Exception):
    """Ends the walk; turned into the report's problem."""

    def __init__(self, seq: int | None, text: str) -> None:
        super().__init__(text)
        self.problem = Problem(seq, text)


def verify(path: Path, public_key: Ed25519PublicKey, against: str | None = None) -> VerifyReport:
    """Walk the log in the database file `path`, written by the device with `public_key`.

    `against`: a signed head of this log that somebody else has kept. Raises JournalFailedError when there is no
    file or it may not be read, TreeHeadError when `against` is not a head of this log. All else is in the report.
    """
    device = device_id(public_key)
    kept = None if against is None else _head(against, public_key, device)
    tally = _Tally()
    problem = None
    try:
        with open_reader(path) as connection:
            _walk(connection, public_key, device, kept, tally)
    except _FaultError as fault:
        problem = fault.problem
    except JournalDamagedError as error:
        problem = Problem(error.seq, str(error))
    return VerifyReport(
        device.hex(), tally.entries, tally.heads, tally.signed, tally.sealed, tally.erased, tally.pruned, problem
    )


def _head(note: str, public_key: Ed25519PublicKey, device: bytes) -> TreeHead:
    head = read_head(note, public_key)
    if head.origin != log_origin(device):
        raise TreeHeadError(f"this is a head of {head.origin}, not of this log")
    return head


def _walk(
    connection: sqlite3.Connection, public_key: Ed25519PublicKey, device: bytes, kept: TreeHead | None, tally: _Tally
) -> None:
    _schema(connection)
    heads = _stored_heads(connection, public_key, device)
    if kept is not None:
        heads.append((kept, "the head given with --against"))
    heads.sort(key=lambda one: one[0].size)
    tree = _beginning(connection, heads, tally)
    waiting = iter(heads)
    head = next(waiting, None)
    for seq, body, nodes, sealed in _entries(connection, tally):
        while head is not None and head[0].size <= tree.size:
            _compare(tree, *head, tally)
            head = next(waiting, None)
        entry = _entry(seq, body, nodes, device, tree)
        _sealed(seq, entry.seal, sealed, tally)
        tally.entries += 1
    while head is not None:
        if head[0].size > tree.size:
            raise _FaultError(
                tree.size,
                f"entry {tree.size} is missing: {head[1]} covers {head[0].size} entries and the log ends after "
                f"{tree.size}; the end was cut off",
            )
        _compare(tree, *head, tally)
        head = next(waiting, None)
    _structure(connection)


def _beginning(connection: sqlite3.Connection, heads: list[tuple[TreeHead, str]], tally: _Tally) -> Tree:
    """Return the tree that the walk begins with: what is left of entries that were removed, under a later head."""
    try:
        pruned = read_pruned(connection)
    except SQLITE_ERRORS as error:
        raise _FaultError(None, f"where the log was cut cannot be read ({error}): the file is damaged") from error
    tally.pruned = pruned.size
    if not pruned.size:
        return Tree()
    for head, name in heads:
        if head.size < pruned.size:
            words = (
                f"the first {pruned.size} entries were removed: {name}, over {head.size}, can prove nothing any more"
            )
            raise _FaultError(None, words)
    if not heads:
        raise _FaultError(None, f"the first {pruned.size} entries were removed, and no signed head covers them")
    return pruned.tree()


def _schema(connection: sqlite3.Connection) -> None:
    try:
        name = foreign(connection)
    except SQLITE_ERRORS as error:
        raise _FaultError(None, f"the file's schema cannot be read ({error}): the file is damaged") from error
    if name is not None:
        raise _FaultError(None, f"{name!r} is not as the log made it: what it shows may be anything")


def _stored_heads(
    connection: sqlite3.Connection, public_key: Ed25519PublicKey, device: bytes
) -> list[tuple[TreeHead, str]]:
    found = []
    try:
        for size, note in connection.execute("SELECT size, note FROM head ORDER BY size"):
            name = f"the head signed at {size} entries"
            try:
                head = _head(note, public_key, device)
            except (TreeHeadError, AttributeError) as error:
                raise _FaultError(None, f"{name} does not hold: {error}") from error
            if head.size != size:
                raise _FaultError(None, f"{name} is really one over {head.size}: heads were exchanged")
            found.append((head, name))
    except SQLITE_ERRORS as error:
        raise _FaultError(None, f"the signed heads cannot be read ({error}): the file is damaged") from error
    return found


def _entries(connection: sqlite3.Connection, tally: _Tally) -> Iterator[tuple[int, bytes, bytes, bytes | None]]:
    """Yield every stored row in order; an unreadable file is a fault of the first entry that does not come."""
    try:
        yield from connection.execute("SELECT seq, body, nodes, sealed FROM entry ORDER BY seq")
    except SQLITE_ERRORS as error:
        first = tally.pruned + tally.entries
        raise _FaultError(
            first, f"entry {first} cannot be read ({error}): the file is damaged from there on"
        ) from error


def _entry(seq: int, body: bytes, nodes: bytes, device: bytes, tree: Tree) -> Entry:
    expected = tree.size
    if seq != expected:
        if seq < expected:
            raise _FaultError(expected, f"entry {seq} comes where entry {expected} should: the file is damaged")
        missing = f"entry {expected} is" if seq == expected + 1 else f"entries {expected} to {seq - 1} are"
        raise _FaultError(expected, f"{missing} missing: deleted from the file")
    if type(body) is not bytes or type(nodes) is not bytes:
        raise _FaultError(seq, f"entry {seq} was altered: what is stored is no entry")
    leaf = leaf_hash(body)
    if nodes[:HASH_SIZE] != leaf:
        raise _FaultError(seq, f"entry {seq} was altered: its bytes do not give the hash taken when it was written")
    if b"".join(tree.append(leaf)) != nodes:
        raise _FaultError(
            seq, f"entry {seq} does not follow from the entries before it: one was replaced with its hash, or moved"
        )
    try:
        entry = wire.decode(body)
    except EntryError as error:
        raise _FaultError(seq, f"entry {seq} is not readable: {error}") from error
    if entry.seq != seq:
        raise _FaultError(seq, f"entry {seq} is really entry {entry.seq}: entries were exchanged")
    if entry.device != device:
        raise _FaultError(seq, f"entry {seq} was written by another device ({entry.device.hex()})")
    return entry


def _sealed(seq: int, seal: Seal | None, sealed: bytes | None, tally: _Tally) -> None:
    if sealed is None:
        tally.erased += seal is not None
        return
    if seal is None:
        raise _FaultError(seq, f"entry {seq} has a sealed part that it does not know of: it was added later")
    if type(sealed) is not bytes or sha256(sealed).digest() != seal.digest:
        raise _FaultError(seq, f"the sealed part of entry {seq} was altered: it is not the one that was written")
    tally.sealed += 1


def _compare(tree: Tree, head: TreeHead, name: str, tally: _Tally) -> None:
    """Hold the tree against a head of its size; a head of the same size twice is compared twice."""
    if tree.root() != head.root:
        first = tally.signed
        where = f"entry {first}" if head.size - first == 1 else f"one of the entries {first} to {head.size - 1}"
        raise _FaultError(first, f"{where} was replaced: the tree does not have the root of {name}")
    tally.heads += 1
    tally.signed = max(tally.signed, head.size)


def _structure(connection: sqlite3.Connection) -> None:
    """Let SQLite look at its own file: damage that touches no entry today loses one tomorrow."""
    try:
        findings = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except SQLITE_ERRORS as error:
        raise _FaultError(None, f"every entry holds, but the file is damaged elsewhere ({error})") from error
    if findings != ("ok",):
        raise _FaultError(None, f"every entry holds, but the file is damaged elsewhere ({findings[0]})")
