"""The camera's picture in half-blocks."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.control.messages import Outline, OutlineKind, Preview
from scanner.locale import Texts
from scanner.ui.scene import Scene
from scanner.ui.terminal import Terminal
from scanner.ui.themes import NORMAL, Role
from scanner.ui.viewfinder import Viewfinder
from tests.scanner.ui import scripted_engine as says
from tests.scanner.ui.conftest import CHINA, POOR, WIDE

MARKER = NORMAL.colours[Role.OUTLINE][1]


def painted(preview: Preview | None, width: int = 40, height: int = 13, terminal: Terminal = WIDE) -> list[str]:
    finder = Viewfinder()
    finder._preview = preview
    strips = finder.paint(scene_of(terminal), width, height)
    assert [strip.cell_length for strip in strips] == [width] * height
    return ["".join(segment.text for segment in strip) for strip in strips]


def scene_of(terminal: Terminal) -> Scene:
    return Scene(
        texts=Texts.load("en"),
        theme=NORMAL,
        terminal=terminal,
        zone=CHINA,
        allow_quit=False,
        outage=None,
        view=says.WAITING,
    )


def test_the_outline_of_the_code_is_drawn_in_its_own_colour() -> None:
    finder = Viewfinder()
    finder._preview = says.preview()
    strips = finder.paint(scene_of(WIDE), 40, 13)
    marked = sum(
        MARKER in {half.name for half in (style.color, style.bgcolor) if half is not None}
        for strip in strips
        for _, style, _ in strip
        if style is not None
    )
    assert marked >= 20


def test_a_text_console_gets_a_picture_of_characters() -> None:
    lines = painted(says.preview(), terminal=POOR)
    assert "".join(lines).isascii()
    assert sum(line.count("O") for line in lines) >= 20


@pytest.mark.parametrize("grey", ["", "!!!!", base64.b64encode(b"\0" * 7).decode()])
def test_a_damaged_picture_is_left_out(grey: str) -> None:
    assert painted(says.preview().model_copy(update={"grey": grey}))[3].strip() == ""


@given(
    st.integers(1, 200),
    st.integers(1, 200),
    st.integers(3, 90),
    st.integers(3, 40),
    st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), max_size=6),
)
def test_any_picture_fits_any_place(
    width: int, height: int, columns: int, rows: int, corners: list[tuple[float, float]]
) -> None:
    grey = base64.b64encode(bytes(range(256)) * (width * height // 256 + 1))
    cut = base64.b64encode(base64.b64decode(grey)[: width * height]).decode()
    outlines = tuple(Outline(kind=kind, corners=tuple(corners)) for kind in OutlineKind)
    preview = Preview(lane="main", width=width, height=height, grey=cut, outlines=outlines)
    painted(preview, columns, rows)


def test_another_lanes_picture_is_not_shown() -> None:
    words = Texts.load("en").get("screen.no_picture")
    assert any(words in line for line in painted(says.preview("other")))
