"""A plate while it is typed: with an input method, or with letters, digits and a short picker. Pure.

Most vehicles are of the site's own province, so its character stands there already; a letter begins with it at once.
Characters that no keyboard has are picked by one key each from a list that opens with the space bar: provinces at the
beginning, kinds of plates at the end.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Final

from scanner.plates import EMBASSY, ENDINGS, PROVINCES, is_new_energy, is_plate, spelled

PICK_KEYS: Final = "1234567890ABCDEFGHIJKLMNOPQRSTUVW"
"""One for each entry of the longest list: 31 provinces, embassies, and plates without a character."""
LONGEST: Final = 9
"""Characters of a plate; WJ, a province and five more are the most."""
_ENDS_AT: Final = 6
"""From so many characters on, the list offers kinds of plates instead of provinces."""


@dataclass(frozen=True, slots=True)
class PlateTyping:
    """What has been typed so far."""

    home: str = ""
    """The site's own province; empty: nobody knows it."""
    text: str = ""
    """In one spelling; the province with it."""
    bare: bool = False
    """No province stands first: an armed police's or a military plate."""
    picking: bool = False
    """The list is open."""

    @property
    def begun(self) -> bool:
        """Whether anything has been typed."""
        return bool(self.text) or self.picking or self.bare

    @property
    def possible(self) -> bool:
        """Whether this is a plate."""
        return is_plate(self.text)

    @property
    def new_energy(self) -> bool:
        """Whether it is the plate of a new-energy vehicle."""
        return is_new_energy(self.text)

    @property
    def full(self) -> bool:
        """Whether nothing can follow."""
        return len(self.text) >= LONGEST

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Return what the list offers: keys, and the character of each; an empty one stands for none."""
        if len(self.text) >= _ENDS_AT:
            offered = [*ENDINGS, EMBASSY]
        else:
            offered = [*self.home, *(one for one in PROVINCES if one != self.home), EMBASSY, ""]
        return tuple(zip(PICK_KEYS, offered, strict=False))

    def typed(self, character: str) -> PlateTyping:
        """Return the plate with one more key typed; keys that mean nothing here change nothing."""
        key = unicodedata.normalize("NFKC", character).upper()
        if key == " ":
            return replace(self, picking=not self.picking)
        if self.picking:
            for choice, offered in self.choices():
                if choice == key:
                    return self._picked(offered)
        if len(key) != 1 or not ((key.isascii() and key.isalnum()) or key in PROVINCES + EMBASSY + ENDINGS):
            return self
        if self.full:
            return self
        begins = not self.text and not self.bare and key.isascii() and key.isalpha()
        return replace(self, text=spelled((self.home if begins else "") + self.text + key), picking=False)

    def _picked(self, offered: str) -> PlateTyping:
        if not offered:
            return PlateTyping(self.home, bare=True)
        if len(self.text) >= _ENDS_AT:
            return self if self.full else replace(self, text=self.text + offered, picking=False)
        if offered == EMBASSY:
            return PlateTyping(self.home, EMBASSY)
        # Another province in the place of the one that stands there.
        rest = self.text[1:] if self.text[:1] in [*PROVINCES, EMBASSY] else self.text
        return PlateTyping(self.home, offered + rest)

    def erased(self) -> PlateTyping:
        """Return the plate without the last key."""
        if self.picking:
            return replace(self, picking=False)
        if not self.text:
            return PlateTyping(self.home)
        text = self.text[:-1]
        return PlateTyping(self.home) if text == self.home else replace(self, text=text)
