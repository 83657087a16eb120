"""The patterns as ears have them: measured on the samples, not read off the table they are made from."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.firmware import buzzer
from scanner.sound.clip import RATE
from scanner.sound.tones import STROKES, Tone, render

HOP = 80
"""5 ms."""
WINDOW = 640
SEMITONE = 2 ** (1 / 12)


@dataclass(frozen=True)
class Heard:
    """What is measured of a pattern: pitch by time, NaN where it is silent, and where strokes begin."""

    seconds: float
    pitch: NDArray[np.float64]
    onsets: tuple[float, ...]

    @property
    def course(self) -> tuple[int, ...]:
        """How the pitch moves, in semitones, from each steady stretch to the next; a glide is its whole way."""
        voiced = self.pitch[~np.isnan(self.pitch)]
        steady = [voiced[0]]
        for hz in voiced:
            if abs(np.log2(hz / steady[-1])) * 12 > 2:
                steady.append(hz)
        return tuple(int(np.sign(b - a)) for a, b in itertools.pairwise(steady))


@cache
def samples(tone: Tone) -> NDArray[np.float64]:
    return np.array(render(tone).samples()) / 32768


@cache
def heard(tone: Tone) -> Heard:
    sound = samples(tone)
    padded = np.concatenate([np.zeros(WINDOW // 2), sound, np.zeros(WINDOW // 2)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    loud = np.sqrt(np.mean(frames[:, WINDOW // 2 - HOP : WINDOW // 2 + HOP] ** 2, axis=1))
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), 8 * WINDOW))
    pitch = np.argmax(spectrum, axis=1) * RATE / (8 * WINDOW)
    pitch = np.where(loud > 0.1, pitch, np.nan)
    onsets = [0.0]
    for at in range(2, len(pitch)):
        jump = pitch[at] / pitch[at - 2] if not np.isnan(pitch[at] + pitch[at - 2]) else 1.0
        begins = np.isnan(pitch[at - 1]) and not np.isnan(pitch[at])
        changes = not 1 / SEMITONE**3 < jump < SEMITONE**3
        if (begins or changes) and at * HOP / RATE - onsets[-1] > 0.05:
            onsets.append(at * HOP / RATE)
    return Heard(len(sound) / RATE, pitch, tuple(onsets))


def rhythm(tone: Tone) -> NDArray[np.float64]:
    """When each stroke begins and the last one ends, as fractions of the whole."""
    found = heard(tone)
    return np.array([*found.onsets, found.seconds]) / found.seconds


def test_results_have_as_many_strokes_as_the_gates_buzzer_and_the_bell() -> None:
    tunes = {Tone.PASS: buzzer.PASS, Tone.REFER: buzzer.REFER, Tone.STOP: buzzer.STOP}
    for tone, tune in tunes.items():
        assert len(heard(tone).onsets) == STROKES[tone] == sum(hertz > 0 for hertz, _ in tune), tone


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(Tone, 2)))
def test_any_two_patterns_differ_in_the_course_of_their_pitch_and_in_their_rhythm(one: Tone, other: Tone) -> None:
    assert heard(one).course != heard(other).course
    first, second = rhythm(one), rhythm(other)
    assert len(first) != len(second) or np.max(np.abs(first - second)) > 0.08
    lengths = sorted((heard(one).seconds, heard(other).seconds))
    assert len(first) != len(second) or lengths[1] > 1.2 * lengths[0]


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations((Tone.PASS, Tone.REFER, Tone.STOP), 2)))
def test_half_a_result_is_enough(one: Tone, other: Tone) -> None:
    """The first 200 ms, all that is heard when the next person's result cuts it off, lie in another register."""
    first, second = (np.nanmedian(heard(tone).pitch[:40]) for tone in (one, other))
    assert abs(np.log2(first / second)) * 12 > 4


def test_pass_rises_refer_falls_stop_stays_and_what_is_lost_goes_down() -> None:
    courses = {tone: heard(tone).course for tone in Tone}
    assert set(courses[Tone.PASS]) == {1}
    assert set(courses[Tone.REFER]) == {-1}
    assert courses[Tone.STOP] == ()
    assert courses[Tone.MEASURE_AGAIN] == (-1, 1, -1)
    assert courses[Tone.DEVICE_LOST] == (-1, -1)
    assert courses[Tone.CALLED] == (1, -1, 1)
    assert courses[Tone.SEATED] == (1, -1)


@pytest.mark.parametrize("tone", Tone)
def test_a_pattern_is_within_level_and_about_as_loud_as_the_others(tone: Tone) -> None:
    sound = samples(tone)
    assert 0.3 < np.max(np.abs(sound)) <= 0.51
    assert abs(np.mean(sound)) < 0.002
    sounding = np.sqrt(np.mean(sound[np.abs(sound) > 0] ** 2))
    assert 0.2 < sounding < 0.28


@pytest.mark.parametrize("tone", Tone)
def test_a_pattern_neither_begins_nor_ends_with_a_click(tone: Tone) -> None:
    sound = samples(tone)
    assert abs(sound[0]) < 0.001
    assert abs(sound[-1]) < 0.001
    # A click is energy at once in every band: above all partials there is next to none, at any time.
    frames = np.lib.stride_tricks.sliding_window_view(sound, 256)[::128] * np.hanning(256)
    power = np.abs(np.fft.rfft(frames)) ** 2
    above = np.fft.rfftfreq(256, 1 / RATE) > 6500
    assert np.max(power[:, above].sum(axis=1)) < 1e-4 * np.max(power.sum(axis=1))


@pytest.mark.parametrize("tone", Tone)
def test_a_pattern_lies_where_small_loudspeakers_and_old_ears_are_good(tone: Tone) -> None:
    pitch = heard(tone).pitch
    assert np.nanmin(pitch) > 380
    assert np.nanmax(pitch) < 2100


@pytest.mark.parametrize("tone", Tone)
def test_a_pattern_is_over_before_the_next_person_comes(tone: Tone) -> None:
    assert 0.2 < heard(tone).seconds < 1.4
