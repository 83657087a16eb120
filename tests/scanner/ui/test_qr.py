"""QR codes in a terminal are read by a real decoder."""

from __future__ import annotations

import numpy as np
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.ui import qr
from tests.scanner.ui.scripted_engine import HEAD

_BLOCKS = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def photographed(lines: tuple[str, ...], *, ascii_only: bool) -> np.ndarray:
    """What a camera sees of the lines, drawn dark on light, in a window that is light too."""
    if ascii_only:
        rows = [[character == "#" for character in line[::2]] for line in lines]
    else:
        rows = [[_BLOCKS[character][half] for character in line] for line in lines for half in (0, 1)]
    modules = np.array(rows, np.uint8)
    return np.pad(np.kron(255 - 255 * modules, np.ones((4, 4), np.uint8)), 12, constant_values=255)


def read(lines: tuple[str, ...], *, ascii_only: bool = False) -> str:
    found = zxingcpp.read_barcodes(photographed(lines, ascii_only=ascii_only))
    assert len(found) == 1
    return found[0].text


def test_the_logs_head_is_read_from_the_screen() -> None:
    assert read(qr.draw(HEAD, 160, 45, ascii_only=False)) == HEAD


def test_the_logs_head_is_read_from_a_text_console() -> None:
    assert read(qr.draw(HEAD, 160, 80, ascii_only=True), ascii_only=True) == HEAD


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80))
def test_whatever_is_drawn_is_read_back(text: str) -> None:
    assert read(qr.draw(text, 200, 100, ascii_only=False)) == text


def test_a_code_that_does_not_fit_is_not_drawn_in_part() -> None:
    assert qr.draw(HEAD, 80, 24, ascii_only=False) == ()
    assert qr.draw("x" * 5000, 999, 999, ascii_only=False) == ()
    assert qr.draw("", 160, 45, ascii_only=False) == ()
