"""Which codes are in view, and since when: each stays one track, however it flickers, moves or renews itself. Pure.

A track holds no text: what a code says is turned into a tag under a key that lives in memory only, and the tag goes
some seconds after the code has left the picture.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]

GONE_S = 2.0
"""A code not read for this long has left the picture: what flickers is one track."""
NOW_S = 0.5
"""A code read within this time is in view now."""
NAMED_AFTER_S = 2.0
"""A foreign code in view this long is named."""
NAMED_FOR_S = 30.0
"""A foreign code that never moves is named this long: it hangs on a wall, and nobody is showing it."""
MAX_TRACKS = 64
"""Codes followed at once; what was not seen for the longest time goes first, and hostile pictures hold thousands."""
STILL = 0.25
"""A code that has stayed within this share of its own size is still."""
STILL_FOR_S = 1.0


@dataclass(slots=True)
class Track:
    """One code over time. Seconds are monotonic, places are pixels."""

    tag: bytes
    foreign: bool
    """Whether the lane has nothing to do with it: a poster, a payment code."""
    first_seen: float
    last_seen: float
    corners: tuple[Point, ...] = ()
    served: bool = False
    """Whether it has had its passage."""
    rested_at: Point | None = None
    rested_since: float = 0.0

    def still(self, at: float) -> bool:
        """Whether it has hardly moved for a while."""
        return at - self.rested_since >= STILL_FOR_S

    def moved_to(self, corners: Sequence[Point], at: float) -> None:
        """Note where it was read at `at`."""
        self.last_seen = at
        if not corners:
            return
        self.corners = tuple(corners)
        centre = _centre(corners)
        if self.rested_at is None or math.dist(centre, self.rested_at) > STILL * _size(corners):
            self.rested_at, self.rested_since = centre, at


class Tracks:
    """The codes in view of one camera. Not thread-safe: one owner."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)
        self._tracks: dict[bytes, Track] = {}

    def __len__(self) -> int:
        return len(self._tracks)

    def saw(self, name: str, *, foreign: bool, corners: Sequence[Point], at: float) -> Track:
        """Note that a code was read at `at`, and return its track.

        `name` tells one code from another: the identity of a proved code, which stays when a phone renews its
        presentation, or else the text. A foreign code that takes another's place is the same to us: payment codes
        renew themselves every minute.
        """
        self.drop_gone(at)
        tag = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
        track = self._tracks.get(tag)
        if track is None and foreign:
            track = self._replaced(corners, at)
            if track is not None:
                del self._tracks[track.tag]
                track.tag = tag
        if track is None:
            self._make_room()
            track = Track(tag, foreign, at, at)
        self._tracks[tag] = track
        track.foreign = foreign
        track.moved_to(corners, at)
        return track

    def next_in_line(self, at: float) -> Track | None:
        """Return the code in view that has waited longest for its passage; None when none waits."""
        waiting = (one for one in self._tracks.values() if not one.foreign and not one.served)
        return min(
            (one for one in waiting if at - one.last_seen <= NOW_S), key=lambda one: one.first_seen, default=None
        )

    def named(self, at: float) -> Track | None:
        """Return the foreign code to be named as such: alone in view for a while, and not a part of the scenery."""
        now = [one for one in self._tracks.values() if at - one.last_seen <= NOW_S]
        if not all(one.foreign for one in now):
            return None
        for one in now:
            in_view = at - one.first_seen
            if in_view >= NAMED_AFTER_S and (in_view <= NAMED_FOR_S or not one.still(at)):
                return one
        return None

    def forget(self) -> None:
        """Drop all tracks, and the key of their tags."""
        self._tracks.clear()
        self._key = secrets.token_bytes(16)

    def drop_gone(self, at: float) -> None:
        """Forget codes that have left the picture; called now and then also when nothing is read."""
        for tag in [tag for tag, one in self._tracks.items() if at - one.last_seen > GONE_S]:
            del self._tracks[tag]

    def _make_room(self) -> None:
        while len(self._tracks) >= MAX_TRACKS:
            # Of equally old ones the newest comer goes: who has waited keeps the place.
            gone = min(self._tracks.values(), key=lambda one: (one.last_seen, -one.first_seen))
            del self._tracks[gone.tag]

    def _replaced(self, corners: Sequence[Point], at: float) -> Track | None:
        if not corners:
            return None
        centre, size = _centre(corners), _size(corners)
        for one in self._tracks.values():
            # One that is read in this very frame is another code beside it.
            if one.foreign and one.corners and one.last_seen < at:
                near = math.dist(centre, _centre(one.corners)) < size / 2
                if near and 0.5 < size / max(1.0, _size(one.corners)) < 2:
                    return one
        return None


def _centre(corners: Sequence[Point]) -> Point:
    return sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners)


def _size(corners: Sequence[Point]) -> float:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return max(1.0, max(xs) - min(xs), max(ys) - min(ys))
