"""Plain-text goldens of the whole screen: the one place that takes, compares and renews them.

A golden is what the terminal shows, one line a row, trailing spaces cut. After a wanted change renew them with
`UPDATE_GOLDENS=1 pytest tests/scanner/ui` and read the difference before it is committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from rich.style import Style

from scanner.ui.app import GuardScreen

FOLDER = Path(__file__).parent / "goldens"


def screen_text(app: GuardScreen) -> str:
    """Return everything on the screen as text."""
    strips = app.screen._compositor.render_strips()
    return "".join("".join(segment.text for segment in strip).rstrip() + "\n" for strip in strips)


def form_text(app: GuardScreen) -> str:
    """Return what stands on the form alone: whatever the screen behind it shows goes on changing."""
    left, top, width, height = app.screen.query_one("#form").region
    strips = app.screen._compositor.render_strips()[top : top + height]
    return "".join(strip.crop(left, left + width).text.rstrip() + "\n" for strip in strips)


def screen_styles(app: GuardScreen) -> list[tuple[str, Style | None]]:
    """Return every piece on the screen with its style."""
    return [(segment.text, segment.style) for strip in app.screen._compositor.render_strips() for segment in strip]


def matches_golden(app: GuardScreen, name: str, text: Callable[[GuardScreen], str] = screen_text) -> None:
    """Fail unless the screen, or what `text` takes of it, shows exactly what the golden of this name says."""
    path = FOLDER / f"{name}.txt"
    shown = text(app)
    if os.environ.get("UPDATE_GOLDENS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
        return
    assert path.exists(), f"no golden {path}: take it with UPDATE_GOLDENS=1 and look at it"
    assert shown == path.read_text(encoding="utf-8"), f"the screen differs from {path}"
