"""What can go wrong in the hub.

    HubError
    ├── SetupError          it cannot start as told     → the message says what to change
    ├── RefusalError        a request is refused        → becomes an answer by RFC 9457 in `hub.problems`
    └── StorageError        what is kept cannot be read or written
        ├── BusyError       … just now                  → 503, the caller tries again
        ├── FullError       … the disk is full          → 503, and an alarm
        └── DamagedError    … not this time or ever     → the hub stops

The caller handles all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, unique


class HubError(Exception):
    """Base of every error this package raises."""


class SetupError(HubError):
    """The hub cannot start like this. The message says what, where, and what to do."""


class StorageError(HubError):
    """The storage failed."""


class BusyError(StorageError):
    """The storage cannot be reached now, or others hold it too long."""


class FullError(StorageError):
    """There is no room; nothing was written."""


class DamagedError(StorageError):
    """The storage is not what this program has written, or newer software has."""


@unique
class Problem(StrEnum):
    """Why a request was refused: `urn:checkpoint:problem:<code>` on the wire, stable."""

    BAD_REQUEST = "bad-request"
    NOT_FOUND = "not-found"
    UNKNOWN_KEY = "unknown-key"
    """No such appliance, or the signature is not by its key."""
    RETIRED = "retired"
    """The appliance was retired or its key revoked."""
    TOKEN_SPENT = "token-spent"
    """The enrolment token is used, expired, or never was."""
    NOT_AN_EXTENSION = "not-an-extension"
    """What was sent contradicts the log as the hub knows it: rolled back, forked or edited."""
    GAP = "gap"
    """What was sent begins after the end of what the hub has."""
    ERASED = "erased"
    """What was sent is known, and was erased by retention since: it cannot be compared any more."""
    WRONG_PROOF = "wrong-proof"
    """The consistency proof that came with entries does not hold."""
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    BUSY = "busy"
    NO_ROOM = "no-room"
    ALLOWANCE = "allowance"
    """The appliance has handed in what it may in one day; it comes back."""
    CREDENTIAL = "credential"
    """No credential, or not one for this."""


@dataclass(frozen=True, slots=True)
class KnownLog:
    """What the hub tells of the log it knows, when it refuses another."""

    size: int
    root: bytes
    """32 bytes."""


class RefusalError(HubError):
    """A request is refused; becomes `application/problem+json`."""

    def __init__(
        self,
        status: int,
        problem: Problem,
        detail: str,
        *,
        known: KnownLog | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.answer = RefusedAnswer(status, problem, detail, known, retry_after)


@dataclass(frozen=True, slots=True)
class RefusedAnswer:
    """What the caller is told."""

    status: int
    problem: Problem
    detail: str
    known: KnownLog | None = field(default=None)
    retry_after: int | None = field(default=None)
    """Seconds."""
