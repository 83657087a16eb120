"""The Merkle hash tree of RFC 6962 §2.1: hashing, an append-only tree in O(log n) memory, proofs and their checks.

Hashes are SHA-256, 32 bytes. A proof is a tuple of hashes, nearest the leaves first, as RFC 6962 §2.1.1 and
§2.1.2 order them. The checks follow RFC 9162 §2.1.3.2 and §2.1.4.2 step by step and never raise on hostile
proofs: they answer yes or no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves, RFC 6962 §2.1."""

Proof = tuple[bytes, ...]

Node = Callable[[int, int], bytes]
"""Looks up a stored perfect subtree by its level and the index of its last leaf, as `spans` names them."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), RFC 6962 §2.1."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """An append-only tree that keeps only the roots of its perfect subtrees, the largest first."""

    __slots__ = ("_roots", "_size")

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        """Start empty, or from the perfect subtrees that `spans(size)` names; ValueError when they do not fit."""
        if size < 0 or len(roots) != size.bit_count() or any(len(root) != HASH_SIZE for root in roots):
            raise ValueError(
                f"a tree of {size} leaves has {max(size, 0).bit_count()} perfect subtrees of 32 bytes each"
            )
        self._size = size
        self._roots = list(roots)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The roots of its perfect subtrees, the largest first: what it takes to start from here again."""
        return tuple(self._roots)

    def copy(self) -> Tree:
        """Make an independent tree in the same state: a few hashes."""
        other = Tree.__new__(Tree)
        other._size, other._roots = self._size, self._roots.copy()
        return other

    def append(self, leaf: bytes) -> Proof:
        """Add a leaf hash. Returns every node it completes: the leaf itself, then its finished parents upwards."""
        completed = [leaf]
        node, position = leaf, self._size
        while position & 1:
            node = node_hash(self._roots.pop(), node)
            completed.append(node)
            position >>= 1
        self._roots.append(node)
        self._size += 1
        return tuple(completed)

    def extend(self, entries: Iterable[bytes]) -> None:
        """Add entries, as `append` adds the hash of each; without telling which nodes they complete, for long logs."""
        roots, size = self._roots, self._size
        for entry in entries:
            node, position = sha256(b"\x00" + entry).digest(), size
            while position & 1:
                node = sha256(b"\x01" + roots.pop() + node).digest()
                position >>= 1
            roots.append(node)
            size += 1
        self._size = size

    def root(self) -> bytes:
        """Return the tree's root hash, 32 bytes."""
        if not self._roots:
            return EMPTY_ROOT
        root = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            root = node_hash(left, root)
        return root


def spans(size: int) -> tuple[tuple[int, int], ...]:
    """List the perfect subtrees of a tree of `size` leaves, largest first, each as (level, index of its last leaf)."""
    found: list[tuple[int, int]] = []
    end = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            end += 1 << level
            found.append((level, end - 1))
    return tuple(found)


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> Proof:
    """PATH(index, leaves) of RFC 6962 §2.1.1 over leaf hashes; raises ValueError for an index outside the tree."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} in a tree of {len(leaves)}")
    start, end = 0, len(leaves)
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(root(leaves[middle:end]))
            end = middle
        else:
            path.append(root(leaves[start:middle]))
            start = middle
    return tuple(reversed(path))


def consistency_proof(leaves: Sequence[bytes], first: int) -> Proof:
    """PROOF(first, leaves) of RFC 6962 §2.1.2; raises ValueError unless 0 ≤ first ≤ len(leaves)."""
    if not 0 <= first <= len(leaves):
        raise ValueError(f"a tree of {len(leaves)} has no earlier tree of {first}")
    if first in (0, len(leaves)):
        return ()
    start, end = 0, len(leaves)
    path: list[bytes] = []
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(root(leaves[middle:end]))
            end = middle
        else:
            path.append(root(leaves[start:middle]))
            start = middle
    if start != 0:
        path.append(root(leaves[start:end]))
    return tuple(reversed(path))


def stored_root(node: Node, start: int, end: int) -> bytes:
    """Return the root over leaves `start` to `end` from stored nodes: O(log n) of them.

    `start` must begin a subtree of RFC 6962, as every range in its proofs does. Raises what `node` raises.
    """
    return Tree(end - start, [node(level, start + last) for level, last in spans(end - start)]).root()


def stored_consistency_proof(node: Node, first: int, second: int) -> Proof:
    """PROOF(first, D[second]) of RFC 6962 §2.1.2 from stored nodes; raises ValueError unless 0 ≤ first ≤ second."""
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} has no earlier tree of {first}")
    if first in (0, second):
        return ()
    start, end = 0, second
    path: list[bytes] = []
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(stored_root(node, middle, end))
            end = middle
        else:
            path.append(stored_root(node, start, middle))
            start = middle
    if start != 0:
        path.append(stored_root(node, start, end))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Whether `leaf` is leaf `index` of the tree of `size` leaves with that root, RFC 9162 §2.1.3.2."""
    if not 0 <= index < size or not _hashes(leaf, *proof):
        return False
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and node == expected_root


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Whether the tree of `second` leaves extends the tree of `first` leaves, RFC 9162 §2.1.4.2."""
    if not 0 <= first <= second or not _hashes(first_root, second_root, *proof):
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == second_root


def _split(size: int) -> int:
    """Find the largest power of two smaller than `size` (≥ 2): k of RFC 6962 §2.1."""
    return 1 << (size - 1).bit_length() - 1


def _hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_SIZE for value in values)
