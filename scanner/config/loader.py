"""`config.toml` to a `Configuration`: read, checked across keys, its paths made absolute."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

from firmware_bridge.relay import Energised
from scanner.config.model import (
    CameraSection,
    Configuration,
    GateSection,
    LaneSection,
    has_camera,
    is_address,
    is_picamera,
)
from scanner.config.problems import ConfigError, Problem
from scanner.config.reader import MAX_BYTES, Document, near, read, show
from scanner.locale import languages

SMALLEST_PART = 0.1
"""Of the picture's width and height: less holds no code."""
EPSILON = 1e-6
"""0.7 + 0.3 is more than 1 in binary fractions."""


def load(path: Path) -> Configuration:
    """Read the configuration at `path`; relative paths in it become relative to its folder.

    Raises ConfigError: with every problem found, in the order of the file.
    """
    return load_document(path).model


def load_document(path: Path) -> Document[Configuration]:
    """Read the configuration and keep where each key stands, for later checks that name a line.

    Raises ConfigError: with every problem found, in the order of the file.
    """
    document = read(Configuration, _bytes(path), str(path))
    problems = sorted(_check(document), key=lambda problem: (problem.line or 0, problem.key))
    if problems:
        raise ConfigError(problems)
    return Document(_anchored(document.model, path.resolve().parent), document.file, document.lines)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        got = "no such file; copy config.toml from the program's folder, or name another file"
    except IsADirectoryError:
        got = "a folder"
    except PermissionError:
        got = "a file that this user may not read"
    except OSError as error:
        got = f"an error of the system: {error.strerror}"
    raise ConfigError([Problem(str(path), None, "", "a configuration file", got)])


def _check(document: Document[Configuration]) -> Iterator[Problem]:
    site = document.model.site
    if not _is_zone(site.timezone):
        guess = near(site.timezone, sorted(zoneinfo.available_timezones()))
        wanted = "a time zone by its IANA name, such as Asia/Shanghai"
        yield document.problem(("site", "timezone"), wanted, show(site.timezone), guess)
    known = languages()
    if site.language not in known:
        wanted = "one of the languages " + ", ".join(known)
        yield document.problem(("site", "language"), wanted, show(site.language), near(site.language, known))
    for number, language in enumerate(document.model.sound.languages):
        if language not in known:
            wanted = "languages of " + ", ".join(known)
            yield document.problem(("sound", "languages", number), wanted, show(language), near(language, known))
    for name in document.model.kiosk.languages:
        if name not in known:
            wanted = "languages among " + ", ".join(known)
            yield document.problem(("kiosk", "languages"), wanted, show(name), near(name, known))
    yield from _check_update(document)
    yield from _duplicates(document)
    for number, lane in enumerate(document.model.lane):
        yield from _check_lane(document, number, lane)


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


def _check_update(document: Document[Configuration]) -> Iterator[Problem]:
    source = document.model.update.source
    if source is not None and "://" in source and not is_address(source):
        wanted = "an address that begins with https:// or http://, or the path of a folder"
        yield document.problem(("update", "source"), wanted, show(source))


def _duplicates(document: Document[Configuration]) -> Iterator[Problem]:
    """Two lanes cannot share a name or a device."""
    taken: dict[tuple[str, str], str] = {}
    for number, lane in enumerate(document.model.lane):
        for key, kind, value in _owned(lane):
            path: tuple[str | int, ...] = ("lane", number, *key)
            owner = taken.setdefault((kind, value), f"lane[{number + 1}].{'.'.join(key)}")
            if owner != f"lane[{number + 1}].{'.'.join(key)}":
                yield document.problem(path, f"a {kind} of its own", f"{show(value)}, already used by {owner}")


def _owned(lane: LaneSection) -> Iterator[tuple[tuple[str, ...], str, str]]:
    yield ("name",), "name", lane.name
    if has_camera(lane.camera):
        yield ("camera", "source"), "camera", str(lane.camera.source)
    if lane.reader.driver != "none":
        yield ("reader", "port"), "serial port", lane.reader.port
    if lane.thermometer.driver not in ("none", "controller"):
        yield ("thermometer", "port"), "serial port", lane.thermometer.port
    if lane.gate.driver != "none":
        yield ("gate", "port"), "serial port", lane.gate.port


def _check_lane(document: Document[Configuration], number: int, lane: LaneSection) -> Iterator[Problem]:
    source = lane.camera.source
    if source == "" or (isinstance(source, int) and source < 0) or _is_faulty_picamera(source):
        wanted = "a camera's number from 0, a device, a file, a folder or an address"
        yield document.problem(("lane", number, "camera", "source"), wanted, show(source))
    for key, part in (("crop", lane.camera.crop), ("region", lane.camera.region)):
        left, top, width, height = part
        if width < SMALLEST_PART or height < SMALLEST_PART or left + width > 1 + EPSILON or top + height > 1 + EPSILON:
            wanted = (
                "[left, top, width, height] as fractions, at least "
                f"{SMALLEST_PART} wide and high and within the picture, such as [0.25, 0.0, 0.5, 1.0]"
            )
            yield document.problem(("lane", number, "camera", key), wanted, str(list(part)))
    if not has_camera(lane.camera) and lane.reader.driver == "none":
        wanted = "a camera, or a reader in [lane.reader]: something must read codes"
        yield document.problem(("lane", number, "camera", "source"), wanted, show(source))
    yield from _check_gate(document, number, lane.gate)
    if lane.thermometer.driver == "controller" and lane.gate.driver != "controller":
        wanted = 'a thermometer of its own, or a gate with driver = "controller"'
        yield document.problem(("lane", number, "thermometer", "driver"), wanted, show("controller"))
    for device, driver, port in (
        ("reader", lane.reader.driver, lane.reader.port),
        ("thermometer", lane.thermometer.driver, lane.thermometer.port),
        ("gate", lane.gate.driver, lane.gate.port),
    ):
        if driver != "none" and not port:
            yield document.problem(("lane", number, device, "port"), "the path of a serial port", show(port))
    for key, value in (
        ("offset_taken", lane.thermometer.offset_taken),
        ("offset_expires", lane.thermometer.offset_expires),
        ("site_offset_expires", lane.thermometer.site_offset_expires),
    ):
        if value is not None and not _is_date(value):
            path = ("lane", number, "thermometer", key)
            yield document.problem(path, 'a date of the calendar such as "2026-12-31"', show(value))


def _check_gate(document: Document[Configuration], number: int, gate: GateSection) -> Iterator[Problem]:
    if gate.driver in ("lcus", "modbus") and gate.door_held_s is not None:
        wanted = 'nothing here: only a gate with driver = "controller" has a door contact'
        yield document.problem(("lane", number, "gate", "door_held_s"), wanted, show(gate.door_held_s))
    if gate.driver == "modbus" and gate.modbus.timed_by == "relay":
        path = ("lane", number, "gate", "modbus", "timed_by")
        if gate.relay != 1:
            yield document.problem(path, '"host": a board times pulses of its first relay only', show("relay"))
        elif gate.energised is Energised.HOLDS:
            yield document.problem(
                path, '"host": a board\'s pulse switches on, and this gate opens by off', show("relay")
            )


def _is_faulty_picamera(source: int | str) -> bool:
    """Whether it begins like a Raspberry Pi camera module and goes on like none."""
    if isinstance(source, int) or not is_picamera(source):
        return False
    return re.fullmatch(r"picamera(:[0-9]{1,2})?", source) is None


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _anchored(configuration: Configuration, folder: Path) -> Configuration:
    """Make relative paths relative to the folder of the file that holds them."""

    def under(section: str, key: str, value: Path) -> tuple[str, object]:
        model = getattr(configuration, section)
        return section, model.model_copy(update={key: folder / value})

    sections: dict[str, object] = dict(
        (
            under("trust", "folder", configuration.trust.folder),
            under("state", "folder", configuration.state.folder),
            under("control", "socket", configuration.control.socket),
        )
    )
    source = configuration.update.source
    if source is not None and not is_address(source):
        sections["update"] = configuration.update.model_copy(update={"source": str(folder / source)})
    sections["lane"] = tuple(_anchored_lane(lane, folder) for lane in configuration.lane)
    return configuration.model_copy(update=sections)


def _anchored_lane(lane: LaneSection, folder: Path) -> LaneSection:
    thermometer = lane.thermometer.model_copy(update={"port": _anchored_text(lane.thermometer.port, folder)})
    gate = lane.gate.model_copy(update={"port": _anchored_text(lane.gate.port, folder)})
    reader = lane.reader.model_copy(update={"port": _anchored_text(lane.reader.port, folder)})
    camera = _anchored_camera(lane.camera, folder)
    return lane.model_copy(update={"camera": camera, "reader": reader, "thermometer": thermometer, "gate": gate})


def _anchored_camera(camera: CameraSection, folder: Path) -> CameraSection:
    if isinstance(camera.source, int) or is_picamera(camera.source) or not has_camera(camera):
        return camera
    return camera.model_copy(update={"source": _anchored_text(camera.source, folder)})


def _anchored_text(text: str, folder: Path) -> str:
    """Leave an address such as rtsp://… as it is."""
    return text if "://" in text else str(folder / text)
