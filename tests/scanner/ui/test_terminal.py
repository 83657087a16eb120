"""What a terminal can show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from scanner.ui.terminal import Terminal, detect


@pytest.mark.parametrize(
    "environ",
    [
        {"TERM": "foot", "LANG": "zh_CN.UTF-8"},
        {"TERM": "xterm-256color", "LANG": "en_US.utf8"},
        {"TERM": "tmux-256color", "LC_ALL": "C.UTF-8", "LANG": "zh_CN.GB2312"},
        {"TERM": "xterm-256color"},
        {"TERM": "foot", "LC_ALL": "", "LANG": "zh_TW.UTF-8@radical"},
    ],
)
def test_a_utf8_terminal_shows_chinese(environ: dict[str, str]) -> None:
    assert detect(environ).wide


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"TERM": "linux", "LANG": "zh_CN.UTF-8"}, "TERM=linux"),
        ({"TERM": "linux-16color", "LANG": "zh_CN.UTF-8"}, "TERM=linux-16color"),
        ({"LANG": "zh_CN.UTF-8"}, "TERM=unset"),
        ({"TERM": "xterm", "LANG": "zh_CN.GB18030"}, "LANG=zh_CN.GB18030"),
        ({"TERM": "xterm", "LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "LC_ALL=C"),
        ({"TERM": "xterm", "LC_CTYPE": "C.UTF-8", "LANG": "C"}, "LANG=C"),
        ({"TERM": "xterm", "LANG": "en_US.no-such-charset"}, "LANG=en_US.no-such-charset"),
    ],
)
def test_a_poor_terminal_is_known_and_the_cause_named(environ: dict[str, str], why: str) -> None:
    assert detect(environ) == Terminal(wide=False, why=why)


def test_what_a_poor_terminal_lacks_becomes_a_question_mark() -> None:
    poor = Terminal(wide=False)
    assert poor.shown("张** 36.5 ℃ …3X") == "?** 36.5 C ~3X"
    assert not poor.can_show("翠苑")
    assert poor.can_show("why?")


@given(st.text(st.characters(blacklist_characters="\n")), st.booleans())
def test_control_and_turning_characters_never_reach_a_terminal_and_every_character_keeps_its_cells(
    text: str, wide: bool
) -> None:
    shown = Terminal(wide=wide).shown(text)
    assert shown.isprintable()
    if wide:
        assert cell_len(shown) == sum(map(cell_len, text))
