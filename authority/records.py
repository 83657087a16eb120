"""What the register's lines say: codes, lists, and the audit of who ordered what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from authority.errors import RequestError
from keys.verdict import Carrier, Colour

_LONGEST: Final = 200
"""As long as a trust list lets the reason of a revocation be."""
AT_ONCE_S: Final = 5
"""Seconds that publications made one upon the other may be dated ahead of the clock, each a second after the last."""


@unique
class Act(StrEnum):
    """What an audit line tells of."""

    ISSUE = "issue"
    SET_COLOUR = "set-colour"
    REVOKE = "revoke"
    ADD_KEY = "add-key"
    REVOKE_KEY = "revoke-key"
    UNSEAL = "unseal"
    FOUND = "found"
    ADMIT = "admit"
    EXPEL = "expel"
    ROTATE = "rotate"
    RENEW = "renew"
    SIGN = "sign"
    FINISH = "finish"
    SET_ORDER = "set-order"
    RETIRE = "retire"


@dataclass(frozen=True, slots=True)
class Order:
    """Who ordered something and why; both go into the audit and neither may be empty."""

    by: str
    """The officer or office."""
    reason: str

    def __post_init__(self) -> None:
        for what, text in (("Who ordered it", self.by), ("The reason", self.reason)):
            if not text.strip() or len(text) > _LONGEST or not text.isprintable():
                raise RequestError(f"{what} must be given, in one line of at most {_LONGEST} characters.")


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the audit."""

    at: int
    act: Act
    subject: str
    before: str | None
    after: str | None
    order: Order


@dataclass(frozen=True, slots=True)
class RegisteredCode:
    """What the register knows of one code."""

    list_number: int
    index: int
    person: bytes
    """A keyed tag, 32 bytes."""
    carrier: Carrier
    colour: Colour
    issued_at: int
    expires_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class RegisteredList:
    """One status list of the register."""

    number: int
    entries: int
    issued: int
    published_at: int | None
    """The `iat` of its newest publication."""
