"""`checkpoint emulate camera`: a virtual camera in a FIFO, which shows the codes that are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.emulate_input import Ending, JsonOption, announce, complain, say, typed_lines
from cli.errors import fail

if TYPE_CHECKING:
    from demo.virtual_camera import VirtualCamera


LinkOption = Annotated[Path, typer.Option("--link", help="Where the pictures come from: a FIFO, made where absent.")]


def camera(link: LinkOption, *, as_json: JsonOption = False) -> None:
    """Be a camera until Ctrl-C: 15 pictures a second of a grey wall, with one code before it or none.

    Each line of standard input is the text of a code to show from now on; an empty line shows none; quit ends it. An
    appliance reads it with [lane.camera] source = "/tmp/camera.mjpeg".
    """
    from demo.virtual_camera import VirtualCamera  # noqa: PLC0415 - drawing is heavy, and the other devices need none

    ending = Ending()
    lost: list[OSError] = []

    def lose(error: OSError) -> None:
        lost.append(error)
        ending.end()

    device = VirtualCamera(link, on_loss=lose)
    try:
        device.start()
    except OSError as error:
        fail(f"cannot make a virtual camera at {link}: {error.strerror}")
    try:
        announce("camera", link, as_json)
        for line in typed_lines(ending):
            _show(device, line, as_json)
    finally:
        device.stop()
    if lost:
        fail(f"the virtual camera at {link} is lost: {lost[0].strerror}")


def _show(device: VirtualCamera, line: bytes, as_json: bool) -> None:
    """Show what a line says; one that no code can hold is answered with a sentence."""
    try:
        text = line.decode() or None
        device.show(text)
    except UnicodeDecodeError:
        complain("this line is no text in UTF-8", as_json)
    except ValueError:
        complain(f"no code can hold {len(line):,} bytes", as_json)
    else:
        shown = "nothing" if text is None else f"a code of {len(text):,} characters"
        say(json.dumps({"shows": text}, ensure_ascii=False) if as_json else f"shows {shown}")
