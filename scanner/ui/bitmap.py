"""Black-and-white pictures made of characters: two pixels a cell as half-blocks, or plain ASCII."""

from __future__ import annotations

from dataclasses import dataclass

_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_ASCII = {(False, False): " ", (True, False): '"', (False, True): "_", (True, True): "#"}


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Rows of pixels from the top; all rows have the same width. A pixel is one column wide and half a row high."""

    rows: tuple[tuple[bool, ...], ...]

    @property
    def width(self) -> int:
        """Pixels, and so columns."""
        return len(self.rows[0]) if self.rows else 0

    @property
    def height(self) -> int:
        """Pixels; twice the rows of text."""
        return len(self.rows)


def blank(width: int, height: int) -> Bitmap:
    """Return an empty picture of `width` × `height` pixels."""
    return Bitmap(((False,) * width,) * height)


def beside(*pictures: Bitmap) -> Bitmap:
    """Put pictures of one height side by side."""
    return Bitmap(
        tuple(tuple(p for row in rows for p in row) for rows in zip(*(b.rows for b in pictures), strict=True))
    )


def as_text(picture: Bitmap, *, ascii_only: bool) -> tuple[str, ...]:
    """Return `picture` as lines of text, two pixel rows a line; an odd last row is drawn as an upper half."""
    table = _ASCII if ascii_only else _HALVES
    rows = picture.rows if picture.height % 2 == 0 else (*picture.rows, (False,) * picture.width)
    return tuple(
        "".join(table[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
