"""Which camera a command means: the configuration's lane, with what the command line says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.errors import fail
from scanner.config import ConfigError, Configuration, Document, load_document
from scanner.config.edit import Value
from scanner.config.model import CameraSection, is_picamera
from scanner.config.reader import show
from scanner.config.words import expected

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
Lane = Annotated[str | None, typer.Option(help="The lane, where there are several.", show_default=False)]
Source = Annotated[str | None, typer.Option(help="Another camera than the configuration's.", show_default=False)]
Width = Annotated[int | None, typer.Option(help="Pixels.", show_default=False)]
Height = Annotated[int | None, typer.Option(help="Pixels.", show_default=False)]
Fps = Annotated[int | None, typer.Option(help="Pictures a second.", show_default=False)]
Exposure = Annotated[str | None, typer.Option(help="auto, or microseconds.", show_default=False)]
Gain = Annotated[str | None, typer.Option(help="auto, or a number in the camera's units.", show_default=False)]
Focus = Annotated[str | None, typer.Option(help="auto, or a number in the camera's units.", show_default=False)]
Mirror = Annotated[bool | None, typer.Option("--mirror/--no-mirror", help="Mirrored.", show_default=False)]


def choose(config: Path, lane: str | None, said: Mapping[str, str | int | bool | None]) -> tuple[int, CameraSection]:
    """Return the lane's position and its camera, with what was said put in.

    Without a configuration file a camera that was said is enough. Fails with a sentence.
    """
    document = _document(config, needed=said.get("source") is None)
    position, section = (0, CameraSection()) if document is None else _lane(document, lane)
    changes = {key: _value(key, value) for key, value in said.items() if value is not None}
    try:
        return position, CameraSection.model_validate({**section.model_dump(), **changes})
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        field = CameraSection.model_fields[key]
        wanted = expected(field.annotation, tuple(field.metadata))
        fail(f"--{key}: expected {wanted}, got {show(changes.get(key))}", 2)


def _document(config: Path, *, needed: bool) -> Document[Configuration] | None:
    if not needed and not config.exists():
        return None
    try:
        return load_document(config)
    except ConfigError as error:
        fail(f"the configuration cannot be used:\n{error}", 2)


def _lane(document: Document[Configuration], name: str | None) -> tuple[int, CameraSection]:
    lanes = document.model.lane
    if name is None and len(lanes) > 1:
        fail(f"say which with --lane: {', '.join(lane.name for lane in lanes)}", 2)
    position = next((number for number, lane in enumerate(lanes) if name in (None, lane.name)), None)
    if position is None:
        fail(f"there is no lane {name!r}; there are {', '.join(lane.name for lane in lanes)}", 2)
    return position, lanes[position].camera


def _value(key: str, text: str | int | bool) -> Value:
    """Return what stands in the file for what was said on the command line."""
    if not isinstance(text, str) or text == "auto":
        return text
    if key == "source":
        if text.isascii() and text.isdecimal():
            return int(text)
        return text if "://" in text or is_picamera(text) else str(Path(text).absolute())
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
