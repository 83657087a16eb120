"""Everything the hub keeps: one interface, SQLite by default, PostgreSQL by one setting."""

from __future__ import annotations

from pathlib import Path

from hub.storage.session import Database


def open_database(setting: str, folder: Path) -> Database:
    """Open what `setting` names: `sqlite` (a file in the hub's folder) or a URL `postgresql://…`.

    Raises SetupError, StorageError.
    """
    if setting == "sqlite":
        from hub.storage.sqlite import SqliteDatabase  # noqa: PLC0415 - the other one's driver need not be there

        return SqliteDatabase(folder / "hub.db")
    from hub.storage.postgres import PostgresDatabase  # noqa: PLC0415 - its driver is not needed for SQLite

    return PostgresDatabase(setting)
