"""Clips are what players take, and as loud as asked."""

from __future__ import annotations

import io
import math
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.sound.clip import RATE, Clip, at_volume, clip, gain, join, of_numbers, silence

SAMPLES = st.lists(st.integers(-32768, 32767), max_size=200)


@given(SAMPLES)
def test_samples_survive_the_way_to_a_wav_file(samples: list[int]) -> None:
    with wave.open(io.BytesIO(of_numbers(samples).as_wav())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert Clip(file.readframes(file.getnframes())).samples().tolist() == samples


@given(SAMPLES, st.integers(0, 100))
def test_no_volume_makes_a_sample_louder_or_turns_it_round(samples: list[int], percent: int) -> None:
    for before, after in zip(samples, at_volume(of_numbers(samples), percent).samples(), strict=True):
        assert abs(after) <= abs(before)
        assert before * after >= 0


def test_half_the_volume_is_ten_decibels_less_and_none_is_silence() -> None:
    assert 20 * math.log10(gain(50)) == pytest.approx(-10, abs=0.1)
    assert set(at_volume(of_numbers([32767, -32768]), 0).samples()) == {0}
    assert gain(100) == 1


def test_samples_beyond_full_scale_are_cut_off_and_do_not_turn_round() -> None:
    assert clip([2.0, -2.0]).samples().tolist() == [32767, -32767]


def test_clips_are_joined_with_a_pause_between_and_none_at_the_ends() -> None:
    joined = join([of_numbers([1]), of_numbers([2])], 2 / RATE)
    assert joined.samples().tolist() == [1, 0, 0, 2]
    assert silence(0.5).seconds == 0.5
