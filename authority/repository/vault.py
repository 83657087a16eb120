"""A private folder of keys: the federation's, or that of one person who keeps a root key on a machine apart.

folder/               0700
├── ledger.sqlite     0600  settings and the audit
├── private/*.pem     0600  private keys, encrypted under the stretched passphrase
└── lock                    held while something changes
"""

from __future__ import annotations

import fcntl
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum, unique
from pathlib import Path
from typing import Final

from authority.audit import AUDIT_TABLE, read_lines, write_line
from authority.errors import FolderError, RequestError
from authority.files import make_private_file, make_private_folder, refuse_shared
from authority.person import STRETCH_LOG2, Stretch
from authority.records import AuditLine
from authority.repository.role_keys import RoleKeys

PRIVATE: Final = "private"

_LEDGER: Final = "ledger.sqlite"
_LOCK: Final = "lock"
_SCHEMA_VERSION: Final = 1
_SETTINGS: Final = "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID"


@unique
class Kind(StrEnum):
    """Whose folder it is."""

    FEDERATION = "federation"
    CUSTODIAN = "custodian"


class Vault:
    """An open folder of keys. Not for several threads at once; several processes may share a folder."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, keys: RoleKeys) -> None:
        self.folder = folder
        self.keys = keys
        self._db = connection

    def __repr__(self) -> str:
        return f"Vault({self.folder})"

    @classmethod
    def create(cls, folder: Path, kind: Kind, passphrase: bytes, *, stretch_log2: int = STRETCH_LOG2) -> Vault:
        """Make a new `folder` without a key yet. Raises FolderError (something is there), RequestError (passphrase)."""
        if not passphrase:
            raise RequestError("Keys are never written without a passphrase; give one.")
        make_private_folder(folder)
        make_private_folder(folder / PRIVATE)
        make_private_file(folder / _LOCK)
        make_private_file(folder / _LEDGER)
        stretch = Stretch(secrets.token_bytes(16), stretch_log2)
        settings = {"kind": str(kind), "stretch_salt": stretch.salt.hex(), "stretch_log2": str(stretch.cost_log2)}
        with _writing():
            connection = _connect(folder / _LEDGER)
            connection.execute("BEGIN IMMEDIATE")
            for statement in (_SETTINGS, *AUDIT_TABLE, f"PRAGMA user_version = {_SCHEMA_VERSION}"):
                connection.execute(statement)
            connection.executemany("INSERT INTO setting VALUES (?, ?)", sorted(settings.items()))
            connection.execute("COMMIT")
        return cls(folder, connection, RoleKeys(folder / PRIVATE, stretch.apply(passphrase)))

    @classmethod
    def open(cls, folder: Path, kind: Kind, passphrase: bytes) -> Vault:
        """Open a folder. Raises FolderError (none of this kind, damaged, shared), KeyFileError (wrong passphrase)."""
        connection = _open_ledger(folder, kind)
        try:
            stretch = Stretch(
                bytes.fromhex(_setting(connection, "stretch_salt")), int(_setting(connection, "stretch_log2"))
            )
            refuse_shared(folder / PRIVATE)
            keys = RoleKeys(folder / PRIVATE, stretch.apply(passphrase))
            keys.unlock()
        except BaseException:
            connection.close()
            raise
        return cls(folder, connection, keys)

    def close(self) -> None:
        """Close the ledger."""
        self._db.close()

    def setting(self, name: str) -> str | None:
        """Return a setting, None when it was never given."""
        return _find_setting(self._db, name)

    def set(self, name: str, value: str) -> None:
        """Give a setting a new value, durably. Raises FolderError: the disk is full."""
        with _writing():
            self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def write_audit(self, line: AuditLine) -> None:
        """Append a line to the audit, durably. Raises FolderError: the disk is full."""
        with _writing():
            write_line(self._db, line)

    def audit(self) -> Iterator[AuditLine]:
        """Yield the audit, oldest line first."""
        return read_lines(self._db)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the folder's lock."""
        with (self.folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def read_audit(folder: Path) -> tuple[AuditLine, ...]:
    """Return the audit of a folder of either kind, which needs no passphrase. Raises FolderError."""
    connection = _open_ledger(folder, None)
    try:
        return tuple(read_lines(connection))
    finally:
        connection.close()


def read_setting(folder: Path, name: str) -> str | None:
    """Return a setting of a folder of either kind, which needs no passphrase. Raises FolderError."""
    connection = _open_ledger(folder, None)
    try:
        return _find_setting(connection, name)
    finally:
        connection.close()


def is_vault(folder: Path) -> bool:
    """Whether `folder` is one of keys, of either kind."""
    return (folder / _LEDGER).is_file()


def _open_ledger(folder: Path, kind: Kind | None) -> sqlite3.Connection:
    path = folder / _LEDGER
    refuse_shared(folder)
    if not path.is_file():
        raise FolderError(f"{path} is missing, so {folder} holds no keys of a repository; see: authority found --help")
    refuse_shared(path)
    try:
        connection = _connect(path)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != _SCHEMA_VERSION:
            raise FolderError(f"{path} is of version {version}; this program reads version {_SCHEMA_VERSION}.")
        found = _setting(connection, "kind")
    except sqlite3.OperationalError as error:
        raise FolderError(f"{path} cannot be opened ({error}); nothing was changed.") from error
    except sqlite3.DatabaseError as error:
        raise FolderError(f"{path} is damaged ({error}); restore it from a backup.") from error
    if kind is not None and found != kind:
        connection.close()
        raise FolderError(f"{folder} is the folder of a {found}, and not of a {kind}.")
    return connection


@contextmanager
def _writing() -> Iterator[None]:
    """Say in words that the disk is full or another writer does not come to an end. Raises FolderError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise FolderError(f"The ledger cannot be written ({error}); what was ordered is not in force.") from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _find_setting(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def _setting(connection: sqlite3.Connection, name: str) -> str:
    found = _find_setting(connection, name)
    if found is None:
        raise FolderError(f"The ledger has lost its setting {name!r}; restore it from a backup.")
    return found
