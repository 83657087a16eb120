"""What can go wrong with the log.

    JournalError
    ├── JournalFullError        the disk is full              → nobody passes unlogged; overrides use the reserve
    ├── JournalReadOnlyError    the folder cannot be written  → the same, and no override either
    ├── JournalLockedError      another process writes here   → stop that one
    ├── JournalDamagedError     the log does not hold         → never written over; set it aside, see docs/formats.md
    ├── JournalFailedError      the disk gave an error        → the next append opens the file anew
    ├── JournalClosedError      the log was closed            → our bug, or the engine is ending
    └── EntryError              a value has no place in an entry, or bytes are no entry

The caller handles all of them; a message names what, where, and what to do.
"""

from __future__ import annotations

import sqlite3

SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What the sqlite3 module raises for a damaged file: it cannot even decode its own message about a damaged name."""


class JournalError(Exception):
    """Base of every error this package raises."""


class JournalFullError(JournalError):
    """There is no room: nothing was written."""


class JournalReadOnlyError(JournalError):
    """The state folder cannot be written: nothing was written."""


class JournalLockedError(JournalError):
    """Another process has the log open for writing."""


class JournalDamagedError(JournalError):
    """The log on disk is not what was written. `seq` is the first entry known to be bad, None where unknown."""

    def __init__(self, message: str, seq: int | None = None) -> None:
        super().__init__(message)
        self.seq = seq


class JournalFailedError(JournalError):
    """The disk or the file system gave an error: whether the last entry is there is known after reopening."""


class JournalClosedError(JournalError):
    """The log was closed."""


class EntryError(JournalError):
    """A value that has no place in an entry, or bytes that are not an entry. The message names the field."""
