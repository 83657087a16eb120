"""What emulated devices on ptys share: their options, the faults of their lines, and the commands that are typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer

from cli.emulate_input import Ending, complain, say, typed_lines
from cli.errors import fail
from firmware_bridge.emulator import VirtualDevice
from firmware_bridge.errors import EmulatorError

LARGEST_NUMBER = 100_000.0
"""Of a typed command: a day in seconds, some hundred frames in bytes."""

Command = Callable[[tuple[float, ...]], None]
TextCommand = Callable[[str], None]
NO_TEXTS: Final[Mapping[str, TextCommand]] = MappingProxyType({})

LinkOption = Annotated[Path, typer.Option("--link", help="Where the line appears: a symbolic link to the pty.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Of noise and faults; the same seed, the same run.")]
BaudOption = Annotated[
    int | None, typer.Option("--baud", help="The only speed at which it is understood.", show_default="any")
]
ChecksumOption = Annotated[
    float, typer.Option("--checksum", min=0.0, max=1.0, help="Share of frames with a wrong checksum.")
]
LateOption = Annotated[float, typer.Option("--late", min=0.0, max=60.0, help="Seconds every frame comes late.")]


def chosen_model(model: str, known: Collection[str]) -> str:
    """Return the model; fails with a sentence where there is none of that name."""
    if model not in known:
        fail(f"there is no model {model!r}; there are: {', '.join(known)}", 2)
    return model


def line_commands(device: VirtualDevice) -> dict[str, Command]:
    """Return what can be done to the line of any virtual device."""
    return {
        "unplug": lambda _: device.unplug(),
        "replug": lambda _: device.replug(),
        "silence": lambda given: device.silence(*given[:1]),
        "garbage": lambda given: device.garbage(int(given[0])),
        "checksum": lambda given: device.wrong_checksums(given[0]),
        "late": lambda given: device.late(given[0]),
    }


def serve(
    commands: Mapping[str, Command], ending: Ending, as_json: bool, texts: Mapping[str, TextCommand] = NO_TEXTS
) -> None:
    """Obey what is typed until the end. `commands` take numbers, `texts` the rest of their line."""
    for typed in typed_lines(ending):
        _obey(commands, texts, typed.decode(errors="replace"), as_json)


def _obey(commands: Mapping[str, Command], texts: Mapping[str, TextCommand], line: str, as_json: bool) -> None:
    """Do one typed command; a wrong one is answered with a sentence."""
    name, *words = line.split() or [""]
    if not name:
        return
    problem = None
    if name not in commands and name not in texts:
        problem = f"there is no command {name!r}; there are: {', '.join([*texts, *commands, 'quit'])}"
    else:
        try:
            if name in texts:
                texts[name](line.strip()[len(name) + 1 :])
            else:
                commands[name](tuple(_number(word) for word in words))
        except (ValueError, IndexError):
            problem = f"{name}: give what it can use, as in --help"
        except EmulatorError as error:
            problem = str(error)
    if problem is None:
        say(json.dumps({"done": line.strip()}) if as_json else f"done: {line.strip()}")
    else:
        complain(problem, as_json)


def _number(word: str) -> float:
    """Read one number of a typed command. Raises ValueError for none, and for one beyond every use."""
    number = float(word)
    if not abs(number) <= LARGEST_NUMBER:
        raise ValueError(word)
    return number
