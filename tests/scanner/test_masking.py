"""What a screen shows of a name that staff typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.masking import NAME_BYTES
from scanner.masking import masked_name


@pytest.mark.parametrize(
    ("typed", "shown"),
    {
        "张三丰": "张**",
        "欧阳娜娜": "欧阳**",
        "歐陽修": "歐陽*",
        "John Smith": "Smith *",
        "Sukarno": "S***",
        " 李\u200b雷 ": "李*",
        "": "*",
        "\x00\x1b": "*",
        ",": "*",
    }.items(),
)
def test_a_typed_name_is_shown_as_surname_and_stars(typed: str, shown: str) -> None:
    assert masked_name(typed) == shown


@given(st.text(max_size=200))
def test_whatever_is_typed_is_masked_printable_and_short(typed: str) -> None:
    shown = masked_name(typed)
    assert "*" in shown
    assert shown.isprintable()
    assert len(shown.encode()) <= NAME_BYTES
    assert shown != " ".join(typed.split()) or "*" in typed
