from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.merkle import (
    EMPTY_ROOT,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    spans,
    stored_consistency_proof,
    stored_root,
    verify_consistency,
    verify_inclusion,
)

# The Certificate Transparency reference vectors, as kept in github.com/transparency-dev/merkle,
# testonly/constants.go (leaves and roots) and testonly/reference_test.go (proofs).
LEAVES = [
    leaf_hash(bytes.fromhex(entry))
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(one)
    for one in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
INCLUSION = {
    (0, 1): [],
    (0, 2): ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"],
    (1, 2): ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}

leaf_lists = st.lists(st.binary(max_size=4).map(leaf_hash), max_size=70)


@pytest.mark.parametrize("size", range(9))
def test_the_published_roots_come_out(size: int) -> None:
    tree = Tree()
    for leaf in LEAVES[:size]:
        tree.append(leaf)
    assert tree.root() == root(LEAVES[:size]) == ROOTS[size]
    assert tree.size == size


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_published_inclusion_proofs_come_out_and_hold(index: int, size: int) -> None:
    proof = inclusion_proof(LEAVES[:size], index)
    assert [one.hex() for one in proof] == INCLUSION[index, size]
    assert verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_the_published_consistency_proofs_come_out_and_hold(first: int, second: int) -> None:
    proof = consistency_proof(LEAVES[:second], first)
    assert [one.hex() for one in proof] == CONSISTENCY[first, second]
    assert verify_consistency(first, second, proof, ROOTS[first], ROOTS[second])


@given(leaf_lists)
def test_every_leaf_of_any_tree_is_proved_and_no_other(leaves: list[bytes]) -> None:
    top = root(leaves)
    for index, leaf in enumerate(leaves):
        proof = inclusion_proof(leaves, index)
        assert verify_inclusion(leaf, index, len(leaves), proof, top)
        assert not verify_inclusion(leaf_hash(b"another"), index, len(leaves), proof, top)
        assert not verify_inclusion(leaf, index, len(leaves), (*proof, leaf), top)
        assert not proof or not verify_inclusion(leaf, index, len(leaves), proof[:-1], top)


@given(leaf_lists)
def test_any_tree_extends_each_of_its_beginnings(leaves: list[bytes]) -> None:
    top = root(leaves)
    for first in range(len(leaves) + 1):
        proof = consistency_proof(leaves, first)
        assert verify_consistency(first, len(leaves), proof, root(leaves[:first]), top)
        if 0 < first < len(leaves):
            other = root([leaf_hash(b"another"), *leaves[1:first]])
            assert not verify_consistency(first, len(leaves), proof, other, top)
            assert not verify_consistency(first, len(leaves), proof, root(leaves[:first]), leaf_hash(b"x"))
            assert not verify_consistency(first, len(leaves), (*proof, top), root(leaves[:first]), top)


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(-2, 20), st.integers(-2, 20))
def test_hostile_proofs_are_answered_and_never_raise(proof: list[bytes], first: int, second: int) -> None:
    assert verify_inclusion(EMPTY_ROOT, first, second, proof, b"no root") is False
    verify_consistency(first, second, proof, EMPTY_ROOT, EMPTY_ROOT)


@given(leaf_lists)
def test_a_tree_goes_on_from_the_nodes_its_leaves_completed(leaves: list[bytes]) -> None:
    tree = Tree()
    completed = [tree.append(leaf) for leaf in leaves]
    again = Tree(len(leaves), [completed[last][level] for level, last in spans(len(leaves))])
    assert again.root() == tree.root()
    copy = again.copy()
    copy.append(leaf_hash(b"next"))
    assert again.size == len(leaves)
    assert copy.root() == root([*leaves, leaf_hash(b"next")])


def test_a_leaf_completes_itself_and_its_finished_parents() -> None:
    tree = Tree()
    a, b = LEAVES[:2]
    assert tree.append(a) == (a,)
    assert tree.append(b) == (b, node_hash(a, b))


def test_a_tree_refuses_nodes_that_cannot_be_its_own() -> None:
    for size, roots in ((-1, []), (2, []), (2, [b"short"]), (3, [EMPTY_ROOT])):
        with pytest.raises(ValueError, match="perfect subtrees"):
            Tree(size, roots)


def test_no_proof_is_made_for_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(LEAVES, 8)
    with pytest.raises(ValueError, match="earlier tree"):
        consistency_proof(LEAVES, 9)


@given(st.integers(0, 70), st.data())
def test_proofs_from_stored_nodes_are_those_from_all_leaves(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, size))
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    tree = Tree()
    rows = [tree.append(leaf) for leaf in leaves]
    assert stored_root(lambda level, last: rows[last][level], 0, size) == root(leaves)
    assert stored_consistency_proof(lambda level, last: rows[last][level], first, size) == consistency_proof(
        leaves, first
    )


@given(st.integers(1, 200), st.data())
def test_a_trees_own_subtrees_are_enough_for_every_later_root_and_proof(pruned: int, data: st.DataObject) -> None:
    first = pruned + data.draw(st.integers(0, 60))
    size = first + data.draw(st.integers(0, 60))
    leaves = [leaf_hash(number.to_bytes(2, "big")) for number in range(size)]
    tree = Tree()
    rows = [tree.append(leaf) for leaf in leaves]
    kept = {(level, last): rows[last][level] for level, last in spans(pruned)}

    def node(level: int, last: int) -> bytes:
        return kept[level, last] if last < pruned else rows[last][level]

    assert stored_root(node, 0, size) == root(leaves)
    assert stored_consistency_proof(node, first, size) == consistency_proof(leaves, first)


@given(st.lists(st.binary(max_size=3), max_size=40), st.integers(0, 40))
def test_entries_added_at_once_give_the_tree_of_those_added_one_by_one(entries: list[bytes], cut: int) -> None:
    single, several = Tree(), Tree()
    for entry in entries:
        single.append(leaf_hash(entry))
    several.extend(entries[:cut])
    several.extend(entries[cut:])
    assert (several.size, several.roots) == (single.size, single.roots)
