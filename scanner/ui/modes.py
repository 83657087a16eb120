"""Which of three screens stands at a lane."""

from __future__ import annotations

from enum import StrEnum, unique

from scanner.values import SiteKind


@unique
class Mode(StrEnum):
    """Who looks at the screen."""

    GUARD = "guard"
    HIGHWAY = "highway"
    """An officer who checks vehicles."""
    KIOSK = "kiosk"
    """The visitors themselves; nobody attends."""


def mode_of(site: SiteKind) -> Mode:
    """Return the screen for a kind of site where nobody has chosen one. A kiosk is always chosen."""
    return Mode.HIGHWAY if site is SiteKind.HIGHWAY else Mode.GUARD
