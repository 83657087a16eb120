"""`checkpoint emulate reader`: a virtual code reader on a pty."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.emulate_input import Ending, JsonOption, announce
from cli.emulate_line import (
    BaudOption,
    ChecksumOption,
    LateOption,
    LinkOption,
    SeedOption,
    chosen_model,
    line_commands,
    serve,
)
from cli.errors import fail
from firmware_bridge.emulator import VirtualReader
from firmware_bridge.errors import EmulatorError
from firmware_bridge.readers import READERS


def reader(
    link: LinkOption,
    *,
    model: Annotated[str, typer.Option("--model", help=f"One of {', '.join(READERS)}.")] = "gm65",
    waits: Annotated[bool, typer.Option("--waits", help="A gm65 that looks for codes only when triggered.")] = False,
    baud: BaudOption = None,
    checksum: ChecksumOption = 0.0,
    late: LateOption = 0.0,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Be a code reader until Ctrl-C. An appliance has it by [lane.reader] port = "/tmp/reader".

    Commands on standard input, one a line: scan TEXT, unplug, replug, silence [S], garbage N, checksum SHARE, late S,
    quit. A reader's line has no checksum: a share of texts with one wrong byte instead.
    """
    device = VirtualReader(link, model=chosen_model(model, READERS), waits=waits, seed=seed, baud=baud)
    try:
        device.start()
        device.wrong_checksums(checksum)
        device.late(late)
        announce("reader", link, as_json)
        serve(line_commands(device), Ending(), as_json, {"scan": device.scan})
    except EmulatorError as error:
        fail(str(error))
    finally:
        device.stop()
