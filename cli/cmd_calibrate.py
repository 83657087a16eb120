"""`checkpoint calibrate`: compare a thermometer with what is known, and keep its error in the configuration."""

from __future__ import annotations

import datetime as dt
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from cli.config_keys import write_keys
from cli.errors import fail

if TYPE_CHECKING:
    from firmware_bridge.calibration import Point
    from firmware_bridge.thermometer import Thermometer
    from firmware_bridge.values import Sample
    from scanner.config.edit import Value
    from scanner.config.model import LaneSection, SiteSection, ThermometerSection

FIRST_READING_S: Final = 4.0
STEADY_WITHIN_S: Final = 20.0
"""How long one point may take to come to rest."""
KEPT: Final = 400
"""Readings remembered: half a minute of the fastest module."""


def command(
    *,
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = Path("config.toml"),
    lane: Annotated[str | None, typer.Option(help="The lane, where there are several.", show_default=False)] = None,
    points: Annotated[
        int, typer.Option(min=1, max=5, help="3 with a blackbody; 1 beside a reference thermometer.")
    ] = 3,
    days: Annotated[int, typer.Option(min=1, max=730, help="For how long the result is to hold.")] = 180,
    yes: Annotated[bool, typer.Option("--yes", help="Write the result without asking.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Only show what is added now, and until when.")] = False,
) -> None:
    """Compare a thermometer with a blackbody at three temperatures, or with a reference thermometer.

    Aim it at the blackbody, or at something whose surface the reference measures at the same moment; type the known
    temperature; it waits until the readings stand still. The appliance must be stopped meanwhile. What it finds is
    written as offset_centi, offset_taken and offset_expires; when that date is over, the appliance says so.

    Example: checkpoint calibrate --points 1
    """
    logging.getLogger().addHandler(logging.NullHandler())  # what the line would log, the sentences here say
    position, site, section = _chosen(config, lane)
    thermometer = section.thermometer
    print(_now(thermometer))
    if show:
        return
    if thermometer.driver == "none":
        fail(f"lane {section.name} has no thermometer to compare")
    found = _compared(section, points)
    today = dt.datetime.now(ZoneInfo(site.timezone)).date()
    changes: dict[str, Value] = {
        "offset_centi": found,
        "offset_taken": today.isoformat(),
        "offset_expires": (today + dt.timedelta(days=days)).isoformat(),
    }
    if not yes and _asked(f"write {found / 100:+.2f} °C, good until {changes['offset_expires']}? (y/n) ") != "y":
        fail("nothing is written")
    for line in write_keys(config, ("lane", position, "thermometer"), changes):
        print(line)


def _chosen(config: Path, name: str | None) -> tuple[int, SiteSection, LaneSection]:
    from scanner.config import ConfigError, load_document  # noqa: PLC0415 - `--help` loads nothing of this

    try:
        configuration = load_document(config).model
    except ConfigError as error:
        fail(str(error))
    lanes = configuration.lane
    names = ", ".join(one.name for one in lanes)
    if name is None and len(lanes) > 1:
        fail(f"say which with --lane: {names}", 2)
    position = next((number for number, one in enumerate(lanes) if name in (None, one.name)), None)
    if position is None:
        fail(f"there is no lane {name!r}; there are {names}", 2)
    return position, configuration.site, lanes[position]


def _now(section: ThermometerSection) -> str:
    taken = f", found {section.offset_taken}" if section.offset_taken else ""
    until = f", good until {section.offset_expires}" if section.offset_expires else ""
    return f"{section.name} ({section.driver}): {section.offset_centi / 100:+.2f} °C is added{taken}{until}"


def _compared(lane: LaneSection, count: int) -> int:
    """Hold the dialogue, and return the error found, centi-°C."""
    from firmware_bridge.calibration import compare  # noqa: PLC0415
    from firmware_bridge.errors import CalibrationError  # noqa: PLC0415

    found: list[Point] = []
    with _listening(lane) as (thermometer, samples):
        deadline = time.monotonic() + FIRST_READING_S
        while not samples and time.monotonic() < deadline:
            time.sleep(0.05)
        if not samples:
            fail(thermometer.detail or "the port opens, but the thermometer is silent")
        for number in range(1, count + 1):
            point = _point(thermometer, samples, f"{number} of {count}")
            found.append(point)
            print(f"  reads {point.read_centi / 100:.2f} °C, within {point.spread_centi / 100:.2f}")
    try:
        comparison = compare(found)
    except CalibrationError as error:
        fail(str(error))
    fit = f"; the points are within {comparison.worst_centi / 100:.2f} of that" if count > 1 else ""
    print(f"it is to add {comparison.offset_centi / 100:+.2f} °C{fit}")
    return comparison.offset_centi


def _point(thermometer: Thermometer, samples: deque[Sample], which: str) -> Point:
    from firmware_bridge.calibration import KNOWN, Point, steady  # noqa: PLC0415

    known = _temperature(f"point {which}: aim it, wait until that is steady, type its temperature in °C: ", KNOWN)
    samples.clear()
    deadline = time.monotonic() + STEADY_WITHIN_S
    while (read := steady(list(samples))) is None:
        if time.monotonic() > deadline:
            last = f"; the last reading was {samples[-1].object_centi / 100:.2f} °C" if samples else ""
            fail(thermometer.detail or f"its readings do not come to rest in {STEADY_WITHIN_S:g} s{last}")
        time.sleep(0.1)
    return Point(known, *read)


def _temperature(question: str, allowed: range) -> int:
    """Ask until there is an answer that can be."""
    while True:
        answer = _asked(question)
        try:
            centi = round(float(answer.replace(",", ".")) * 100)
        except (ValueError, OverflowError):
            centi = -1
        if centi in allowed:
            return centi
        print(f"  a number between {allowed.start / 100:g} and {(allowed.stop - 1) / 100:g}, please", file=sys.stderr)


def _asked(question: str) -> str:
    """Ask on the terminal, or of whatever feeds standard input. Fails at the end of that."""
    print(question, end="", flush=True)
    line = sys.stdin.readline()
    if not sys.stdin.isatty():
        print()
    if not line:
        fail("the dialogue was ended; nothing is written")
    return line.strip().lower()


@contextmanager
def _listening(lane: LaneSection) -> Iterator[tuple[Thermometer, deque[Sample]]]:
    """Read a thermometer in a thread of its own; a blackbody may stand still for as long as it likes."""
    from firmware_bridge.errors import MissingPackageError  # noqa: PLC0415
    from firmware_bridge.measurement import Offsets, Settling  # noqa: PLC0415
    from firmware_bridge.thermometer import Thermometer  # noqa: PLC0415
    from scanner.hardware import thermometer_driver, thermometer_line  # noqa: PLC0415

    try:
        driver = replace(thermometer_driver(lane.thermometer), stuck_s=float("inf"))
        line = thermometer_line(lane.thermometer, lane.gate, "calibrate")
    except MissingPackageError as error:
        fail(str(error))
    samples: deque[Sample] = deque(maxlen=KEPT)
    thermometer = Thermometer(
        line,
        driver,
        Settling(driver.rule, Offsets(), lane.thermometer.name),
        on_event=lambda _: None,
        on_sample=samples.append,
        on_state=lambda _state, _detail: None,
    )
    stop = threading.Event()
    thread = threading.Thread(target=thermometer.run, args=(stop,), name="calibrate", daemon=True)
    thread.start()
    try:
        yield thermometer, samples
    finally:
        stop.set()
        thread.join(1.0)
