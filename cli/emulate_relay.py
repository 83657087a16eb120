"""`checkpoint emulate relay`: a virtual relay board on a pty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.emulate_input import Ending, JsonOption, announce, say
from cli.emulate_line import (
    BaudOption,
    ChecksumOption,
    Command,
    LateOption,
    LinkOption,
    SeedOption,
    chosen_model,
    line_commands,
    serve,
)
from cli.errors import fail
from firmware_bridge.emulator import Switched, VirtualRelay
from firmware_bridge.emulator.boards import BOARDS
from firmware_bridge.errors import EmulatorError


def relay(
    link: LinkOption,
    *,
    model: Annotated[str, typer.Option("--model", help=f"One of {', '.join(BOARDS)}.")] = "modbus",
    baud: BaudOption = None,
    log: Annotated[Path | None, typer.Option("--log", help="Append each switching: monotonic ns, relay, on/off.")] = (
        None
    ),
    checksum: ChecksumOption = 0.0,
    late: LateOption = 0.0,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Be a board of eight relays until Ctrl-C, and print each switching. Without power all are off.

    Commands on standard input, one a line: on N, off N, unplug, replug, silence [S], drop N, ignore N, garbage N,
    checksum SHARE, late S, quit.
    """

    def switched(change: Switched) -> None:
        if as_json:
            say(json.dumps({"relay": change.relay, "on": change.on, "at_ns": change.at_ns}))
        else:
            say(f"relay {change.relay} {'on' if change.on else 'off'}")

    device = VirtualRelay(link, model=chosen_model(model, BOARDS), log=log, on_switched=switched, seed=seed, baud=baud)
    commands: dict[str, Command] = {
        "on": lambda given: device.switch(int(given[0]), on=True),
        "off": lambda given: device.switch(int(given[0]), on=False),
        **line_commands(device),
        "drop": lambda given: device.drop_answers(int(given[0])),
        "ignore": lambda given: device.ignore(int(given[0])),
    }
    try:
        device.start()
        device.wrong_checksums(checksum)
        device.late(late)
        announce("relay", link, as_json)
        serve(commands, Ending(), as_json)
    except EmulatorError as error:
        fail(str(error))
    finally:
        device.stop()
