"""SMART Health Cards in several codes: `shc:/C/N/` + digits, shown one after another, in any order.

A part names neither its card nor its neighbours; only the signature over the whole says that parts belong together.
Parts of two cards, put together, are therefore no card, and are refused as any other broken one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

from keys.errors import MalformedError, RefusedError
from keys.reasons import Reason

PREFIX: Final = "shc:/"
MAX_PARTS: Final = 64
"""The framework sets no limit; its tools' own tests have a card of one code cut into 17."""
MAX_PART_DIGITS: Final = 2 * 1191
"""Of a part, and of a card in one code twice 1,195 (framework, "Chunking larger health cards")."""
MAX_WHOLE_DIGITS: Final = 16 * MAX_PART_DIGITS
"""Of a card put together. In one code the framework allows 2,390, which issuers exceed."""
MAX_TEXT: Final = len(PREFIX) + MAX_WHOLE_DIGITS
_PART = re.compile(r"shc:/(\d{1,3})/(\d{1,3})/(\d+)", re.ASCII)
_WHOLE = re.compile(r"shc:/(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """One code of several."""

    number: int
    """From 1."""
    of: int
    digits: str = field(repr=False)


def is_card(text: str) -> bool:
    """Whether a text means to be a health card or a part of one."""
    return text.lstrip()[:4].lower() == "shc:"


def read_part(text: str) -> Part | None:
    """Return which part a text is; None for one that is whole by itself. Raises MalformedError for neither."""
    found = _PART.fullmatch(text)
    if found is None:
        if _WHOLE.fullmatch(text) is None:
            raise MalformedError("health card whose head or digits are damaged")
        return None
    number, of, digits = int(found[1]), int(found[2]), found[3]
    if not 1 <= number <= of <= MAX_PARTS:
        raise MalformedError(f"part {number} of {of} of a health card, which has at most {MAX_PARTS}")
    if of > 1 and len(digits) > MAX_PART_DIGITS:
        raise MalformedError(f"part of a health card with {len(digits)} digits, at most {MAX_PART_DIGITS} are allowed")
    return Part(number, of, digits) if of > 1 else None


def digits_of(text: str) -> str:
    """Return the digits of a card that is whole in one text. Raises RefusedError for a part of one, and for neither."""
    if (part := read_part(text)) is not None:
        raise RefusedError(Reason.CODE_INCOMPLETE, f"part {part.number} of {part.of} of a health card")
    digits = text.rsplit("/", 1)[-1]
    if len(digits) > MAX_WHOLE_DIGITS:
        raise MalformedError(f"health card of {len(digits)} digits in one code")
    return digits


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one card that have been shown so far. Immutable: `joined` returns the next state."""

    held: tuple[Part, ...] = ()

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of the parts not shown yet; empty when nothing is begun, or everything there."""
        shown = {part.number for part in self.held}
        return tuple(n for n in range(1, self.held[0].of + 1) if n not in shown) if self.held else ()

    @property
    def whole(self) -> str | None:
        """The digits of the whole card; None while parts are missing."""
        if not self.held or self.missing:
            return None
        return "".join(part.digits for part in sorted(self.held, key=lambda part: part.number))

    def joined(self, part: Part) -> Parts:
        """Return the parts with one more. One that contradicts those held is of another card, and begins anew."""
        if any(held.of != part.of or (held.number == part.number and held != part) for held in self.held):
            return Parts((part,))
        if part in self.held:
            return self
        return replace(self, held=(*self.held, part))
