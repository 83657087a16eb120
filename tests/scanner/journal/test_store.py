from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pytest

from keys import merkle
from keys.seal import journal_info, unseal
from keys.tree_head import read_head
from scanner.journal import personal
from scanner.journal.entry import decode
from scanner.journal.errors import (
    EntryError,
    JournalClosedError,
    JournalDamagedError,
    JournalFailedError,
    JournalLockedError,
)
from scanner.journal.files import journal_path
from scanner.journal.reader import open_reader
from scanner.journal.reserve import WRITTEN_AHEAD
from scanner.journal.store import FOLD_EVERY, HEAD_EVERY, Journal
from scanner.journal.verify import verify

from .logs import (
    AUTHORITY,
    DEVICE,
    OTHER_DEVICE,
    PERSON,
    edit,
    fault,
    gate,
    look,
    make_log,
    open_journal,
    override,
    passage,
)

ROOT = Path(__file__).parents[3]


def test_an_entry_is_numbered_from_zero_and_receipted_with_its_leaf_hash(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        receipts = [journal.append(draft) for draft in (fault(), passage(1), override(2, 1), gate(3, 2))]
        stored = journal.entries(0, 10)
    assert [receipt.seq for receipt in receipts] == [0, 1, 2, 3]
    assert [receipt.entry_hash for receipt in receipts] == [merkle.leaf_hash(one.body) for one in stored]
    assert [decode(one.body).refers_to for one in stored] == [None, None, 1, 2]
    assert all(decode(one.body).device == DEVICE.id for one in stored)


def test_a_person_is_sealed_to_the_authority_and_stands_nowhere_in_clear(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.append(fault())
        journal.append(passage(1))
        (stored,) = journal.entries(1, 2)
    entry = decode(stored.body)
    assert stored.sealed is not None
    assert entry.seal is not None
    assert entry.seal.kid == b"sealkey1"
    assert entry.seal.digest == sha256(stored.sealed).digest()
    assert personal.decode(unseal(AUTHORITY, journal_info(DEVICE.id, 1), stored.sealed)) == PERSON
    for file in tmp_path.iterdir():
        assert "张".encode() not in file.read_bytes()
        assert b"123456" not in file.read_bytes()


def test_without_a_sealing_key_the_person_is_dropped_and_the_entry_kept(tmp_path: Path) -> None:
    with open_journal(tmp_path, seal_key=None) as journal:
        assert not journal.seals
        journal.append(passage())
        (stored,) = journal.entries(0, 1)
    assert stored.sealed is None
    assert decode(stored.body).seal is None


def test_files_are_private_to_their_owner(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    with open_journal(folder) as journal:
        journal.append(passage())
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {one.name for one in folder.iterdir()} == {
            "journal.db",
            "journal.db-shm",
            "journal.db-wal",
            "journal.lock",
        }
        assert all(one.stat().st_mode & 0o777 == 0o600 for one in folder.iterdir())


def test_a_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        for number in range(3):
            journal.append(passage(number))
        head = journal.head()
    with open_journal(tmp_path) as journal:
        assert journal.size == 3
        assert journal.head() == head
        assert journal.append(passage(3)).seq == 3


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 200])
def test_the_head_is_the_tree_over_all_entries_after_any_restart(tmp_path: Path, size: int) -> None:
    make_log(tmp_path, size)
    with open_journal(tmp_path) as journal:
        leaves = [merkle.leaf_hash(one.body) for one in journal.entries(0, size)]
        head = read_head(journal.head(), DEVICE.public_key)
        assert (head.size, head.root) == (size, merkle.root(leaves))
        journal.append(passage())
        assert read_head(journal.head(), DEVICE.public_key).size == size + 1


def test_a_head_is_signed_and_kept_every_so_many_entries_and_at_the_close(tmp_path: Path) -> None:
    path = make_log(tmp_path, 0)
    with open_journal(tmp_path) as journal:
        for number in range(HEAD_EVERY + 6):
            journal.append(passage(number, None))
        assert journal.signed_size == HEAD_EVERY
    assert [size for (size,) in look(path, "SELECT size FROM head")] == [HEAD_EVERY, HEAD_EVERY + 6]


def test_entries_at_rest_get_a_head_after_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_journal(tmp_path) as journal:
        journal.append(passage())
        journal.rest()
        assert journal.signed_size == 0
        later = time.monotonic() + 61
        monkeypatch.setattr("scanner.journal.store.time.monotonic", lambda: later)
        journal.rest()
        assert journal.signed_size == 1


def test_a_bad_draft_writes_nothing_and_harms_nothing(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        with pytest.raises(EntryError):
            journal.append_all([passage(0), override(1, -1)])
        assert journal.size == 0
        assert journal.append(passage(0)).seq == 0


def test_several_entries_are_one_commit(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        receipts = journal.append_all([passage(0), gate(1, 0)])
        assert [receipt.seq for receipt in receipts] == [0, 1]
        assert journal.size == 2


def test_a_second_process_is_refused_in_a_sentence(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.scanner.journal.logs import open_journal\n"
        "from scanner.journal.errors import JournalLockedError\n"
        "try: open_journal(Path(sys.argv[1]))\n"
        "except JournalLockedError as error: print(error)\n"
    )
    with open_journal(tmp_path):
        told = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert "another process already writes this log" in told.stdout


def test_a_second_opening_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    with open_journal(tmp_path), pytest.raises(JournalLockedError):
        open_journal(tmp_path)
    open_journal(tmp_path).close()


def test_a_closed_log_takes_nothing(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    journal.close()
    journal.close()
    with pytest.raises(JournalClosedError):
        journal.append(passage())


def test_another_devices_log_is_not_gone_on_with(tmp_path: Path) -> None:
    make_log(tmp_path, 3)
    with pytest.raises(JournalDamagedError, match="another device"):
        open_journal(tmp_path, OTHER_DEVICE)


@pytest.mark.parametrize("keep", [True, False], ids=["with the write-ahead log", "without"])
def test_a_log_that_is_gone_is_never_silently_begun_again(tmp_path: Path, keep: bool) -> None:
    path = make_log(tmp_path, 3)
    path.unlink()
    if not keep:
        Path(f"{path}-wal").unlink()
        Path(f"{path}-shm").unlink()
    with pytest.raises(JournalDamagedError, match="a log was kept here and is gone"):
        open_journal(tmp_path)
    assert not path.exists()


@pytest.mark.parametrize("statement", ["DROP TABLE entry", None])
def test_an_emptied_file_is_no_first_start(tmp_path: Path, statement: str | None) -> None:
    path = make_log(tmp_path, 3)
    if statement is None:
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink()
        path.write_bytes(b"")
    else:
        edit(path, statement)
        edit(path, "DROP TABLE head")
        edit(path, "DROP TABLE _sqlite_migrations")
    with pytest.raises(JournalDamagedError, match="gone"):
        open_journal(tmp_path)


def test_a_first_start_that_was_killed_halfway_is_a_first_start_again(tmp_path: Path) -> None:
    (tmp_path / "journal.lock").touch(mode=0o600)
    journal_path(tmp_path).touch(mode=0o600)
    with open_journal(tmp_path) as journal:
        assert journal.append(passage()).seq == 0


def test_a_file_that_is_no_database_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    path = make_log(tmp_path, 3)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink()
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(JournalDamagedError, match="damaged"):
        open_journal(tmp_path)
    assert path.read_bytes() == b"no database at all" * 1000


def test_a_log_whose_end_was_cut_off_is_not_gone_on_with(tmp_path: Path) -> None:
    path = make_log(tmp_path, 70)
    edit(path, "DELETE FROM entry WHERE seq >= 66")
    with pytest.raises(JournalDamagedError, match="entries are missing") as caught:
        open_journal(tmp_path)
    assert caught.value.seq == 66


@pytest.mark.parametrize(
    ("statement", "seq", "words"),
    [
        ("UPDATE entry SET body = zeroblob(10) WHERE seq = 68", 68, "entry 68 is not readable"),
        ("UPDATE entry SET nodes = zeroblob(32) WHERE seq = 68", 68, "entry 68 was altered"),
        ("DELETE FROM entry WHERE seq = 67", 67, "entry 67 is missing"),
        ("UPDATE entry SET nodes = zeroblob(length(nodes)) WHERE seq = 63", None, "not the one that was signed"),
        ("DELETE FROM entry WHERE seq = 63", 63, "entry 63 is missing"),
        ("UPDATE head SET note = replace(note, 'A', 'B')", None, "does not hold"),
        ("UPDATE head SET size = 69 WHERE size = 70", None, "the head stored for 69"),
    ],
)
def test_damage_near_the_end_stops_a_start_and_is_named(
    tmp_path: Path, statement: str, seq: int | None, words: str
) -> None:
    path = make_log(tmp_path, 70)
    edit(path, statement)
    with pytest.raises(JournalDamagedError, match=words) as caught:
        open_journal(tmp_path)
    assert caught.value.seq == seq


def test_newer_softwares_log_is_left_alone(tmp_path: Path) -> None:
    path = make_log(tmp_path, 1)
    edit(path, "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('journal', 'later', '')")
    with pytest.raises(JournalDamagedError, match="newer software"):
        open_journal(tmp_path)


def test_a_strangers_write_lock_is_told_and_got_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.journal.database.BUSY_SECONDS", 0.05)
    with open_journal(tmp_path) as journal:
        journal.append(passage(0))
        stranger = sqlite3.connect(journal_path(tmp_path), isolation_level=None)
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalFailedError, match="another program"):
            journal.append(passage(1))
        stranger.execute("ROLLBACK")
        stranger.close()
        assert journal.append(passage(1)).seq == 1
        assert verify(journal_path(tmp_path), DEVICE.public_key).ok


def test_the_write_ahead_log_stays_small_under_load(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        for number in range(1200):
            journal.append(passage(number, None))
        assert Path(f"{journal_path(tmp_path)}-wal").stat().st_size < 8 * 1024 * 1024
        copy = tmp_path / "copy"
        copy.mkdir()
        journal.rest()
        shutil.copy(journal_path(tmp_path), copy)
        assert verify(copy / "journal.db", DEVICE.public_key).entries > 1000


def test_no_commit_has_to_lengthen_the_write_ahead_log(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        wal = Path(f"{journal_path(tmp_path)}-wal")
        length = wal.stat().st_size
        assert length == WRITTEN_AHEAD
        for number in range(0, 2 * FOLD_EVERY, 16):
            journal.append_all([passage(number + one, None) for one in range(16)])
        for number in range(HEAD_EVERY):
            journal.append(passage(number))
            journal.rest()
        assert wal.stat().st_size == length
        assert journal.reserve_held == 1024 * 1024, "and the reserve lies behind what is written ahead"


def test_a_write_ahead_log_that_was_cut_is_written_ahead_again_step_by_step(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        wal = Path(f"{journal_path(tmp_path)}-wal")
        journal.append(passage(0))
        assert journal.sweep()
        lengths = [wal.stat().st_size]
        while lengths[-1] < WRITTEN_AHEAD:
            journal.append(passage(len(lengths)))
            journal.rest()
            lengths.append(wal.stat().st_size)
            assert lengths[-1] > lengths[-2]
        assert len(lengths) > 4, "nobody waits for all of it at once"
        assert journal.reserve_held == 1024 * 1024
        assert verify(journal_path(tmp_path), DEVICE.public_key).entries == len(lengths)


def test_a_stranger_who_is_writing_is_not_written_over(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.append(passage(0))
        assert journal.sweep()
        stranger = sqlite3.connect(journal_path(tmp_path), isolation_level=None)
        stranger.execute("BEGIN IMMEDIATE")
        stranger.execute("CREATE TABLE theirs (a)")
        wal = Path(f"{journal_path(tmp_path)}-wal")
        before = wal.stat().st_size
        journal.rest()
        assert wal.stat().st_size == before
        stranger.execute("COMMIT")
        stranger.close()
        journal.rest()
        assert wal.stat().st_size > before
        assert look(journal_path(tmp_path), "SELECT count(*) FROM theirs") == [(0,)]


def test_a_reader_beside_the_writer_does_not_let_it_lose_its_lock(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.append(passage(0))
        assert verify(journal_path(tmp_path), DEVICE.public_key).entries == 1
        journal.append(passage(1))
        with pytest.raises(JournalLockedError):
            Journal.open(tmp_path, DEVICE, None, "0.1.0")
        assert verify(journal_path(tmp_path), DEVICE.public_key).entries == 2


def test_a_stranger_beside_a_log_that_is_read_in_the_same_process_takes_nothing_away(tmp_path: Path) -> None:
    meddle = "import sqlite3, sys; log = sqlite3.connect(sys.argv[1]); log.execute('DELETE FROM head'); log.commit()"
    with open_journal(tmp_path) as journal:
        journal.append(fault())
        with open_reader(journal_path(tmp_path)):
            pass
        subprocess.run([sys.executable, "-c", meddle, str(journal_path(tmp_path))], check=True)
        assert Path(f"{journal_path(tmp_path)}-wal").stat().st_size > 0, "SQLite's last one out removes it"
        journal.append(fault())
        assert [one.seq for one in journal.entries(0, 10)] == [0, 1]
