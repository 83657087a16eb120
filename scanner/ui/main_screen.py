"""The guard's one screen: its parts, its keys, and how its rows are shared out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

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
        super().__init__(Viewfinder())
        self._header, self._panel = Header(), ResultPanel()
        self._middle = Horizontal()
        self._gauge, self._last = TemperatureGauge(), LastPassages()
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

    def paint(self, scene: Scene) -> None:
        """Show `scene` on every part."""
        for part in self._parts:
            part.show(scene)

    def share_rows(self, scene: Scene) -> None:
        """Give each part its rows and columns."""
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
