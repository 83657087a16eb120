"""The camera's picture in half-blocks."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from firmware_bridge.values import LinkState
from scanner.control.messages import Outline, OutlineKind, Preview
from scanner.locale import Texts
from scanner.sight.hints import Hint
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


def test_a_lane_without_a_camera_says_where_codes_are_read() -> None:
    lane = says.lane("waiting").model_copy(update={"camera": None, "reader": LinkState.UP})
    finder = Viewfinder()
    strips = finder.paint(replace(scene_of(WIDE), view=says.view(lane)), 40, 13)
    lines = ["".join(segment.text for segment in strip).strip() for strip in strips]
    assert lines[0] == "Reader up"
    assert "codes are read at the reader" in lines


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


@pytest.mark.parametrize(
    ("kind", "letter"), [(OutlineKind.CODE, "O"), (OutlineKind.FOREIGN, "X"), (OutlineKind.UNREAD, "?")]
)
def test_outlines_are_told_apart_without_colour(kind: OutlineKind, letter: str) -> None:
    drawn = "".join(painted(says.preview(kind=kind), terminal=POOR)[1:])
    assert drawn.count(letter) >= 8
    assert all(other not in drawn for other in "OX?" if other != letter)


def test_outlines_differ_in_colour_and_in_shape() -> None:
    grounds = [NORMAL.colours[role][1] for role in (Role.OUTLINE, Role.OUTLINE_FOREIGN, Role.OUTLINE_UNREAD)]
    assert len(set(grounds)) == 3
    marks = {
        kind: sum(line.count(letter) for line in painted(says.preview(kind=kind), terminal=POOR)[1:])
        for kind, letter in zip(OutlineKind, "OX?", strict=True)
    }
    assert marks[OutlineKind.UNREAD] < marks[OutlineKind.CODE] < marks[OutlineKind.FOREIGN]


def hinted(hint: str | None, height: int, language: str = "en") -> list[str]:
    finder = Viewfinder()
    finder._preview = says.preview(kind=OutlineKind.UNREAD)
    lane = says.WAITING.lanes[0].model_copy(update={"hint": hint})
    scene = replace(scene_of(WIDE), view=says.view(lane), texts=Texts.load(language))
    strips = finder.paint(scene, 18 if height < 8 else 40, height)
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def test_a_hint_stands_below_the_picture() -> None:
    lines = hinted("hint.turn_up_screen", 13)
    assert lines[0].strip().startswith("Camera")
    assert lines[-1].strip() == Texts.load("en").get("sight.turn_up_screen")


def test_in_little_room_the_hint_takes_the_place_of_the_title() -> None:
    lines = hinted("hint.cut_off", 5)
    assert lines[0].strip() == Texts.load("en").get("sight.cut_off")
    assert len(lines) == 5


@pytest.mark.parametrize("hint", [None, "hint.measure", "hint.gate_failed"])
def test_what_has_nothing_to_do_with_the_picture_is_not_said_below_it(hint: str | None) -> None:
    assert hinted(hint, 13)[0].strip().startswith("Camera")
    assert "fps" in hinted(hint, 13)[0] or "30" in hinted(hint, 13)[0]


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW", "en"])
def test_every_hint_about_the_picture_has_short_words_that_fit_the_smallest_screen(language: str) -> None:
    for hint in (*Hint, "not_a_code"):
        (title, *_) = hinted(f"hint.{hint}", 5, language)
        assert title.strip() == Texts.load(language).get(f"sight.{hint}")
        assert cell_len(title) <= 18


def test_another_lanes_picture_is_not_shown() -> None:
    words = Texts.load("en").get("screen.no_picture")
    assert any(words in line for line in painted(says.preview("other")))
