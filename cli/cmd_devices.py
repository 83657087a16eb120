"""`checkpoint devices`: the serial ports of this machine, and which of them answers as what."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from firmware_bridge.ports import FoundPort
    from firmware_bridge.probe import Probe

LCUS_ADAPTER: Final = "1a86:7523"
"""The CH340, on which LCUS relays sit, and many a thermometer."""
AT_ONCE: Final = 8


def command(
    ports: Annotated[list[str] | None, typer.Argument(help="These only; otherwise every port there is.")] = None,
    *,
    listen: Annotated[
        bool, typer.Option("--listen", help="Ask nothing: only listen to what speaks by itself.")
    ] = False,
    list_only: Annotated[bool, typer.Option("--list", help="Open nothing: only list.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object a port.")] = False,
) -> None:
    """List the serial ports and find out what hangs at each: what to write into the configuration.

    Each port is listened to at 9600 and 115200 baud, and then asked what moves nothing: no relay is switched, no gate
    opened; a lamp may blink. Stop the appliance first, it has its ports for itself. Exit status 1 without any port.

    Example: checkpoint devices
    """
    logging.getLogger().addHandler(logging.NullHandler())  # what lines would log, the sentences here say
    found = list(_named(ports) if ports else _all())
    if not found:
        print("no serial port found: plug a device in, and see that this system has its driver", file=sys.stderr)
        raise typer.Exit(1)
    for port, probed, trouble in _probed(found, ask=not listen, skip=list_only):
        print(_json(port, probed, trouble) if as_json else _words(port, probed, trouble), flush=True)


def _all() -> Iterator[FoundPort]:
    from firmware_bridge.ports import find_ports  # noqa: PLC0415 - `--help` loads no driver

    yield from find_ports()


def _named(paths: Sequence[str]) -> Iterator[FoundPort]:
    """Yield what is known of ports that were named; one that is not listed may be there nonetheless."""
    from firmware_bridge.ports import FoundPort, find_ports  # noqa: PLC0415

    known = {os.path.realpath(one.path): one for one in find_ports()}
    for path in paths:
        yield known.get(os.path.realpath(path), FoundPort(path, (), "", ""))


def _probed(found: list[FoundPort], *, ask: bool, skip: bool) -> Iterator[tuple[FoundPort, Probe | None, str]]:
    """Yield each port with what was found there, and what keeps it from being used."""
    from firmware_bridge.ports import holders  # noqa: PLC0415
    from firmware_bridge.probe import probe  # noqa: PLC0415

    def look(port: FoundPort) -> tuple[FoundPort, Probe | None, str]:
        held = holders(Path(port.path))
        if held:
            return port, None, f"{' and '.join(held)} has it open: end that program to see what hangs there"
        if skip or port.types:
            return port, None, ""
        probed = probe(port.path, ask=ask)
        return port, probed, probed.trouble

    with ThreadPoolExecutor(AT_ONCE) as several:
        yield from several.map(look, found)


def _words(port: FoundPort, probed: Probe | None, trouble: str) -> str:
    about = " ".join(filter(None, (port.usb, port.product)))
    lines = [f"{port.best_name}{f' ({about})' if about else ''}"]
    lines += [f"  also {name}" for name in (*port.names, port.path) if name != port.best_name]
    if port.shares_its_name:
        lines.append("  ! another device here has the same name by-id: use the name of its socket, by-path")
    if trouble:
        lines.append(f"  ✕ {trouble}")
    elif port.types:
        lines.append("  · a keyboard, or a code reader that types")
        lines.append(f'  → [lane.reader] driver = "keyboard", port = "{port.best_name}"')
    elif probed is not None:
        lines += _found(port, probed)
    return "\n".join(lines)


def _found(port: FoundPort, probed: Probe) -> Iterator[str]:
    answer = probed.answer
    if answer is not None:
        yield f"  ✓ {answer.driver} at {answer.baud}: {answer.detail}"
        yield f'  → [lane.{answer.part}] driver = "{answer.driver}", port = "{port.best_name}", baud = {answer.baud}'
    elif probed.speaks:
        yield "  ? something speaks there, and no driver understands it"
    elif port.usb == LCUS_ADAPTER:
        yield '  ? nothing answers: a relay of the kind "lcus" never does, and a reader that looks by itself neither'
    else:
        yield "  ? nothing answers"


def _json(port: FoundPort, probed: Probe | None, trouble: str) -> str:
    answer = None if probed is None or probed.answer is None else dataclasses.asdict(probed.answer)
    told = {
        "port": port.best_name,
        **dataclasses.asdict(port),
        "answer": answer,
        "speaks": probed is not None and (probed.speaks or answer is not None),
        "trouble": trouble,
    }
    return json.dumps(told, ensure_ascii=False)
