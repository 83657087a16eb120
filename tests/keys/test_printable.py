from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.printable import printable


@given(st.text(st.characters()))
def test_whatever_goes_in_can_be_shown_and_written(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("张** 7", "张** 7"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\r\nb", r"a\r\nb"),
        ("\u202egpj", r"\u202egpj"),
        ("\udcff", r"\udcff"),
    ],
)
def test_what_steers_a_terminal_is_spelt_out(text: str, shown: str) -> None:
    assert printable(text) == shown
