"""What the two databases have in common: a transaction in which SQL with `?` for values is run.

The SQL of this package is what SQLite and PostgreSQL both understand (RETURNING, ON CONFLICT, CAST); where they differ,
the difference is a method here: bulk rows of the log, and how a table is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from hub.values import SealedPart, StoredEntry

SqlValue: TypeAlias = "int | str | bytes | None"
SqlRow: TypeAlias = "tuple[SqlValue, ...]"


class Session(Protocol):
    """One transaction. Every method raises StorageError."""

    def run(self, statement: str, *values: SqlValue) -> int:
        """Run a statement that changes something; returns how many rows it changed."""

    def rows(self, query: str, *values: SqlValue) -> list[SqlRow]:
        """Read all rows of a query."""

    def many(self, statement: str, rows: Sequence[SqlRow]) -> None:
        """Run a statement once for every row."""

    def next_number(self, table: str) -> int:
        """Return the number of the next row of `table`, which is nobody else's until this transaction ends."""

    def put_log(self, appliance: int, day: int, entries: Sequence[StoredEntry], sealed: Sequence[SealedPart]) -> None:
        """Append rows of the log that arrived on `day` (days since 1970 UTC), the fastest way there is."""

    def note_day(self, day: int) -> None:
        """Note that rows of the log were filed under `day`, so that `Database.filed_beyond` knows."""


class Walk(Protocol):
    """A walk through every row that is filed under days ahead."""

    def done(self) -> None:
        """Say that there were no others when it began. Raises StorageError."""


class Database(Protocol):
    """Where the hub keeps everything; used by many threads."""

    @property
    def name(self) -> str:
        """What it is and where, without passwords: for messages."""

    @property
    def shared(self) -> bool:
        """Whether several hub processes may work on it."""

    def read(self) -> AbstractContextManager[Session]:
        """Open a transaction that only reads, and sees one moment."""

    def write(self) -> AbstractContextManager[Session]:
        """Open a transaction; durable when the block has ended, undone when it raises."""

    def erase_log(self, before_day: int, *, sealed_only: bool, in_order: bool) -> int:
        """Erase rows of the log, or only sealed parts, that are filed under days before one; returns how many.

        `in_order`: no row of an appliance is filed under a later day than one that came after it. Not in a block.
        """

    def prepare_day(self, day: int) -> None:
        """Make room for rows that arrive on `day`; done before the first of them comes."""

    def filed_beyond(self, day: int) -> int | None:
        """Return the newest day after `day` under which rows of the log are filed; None: there are none. Bounded."""

    def refiling(self, beyond: int) -> AbstractContextManager[Walk]:
        """Begin to file rows of days after `beyond` under another; the walk says when it has seen them all."""

    def close(self) -> None:
        """Close every connection. Does not raise."""


def integer(value: SqlValue) -> int:
    """Take a value that the schema says is a number."""
    if type(value) is not int:
        raise TypeError(f"the storage gave {type(value).__name__} where a number is kept")
    return value


def maybe_integer(value: SqlValue) -> int | None:
    """Take a number, or nothing."""
    return None if value is None else integer(value)


def text(value: SqlValue) -> str:
    """Take a value that the schema says is text."""
    if type(value) is not str:
        raise TypeError(f"the storage gave {type(value).__name__} where text is kept")
    return value


def maybe_text(value: SqlValue) -> str | None:
    """Take text, or nothing."""
    return None if value is None else text(value)


def binary(value: SqlValue) -> bytes:
    """Take a value that the schema says is bytes."""
    if type(value) is not bytes:
        raise TypeError(f"the storage gave {type(value).__name__} where bytes are kept")
    return value
