"""The guard's one screen: its parts, its keys, and how its rows are shared out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Resize
from textual.widget import Widget

from scanner.control.messages import Preview
from scanner.ui.bars import Header, KeyBar, StatusBar
from scanner.ui.face import Face
from scanner.ui.gauges import LastPassages, TemperatureGauge
from scanner.ui.keys import KEYS
from scanner.ui.painted import Painted
from scanner.ui.panel import ResultPanel
from scanner.ui.plan import plan
from scanner.ui.scene import Scene
from scanner.ui.viewfinder import Viewfinder


class MainScreen(Face, inherit_bindings=False):
    """Paints scenes. Its keys belong to this screen alone, so that they do nothing while a dialog is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority they are obeyed in the order of typing, also when a key opens a dialog for those after it.
        *(Binding(key.pressed, f"app.{key.action}", show=False, priority=True) for key in KEYS),
        Binding("shift+tab,left", "app.next_lane(-1)", show=False, priority=True),
    ]
    CSS = """
    MainScreen { layout: vertical; overflow: hidden; }
    Horizontal > * { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._scene: Scene | None = None
        self._header, self._panel = Header(), ResultPanel()
        self._middle = Horizontal()
        self._gauge, self._viewfinder, self._last = TemperatureGauge(), Viewfinder(), LastPassages()
        self._status, self._keys = StatusBar(), KeyBar()
        self._parts: tuple[Painted, ...] = (
            self._header,
            self._panel,
            self._gauge,
            self._viewfinder,
            self._last,
            self._status,
            self._keys,
        )

    def compose(self) -> ComposeResult:
        """Lay the parts out from top to bottom."""
        yield self._header
        yield self._panel
        with self._middle:
            yield self._gauge
            yield self._viewfinder
            yield self._last
        yield self._status
        yield self._keys

    def show(self, scene: Scene) -> None:
        """Paint `scene`."""
        self._scene = scene
        if not self.is_mounted:
            return
        self._share_out(scene)
        for part in self._parts:
            part.show(scene)

    def look(self, preview: Preview | None) -> None:
        """Show another camera picture, or none."""
        if self.is_mounted:
            self._viewfinder.look(preview)

    def on_resize(self, event: Resize) -> None:  # noqa: ARG002
        """Share the rows out anew; the parts repaint themselves when their size changes."""
        if self._scene is not None:
            self._share_out(self._scene)

    def _share_out(self, scene: Scene) -> None:
        width, height = self.size
        shares = plan(width, height, StatusBar.wanted_rows(scene, width))
        rows: tuple[tuple[Widget, int], ...] = (
            (self._header, shares.header),
            (self._panel, shares.panel),
            (self._middle, shares.middle),
            (self._status, shares.status),
            (self._keys, shares.keys),
        )
        share_out(rows, ((self._gauge, shares.gauge_columns), (self._viewfinder, shares.viewfinder_columns)))


def share_out(rows: Sequence[tuple[Widget, int]], columns: Sequence[tuple[Widget, int]]) -> None:
    """Give each widget its rows, none of them hiding it, and its columns; what stays the same is left alone."""
    for widget, share in rows:
        if widget.display != bool(share):
            widget.display = bool(share)
        if share and _cells(widget.styles.height) != share:
            widget.styles.height = share
    for widget, share in columns:
        if _cells(widget.styles.width) != share:
            widget.styles.width = share


def _cells(scalar: object) -> float | None:
    """Return a fixed length in cells, None for any other kind."""
    return getattr(scalar, "cells", None)
