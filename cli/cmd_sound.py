"""`checkpoint sound`: to hear, before anybody else does, what the gate will sound like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import fail

if TYPE_CHECKING:
    from scanner.config.model import Configuration
    from scanner.sound.clip import Clip

DEFAULT_CONFIG = Path("config.toml")
ALL = "all"
COURSES = {
    "pass": "one stroke that rises",
    "refer": "two strokes, the second lower",
    "stop": "three long, low strokes",
    "measure_again": "four short strokes, high and low in turn",
    "device_lost": "three strokes that fall, the last one long",
    "called": "two quick strokes that rise, twice",
    "seated": "a short up and down",
}


def command(
    *,
    list_only: Annotated[bool, typer.Option("--list", help="Only list what there is; so does no option.")] = False,
    play: Annotated[list[str] | None, typer.Option(help="Play one by its name, or all; may be repeated.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of prompts; otherwise that of the screen.")] = None,
    volume: Annotated[int | None, typer.Option(min=0, max=100, help="0 to 100; otherwise the day's.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write them to this folder as WAV files, and play nothing.")] = None,
    config: Annotated[Path | None, typer.Option(help="Take device, volume and language from this file.")] = None,
) -> None:
    """List and play what is heard at the gate: tone patterns (tone.NAME) and spoken prompts (voice.NAME).

    Exit status 1 when the sound device does not play, with what its program says.

    Example: checkpoint sound --play tone.stop --play voice.refer
    """
    from scanner.locale import Texts, languages  # noqa: PLC0415 - `--help` loads nothing of this
    from scanner.sound.tones import Tone  # noqa: PLC0415
    from scanner.sound.vocabulary import Prompt  # noqa: PLC0415

    settings = _settings(config)
    spoken = language or next(iter(settings.sound.languages), settings.site.language)
    if spoken not in languages():
        fail(f"there is no language {spoken!r}; choose one of {', '.join(languages())}")
    texts = Texts.load(spoken)
    says = {f"tone.{tone}": COURSES[tone] for tone in Tone}
    says |= {f"voice.{prompt}": texts.get(f"voice.{prompt}") for prompt in Prompt}
    chosen = list(says) if (save is not None and not play) or (play and ALL in play) else list(play or [])
    for name in chosen:
        if name not in says:
            fail(f"there is no sound {name!r}; see checkpoint sound --list")
    if list_only or not chosen:
        for name, words in says.items():
            print(f"{name:<22}{words}")
        return
    for name in chosen:
        print(f"{name:<22}{says[name]}", flush=True)
        sound = _sound(name, spoken, settings.sound.day_volume if volume is None else volume)
        if save is None:
            _play(sound, settings.sound.device)
        else:
            _save(sound, save / f"{name}.wav")


def _sound(name: str, language: str, volume: int) -> Clip:
    from scanner.sound import SoundError, recordings, tones  # noqa: PLC0415
    from scanner.sound.clip import at_volume  # noqa: PLC0415

    kind, _, key = name.partition(".")
    try:
        sound = tones.render(tones.Tone(key)) if kind == "tone" else recordings.load(language, key)
    except SoundError as error:
        fail(f"{error}; install the product again")
    return at_volume(sound, volume)


def _play(sound: Clip, device: str | None) -> None:
    from scanner.sound.programs import Fault, play_through  # noqa: PLC0415

    found = play_through(sound, device)
    if isinstance(found, Fault):
        fail(f"nothing is heard: {found.detail}; see docs/sound.md")


def _save(sound: Clip, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sound.as_wav())
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")


def _settings(config: Path | None) -> Configuration:
    """Return the configuration named, the one that lies here, or the defaults."""
    from scanner.config import ConfigError, load  # noqa: PLC0415
    from scanner.config.model import Configuration  # noqa: PLC0415

    path = config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    if path is None:
        return Configuration()
    try:
        return load(path)
    except ConfigError as error:
        fail(str(error))
