"""`checkpoint emulate`: virtual devices on ptys, and a virtual camera, driven by keyboard or pipe."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from cli import emulate_camera, emulate_reader, emulate_relay
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
from firmware_bridge.emulator import OpeningSeen, VirtualController, VirtualThermometer
from firmware_bridge.emulator.gate_board import Probe
from firmware_bridge.emulator.modules import MODULES
from firmware_bridge.errors import EmulatorError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="A virtual thermometer, gate, relay, code reader or camera, for trying things without hardware.",
    epilog="Example: checkpoint emulate thermometer --link /tmp/thermometer --person 6/3",
)
app.command(epilog="Example: checkpoint emulate camera --link /tmp/camera.mjpeg")(emulate_camera.camera)
app.command(epilog="Example: checkpoint emulate relay --link /tmp/relay --model lcus")(emulate_relay.relay)
app.command(epilog="Example: checkpoint emulate reader --link /tmp/reader --model keyboard")(emulate_reader.reader)


@app.command(epilog="Example: checkpoint emulate thermometer --link /tmp/thermometer --object 36.5 --drift 0.1")
def thermometer(
    link: LinkOption,
    *,
    model: Annotated[str, typer.Option("--model", help=f"One of {', '.join(MODULES)}.")] = "gy-mcu90614",
    baud: BaudOption = None,
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
    """Be a thermometer module until Ctrl-C.

    Commands on standard input, one a line: person 36.6, nobody, ambient 24.8, unplug, replug, silence [S], garbage N,
    checksum SHARE, late S, drift PER_MINUTE, stuck, unstuck, quit.
    """
    cycle = _cycle(person) if person is not None else None
    device = VirtualThermometer(
        link, model=chosen_model(model, MODULES), ambient_centi=_centi(ambient), seed=seed, baud=baud
    )
    forehead = _centi(36.5 if celsius is None else celsius)
    commands: dict[str, Command] = {
        "person": lambda given: device.person(_centi(given[0]) if given else forehead),
        "nobody": lambda _: device.nobody(),
        "ambient": lambda given: device.ambient(_centi(given[0])),
        **line_commands(device),
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
        serve(commands, ending, as_json)
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

    Its thermometer, button and door are there too. Commands on standard input, one a line: person 36.6, nobody, press,
    door-open, door-shut, sensor-gone, sensor-back, unplug, replug, restart, silence [S], drop N, garbage N, checksum
    SHARE, late S, quit.
    """

    def opened(opening: OpeningSeen) -> None:
        if as_json:
            say(json.dumps({"opening": opening.token, "at_ns": opening.at_ns, "pulse_ms": opening.pulse_ms}))
        else:
            say(f"opens for {opening.pulse_ms} ms, token {opening.token}")

    device = VirtualController(link, log=log, on_opening=opened, seed=seed)
    commands: dict[str, Command] = {
        **line_commands(device),
        "restart": lambda _: device.restart(),
        "drop": lambda given: device.drop_answers(int(given[0])),
        "person": lambda given: device.person(_centi(given[0]) if given else 3650),
        "nobody": lambda _: device.nobody(),
        "press": lambda _: device.press(),
        "door-open": lambda _: device.door(is_open=True),
        "door-shut": lambda _: device.door(is_open=False),
        "sensor-gone": lambda _: device.probe(Probe.ABSENT),
        "sensor-back": lambda _: device.probe(Probe.GOOD),
    }
    try:
        device.start()
        device.wrong_checksums(checksum)
        device.late(late)
        announce("gate", link, as_json)
        serve(commands, Ending(), as_json)
    except EmulatorError as error:
        fail(str(error))
    finally:
        device.stop()


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
