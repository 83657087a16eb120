"""Which camera a command means: the configuration's lane, with what the command line says otherwise."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from pydantic import ValidationError

from cli.errors import fail
from scanner.config import ConfigError, Configuration, Document, load_document
from scanner.config.edit import Value
from scanner.config.model import CameraSection, is_picamera
from scanner.config.reader import show
from scanner.config.words import expected


@dataclass(frozen=True, slots=True)
class CameraOptions:
    """What the command line says of a camera, an option a field. None: it says nothing of it."""

    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = Path("config.toml")
    lane: Annotated[str | None, typer.Option(help="The lane, where there are several.", show_default=False)] = None
    source: Annotated[str | None, typer.Option(help="Another camera than the configuration's.", show_default=False)] = (
        None
    )
    width: Annotated[int | None, typer.Option(help="Pixels.", show_default=False)] = None
    height: Annotated[int | None, typer.Option(help="Pixels.", show_default=False)] = None
    fps: Annotated[int | None, typer.Option(help="Pictures a second.", show_default=False)] = None
    exposure: Annotated[str | None, typer.Option(help="auto, or microseconds.", show_default=False)] = None
    gain: Annotated[str | None, typer.Option(help="auto, or a number in the camera's units.", show_default=False)] = (
        None
    )
    focus: Annotated[str | None, typer.Option(help="auto, or a number in the camera's units.", show_default=False)] = (
        None
    )
    mirror: Annotated[bool | None, typer.Option("--mirror/--no-mirror", help="Mirrored.", show_default=False)] = None

    @property
    def settings(self) -> dict[str, str | int | bool]:
        """What was said of the camera itself, by the configuration's keys."""
        said = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in {"config", "lane"}}
        return {key: value for key, value in said.items() if value is not None}


def takes_camera_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let Typer give a command the fields of `CameraOptions` as options; it gets them as its first argument, as one."""
    described = get_type_hints(CameraOptions, include_extras=True)
    shared = [
        inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=one.default, annotation=described[one.name])
        for one in fields(CameraOptions)
    ]
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    def called(**parsed: Any) -> None:  # Any: what Typer has read by the signature below
        options = CameraOptions(**{one.name: parsed.pop(one.name) for one in shared})
        command(options, **parsed)

    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__signature__ = inspect.Signature([*shared, *own])  # type: ignore[attr-defined]  # functions may have one
    return called


def choose(options: CameraOptions) -> tuple[int, CameraSection]:
    """Return the lane's position and its camera, with what was said put in.

    Without a configuration file a camera that was said is enough. Fails with a sentence.
    """
    document = _document(options.config, needed=options.source is None)
    position, section = (0, CameraSection()) if document is None else _lane(document, options.lane)
    changes = {key: _value(key, value) for key, value in options.settings.items()}
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
