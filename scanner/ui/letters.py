"""The big letters: bitmaps of the few words a guard reads from 3 m, kept as files because a console has no fonts."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from scanner.ui.bitmap import Bitmap, beside, blank

SIZES = (8, 16, 24, 32)
"""Pixels of height; 8 has digits only. The files are made by docs/make_glyphs.py."""
_GAP = {8: 1, 16: 2, 24: 2, 32: 3}
"""Pixels between two Latin letters; an ideograph brings its own margin."""


@cache
def _letters(size: int) -> dict[str, Bitmap]:
    text = files("scanner.ui").joinpath("glyphs", f"{size}.hex").read_text(encoding="ascii")
    return dict(_letter(line, size) for line in text.splitlines())


def _letter(line: str, size: int) -> tuple[str, Bitmap]:
    code, width_text, body = line.split(":")
    width = int(width_text)
    digits = len(body) // size
    rows = (int(body[n : n + digits], 16) for n in range(0, len(body), digits))
    bits = tuple(tuple(bool(row >> (digits * 4 - 1 - x) & 1) for x in range(width)) for row in rows)
    return chr(int(code, 16)), Bitmap(bits)


def has(text: str, size: int) -> bool:
    """Whether every character of `text` but the space can be drawn at `size`."""
    return all(character == " " or character in _letters(size) for character in text)


@cache
def word(text: str, size: int) -> Bitmap:
    """Draw `text`, `size` pixels high; `has` must hold. Never called with anything personal: the picture is kept."""
    letters = _letters(size)
    pictures: list[Bitmap] = []
    for character in text:
        if pictures and ord(character) < 0x2E80:
            pictures.append(blank(_GAP[size], size))
        pictures.append(blank(size // 3, size) if character == " " else letters[character])
    return beside(*pictures) if pictures else blank(0, size)
