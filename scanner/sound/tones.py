"""The tone patterns: what is heard before anybody looks up. Pure: notes to samples.

Each differs from every other in the course of its pitch and in its rhythm, not only in the number of its strokes, so
that half a pattern, or a bad loudspeaker, is enough. Numbers of strokes for results are those of the gate controller's
buzzer and of the terminal's bell: one for pass, two for refer, three for stop. Everything lies between 400 and
2000 Hz: small loudspeakers give nothing below, and old ears hear little above.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from functools import cache
from types import MappingProxyType

from scanner.sound.clip import RATE, Clip, clip


@unique
class Tone(StrEnum):
    """What a pattern says."""

    PASS = "pass"
    REFER = "refer"
    STOP = "stop"
    MEASURE_AGAIN = "measure_again"
    """The temperature is taken a second time."""
    DEVICE_LOST = "device_lost"
    """Something at a lane does not answer any more, or nobody passes by machine."""
    CALLED = "called"
    """Somebody must go and look: a call from the gate, a gate that may not have opened, a door forced or held open."""
    SEATED = "seated"
    """One occupant of a vehicle may pass; the gate stays shut until all may."""


@dataclass(frozen=True, slots=True)
class Note:
    """One stroke: its pitch glides from the first to the second, and a pause follows."""

    from_hz: float
    to_hz: float
    seconds: float
    pause_s: float = 0.0


def _level(hz: float, seconds: float, pause_s: float = 0.0) -> Note:
    return Note(hz, hz, seconds, pause_s)


PATTERNS: Mapping[Tone, tuple[Note, ...]] = MappingProxyType(
    {
        # One stroke that rises by a fifth.
        Tone.PASS: (Note(1046.5, 1568.0, 0.24),),
        # Two even strokes that fall by a fourth: a door bell.
        Tone.REFER: (_level(880.0, 0.26, 0.06), _level(659.3, 0.34)),
        # Three long, low strokes on one pitch.
        Tone.STOP: (_level(440.0, 0.36, 0.12), _level(440.0, 0.36, 0.12), _level(440.0, 0.36)),
        # Four short strokes, high and low in turn.
        Tone.MEASURE_AGAIN: (
            _level(1318.5, 0.07, 0.07),
            _level(987.8, 0.07, 0.07),
            _level(1318.5, 0.07, 0.07),
            _level(987.8, 0.07),
        ),
        # Falls by steps without a pause, the last one long: as the controller's buzzer says "out of service".
        Tone.DEVICE_LOST: (_level(900.0, 0.25), _level(600.0, 0.25), _level(400.0, 0.55)),
        # Two quick strokes that rise by an octave, twice: a telephone.
        Tone.CALLED: (
            _level(1000.0, 0.09, 0.02),
            _level(2000.0, 0.13, 0.22),
            _level(1000.0, 0.09, 0.02),
            _level(2000.0, 0.13),
        ),
        # A short up and down: nothing that could be taken for a pass.
        Tone.SEATED: (_level(1046.5, 0.06), _level(1568.0, 0.06), _level(1046.5, 0.09)),
    }
)

STROKES: Mapping[Tone, int] = MappingProxyType(
    {
        Tone.PASS: 1,
        Tone.REFER: 2,
        Tone.STOP: 3,
        Tone.MEASURE_AGAIN: 4,
        Tone.DEVICE_LOST: 5,
        Tone.CALLED: 5,
        Tone.SEATED: 0,
    }
)
"""What the terminal's bell, which has one pitch, rings instead. Both alarms say: look up. One stroke is a pass only."""
STROKE_INTERVAL_S = 0.22
"""Between strokes of the bell: terminals merge those that come faster."""

PEAK = 0.5
"""Of full scale."""
PARTIALS = (1.0, 0.3, 0.12)
"""Strengths of the fundamental and of its multiples: a loudspeaker too small for 400 Hz still gives the pitch."""
ATTACK_S = 0.008
RELEASE_S = 0.03
"""How long a note takes to begin and to end; less would click."""


@cache
def render(tone: Tone) -> Clip:
    """Return a pattern as sound, at full volume."""
    return clip(sample for note in PATTERNS[tone] for sample in _samples(note))


def _samples(note: Note) -> Iterator[float]:
    """Yield a note's samples: harmonics of a gliding pitch within its envelope, then its pause."""
    count = round(note.seconds * RATE)
    scale = PEAK / sum(PARTIALS)
    step = (note.to_hz / note.from_hz) ** (1 / count)
    phase, hz = 0.0, note.from_hz
    for place in range(count):
        wave = sum(strength * math.sin(phase * multiple) for multiple, strength in enumerate(PARTIALS, start=1))
        yield scale * wave * _envelope(place, count)
        phase += 2 * math.pi * hz / RATE
        hz *= step
    yield from (0.0 for _ in range(round(note.pause_s * RATE)))


def _envelope(place: int, count: int) -> float:
    """Return how strong a note is at one of its samples: raised cosines at both ends, nothing at the very ends."""
    begun = min(1.0, place / (ATTACK_S * RATE))
    left = min(1.0, (count - 1 - place) / (RELEASE_S * RATE))
    return 0.25 * (1 - math.cos(math.pi * begun)) * (1 - math.cos(math.pi * left))
