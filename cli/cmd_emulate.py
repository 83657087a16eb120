"""`checkpoint emulate`: a virtual thermometer or gate controller on a pty, or camera, driven by keyboard or pipe."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from cli import emulate_camera
from cli.emulate_input import Ending, JsonOption, announce, complain, say, typed_lines
from cli.errors import fail
from firmware_bridge.emulator import OpeningSeen, VirtualController, VirtualDevice, VirtualThermometer
from firmware_bridge.errors import EmulatorError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="A virtual thermometer, gate controller or camera, for trying things without hardware.",
    epilog="Example: checkpoint emulate thermometer --link /tmp/thermometer --person 6/3",
)
app.command(epilog="Example: checkpoint emulate camera --link /tmp/camera.mjpeg")(emulate_camera.camera)

LARGEST_NUMBER = 100_000.0
"""Of a typed command: a day in seconds, some hundred frames in bytes."""

Command = Callable[[tuple[float, ...]], None]

LinkOption = Annotated[Path, typer.Option("--link", help="Where the line appears: a symbolic link to the pty.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Of noise and faults; the same seed, the same run.")]
ChecksumOption = Annotated[
    float, typer.Option("--checksum", min=0.0, max=1.0, help="Share of frames with a wrong checksum.")
]
LateOption = Annotated[float, typer.Option("--late", min=0.0, max=60.0, help="Seconds every frame comes late.")]


@app.command(epilog="Example: checkpoint emulate thermometer --link /tmp/thermometer --object 36.5 --drift 0.1")
def thermometer(
    link: LinkOption,
    *,
    celsius: Annotated[
        float | None,
        typer.Option("--object", min=-50.0, max=150.0, help="Somebody of this temperature stands there, °C."),
    ] = None,
    ambient: Annotated[
        float, typer.Option("--ambient", min=-40.0, max=85.0, help="The module's own temperature, °C.")
    ] = 24.8,
    person: Annotated[
        str | None, typer.Option("--person", metavar="EVERY/FOR", help="Somebody comes every so many s, for so many s.")
    ] = None,
    drift: Annotated[
        float, typer.Option("--drift", min=-100.0, max=100.0, help="°C a minute that readings creep.")
    ] = 0.0,
    checksum: ChecksumOption = 0.0,
    late: LateOption = 0.0,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Be a GY-MCU90614 thermometer until Ctrl-C.

    Commands on standard input, one a line: person 36.6, nobody, ambient 24.8, unplug, replug, silence [S], garbage N,
    checksum SHARE, late S, drift PER_MINUTE, stuck, unstuck, quit.
    """
    cycle = _cycle(person) if person is not None else None
    device = VirtualThermometer(link, ambient_centi=_centi(ambient), seed=seed)
    forehead = _centi(36.5 if celsius is None else celsius)
    commands: dict[str, Command] = {
        "person": lambda given: device.person(_centi(given[0]) if given else forehead),
        "nobody": lambda _: device.nobody(),
        "ambient": lambda given: device.ambient(_centi(given[0])),
        **_line_commands(device),
        "drift": lambda given: device.drift(given[0] * 100),
        "stuck": lambda _: device.stuck(),
        "unstuck": lambda _: device.stuck(on=False),
    }
    try:
        device.start()
        device.wrong_checksums(checksum)
        device.late(late)
        device.drift(drift * 100)
        if celsius is not None and cycle is None:
            device.person(forehead)
        announce("thermometer", link, as_json)
        ending = Ending()
        if cycle is not None:
            threading.Thread(
                target=_people, args=(device, forehead, cycle, ending.event), name="people", daemon=True
            ).start()
        _serve(commands, ending, as_json)
    except EmulatorError as error:
        fail(str(error))
    finally:
        device.stop()


@app.command(epilog="Example: checkpoint emulate gate --link /tmp/gate --log /tmp/openings")
def gate(
    link: LinkOption,
    *,
    log: Annotated[
        Path | None, typer.Option("--log", help="Append each opening: monotonic nanoseconds and token.")
    ] = None,
    checksum: ChecksumOption = 0.0,
    late: LateOption = 0.0,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Be a gate controller until Ctrl-C, and print each opening of the barrier.

    Commands on standard input, one a line: unplug, replug, restart, silence [S], drop N, garbage N, checksum SHARE,
    late S, quit.
    """

    def opened(opening: OpeningSeen) -> None:
        if as_json:
            say(json.dumps({"opening": opening.token, "at_ns": opening.at_ns, "pulse_ms": opening.pulse_ms}))
        else:
            say(f"opens for {opening.pulse_ms} ms, token {opening.token}")

    device = VirtualController(link, log=log, on_opening=opened, seed=seed)
    commands: dict[str, Command] = {
        **_line_commands(device),
        "restart": lambda _: device.restart(),
        "drop": lambda given: device.drop_answers(int(given[0])),
    }
    try:
        device.start()
        device.wrong_checksums(checksum)
        device.late(late)
        announce("gate", link, as_json)
        _serve(commands, Ending(), as_json)
    except EmulatorError as error:
        fail(str(error))
    finally:
        device.stop()


def _line_commands(device: VirtualDevice) -> dict[str, Command]:
    """Return what can be done to the line of any virtual device."""
    return {
        "unplug": lambda _: device.unplug(),
        "replug": lambda _: device.replug(),
        "silence": lambda given: device.silence(*given[:1]),
        "garbage": lambda given: device.garbage(int(given[0])),
        "checksum": lambda given: device.wrong_checksums(given[0]),
        "late": lambda given: device.late(given[0]),
    }


def _serve(commands: dict[str, Command], ending: Ending, as_json: bool) -> None:
    """Obey what is typed until the end."""
    for typed in typed_lines(ending):
        _obey(commands, typed.decode(errors="replace"), as_json)


def _obey(commands: dict[str, Command], line: str, as_json: bool) -> None:
    """Do one typed command; a wrong one is answered with a sentence."""
    name, *words = line.split() or [""]
    if not name:
        return
    problem = None
    if name not in commands:
        problem = f"there is no command {name!r}; there are: {', '.join([*commands, 'quit'])}"
    else:
        try:
            commands[name](tuple(_number(word) for word in words))
        except (ValueError, IndexError):
            problem = f"{name}: give a number it can use, as in --help"
        except EmulatorError as error:
            problem = str(error)
    if problem is None:
        say(json.dumps({"done": line.strip()}) if as_json else f"done: {line.strip()}")
    else:
        complain(problem, as_json)


def _people(device: VirtualThermometer, centi: int, cycle: tuple[float, float], end: threading.Event) -> None:
    """Let somebody come and go until the end."""
    every, stay = cycle
    began = time.monotonic()
    try:
        while True:
            device.person(centi)
            if end.wait(stay):
                return
            device.nobody()
            began += every
            if end.wait(max(0.0, began - time.monotonic())):
                return
    except EmulatorError:
        return  # the device is being stopped


def _cycle(text: str) -> tuple[float, float]:
    """Read EVERY/FOR, both seconds."""
    try:
        every, stay = (float(part) for part in text.split("/"))
    except ValueError:
        every, stay = 0.0, 0.0
    if not 0.0 < stay < every < 86400.0:
        fail(f"--person {text}: write EVERY/FOR in seconds, such as 6/3, the second smaller than the first")
    return every, stay


def _centi(celsius: float) -> int:
    """Hundredths of a degree, which must fit the module's frame."""
    return round(celsius * 100)


def _number(word: str) -> float:
    """Read one number of a typed command. Raises ValueError for none, and for one beyond every use."""
    number = float(word)
    if not abs(number) <= LARGEST_NUMBER:
        raise ValueError(word)
    return number
