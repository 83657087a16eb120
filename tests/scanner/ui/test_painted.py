"""Cutting, filling and breaking text by the cells it takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from scanner.ui.painted import ends, fit, pad, wrap

TEXTS = st.text(alphabet=st.sampled_from("ab e·…℃。，：“健康码放行翠\n1"), max_size=60)
WIDTHS = st.integers(min_value=2, max_value=50)


@given(TEXTS, st.integers(min_value=0, max_value=50))
def test_fitted_text_is_never_wider_than_its_place(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) <= width


@given(TEXTS, WIDTHS)
def test_padded_text_fills_its_place_exactly(text: str, width: int) -> None:
    assert cell_len(pad(text, width)) == width


@given(TEXTS, TEXTS, WIDTHS)
def test_two_ends_fill_their_place_exactly(left: str, right: str, width: int) -> None:
    assert cell_len(ends(left, right, width)) == width


@given(TEXTS, WIDTHS)
def test_wrapped_lines_are_never_too_wide_and_lose_no_word(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_what_was_cut_ends_in_an_ellipsis() -> None:
    assert fit("人工核验", 5) == "人工…"


def test_words_are_not_broken_where_they_fit() -> None:
    assert wrap("Measure again with the contact thermometer.", 20) == [
        "Measure again with",
        "the contact",
        "thermometer.",
    ]


def test_a_chinese_line_does_not_begin_with_a_comma() -> None:
    assert wrap("请对方到一旁，等候", 12) == ["请对方到一", "旁，等候"]
