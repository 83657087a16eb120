"""What can go wrong in `keys`.

    KeysError
    ├── RefusedError        a code is refused; carries its Reason        → the verifier makes it a Verdict
    │   └── MalformedError  bytes or text break a format's rules (Reason.MALFORMED)
    │       ├── Base45Error, CborError, CoseError, DerError, JsonError
    ├── TrustError          a trust file is bad                          → the operator repairs the file
    ├── StatusListError     a status list is bad, or not ours to believe → the caller goes on without that list
    ├── KeyFileError        a private key file is missing, open to others, or locked
    ├── SealError           sealed bytes do not open
    ├── TreeHeadError       a signed tree head does not hold
    └── UpdateError         an update is refused, or nothing verified is there; carries its UpdateCause
        │                                                        → the last verified state stays in force
        └── FetchError      a source cannot be read            → the caller tries another time, or another source
            └── NotThereError   a source has no such file

All of them the caller handles; a broken promise between our own modules raises ValueError or TypeError instead.
"""

from __future__ import annotations

from enum import StrEnum, unique

from keys.printable import printable
from keys.reasons import Reason


class KeysError(Exception):
    """Base of every error this package raises. Its words may repeat a stranger's, and are printable all the same."""

    def __str__(self) -> str:
        return printable(super().__str__())


class RefusedError(KeysError):
    """A code is refused. Raised inside reading and verification only."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class MalformedError(RefusedError):
    """Bytes or text break their format's rules."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.MALFORMED, detail)


class Base45Error(MalformedError):
    """The text is not base45."""


class CborError(MalformedError):
    """The bytes are not CBOR as this product allows it."""


class CoseError(MalformedError):
    """The bytes are CBOR and yet no COSE_Sign1 as this product allows it."""


class DerError(MalformedError):
    """The bytes are not DER, or no certificate as this product allows it."""


class JsonError(MalformedError):
    """The text is not JSON as this product allows it."""


class TrustError(KeysError):
    """A trust file is bad. The message says which file, what is wrong, and what to do."""


class StatusListError(KeysError):
    """A status list is damaged, not signed by whom it must be, or older than one already seen."""


class KeyFileError(KeysError):
    """A private key file cannot be used. The message says which, why, and what to do."""


class SealError(KeysError):
    """Sealed bytes do not open with this key and context."""


class TreeHeadError(KeysError):
    """A signed tree head is damaged or not signed by the device it names."""


@unique
class UpdateCause(StrEnum):
    """Why an update was refused: a closed set of words for the log; the error's text is for people."""

    NOT_PINNED = "not_pinned"
    """Nobody has said yet which root to trust."""
    NOTHING_HELD = "nothing_held"
    """No update has been taken in yet, or nothing of it holds any more."""
    BUSY = "busy"
    """Another update is under way."""
    UNREACHABLE = "unreachable"
    SLOW_RETRIEVAL = "slow_retrieval"
    ENDLESS_DATA = "endless_data"
    NOT_THERE = "not_there"
    """The source lacks a file that signed metadata name."""
    NO_METADATA = "no_metadata"
    """Bytes that are no TUF metadata, such as an error page."""
    TOO_FEW_SIGNATURES = "too_few_signatures"
    OTHER_AUTHORITY = "other_authority"
    """The repository follows from another root than ours."""
    ROOT_MISSING = "root_missing"
    """The repository lacks a root between ours and its own."""
    EXPIRED = "expired"
    """Signed metadata past their expiry: old ones that are shown again, or nobody signs any more."""
    ROLLBACK = "rollback"
    MIX_AND_MATCH = "mix_and_match"
    """Files of different publications."""
    FUTURE_DATED = "future_dated"
    WRONG_CONTENT = "wrong_content"
    """A file that is not the one its metadata name: damaged, or exchanged; also what a source has in its place."""
    NOT_ADMITTED = "not_admitted"
    """A region that is carried here, and that the repository does not recognise."""
    NOT_ITS_OWN = "not_its_own"
    """A region that publishes what belongs to another."""
    BAD_CONTENT = "bad_content"
    """A genuine file with faulty content."""
    DISK = "disk"
    """Our own disk is full or broken."""


class UpdateError(KeysError):
    """An update is refused, or nothing verified is there. The message says what, where, and what to do."""

    def __init__(self, cause: UpdateCause, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class FetchError(UpdateError):
    """A source cannot be read, or sends what nobody asked for."""


class NotThereError(FetchError):
    """The source has no such file; other files may well be there."""

    def __init__(self, message: str) -> None:
        super().__init__(UpdateCause.NOT_THERE, message)
