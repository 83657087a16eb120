"""Takes the pictures of the guard's screen that the documents show: `docs/pictures/*.svg`.

Run by hand from the project's root when the screen has changed, in the development environment:

    python -m docs.make_pictures

The screen is the real one, on a real socket; the engine says what the tests let it say.
"""

from __future__ import annotations

import asyncio
import base64
import re
import tempfile
from datetime import timedelta, timezone
from html import escape
from itertools import groupby
from pathlib import Path

import segno
from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from scanner.control.messages import Outline, OutlineKind, Preview, View
from scanner.ui.app import GuardScreen
from scanner.ui.modes import Mode
from scanner.ui.terminal import Terminal
from tests.scanner.ui import scripted_engine as says
from tests.scanner.ui.highway import says as vehicles
from tests.scanner.ui.kiosk import says as kiosk

FOLDER = Path(__file__).parent / "pictures"
FONTS = "'Noto Sans Mono CJK SC', 'DejaVu Sans Mono', monospace"
COLUMN, ROW = 8, 16
"""Size of a cell; a half-block is then a square."""
HALVES = {"▀": (0, ROW // 2), "▄": (ROW // 2, ROW // 2), "█": (0, ROW)}
"""Top and height of what a block fills of its cell."""
OTHERS: dict[str, tuple[View, tuple[int, int], str, Mode, tuple[str, ...]]] = {
    "highway-plate": (vehicles.IDLE_ASIDE, (80, 24), "zh_CN", Mode.HIGHWAY, tuple("ad12345")),
    "highway-checking": (vehicles.TWO_OF_FOUR, (100, 30), "zh_CN", Mode.HIGHWAY, ()),
    "highway-referred": (vehicles.REFERRED, (100, 30), "zh_CN", Mode.HIGHWAY, ()),
    "highway-released": (vehicles.RELEASED, (160, 45), "zh_CN", Mode.HIGHWAY, ()),
    "kiosk-idle": (kiosk.IDLE, (120, 40), "zh_CN", Mode.KIOSK, ()),
    "kiosk-pass": (kiosk.PASS, (80, 24), "zh_CN", Mode.KIOSK, ()),
    "kiosk-stop": (kiosk.STOP, (80, 24), "zh_CN", Mode.KIOSK, ()),
    "kiosk-stop-en": (kiosk.STOP, (80, 24), "en", Mode.KIOSK, ()),
    "kiosk-closed": (kiosk.PAUSED, (80, 24), "zh_CN", Mode.KIOSK, ()),
}
"""Of the officer's and the kiosk's screens: name → what the engine says, size, language, whose screen, keys."""
PICTURES: dict[str, tuple[View, tuple[int, int], str, str, bool]] = {
    "waiting": (says.WAITING, (160, 45), "zh_CN", "normal", True),
    "hold-still": (says.view(says.lane("waiting", hint="hint.hold_still")), (160, 45), "zh_CN", "normal", True),
    "pass": (says.PASS, (160, 45), "zh_CN", "normal", True),
    "refer": (says.FEVER, (160, 45), "zh_CN", "normal", True),
    "stop": (says.STOP, (160, 45), "zh_CN", "normal", True),
    "stop-80x24": (says.STOP, (80, 24), "zh_CN", "normal", True),
    "refer-en-contrast": (says.REFER, (80, 24), "en", "contrast", True),
    "override": (says.REFER, (80, 24), "zh_CN", "normal", True),
    "degraded": (says.DEGRADED, (80, 24), "zh_TW", "normal", True),
    "text-console": (says.PASS, (80, 24), "en", "contrast", False),
    "foreign": (says.FOREIGN_REFER, (100, 30), "zh_CN", "normal", True),
    "foreign-en": (says.FOREIGN_CARD, (80, 24), "en", "normal", True),
    "several-codes": (says.FAMILY, (80, 24), "zh_CN", "normal", True),
    "hand-over": (says.WAITING, (120, 50), "zh_CN", "normal", True),
    "entry": (says.WAITING, (80, 24), "zh_CN", "normal", True),
    "slip": (says.PASS, (80, 24), "zh_CN", "normal", True),
    "supervisor-day": (says.WAITING, (100, 40), "zh_CN", "normal", True),
}
"""Name → what the engine says, size, language, theme, whether the terminal shows Chinese."""

PRESSED: dict[str, tuple[str, ...]] = {
    "override": ("a", *"0017", "enter", *"4821", "enter", "down"),
    "hand-over": ("s", *"0018", "enter", *"5512"),
    "entry": ("n", *"欧阳娜娜", "enter", *"330106194501011234", "enter", *"13900001111", "enter", *"杭州"),
    "slip": ("v", "1", *"3-502", "enter", "enter", "enter"),
    "supervisor-day": ("f", *"0003", "enter", *"9917", "enter"),
}
"""What is pressed before a picture is taken."""


def camera_picture(width: int = 160, height: int = 90, *, read: bool = True) -> Preview:
    """Draw a phone with a code before a dim wall."""
    modules = [list(row) for row in segno.make("checkpoint", error="m", micro=False).matrix]
    side, left, top = 58, 54, 16
    rows = [[70 + (x + y) // 6 for x in range(width)] for y in range(height)]
    for y in range(top - 10, min(height, top + side + 12)):
        for x in range(left - 6, left + side + 6):
            rows[y][x] = 235
    for y in range(side):
        for x in range(side):
            if modules[y * len(modules) // side][x * len(modules) // side]:
                rows[top + y][left + x] = 10
    right, bottom = (left + side) / width, (top + side) / height
    corners = ((left / width, top / height), (right, top / height), (right, bottom), (left / width, bottom))
    outline = Outline(kind=OutlineKind.CODE if read else OutlineKind.UNREAD, corners=corners)
    grey = base64.b64encode(bytes(value for row in rows for value in row)).decode()
    return Preview(lane="main", width=width, height=height, grey=grey, outlines=(outline,))


async def take(name: str, folder: Path) -> None:
    """Take one picture."""
    view, size, language, theme, wide = PICTURES[name]
    engine = says.ScriptedEngine(folder / "control.sock").start(view)
    engine.answer = says.on_duty
    terminal = Terminal(wide=wide, why="" if wide else "TERM=linux")
    app = GuardScreen(
        engine.path, language, theme=theme, zone=timezone(timedelta(hours=8)), terminal=terminal, clock=lambda: 0.0
    )
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.pause(0.3)
            engine.say(camera_picture(read=name != "hold-still"))
            await pilot.press(*PRESSED.get(name, ()))
            await pilot.pause(0.6)
            drawing = to_svg(app.screen._compositor.render_strips(), size)
    finally:
        engine.stop()
    (FOLDER / f"{name}.svg").write_text(drawing, encoding="utf-8")


async def take_other(name: str, folder: Path) -> None:
    """Take one picture of the officer's or the kiosk's screen."""
    view, size, language, mode, keys = OTHERS[name]
    engine = says.ScriptedEngine(folder / "control.sock").start(view)
    zone = timezone(timedelta(hours=8))
    app = GuardScreen(engine.path, language, zone=zone, mode=mode, province="浙", clock=lambda: 0.0)
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.pause(0.3)
            engine.say(camera_picture())
            await pilot.press(*keys)
            await pilot.pause(0.3)
            drawing = to_svg(app.screen._compositor.render_strips(), size)
    finally:
        engine.stop()
    (FOLDER / f"{name}.svg").write_text(drawing, encoding="utf-8")


def to_svg(strips: list[Strip], size: tuple[int, int]) -> str:
    """Draw a screen. Textual's own exporter squeezes Chinese and leaves gaps between half-blocks."""
    width, height = size[0] * COLUMN, size[1] * ROW
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="{FONTS}" '
        f'font-size="{ROW - 3}" shape-rendering="crispEdges">\n'
    ]
    for row, strip in enumerate(strips):
        column = 0
        for text, style, _ in strip:
            front, back = _colours(style)
            out.append(_box(column, row, cell_len(text), back))
            for kind, run in groupby(text, key=_kind):
                piece = "".join(run)
                if kind in HALVES:
                    top, tall = HALVES[kind]
                    out.append(_box(column, row, len(piece), front, top, tall))
                elif piece.strip():
                    out.append(_words(column, row, piece, front, bold=bool(style and style.bold)))
                column += cell_len(piece)
    return "".join([*out, "</svg>\n"])


def _kind(character: str) -> str:
    """Blocks are drawn; ideographs and Latin are set apart, because they are of different widths."""
    return character if character in HALVES else "wide" if cell_len(character) > 1 else "narrow"


def _colours(style: Style | None) -> tuple[str, str]:
    """Return foreground and background as #rrggbb."""
    front = style.color.get_truecolor().hex if style and style.color else "#ffffff"
    back = style.bgcolor.get_truecolor().hex if style and style.bgcolor else "#000000"
    return front, back


def _box(column: int, row: int, cells: int, colour: str, *extent: int) -> str:
    """Draw so many cells; `extent` is top and height within the row, all of it unless given."""
    top, tall = extent or (0, ROW)
    x, y = column * COLUMN, row * ROW + top
    return f'<rect x="{x}" y="{y}" width="{cells * COLUMN}" height="{tall}" fill="{colour}"/>\n'


def _words(column: int, row: int, text: str, colour: str, *, bold: bool) -> str:
    """Set each word at its own column: browsers agree on nothing about spaces."""
    out: list[str] = []
    weight = ' font-weight="bold"' if bold else ""
    for word in re.finditer(r"[^ ]+", text):
        x = (column + cell_len(text[: word.start()])) * COLUMN
        out.append(
            f'<text x="{x}" y="{row * ROW + ROW - 4}" fill="{colour}"{weight} '
            f'textLength="{cell_len(word[0]) * COLUMN}" lengthAdjust="spacingAndGlyphs">{escape(word[0])}</text>\n'
        )
    return "".join(out)


def main() -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in PICTURES:
            asyncio.run(take(name, Path(folder)))
        for name in OTHERS:
            asyncio.run(take_other(name, Path(folder)))


if __name__ == "__main__":
    main()
