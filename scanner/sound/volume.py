"""How loud it may be at this time of day. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Volume:
    """Percent by day and by night, and when it is night at the site."""

    day: int
    night: int
    night_from: dt.time
    night_to: dt.time

    def at(self, moment: dt.time) -> int:
        """Return the volume at a local time; a night may reach over midnight, and none is as long as nothing."""
        if self.night_from <= self.night_to:
            night = self.night_from <= moment < self.night_to
        else:
            night = moment >= self.night_from or moment < self.night_to
        return self.night if night else self.day
