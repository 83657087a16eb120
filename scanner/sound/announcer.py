"""Sound for a screen: tell it each view, and what is new is heard, or rung by the terminal's bell.

It costs its caller microseconds: rendering and playing happen in the player's thread.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Final

from scanner.config.model import SoundSection
from scanner.control.messages import DegradationView, View
from scanner.sound.player import Player
from scanner.sound.tones import STROKES, Tone
from scanner.sound.turns import Piece
from scanner.sound.vocabulary import Announcement, Memory, announce, announce_outage
from scanner.sound.volume import Volume

LOST: Final = "sound_lost"
"""Key of the words for the screen, under `degraded`."""


def volume(section: SoundSection) -> Volume:
    """Return the volumes of a configuration."""
    night_from, night_to = dt.time.fromisoformat(section.night_from), dt.time.fromisoformat(section.night_to)
    return Volume(section.day_volume, section.night_volume, night_from, night_to)


def strokes(announcement: Announcement) -> int:
    """Return how often the bell rings for an announcement; words alone have no bell."""
    return max((STROKES[one] for one in announcement.utterances if isinstance(one, Tone)), default=0)


class Announcer:
    """What is heard of one engine, once it has been started.

    Args:
        section: the configuration's `[sound]`.
        zone: the site's time zone, for night; None: the machine's own.
        ring: called with a number of strokes where sound does not work, mostly in another thread.
        here: whether this machine's loudspeaker is where the screen is; otherwise only the bell rings.
        clock: monotonic seconds.
        path: where to look for programs that play; None: the PATH.

    """

    def __init__(
        self,
        section: SoundSection,
        *,
        zone: dt.tzinfo | None,
        ring: Callable[[int], object],
        here: bool = True,
        clock: Callable[[], float] = time.monotonic,
        path: str | None = None,
    ) -> None:
        self._section = section
        self._clock = clock
        self._memory = Memory()
        self._ring = ring
        self._player: Player | None = None
        if section.enabled and here:
            loud = volume(section)
            self._player = Player(
                section.device,
                percent=lambda: loud.at(dt.datetime.now(zone).time()),
                unplayed=self._unplayed,
                path=path,
            )

    def start(self) -> None:
        """Begin to play."""
        if self._player is not None:
            self._player.start()

    def hear(self, view: View, language: str) -> None:
        """Let what is new in a view be heard; prompts in `language` where the configuration names none."""
        self._memory, news = announce(self._memory, view, self._clock(), self._section.voice)
        for one in news:
            self._play(one, language)

    def engine_gone(self, language: str) -> None:
        """Let it be heard that the engine does not answer any more."""
        self._play(announce_outage(self._memory, self._section.voice), language)

    def told(self, view: View) -> View:
        """Return the view with lost sound among what is degraded."""
        if not self.lost:
            return view
        fault = DegradationView(code=LOST, lane=None, detail=self.detail, since=view.now)
        return view.model_copy(update={"degraded": (*view.degraded, fault)})

    @property
    def lost(self) -> bool:
        """Whether sound has been lost: it worked, or a device is named in the configuration, and it does not work now.

        A machine that never had any is not told so at every glance; the doctor says it.
        """
        player = self._player
        return player is not None and player.fault is not None and (player.worked or self._section.device is not None)

    @property
    def detail(self) -> str:
        """Why, in the words of the program that plays."""
        fault = None if self._player is None else self._player.fault
        return "" if fault is None else fault.detail

    def close(self) -> None:
        """Fall silent."""
        if self._player is not None:
            self._player.close()

    def _play(self, announcement: Announcement, language: str) -> None:
        piece = Piece(announcement, self._section.languages or (language,))
        if self._player is not None:
            self._player.play(piece)
        elif self._section.enabled:
            self._unplayed(piece)

    def _unplayed(self, piece: Piece) -> None:
        count = strokes(piece.announcement)
        if count:
            self._ring(count)
