"""What the supervisor's screens show at one moment: a page, and what the engine answered. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique

from scanner.control.duty import LogPage, Report


@unique
class Page(Enum):
    """The pages, in the order of their number keys; the value is the key of the title in the locale."""

    DAY = "page_day"
    LOG = "page_log"
    DEVICES = "page_devices"
    TRUST = "page_trust"
    LOOK = "page_look"


PAGES = tuple(Page)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is shown."""

    until: int
    """When the screens close by themselves, seconds since 1970 UTC."""
    page: Page = Page.DAY
    report: Report | None = None
    log: LogPage | None = None
    scrolled: int = 0
    """Lines of the page that stand above the screen."""
    note: str = ""
    """Why something is missing, in words."""
