"""Two themes. A role says what a piece of the screen means; a theme gives it a pair of colours with enough contrast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType

from rich.style import Style


@unique
class Role(StrEnum):
    """What a piece of the screen means."""

    HEADER = "header"
    HEADER_CURRENT = "header_current"
    """The lane shown, among several."""
    IDLE = "idle"
    """The panel while somebody is waited for."""
    BUSY = "busy"
    """The panel while a person is being measured or recorded."""
    PASS = "pass"
    REFER = "refer"
    STOP = "stop"
    CLOSED = "closed"
    """Out of service, or no engine: nothing is being decided."""
    BODY = "body"
    FAINT = "faint"
    STRONG = "strong"
    STATUS = "status"
    ALERT = "alert"
    """A degradation."""
    KEY = "key"
    """A key's name in the footer."""
    FIELD = "field"
    """What is typed into a dialog."""
    OUTLINE = "outline"
    """The code found, in the camera's picture."""
    OUTLINE_FOREIGN = "outline_foreign"
    """A code that is none of the lane's business."""
    OUTLINE_UNREAD = "outline_unread"
    """What looks like a code and could not be read."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Foreground and background of every role, as #rrggbb."""

    name: str
    colours: Mapping[Role, tuple[str, str]]

    def style(self, role: Role, *, bold: bool = False) -> Style:
        """Return the style of `role`."""
        foreground, background = self.colours[role]
        return Style(color=foreground, bgcolor=background, bold=bold or None)


_WHITE, _BLACK = "#ffffff", "#000000"

NORMAL = Theme(
    "normal",
    MappingProxyType(
        {
            Role.HEADER: ("#dfe7ef", "#1f2a36"),
            Role.HEADER_CURRENT: (_BLACK, "#9fc3e6"),
            Role.IDLE: ("#dfe7ef", "#16324f"),
            Role.BUSY: (_WHITE, "#4a3b84"),
            Role.PASS: (_WHITE, "#0b6e32"),
            Role.REFER: (_BLACK, "#ffb000"),
            Role.STOP: (_WHITE, "#b00020"),
            Role.CLOSED: (_WHITE, "#4b4f55"),
            Role.BODY: ("#dfe7ef", "#10161d"),
            Role.FAINT: ("#9aa7b4", "#10161d"),
            Role.STRONG: (_WHITE, "#10161d"),
            Role.STATUS: ("#c9d3dd", "#1f2a36"),
            Role.ALERT: (_BLACK, "#ffc94d"),
            Role.KEY: (_BLACK, "#9fc3e6"),
            Role.FIELD: (_WHITE, "#10161d"),
            Role.OUTLINE: (_BLACK, "#35e07a"),
            Role.OUTLINE_FOREIGN: (_BLACK, "#ff8a5c"),
            Role.OUTLINE_UNREAD: (_BLACK, "#ffd24d"),
        }
    ),
)

HIGH_CONTRAST = Theme(
    "contrast",
    MappingProxyType(
        {
            Role.HEADER: (_WHITE, _BLACK),
            Role.HEADER_CURRENT: (_BLACK, _WHITE),
            Role.IDLE: (_WHITE, _BLACK),
            Role.BUSY: (_WHITE, _BLACK),
            Role.PASS: (_BLACK, "#3dff8b"),
            Role.REFER: (_BLACK, "#ffe000"),
            Role.STOP: (_WHITE, "#a00000"),
            Role.CLOSED: (_BLACK, _WHITE),
            Role.BODY: (_WHITE, _BLACK),
            Role.FAINT: (_WHITE, _BLACK),
            Role.STRONG: (_WHITE, _BLACK),
            Role.STATUS: (_WHITE, _BLACK),
            Role.ALERT: (_BLACK, "#ffe000"),
            Role.KEY: (_BLACK, _WHITE),
            Role.FIELD: (_BLACK, _WHITE),
            Role.OUTLINE: (_BLACK, "#00ffff"),
            Role.OUTLINE_FOREIGN: (_BLACK, "#ff7070"),
            Role.OUTLINE_UNREAD: (_BLACK, "#ffe000"),
        }
    ),
)

THEMES: Mapping[str, Theme] = MappingProxyType({theme.name: theme for theme in (NORMAL, HIGH_CONTRAST)})
