"""What retention takes away: only under a witness's word, and so that everything that stays is still proved."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.cosignature import cosign
from keys.errors import TreeHeadError
from keys.merkle import Tree, leaf_hash
from keys.tree_head import TreeHead, log_origin, sign_head
from scanner.journal.errors import JournalDamagedError
from scanner.journal.store import Journal
from scanner.journal.verify import verify
from tests.scanner.journal.logs import DEVICE, OTHER_DEVICE, edit, make_log, open_journal, passage

WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(7, 39)))
SEEN_AT = 1_700_000_100


def head_over(journal: Journal, size: int) -> str:
    """What the device signs over its first entries."""
    tree = Tree()
    for entry in journal.entries(0, size):
        tree.append(leaf_hash(entry.body))
    return sign_head(TreeHead(log_origin(DEVICE.id), size, tree.root()), DEVICE.key)


def cosigned(journal: Journal, size: int, at: int = SEEN_AT) -> str:
    """The same with the witness's word."""
    return cosign(head_over(journal, size), "hub", WITNESS, at)


def keep(journal: Journal, size: int, at: int = SEEN_AT) -> None:
    assert journal.keep_cosigned(cosigned(journal, size, at), WITNESS.public_key(), at) == size


def test_nothing_is_erased_from_a_log_that_nobody_else_has(tmp_path: Path) -> None:
    make_log(tmp_path, 5)
    with open_journal(tmp_path) as journal:
        keep(journal, 3)
        for erase in (lambda: journal.erase_sealed(0, 4), lambda: journal.prune(4)):
            with pytest.raises(ValueError, match="witness"):
                erase()
        assert all(one.sealed is not None for one in journal.entries(0, 5))


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(lambda journal: head_over(journal, 3), id="not_cosigned"),
        pytest.param(
            lambda journal: cosign(head_over(journal, 3), "hub", Ed25519PrivateKey.generate(), SEEN_AT),
            id="cosigned_by_a_stranger",
        ),
        pytest.param(
            lambda journal: cosign(
                sign_head(TreeHead(log_origin(DEVICE.id), 3, bytes(32)), DEVICE.key), "hub", WITNESS, SEEN_AT
            ),
            id="of_another_history",
        ),
        pytest.param(
            lambda journal: cosign(
                sign_head(TreeHead(log_origin(DEVICE.id), 6, bytes(32)), DEVICE.key), "hub", WITNESS, SEEN_AT
            ),
            id="over_more_than_there_is",
        ),
        pytest.param(
            lambda journal: cosign(
                sign_head(TreeHead(log_origin(OTHER_DEVICE.id), 3, bytes(32)), OTHER_DEVICE.key),
                "hub",
                WITNESS,
                SEEN_AT,
            ),
            id="of_another_device",
        ),
    ],
)
def test_a_head_that_proves_nothing_is_not_kept(tmp_path: Path, note: object) -> None:
    assert callable(note)
    make_log(tmp_path, 5)
    with open_journal(tmp_path) as journal:
        with pytest.raises(TreeHeadError):
            journal.keep_cosigned(note(journal), WITNESS.public_key(), SEEN_AT)
        assert journal.durable == 0


def test_sealed_parts_are_erased_without_touching_the_tree(tmp_path: Path) -> None:
    path = make_log(tmp_path, 5)
    with open_journal(tmp_path) as journal:
        keep(journal, 3)
        head = journal.head()
        gone = [one.sealed for one in journal.entries(0, 3)]
        assert journal.erase_sealed(0, 3) == 3
        assert journal.erase_sealed(0, 3) == 0
        assert journal.sweep()
        assert [one.sealed is None for one in journal.entries(0, 5)] == [True, True, True, False, False]
        assert journal.head() == head
        report = verify(path, DEVICE.public_key)
        assert (report.ok, report.erased, report.sealed) == (True, 3, 2)
        for file in (path, Path(f"{path}-wal")):
            data = file.read_bytes()
            assert not any(sealed is not None and sealed in data for sealed in gone)
        assert journal.reserve_held == 1024 * 1024


def test_removed_entries_leave_no_byte_and_every_proof(tmp_path: Path) -> None:
    path = make_log(tmp_path, 200)
    with open_journal(tmp_path) as journal:
        keep(journal, 150)
        head = journal.head()
        gone = [one.body for one in journal.entries(0, 150)]
        assert journal.prune(100) == 100
        assert journal.prune(150) == 50
        assert journal.sweep()
        assert (journal.size, journal.pruned, journal.durable) == (200, 150, 150)
        assert journal.head() == head
        journal.append(passage(200))
        for file in (path, Path(f"{path}-wal")):
            data = file.read_bytes()
            assert not any(body in data for body in gone)
    report = verify(path, DEVICE.public_key, head)
    assert (report.problem, report.pruned, report.entries, report.signed) == (None, 150, 51, 201)
    with open_journal(tmp_path) as again:
        assert (again.size, again.pruned, again.durable) == (201, 150, 150)
        again.append(passage(201))
    assert verify(path, DEVICE.public_key).ok


def test_a_log_all_of_which_was_removed_goes_on(tmp_path: Path) -> None:
    path = make_log(tmp_path, 70)
    with open_journal(tmp_path) as journal:
        keep(journal, 70)
        assert journal.prune(70) == 70
    with open_journal(tmp_path) as again:
        assert again.append(passage(70)).seq == 70
    assert verify(path, DEVICE.public_key).ok


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 90), st.integers(0, 90), st.integers(0, 3)), min_size=1, max_size=4))
def test_any_order_of_growing_cosigning_and_removing_leaves_a_log_that_holds(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    tree = Tree()
    for grow, seen, cut in steps:
        with open_journal(folder) as journal:
            start = journal.size
            journal.append_all([passage(start + number, None) for number in range(grow)])
            for entry in journal.entries(start, start + grow):
                tree.append(leaf_hash(entry.body))
                if entry.seq + 1 == max(start + seen, 1):
                    note = sign_head(TreeHead(log_origin(DEVICE.id), tree.size, tree.root()), DEVICE.key)
                    journal.keep_cosigned(cosign(note, "hub", WITNESS, SEEN_AT), WITNESS.public_key(), SEEN_AT)
            if cut:
                journal.prune(journal.durable * cut // 3)
            assert journal.head().split("\n")[1:3] == TreeHead("", tree.size, tree.root()).text.split("\n")[1:3]
    report = verify(folder / "journal.db", DEVICE.public_key)
    assert (report.problem, report.pruned + report.entries) == (None, tree.size)


def test_a_cut_that_no_signed_head_covers_is_damage(tmp_path: Path) -> None:
    path = make_log(tmp_path, 70)
    with open_journal(tmp_path) as journal:
        keep(journal, 70)
        journal.prune(70)
    edit(path, "DELETE FROM head")
    assert "no signed head" in str(verify(path, DEVICE.public_key).problem)
    with pytest.raises(JournalDamagedError, match="no signed head"):
        open_journal(tmp_path)


def test_what_is_left_of_removed_entries_cannot_be_exchanged(tmp_path: Path) -> None:
    path = make_log(tmp_path, 70)
    with open_journal(tmp_path) as journal:
        keep(journal, 66)
        journal.prune(66)
    edit(path, "UPDATE pruned SET roots = ?", bytes(64))
    assert verify(path, DEVICE.public_key).problem is not None
    with pytest.raises(JournalDamagedError):
        open_journal(tmp_path)


def test_of_an_hours_cosigned_heads_the_newest_is_remembered(tmp_path: Path) -> None:
    make_log(tmp_path, 20)
    hour = SEEN_AT - SEEN_AT % 3600
    with open_journal(tmp_path) as journal:
        keep(journal, 5, hour)
        keep(journal, 9, hour + 3000)
        keep(journal, 14, hour + 3600)
        assert [journal.durable_since(at) for at in (hour - 1, hour + 1, hour + 3000, hour + 9999)] == [0, 0, 9, 14]
