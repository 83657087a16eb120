"""Every prompt is recorded, as its text is now, and can be played; no voice is needed to find that out."""

from __future__ import annotations

import hashlib
import runpy
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scanner.locale import Texts, languages
from scanner.sound import recordings
from scanner.sound.mulaw_wav import RecordingError
from scanner.sound.vocabulary import Prompt

ROOT = Path(__file__).parents[3]
RECORDED = [(one.language, one.key) for one in recordings.manifest().recordings]
MAX_SET = 1_500_000


@cache
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "make_voice.py"))


def test_every_language_of_ours_is_spoken() -> None:
    assert {language for language, _ in RECORDED} == {"en", "zh_CN", "zh_TW"} <= set(languages())


@pytest.mark.parametrize("language", languages())
def test_the_locale_says_exactly_what_can_be_said(language: str) -> None:
    assert {key[6:] for key in Texts.load(language).keys if key.startswith("voice.")} == set(Prompt)


def test_every_prompt_is_recorded_in_every_language_and_nothing_else_is() -> None:
    assert sorted(RECORDED) == sorted((language, key) for language in ("en", "zh_CN", "zh_TW") for key in Prompt)
    files = {path.relative_to(recordings.FOLDER).as_posix() for path in recordings.FOLDER.rglob("*.wav")}
    assert files == {one.file for one in recordings.manifest().recordings}


def test_a_text_that_changed_has_been_rendered_anew() -> None:
    stale = [
        f"{one.language} {one.key}"
        for one in recordings.manifest().recordings
        if one.text_sha256 != script()["digest"](one.language, Texts.load(one.language).get(f"voice.{one.key}"))
    ]
    assert stale == [], "run: python docs/make_voice.py"


def test_another_text_is_another_digest() -> None:
    digest = script()["digest"]
    texts = [("en", "Please go ahead."), ("en", "Please go ahead!"), ("zh_CN", "请通行。"), ("zh_CN", "請通行。")]
    assert len({digest(language, text) for language, text in texts}) == len(texts)


def test_recordings_are_those_that_were_rendered() -> None:
    assert list(recordings.problems()) == []
    for one in recordings.manifest().recordings:
        assert hashlib.sha256((recordings.FOLDER / one.file).read_bytes()).hexdigest() == one.sound_sha256


def test_the_whole_set_is_small() -> None:
    assert sum(path.stat().st_size for path in recordings.FOLDER.rglob("*") if path.is_file()) < MAX_SET


@pytest.mark.parametrize(("language", "key"), RECORDED)
def test_a_recording_is_short_loud_and_whole(language: str, key: str) -> None:
    sound = np.array(recordings.load(language, key).samples()) / 32768
    assert 0.8 < len(sound) / 16_000 < 3.0
    assert np.max(np.abs(sound)) < 0.95
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(0.144, abs=0.01)
    assert np.max(np.abs(sound[[0, -1]])) < 0.01
    spoken = np.abs(sound) > 0.02
    assert np.argmax(spoken) < 0.1 * 16_000, "silence at its beginning"
    assert np.argmax(spoken[::-1]) < 0.1 * 16_000, "silence at its end"


def test_a_language_that_was_not_recorded_is_spoken_in_english() -> None:
    assert recordings.load("fr", "pass") == recordings.load("en", "pass")


def test_a_prompt_that_nobody_recorded_is_named() -> None:
    with pytest.raises(RecordingError, match="'farewell'"):
        recordings.load("en", "farewell")


def test_a_deleted_and_a_changed_recording_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = recordings.manifest().recordings[:2]
    for one in recordings.manifest().recordings:
        (tmp_path / one.file).parent.mkdir(exist_ok=True)
        (tmp_path / one.file).write_bytes((recordings.FOLDER / one.file).read_bytes())
    (tmp_path / first.file).unlink()
    (tmp_path / second.file).write_bytes(b"RIFF")
    monkeypatch.setattr(recordings, "_folder", lambda: tmp_path)
    found = list(recordings.problems())
    assert any(first.file in words and "cannot be read" in words for words in found)
    assert any(second.file in words and "damaged" in words for words in found)


@pytest.mark.parametrize("language", ["en", "zh_CN", "zh_TW"])
def test_nobody_hears_of_a_colour_or_a_temperature(language: str) -> None:
    """What is said aloud is heard by everybody in the queue."""
    texts = Texts.load(language)
    said = " ".join(texts.get(f"voice.{key}").lower() for key in Prompt)
    for word in ("red", "yellow", "orange", "grey", "high", "红", "黄", "橙", "灰", "紅", "黃", "异常", "異常", "发"):
        assert word not in said.replace("expired", "")
