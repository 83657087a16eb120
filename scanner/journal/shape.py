"""Shapes of single fields in an entry, for writing and for strict reading alike.

Each shape takes what a caller or a decoded map holds and returns it with its exact type, or raises EntryError
naming the field. The text shapes are narrow on purpose: what they let through cannot spell a person's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import TypeVar

from scanner.journal.errors import EntryError

UINT_MAX = (1 << 63) - 1
"""SQLite's and most readers' largest integer."""
_KEY = re.compile(r"[a-z0-9_.\-]{1,48}")
_IDENTIFIER = re.compile(r"[A-Za-z0-9:/._+\-]{1,128}")
_LANE = re.compile(r"[a-z0-9-]{0,16}")
_SENTENCE = re.compile(r"[ -~]{1,200}")
_STAFF = re.compile(r"[A-Za-z0-9-]{1,16}")

I = TypeVar("I", bound=IntEnum)  # noqa: E741 — the usual letter for an integer enum here
S = TypeVar("S", bound=StrEnum)


def uint(value: object, name: str, limit: int = UINT_MAX) -> int:
    """Take an unsigned integer up to `limit`."""
    if type(value) is not int or not 0 <= value <= limit:
        raise EntryError(f"{name} must be a number from 0 to {limit}")
    return value


def integer(value: object, name: str) -> int:
    """Take a signed integer of at most 63 bits."""
    if type(value) is not int or not -UINT_MAX <= value <= UINT_MAX:
        raise EntryError(f"{name} must be an integer")
    return value


def flag(value: object, name: str) -> bool:
    """0 or 1 on the wire."""
    return uint(value, name, 1) == 1


def binary(value: object, name: str, length: int) -> bytes:
    """Take a byte string of exactly `length` bytes."""
    if type(value) is not bytes or len(value) != length:
        raise EntryError(f"{name} must be {length} bytes")
    return value


def _text(pattern: re.Pattern[str], what: str) -> Callable[[object, str], str]:
    def shape(value: object, name: str) -> str:
        if type(value) is not str or not pattern.fullmatch(value):
            raise EntryError(f"{name} must be {what}")
        return value

    return shape


key = _text(_KEY, "a key of lower-case letters, digits, '_', '.' and '-' (free text belongs in the sealed part)")
identifier = _text(_IDENTIFIER, "an identifier of at most 128 plain characters")
lane = _text(_LANE, "a lane's name, or empty")
staff = _text(_STAFF, "a staff number of at most 16 letters, digits and '-'")

sentence = _text(_SENTENCE, "a sentence of at most 200 plain characters")
"""Our own words on what a machine sent, in plain ASCII; never what a person is called or typed."""


def spoken(text: str) -> str:
    """`text` cut and bent to what `sentence` takes."""
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in text)
    return plain[:200] or "?"


def loggable(text: str | None) -> str | None:
    """`text` where it may stand in an entry as an identifier, else None: for names that an unproved code claims."""
    return text if text is not None and _IDENTIFIER.fullmatch(text) else None


def member(kind: type[I], value: object, name: str) -> I:
    """Take a member of a closed enum of integers."""
    if type(value) is kind:
        return value
    if type(value) is int:
        try:
            return kind(value)
        except ValueError:
            pass
    raise EntryError(f"{name} must be one of {', '.join(str(int(one)) for one in kind)}")


def word(kind: type[S], value: object, name: str) -> S:
    """Take a member of a closed enum of words."""
    if type(value) is kind:
        return value
    if type(value) is str:
        try:
            return kind(value)
        except ValueError:
            pass
    raise EntryError(f"{name} is no word of {kind.__name__}")
