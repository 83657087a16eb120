"""Everything the screen shows at one moment: a frozen value, painted by widgets that know nothing else.

A scene is replaced by the next and referenced nowhere else, so a person's masked name is gone from the screen's
memory once the result has cleared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import Enum, unique

from scanner.control.messages import Hello, LaneView, ResultView, View
from scanner.locale import Texts
from scanner.ui.terminal import Terminal
from scanner.ui.themes import Theme

SILENT_S = 5.0
"""An engine says something at least once a second; after this long without a word the screen says so."""


Person = tuple[str, int, int | None]
"""What tells one person's result from the next: lane, time and journal number."""


@unique
class Absence(Enum):
    """Why there is no engine to show."""

    CONNECTING = "connecting"
    """The first attempt is under way."""
    GONE = "gone"
    MISMATCH = "mismatch"
    """It speaks another version of the protocol."""


@dataclass(frozen=True, slots=True)
class Outage:
    """There is no engine to show."""

    absence: Absence
    gone_s: float = 0.0
    """Seconds since the connection was lost, or since the screen began."""
    retry_s: float = 0.0
    """Seconds until the next attempt."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the screen."""

    texts: Texts
    theme: Theme
    terminal: Terminal
    zone: tzinfo | None
    """Of the site; None: the machine's own."""
    allow_quit: bool
    outage: Outage | None
    hello: Hello | None = None
    view: View | None = None
    lane_index: int = 0
    elapsed: float = 0.0
    """Seconds since `view` arrived."""
    message: str = ""
    """What the last command came to, for a few seconds."""

    @property
    def lane(self) -> LaneView | None:
        """The lane shown."""
        if self.view is None or not self.view.lanes:
            return None
        return self.view.lanes[min(self.lane_index, len(self.view.lanes) - 1)]

    @property
    def lane_now(self) -> LaneView | None:
        """The lane shown, while there is an engine that says so."""
        return self.lane if self.outage is None else None

    @property
    def result(self) -> ResultView | None:
        """The result before the guard on the lane shown."""
        return self.lane.result if self.lane else None

    @property
    def person(self) -> Person | None:
        """Whose result is shown; None without one."""
        lane = self.lane
        if lane is None or lane.result is None:
            return None
        return lane.name, lane.result.at, lane.result.seq

    @property
    def now(self) -> int | None:
        """The engine's time, carried on by this screen's own clock between views."""
        return None if self.view is None else self.view.now + int(self.elapsed)

    @property
    def silent(self) -> bool:
        """Whether the engine is connected and says nothing."""
        return self.outage is None and self.view is not None and self.elapsed >= SILENT_S

    def say(self, key: str, **parameters: str | int | float) -> str:
        """Return a text of the screen's own section of the locale."""
        return self.texts.get(f"screen.{key}", **parameters)

    def local(self, epoch: int) -> datetime:
        """Return seconds since 1970 as the site's local time."""
        moment = datetime.fromtimestamp(epoch, UTC)
        return moment.astimezone(self.zone)
