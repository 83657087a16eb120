"""`checkpoint sound`: every pattern and prompt by its name, played or written down."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from cli.main import main
from scanner.sound import recordings, tones
from scanner.sound.clip import at_volume
from scanner.sound.tones import Tone
from scanner.sound.vocabulary import Prompt

EVERYTHING = [*(f"tone.{tone}" for tone in Tone), *(f"voice.{prompt}" for prompt in Prompt)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, with a stand-in program that keeps what it gets."""
    script = tmp_path / "bin" / "aplay"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\ncat > "{tmp_path}/heard.wav"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("arguments", [[], ["--list"], ["--list", "--play", "tone.pass"]])
def test_everything_there_is_is_listed_with_its_words(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["sound", *arguments]) == 0
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines()] == EVERYTHING
    assert "请出示健康码。" in said
    assert not (here / "heard.wav").exists()


def test_a_prompt_is_played_in_the_language_and_as_loud_as_asked(here: Path) -> None:
    assert main(["sound", "--play", "voice.refer", "--language", "en", "--volume", "30"]) == 0
    assert (here / "heard.wav").read_bytes() == at_volume(recordings.load("en", "refer"), 30).as_wav()


def test_a_pattern_is_played_as_loud_as_the_configuration_says(here: Path) -> None:
    (here / "config.toml").write_text("[sound]\nday_volume = 55\n")
    assert main(["sound", "--play", "tone.stop"]) == 0
    assert (here / "heard.wav").read_bytes() == at_volume(tones.render(Tone.STOP), 55).as_wav()


def test_without_a_loudspeaker_everything_can_be_written_down_to_be_heard_elsewhere(here: Path) -> None:
    assert main(["sound", "--save", "out"]) == 0
    assert sorted(path.stem for path in (here / "out").iterdir()) == sorted(EVERYTHING)
    for path in (here / "out").iterdir():
        with wave.open(str(path)) as file:
            assert file.getnframes() > 0
    assert not (here / "heard.wav").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--play", "tone.farewell"], "there is no sound 'tone.farewell'"),
        (["--play", "tone.stop", "--language", "xx"], "there is no language 'xx'"),
        (["--save", "/dev/null/x"], "cannot be written"),
    ],
)
def test_what_there_is_not_is_said(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(["sound", *arguments]) == 1
    assert words in capsys.readouterr().err


def test_a_device_that_fails_is_said_in_the_programs_words(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "bin" / "aplay").write_text("#!/bin/sh\necho 'aplay: no such card' >&2\nexit 1\n")
    assert main(["sound", "--play", "tone.pass"]) == 1
    assert "nothing is heard: aplay: no such card" in capsys.readouterr().err
