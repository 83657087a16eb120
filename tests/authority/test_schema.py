import sqlite3
from contextlib import closing
from pathlib import Path

from authority.register import Register
from keys.status_list import OWN_ENTRIES, unpack
from keys.verdict import Colour

VERSION_1 = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE list (
    number INTEGER PRIMARY KEY, entries INTEGER NOT NULL, issued INTEGER NOT NULL, published_at INTEGER
) STRICT;
CREATE TABLE code (
    list INTEGER NOT NULL REFERENCES list(number), idx INTEGER NOT NULL,
    person BLOB NOT NULL, carrier INTEGER NOT NULL, colour INTEGER NOT NULL,
    issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER,
    serial INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (list, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX code_of_person ON code (person, serial);
CREATE TABLE audit (
    line INTEGER PRIMARY KEY, at INTEGER NOT NULL, act TEXT NOT NULL, subject TEXT NOT NULL,
    before TEXT, after TEXT, ordered_by TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_whole BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
PRAGMA user_version = 1;
"""
"""The first register there was, to the letter."""


def write_version_1(path: Path) -> None:
    path.touch(0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.executescript(VERSION_1)
        old.executemany("INSERT INTO list VALUES (?, ?, ?, 77)", [(1, OWN_ENTRIES, 3), (2, OWN_ENTRIES, 1)])
        rows = [(1, 0, 0, None), (1, 1, 3, None), (1, OWN_ENTRIES - 1, 0, 50), (2, 9, 4, None)]
        for serial, (number, index, colour, revoked_at) in enumerate(rows, 1):
            values = (number, index, b"p" * 32, 1, colour, 10, 20, revoked_at, serial)
            old.execute("INSERT INTO code VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def test_a_register_of_the_first_version_goes_on_with_its_arrays_made_from_its_rows(tmp_path: Path) -> None:
    write_version_1(tmp_path / "register.sqlite")
    for _ in range(2):  # the second time nothing is left to do
        register = Register.open(tmp_path / "register.sqlite")
        first, second = (unpack(register.live_array(number), 4) for number in (1, 2))
        assert first == bytes([0, 0xD]) + b"\x0f" * (OWN_ENTRIES - 3) + b"\x01"
        assert (second[9], second.count(0xF)) == (2, OWN_ENTRIES - 1)
        assert register.newest_publication() == 77
        register.close()
    register = Register.open(tmp_path / "register.sqlite")
    register.set_colour(2, 9, Colour.GREEN)
    assert register.live_array(2) == register.array_from_rows(2)


def test_an_old_register_and_a_new_one_end_with_the_same_tables(tmp_path: Path) -> None:
    write_version_1(tmp_path / "old.sqlite")
    Register.open(tmp_path / "old.sqlite").close()
    Register.create(tmp_path / "new.sqlite", {}).close()

    def tables(path: Path) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(path)) as db:
            rows = db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").fetchall()
        return [(name, " ".join(sql.split())) for name, sql in rows]

    assert tables(tmp_path / "old.sqlite") == tables(tmp_path / "new.sqlite")
