"""The doctor's line about sound, with stand-in programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.config.model import SoundSection
from scanner.health import Grade
from scanner.health.sound import check_sound
from scanner.sound import programs, recordings


def program(folder: Path, script: str) -> str:
    path = folder / "aplay"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(folder)


def test_sound_that_works_is_good_with_how_loud_it_is(tmp_path: Path) -> None:
    (finding,) = check_sound(SoundSection(device="plughw:1", night_volume=25), program(tmp_path, "cat > /dev/null"))
    assert finding.grade is Grade.GOOD
    assert "aplay plays on plughw:1, volume 80, 25 from 22:00 to 06:00" in finding.sentence


def test_sound_that_is_switched_off_is_as_wanted(tmp_path: Path) -> None:
    (finding,) = check_sound(SoundSection(enabled=False), str(tmp_path))
    assert (finding.grade, finding.advice) == (Grade.GOOD, "")


@pytest.mark.parametrize(
    ("script", "words", "advice"),
    [
        (None, "none of aplay, pw-play, paplay is installed", "apt-get install alsa-utils"),
        ("echo 'aplay: main:831: audio open error: Device busy' >&2; exit 1", "open error: Device busy", "group audio"),
        ("exec sleep 600", "it hangs", "unplug"),
    ],
)
def test_sound_that_is_missing_is_a_warning_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, words: str, advice: str
) -> None:
    monkeypatch.setattr(programs, "HANGS_S", 0.2)
    path = str(tmp_path) if script is None else program(tmp_path, script)
    (finding,) = check_sound(SoundSection(), path)
    assert finding.grade is Grade.WARNING
    assert words in finding.sentence
    assert "the terminal's bell rings instead" in finding.sentence
    assert advice in finding.advice


def test_a_damaged_recording_is_named_beside_the_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "problems", lambda: iter(["the recording en/pass.wav is damaged"]))
    damaged, device = check_sound(SoundSection(), program(tmp_path, "cat > /dev/null"))
    assert (damaged.grade, device.grade) == (Grade.WARNING, Grade.GOOD)
    assert "en/pass.wav" in damaged.sentence
