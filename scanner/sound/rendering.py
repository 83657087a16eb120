"""From a piece to its sound: tones and recordings one after another, as loud as the time of day allows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from scanner.sound import recordings, tones
from scanner.sound.clip import Clip, at_volume, join
from scanner.sound.tones import Tone
from scanner.sound.turns import Piece
from scanner.sound.vocabulary import Prompt

PAUSE_S: Final = 0.12


def render(piece: Piece, percent: int) -> Clip:
    """Return a piece as sound: its tones once, then its prompts in one language after another.

    Raises RecordingError: a recording is missing or damaged.
    """
    return join(_parts(piece, percent), PAUSE_S)


def render_tones(piece: Piece, percent: int) -> Clip:
    """Return a piece without its words."""
    return join((_tone(one, percent) for one in piece.announcement.utterances if isinstance(one, Tone)), PAUSE_S)


def prepare(percent: int) -> None:
    """Make the tones ready, so that the first person of the day hears theirs at once."""
    for tone in Tone:
        _tone(tone, percent)


def _parts(piece: Piece, percent: int) -> Iterator[Clip]:
    utterances = piece.announcement.utterances
    yield from (_tone(one, percent) for one in utterances if isinstance(one, Tone))
    for language in piece.languages:
        yield from (_prompt(language, one, percent) for one in utterances if isinstance(one, Prompt))


@lru_cache(maxsize=2 * len(Tone))
def _tone(tone: Tone, percent: int) -> Clip:
    return at_volume(tones.render(tone), percent)


@lru_cache(maxsize=64)
def _prompt(language: str, prompt: Prompt, percent: int) -> Clip:
    return at_volume(recordings.load(language, prompt.value), percent)
