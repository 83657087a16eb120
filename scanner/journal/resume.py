"""Taking up a log again: the tree rebuilt from what was signed, never from what merely lies there.

The newest two signed heads must hold. The nodes stored at the older one must give its root, and hashing the
entries since must give the newer one's root and end at the last entry. That is a few hundred entries however long
the log is; damage further back is found by `verify`, and cannot change the tree that goes on from here.
"""

from __future__ import annotations

from keys.errors import TreeHeadError
from keys.merkle import HASH_SIZE, Node, Tree, leaf_hash, spans
from keys.tree_head import TreeHead, log_origin, read_head
from scanner.journal import entry as wire
from scanner.journal.database import Database, Row
from scanner.journal.device import Device
from scanner.journal.errors import EntryError, JournalDamagedError
from scanner.journal.pruned import node_in

BATCH = 1024
"""Entries read at a time."""


def resume(database: Database, device: Device) -> tuple[Tree, int]:
    """Return the tree over all entries, and the size of the newest signed head.

    Raises JournalDamagedError naming the first entry that does not hold.
    """
    size = database.count()
    heads = [_head(stored.size, stored.note, device) for stored in database.newest_heads(2)]
    if heads and heads[0].size > size:
        raise JournalDamagedError(
            f"the log ends before entry {size}, yet a head over {heads[0].size} entries was signed: "
            "entries are missing; keep the file and run `checkpoint journal verify`",
            size,
        )
    pruned = database.pruned()
    if pruned.size > (heads[0].size if heads else 0):
        raise JournalDamagedError(f"the first {pruned.size} entries were removed, and no signed head covers them")
    tree = pruned.tree()
    if len(heads) == 2 and heads[1].size >= pruned.size:
        tree = _tree_at(heads[1], node_in(pruned, database.nodes_of))
    if heads and tree.size == heads[0].size and tree.root() != heads[0].root:
        raise JournalDamagedError(f"what is left of the first {tree.size} entries is not the tree that was signed")
    _replay(database, device, tree, size, heads[0] if heads else None)
    return tree, heads[0].size if heads else 0


def completed_nodes(row: Row) -> tuple[bytes, ...]:
    """Split the nodes stored with an entry, leaf hash first."""
    return tuple(row.nodes[at : at + HASH_SIZE] for at in range(0, len(row.nodes), HASH_SIZE))


def _head(size: int, note: str, device: Device) -> TreeHead:
    try:
        head = read_head(note, device.public_key)
    except TreeHeadError as error:
        raise JournalDamagedError(
            f"the head signed at {size} entries does not hold: {error}; this log was altered, or is another device's"
        ) from error
    if head.size != size or head.origin != log_origin(device.id):
        raise JournalDamagedError(f"the head stored for {size} entries is one of {head.origin} at {head.size}")
    return head


def _tree_at(head: TreeHead, node: Node) -> Tree:
    """Rebuild the tree at a head from the nodes that its perfect subtrees' last entries carry."""
    tree = Tree(head.size, [node(level, last) for level, last in spans(head.size)])
    if tree.root() != head.root:
        raise JournalDamagedError(
            f"the tree stored for the first {head.size} entries is not the one that was signed; "
            "keep the file and run `checkpoint journal verify`"
        )
    return tree


def _replay(database: Database, device: Device, tree: Tree, size: int, newest: TreeHead | None) -> None:
    """Hash the entries from the tree's size up to the end, holding them against the newest head on the way."""
    while tree.size < size:
        rows = database.rows(tree.size, min(tree.size + BATCH, size))
        for row in rows:
            _add(row, device, tree)
            if newest is not None and tree.size == newest.size and tree.root() != newest.root:
                raise JournalDamagedError(
                    f"the entries up to {row.seq} do not have the tree that was signed at {newest.size} entries"
                )
        if not rows:
            raise JournalDamagedError(f"entry {tree.size} is missing", tree.size)


def _add(row: Row, device: Device, tree: Tree) -> None:
    if row.seq != tree.size:
        raise JournalDamagedError(f"entry {tree.size} is missing", tree.size)
    try:
        entry = wire.decode(row.body)
    except EntryError as error:
        raise JournalDamagedError(f"entry {row.seq} is not readable: {error}", row.seq) from error
    if entry.seq != row.seq or entry.device != device.id:
        raise JournalDamagedError(f"entry {row.seq} is not this device's entry of that number", row.seq)
    if tree.append(leaf_hash(row.body)) != completed_nodes(row):
        raise JournalDamagedError(f"entry {row.seq} was altered: it does not give the hash stored with it", row.seq)
