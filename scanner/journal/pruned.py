"""What is left of entries that were removed: how many, and the perfect subtrees over them.

For every later size the subtrees that lie wholly below the cut are among these, so roots, proofs and a restart need
nothing else of what is gone. What vouches for them is the first signed head at or above the cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from keys.merkle import HASH_SIZE, Node, Tree, spans
from scanner.journal.errors import JournalDamagedError
from scanner.journal.schema import has_table


@dataclass(frozen=True, slots=True)
class Pruned:
    """The cut. Entries below `size` are gone."""

    size: int
    roots: tuple[bytes, ...]
    """The perfect subtrees of a tree of `size` leaves, as `keys.merkle.spans` names them."""

    def tree(self) -> Tree:
        """Return the tree at the cut."""
        return Tree(self.size, self.roots)


WHOLE = Pruned(0, ())
"""Nothing was removed."""


def read_pruned(connection: sqlite3.Connection) -> Pruned:
    """Read where the log is cut. Raises SQLite's errors, and JournalDamagedError: the row cannot be true."""
    if not has_table(connection, "pruned"):
        return WHOLE
    row = connection.execute("SELECT size, roots FROM pruned WHERE one = 1").fetchone()
    if row is None:
        return WHOLE
    size, data = row
    if type(size) is not int or type(data) is not bytes or size < 1 or len(data) != size.bit_count() * HASH_SIZE:
        raise JournalDamagedError("what is left of the entries that were removed is damaged: keep the file")
    return Pruned(size, tuple(data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)))


def node_in(pruned: Pruned, nodes_of: Callable[[int], bytes | None]) -> Node:
    """Return how stored nodes are looked up: at the cut, or with the entry that completed them.

    `nodes_of` gives what is stored with an entry, None where there is none. What is returned raises
    JournalDamagedError for a node that is missing.
    """
    at_cut = dict(zip(spans(pruned.size), pruned.roots, strict=True))

    def node(level: int, last: int) -> bytes:
        if last < pruned.size:
            found = at_cut.get((level, last))
        else:
            nodes = nodes_of(last) or b""
            found = nodes[level * HASH_SIZE : (level + 1) * HASH_SIZE]
        if found is None or len(found) != HASH_SIZE:
            raise JournalDamagedError(f"entry {last} is missing, or the hashes stored with it are", last)
        return found

    return node
