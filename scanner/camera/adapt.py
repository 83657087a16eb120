"""Exposure and gain that follow the light, for codes on screens and on paper. Pure: brightness in, settings out.

A person walks with the code in the hand, so motion blur is the enemy: exposure stays at or below `SHARP_US` as long as
gain can make up for it, is lengthened last, and shortened first. What counts is the code's own area while codes are
read, otherwise the region where people hold the phone. A bright phone in a dark place is blown out although the
picture as a whole is dark: where something is blown out and nothing has been read for a moment, a darker look is tried
for a second, kept while it reads codes, and taken back otherwise.

Cameras answer some frames late and no two alike, so each step is bounded, is followed by a pause, and nothing is done
while the brightness lies within a wide band.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from scanner.camera.frame import Box, Grey

SHARP_US: Final = 4000
"""1/250 s: a phone at 0.3 m/s, 30 cm away, smears over 4.4 px of a picture 1280 px and 60° wide; 5 is the end."""
LONGEST_US: Final = 16_000
"""Beyond 1/60 s every code in a moving hand is blurred."""
GOAL: Final = 110.0
"""Mean brightness to aim at, of 255."""
BAND: Final = (70.0, 160.0)
"""Mean brightness within which nothing is changed."""
BLOWN: Final = 250
"""This bright, a pixel says nothing any more."""
MAX_BLOWN_CODE: Final = 0.75
"""Share of a code's area that may be blown out: its light modules and quiet zone are two thirds at most."""
MAX_BLOWN: Final = 0.35
"""Share of the region that may be blown out, whatever its mean."""
SOMETHING_BLOWN: Final = 0.015
"""A share that may be a phone's screen: 13,800 pixels of 1280 × 720, a code 117 pixels wide."""
STEP: Final = 1.6
"""The most by which one step makes brighter or darker."""
PAUSE_S: Final = 0.25
"""After a step, until the camera shows it."""
CODE_LASTS_S: Final = 1.5
"""For how long after a reading the code's area counts."""
UNREAD_S: Final = 0.7
"""Without a reading for so long, a darker look may be tried."""
PEEK: Final = 4.0
"""How much darker that look is: two stops."""
PEEK_S: Final = 1.0
PEEK_AGAIN_S: Final = 4.0
"""From the end of a look in vain to the next."""
_SAMPLES: Final = 96
"""Rows and columns looked at: enough for a mean, a hundredth of the pixels."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a camera can be set to."""

    exposure_us: tuple[int, int] | None
    """Shortest and longest, None where it cannot be set or is fixed by the configuration."""
    gain: tuple[float, float] | None
    """Least and most, in its own units."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a camera is set to."""

    exposure_us: int
    gain: float


@dataclass(frozen=True, slots=True)
class Brightness:
    """How bright a part of a picture is."""

    mean: float
    """0 to 255."""
    blown: float
    """Share of it that is white beyond telling, 0 to 1."""


def brightness(grey: Grey, box: Box) -> Brightness:
    """Measure a part of a picture, by a sample of its pixels; the whole where the box lies outside."""
    height, width = grey.shape
    left, top = min(width - 1, max(0, int(box.left * width))), min(height - 1, max(0, int(box.top * height)))
    right = max(left + 1, min(width, math.ceil((box.left + box.width) * width)))
    bottom = max(top + 1, min(height, math.ceil((box.top + box.height) * height)))
    part = grey[
        top : bottom : max(1, (bottom - top) // _SAMPLES),
        left : right : max(1, (right - left) // _SAMPLES),
    ]
    return Brightness(float(part.mean()), float(np.count_nonzero(part >= BLOWN)) / part.size)


@dataclass(frozen=True, slots=True)
class _Peek:
    """A darker look being taken."""

    before: Setting
    until: float


class Adapter:
    """Decides the next setting of one camera. Not for several threads."""

    def __init__(self, limits: Limits, setting: Setting) -> None:
        """Begin at `setting`, what the camera stands at now."""
        self._limits = limits
        self._setting = _within(limits, setting)
        self._quiet_until = -math.inf
        self._read_at = -math.inf
        self._peek: _Peek | None = None
        self._peek_from = -math.inf

    @property
    def setting(self) -> Setting:
        """What the camera is believed to stand at."""
        return self._setting

    def obeyed(self, setting: Setting) -> None:
        """Take note of what the camera made of the last setting."""
        self._setting = _within(self._limits, setting)

    def update(self, region: Brightness, code: Brightness | None, at: float) -> Setting | None:
        """Judge one frame taken at `at`, monotonic seconds; `code` is the area of the last code, if it was just read.

        Returns what the camera should be set to, None to leave it.
        """
        if code is not None:
            self._read_at = at
        if at < self._quiet_until:
            return None
        if self._peek is not None:
            return self._peeked(self._peek, code, at)
        factor = self._factor(region, code)
        if factor is None and code is None and self._may_peek(region, at):
            wanted = self._brighter(1 / PEEK)
            if wanted != self._setting:
                self._peek = _Peek(self._setting, at + PEEK_S)
                return self._set(wanted, at)
        if factor is None:
            return None
        wanted = self._brighter(min(STEP, max(1 / STEP, factor)))
        return None if wanted == self._setting else self._set(wanted, at)

    def _peeked(self, peek: _Peek, code: Brightness | None, at: float) -> Setting | None:
        if code is not None:  # it reads: this is the light that people's phones have
            self._peek = replace(peek, until=at + CODE_LASTS_S)
            return None
        if at < peek.until:
            return None
        self._peek = None
        self._peek_from = at + PEEK_AGAIN_S
        return self._set(peek.before, at)

    def _factor(self, region: Brightness, code: Brightness | None) -> float | None:
        """By how much brighter the picture should be; None when it is well."""
        judged = region if code is None else code
        most_blown = MAX_BLOWN if code is None else MAX_BLOWN_CODE
        if judged.blown > most_blown:
            return 1 / STEP
        if BAND[0] <= judged.mean <= BAND[1]:
            return None
        return GOAL / max(1.0, judged.mean)

    def _may_peek(self, region: Brightness, at: float) -> bool:
        unread = at - self._read_at >= UNREAD_S
        return unread and at >= self._peek_from and region.blown >= SOMETHING_BLOWN

    def _brighter(self, factor: float) -> Setting:
        """Share a change between exposure and gain: long exposures go first and come last."""
        exposure, gain = float(self._setting.exposure_us), self._setting.gain
        if factor > 1:
            exposure, factor = self._exposed(exposure, factor, SHARP_US)
            gain, factor = self._amplified(gain, factor)
            exposure, factor = self._exposed(exposure, factor, LONGEST_US)
        else:
            exposure, factor = self._shortened(exposure, factor, SHARP_US)
            gain, factor = self._amplified(gain, factor)
            exposure, factor = self._shortened(exposure, factor, 0)
        return Setting(round(exposure), gain)

    def _exposed(self, exposure: float, factor: float, most: int) -> tuple[float, float]:
        """Lengthen up to `most`; returns the exposure and what of the factor is left."""
        if self._limits.exposure_us is None:
            return exposure, factor
        most = min(most, self._limits.exposure_us[1])
        longer = max(exposure, min(float(most), exposure * factor))
        return longer, factor * exposure / longer

    def _shortened(self, exposure: float, factor: float, least: int) -> tuple[float, float]:
        if self._limits.exposure_us is None:
            return exposure, factor
        least = max(least, self._limits.exposure_us[0])
        shorter = min(exposure, max(float(least), exposure * factor))
        return shorter, factor * exposure / shorter

    def _amplified(self, gain: float, factor: float) -> tuple[float, float]:
        """Move the gain; its units are the maker's, so the way over its whole range is taken as four stops."""
        if self._limits.gain is None:
            return gain, factor
        least, most = self._limits.gain
        if most <= least:
            return gain, factor
        stops = 4.0
        moved = min(most, max(least, gain + math.log2(factor) / stops * (most - least)))
        done = 2 ** ((moved - gain) / (most - least) * stops)
        return moved, factor / done

    def _set(self, wanted: Setting, at: float) -> Setting:
        self._setting = wanted
        self._quiet_until = at + PAUSE_S
        return wanted


def _within(limits: Limits, setting: Setting) -> Setting:
    """Return a setting that can be multiplied: a camera that does not know where it stands says 0."""
    if limits.exposure_us is None:
        return setting
    least, most = limits.exposure_us
    return replace(setting, exposure_us=min(most, max(least, 1, setting.exposure_us)))
