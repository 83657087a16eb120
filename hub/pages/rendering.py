"""Templates and what they write numbers and times with."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from hub.pages import words
from hub.pages.visitor import Visitor
from hub.values import Finding, Site

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000
_CALENDAR_MS = 253_370_000_000_000
"""Late in the year 9998: an appliance's own clock says what it likes."""


class Rendering:
    """Renders pages in a visitor's language and the hub's time zone."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self._templates = Environment(
            loader=PackageLoader("hub.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self._templates.filters["moment"] = self.moment
        self._templates.filters["number"] = lambda many: f"{many:,}"

    def zone_of(self, site: Site | None) -> ZoneInfo:
        """Return the zone by which a site's hours and days are shown: its own where it is known."""
        if site is None or site.timezone is None:
            return self.zone
        try:
            return ZoneInfo(site.timezone)
        except ZoneInfoNotFoundError:  # another hub's machine knew it
            return self.zone

    def moment(self, milliseconds: int | None) -> str:
        """Write a time; a dash where there is none, or one that no calendar has."""
        if milliseconds is None or not 0 <= milliseconds < _CALENDAR_MS:
            return "—"
        return datetime.fromtimestamp(milliseconds / 1000, self.zone).strftime("%Y-%m-%d %H:%M")

    def page(self, template: str, visitor: Visitor, status: int = 200, **values: object) -> Response:
        """Render a page."""
        language = visitor.language
        texts = words.languages()[language]

        def age(milliseconds: int | None) -> str:
            if milliseconds is None:
                return texts["unknown"]
            passed = max(visitor.now_ms - milliseconds, 0)
            if passed < _MINUTE:
                return texts["age_now"]
            if passed < _HOUR:
                return texts["age_minutes"].format(passed // _MINUTE)
            if passed < 2 * _DAY:
                return texts["age_hours"].format(passed // _HOUR)
            return texts["age_days"].format(passed // _DAY)

        def told(detail: str) -> str:
            found, *numbers = detail.split(" ")
            return texts[f"finding_{found}"].format(*numbers) if found in [*Finding] else detail

        text = self._templates.get_template(template).render(
            t=texts, lang=language, visitor=visitor, age=age, told=told, here=visitor.path, Markup=Markup, **values
        )
        return HTMLResponse(text, status)
