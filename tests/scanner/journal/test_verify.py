from __future__ import annotations

import random
import shutil
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from keys.errors import TreeHeadError
from keys.merkle import Tree, leaf_hash
from keys.tree_head import TreeHead, log_origin, sign_head
from scanner.journal.errors import JournalDamagedError, JournalError, JournalFailedError
from scanner.journal.files import journal_path
from scanner.journal.verify import VerifyReport, verify

from .logs import DEVICE, OTHER_DEVICE, edit, look, make_log, open_journal, passage

KEY = DEVICE.public_key


def fault_of(path: Path, against: str | None = None) -> tuple[int | None, str]:
    report = verify(path, KEY, against)
    assert not report.ok
    assert report.problem is not None
    return report.problem.seq, report.problem.text


def test_a_log_that_holds_is_told_in_numbers(tmp_path: Path) -> None:
    path = make_log(tmp_path, 130)
    assert verify(path, KEY) == VerifyReport(DEVICE.id.hex(), 130, 3, 130, 130, 0, 0, None)


def test_an_empty_log_holds(tmp_path: Path) -> None:
    assert verify(make_log(tmp_path, 0), KEY).ok


def test_no_altered_byte_of_any_entry_goes_unnoticed_and_the_entry_is_named(tmp_path: Path) -> None:
    path = make_log(tmp_path, 5)
    connection = sqlite3.connect(path, isolation_level=None)
    flipped = 0
    for seq, body in connection.execute("SELECT seq, body FROM entry ORDER BY seq").fetchall():
        for at in range(len(body)):
            altered = body[:at] + bytes((body[at] ^ (1 << (at % 8)),)) + body[at + 1 :]
            connection.execute("UPDATE entry SET body = ? WHERE seq = ?", (altered, seq))
            assert fault_of(path)[0] == seq
            flipped += 1
        connection.execute("UPDATE entry SET body = ? WHERE seq = ?", (body, seq))
    connection.close()
    assert flipped > 500
    assert verify(path, KEY).ok


@pytest.mark.parametrize("column", ["nodes", "sealed"])
def test_no_altered_byte_beside_an_entry_goes_unnoticed(tmp_path: Path, column: str) -> None:
    path = make_log(tmp_path, 4)
    connection = sqlite3.connect(path, isolation_level=None)
    for seq, value in connection.execute(f"SELECT seq, {column} FROM entry ORDER BY seq").fetchall():
        for at in range(len(value)):
            altered = value[:at] + bytes((value[at] ^ 0x10,)) + value[at + 1 :]
            connection.execute(f"UPDATE entry SET {column} = ? WHERE seq = ?", (altered, seq))
            assert fault_of(path)[0] == seq
        connection.execute(f"UPDATE entry SET {column} = ? WHERE seq = ?", (value, seq))
    connection.close()
    assert verify(path, KEY).ok


@pytest.mark.parametrize(
    ("statement", "seq", "words"),
    [
        ("DELETE FROM entry WHERE seq = 5", 5, "entry 5 is missing"),
        ("DELETE FROM entry WHERE seq BETWEEN 5 AND 7", 5, "entries 5 to 7 are missing"),
        ("DELETE FROM entry WHERE seq = 0", 0, "entry 0 is missing"),
        ("DELETE FROM entry WHERE seq = 99", 99, "entry 99 is missing"),
        ("DELETE FROM entry WHERE seq > 80", 81, "the end was cut off"),
        ("DELETE FROM entry", 0, "the end was cut off"),
        ("UPDATE entry SET seq = 200 WHERE seq = 99", 99, "missing"),
        ("UPDATE entry SET body = (SELECT body FROM entry WHERE seq = 4) WHERE seq = 3", 3, "entry 3 was altered"),
        (
            "UPDATE entry SET sealed = (SELECT sealed FROM entry WHERE seq = 4) WHERE seq = 3",
            3,
            "sealed part of entry 3",
        ),
        ("INSERT INTO entry VALUES (100, x'00', x'00', NULL)", 100, "entry 100 was altered"),
        ("UPDATE head SET note = replace(note, '64', '63') WHERE size = 64", None, "does not hold"),
        ("UPDATE head SET note = (SELECT note FROM head WHERE size = 100) WHERE size = 64", None, "were exchanged"),
        ("UPDATE head SET size = 65 WHERE size = 64", None, "were exchanged"),
        ("DROP TABLE head", None, "cannot be read"),
        ("DROP TABLE entry", 0, "cannot be read"),
    ],
)
def test_meddling_with_the_tables_is_found_and_named(
    tmp_path: Path, statement: str, seq: int | None, words: str
) -> None:
    path = make_log(tmp_path, 100)
    edit(path, statement)
    found, text = fault_of(path)
    assert found == seq
    assert words in text


TWO_FACED = """
    ALTER TABLE entry RENAME TO kept;
    CREATE VIEW entry AS SELECT seq, CASE WHEN random() % 2 THEN body ELSE x'00' END AS body, nodes, sealed FROM kept
"""
UNTYPED = """
    ALTER TABLE head RENAME TO kept;
    CREATE TABLE head (size, note);
    INSERT INTO head SELECT size, CAST(note AS BLOB) FROM kept
"""
FORGETFUL = "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry WHERE seq = NEW.seq; END"


@pytest.mark.parametrize(("script", "name"), [(TWO_FACED, "entry"), (UNTYPED, "head"), (FORGETFUL, "t")])
def test_a_log_whose_tables_were_exchanged_for_others_does_not_hold(tmp_path: Path, script: str, name: str) -> None:
    """A view shows one thing to the proof and another to people; a trigger forgets what it says it has written."""
    path = make_log(tmp_path, 3)
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
    connection.close()
    seq, text = fault_of(path)
    assert seq is None
    assert f"{name!r} is not as the log made it" in text
    with pytest.raises(JournalDamagedError, match="is not as the log made it"):
        open_journal(tmp_path)


def test_two_entries_exchanged_with_everything_beside_them_are_found(tmp_path: Path) -> None:
    path = make_log(tmp_path, 10)
    edit(path, "UPDATE entry SET seq = -1 WHERE seq = 4")
    edit(path, "UPDATE entry SET seq = 4 WHERE seq = 6")
    edit(path, "UPDATE entry SET seq = 6 WHERE seq = -1")
    seq, text = fault_of(path)
    assert seq == 4
    assert "entry 4" in text


def rewrite(path: Path, seq: int) -> None:
    """Let an entry say another lane, in bytes that are an entry."""
    ((body,),) = look(path, "SELECT body FROM entry WHERE seq = ?", seq)
    assert isinstance(body, bytes)
    edit(path, "UPDATE entry SET body = ? WHERE seq = ?", body.replace(b"main", b"side"), seq)


def rehash(path: Path) -> None:
    """Make every stored hash fit the stored entries, as a forger who knows this format would."""
    connection = sqlite3.connect(path, isolation_level=None)
    tree = Tree()
    for seq, body in connection.execute("SELECT seq, body FROM entry ORDER BY seq").fetchall():
        nodes = b"".join(tree.append(leaf_hash(body)))
        connection.execute("UPDATE entry SET nodes = ? WHERE seq = ?", (nodes, seq))
    connection.close()


def test_a_forger_who_fits_all_hashes_is_found_by_the_next_signed_head(tmp_path: Path) -> None:
    path = make_log(tmp_path, 100)
    rewrite(path, 70)
    rehash(path)
    seq, text = fault_of(path)
    assert seq == 64
    assert "one of the entries 64 to 99 was replaced" in text


def test_a_cut_together_with_its_heads_is_found_against_a_head_kept_elsewhere(tmp_path: Path) -> None:
    path = make_log(tmp_path, 100)
    (kept,) = (str(note) for (note,) in look(path, "SELECT note FROM head WHERE size = 100"))
    edit(path, "DELETE FROM entry WHERE seq >= 64")
    edit(path, "DELETE FROM head WHERE size > 64")
    assert verify(path, KEY).ok
    seq, text = fault_of(path, kept)
    assert seq == 64
    assert "--against" in text


def test_a_tail_rewritten_with_the_devices_own_key_is_found_against_a_head_kept_elsewhere(tmp_path: Path) -> None:
    path = make_log(tmp_path, 80)
    (kept,) = (str(note) for (note,) in look(path, "SELECT note FROM head WHERE size = 80"))
    rewrite(path, 70)
    rehash(path)
    tree = Tree()
    for (body,) in look(path, "SELECT body FROM entry ORDER BY seq"):
        assert isinstance(body, bytes)
        tree.append(leaf_hash(body))
    forged = sign_head(TreeHead(log_origin(DEVICE.id), 80, tree.root()), DEVICE.key)
    edit(path, "UPDATE head SET note = ? WHERE size = 80", forged)
    assert verify(path, KEY).ok
    seq, text = fault_of(path, kept)
    assert seq is not None
    assert "the head given with --against" in text


def test_a_head_kept_elsewhere_that_fits_is_counted(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        journal.append(passage(0))
        kept = journal.head()
        journal.append(passage(1))
    report = verify(journal_path(tmp_path), KEY, kept)
    assert (report.ok, report.heads) == (True, 3)


def test_a_head_of_another_log_is_no_evidence(tmp_path: Path) -> None:
    path = make_log(tmp_path, 1)
    with pytest.raises(TreeHeadError, match="nobody called"):
        verify(path, KEY, sign_head(TreeHead(log_origin(OTHER_DEVICE.id), 1, bytes(32)), OTHER_DEVICE.key))
    with pytest.raises(TreeHeadError, match="not of this log"):
        verify(path, KEY, sign_head(TreeHead(log_origin(bytes(16)), 1, bytes(32)), DEVICE.key))


def test_another_devices_key_proves_nothing(tmp_path: Path) -> None:
    report = verify(make_log(tmp_path, 3), OTHER_DEVICE.public_key)
    assert report.problem is not None
    assert "does not hold" in report.problem.text


def test_a_log_is_verified_while_it_is_written(tmp_path: Path) -> None:
    with open_journal(tmp_path) as journal:
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                journal.append(passage(journal.size))

        thread = threading.Thread(target=write)
        thread.start()
        try:
            reports = [verify(journal_path(tmp_path), KEY)]
            until = time.monotonic() + 10
            while len(reports) < 20 or (reports[-1].entries == reports[0].entries and time.monotonic() < until):
                reports.append(verify(journal_path(tmp_path), KEY))
        finally:
            stop.set()
            thread.join()
    assert all(report.ok for report in reports)
    assert reports[-1].entries > reports[0].entries


def test_a_copy_of_the_files_is_verified_wherever_it_lies(tmp_path: Path) -> None:
    with open_journal(tmp_path / "state") as journal:
        for number in range(5):
            journal.append(passage(number))
        copy = tmp_path / "copy"
        copy.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{journal_path(tmp_path / 'state')}{suffix}", copy)
        assert verify(copy / "journal.db", KEY).entries == 5


@pytest.mark.soak
def test_damage_to_the_raw_file_is_found_or_touches_no_entry(tmp_path: Path) -> None:
    path = make_log(tmp_path / "state", 60)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    original = connection.execute("SELECT seq, body, sealed FROM entry ORDER BY seq").fetchall()
    connection.close()
    data = path.read_bytes()
    chance = random.Random(4711)  # fixed: the same damage every time
    found = 0
    for number in range(250):
        copy = tmp_path / f"{number}.db"
        at = chance.randrange(len(data))
        copy.write_bytes(data[:at] + bytes((data[at] ^ chance.randrange(1, 256),)) + data[at + 1 :])
        try:
            report = verify(copy, KEY)
        except JournalError:
            found += 1
            continue
        if report.ok:
            read = sqlite3.connect(copy)
            assert read.execute("SELECT seq, body, sealed FROM entry ORDER BY seq").fetchall() == original, at
            read.close()
        else:
            found += 1
        copy.unlink()
    assert found > 100


@pytest.mark.parametrize("fraction", [0.02, 0.3, 0.6, 0.9])
def test_a_file_cut_short_is_found_and_the_first_lost_entry_named(tmp_path: Path, fraction: float) -> None:
    path = make_log(tmp_path, 200)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * fraction)])
    report = verify(path, KEY)
    assert report.problem is not None
    assert "damaged" in report.problem.text or "no readable log" in report.problem.text or "cut" in report.problem.text


def test_what_is_no_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(JournalFailedError, match="no log here"):
        verify(tmp_path / "journal.db", KEY)
    (tmp_path / "journal.db").write_bytes(b"something else" * 500)
    seq, text = fault_of(tmp_path / "journal.db")
    assert seq is None
    assert "no readable log" in text
