"""`checkpoint doctor`: checks every part and says in words what to do about each that fails."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from scanner.health.finding import Finding, Grade, failed, good, warning

if TYPE_CHECKING:
    from scanner.config import Configuration, Document

SIGNS: Final = {Grade.GOOD: "✓", Grade.WARNING: "!", Grade.FAILED: "✕"}
_WIDTH: Final = 18
"""Columns of the part's name."""


def command(
    *,
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = Path("config.toml"),
    as_json: Annotated[bool, typer.Option("--json", help="One object a finding.")] = False,
) -> None:
    """Check every part, and say what to do about each that fails: ✓ good, ! could be better, ✕ failed.

    A running engine is not disturbed: where one answers, it is asked for its devices. Exit status 1 when anything
    failed.

    Example: checkpoint doctor --config /etc/checkpoint/config.toml
    """
    logging.getLogger().addHandler(logging.NullHandler())  # what parts would log, the findings say
    count = dict.fromkeys(Grade, 0)
    for finding in examine(config):
        count[finding.grade] += 1
        print(json.dumps(dataclasses.asdict(finding), ensure_ascii=False) if as_json else words(finding), flush=True)
    if not as_json:
        print(summary(count[Grade.FAILED], count[Grade.WARNING]))
    raise typer.Exit(1 if count[Grade.FAILED] else 0)


def examine(config: Path) -> Iterator[Finding]:
    """Yield what each check finds, as it is found; a broken configuration leaves only what does not need it."""
    from scanner.config import ConfigError, describe, load_document  # noqa: PLC0415 - `--help` loads nothing of this
    from scanner.health import devices  # noqa: PLC0415

    try:
        document: Document[Configuration] | None = load_document(config)
    except ConfigError as error:
        document = None
        for problem in error.problems:
            yield failed("configuration", describe(problem), "put it right; nothing starts before")
    if document is None:
        yield from devices.check_decoders()
        yield from check_terminal("zh_CN")
        return
    lanes = len(document.model.lane)
    yield good("configuration", f"{config} holds, {lanes} lane{'' if lanes == 1 else 's'}")
    yield from _examine(document)


def _examine(document: Document[Configuration]) -> Iterator[Finding]:
    from scanner.config.model import has_camera  # noqa: PLC0415
    from scanner.health import devices, engine, hub, proof, serial_devices, sound, storage  # noqa: PLC0415

    configuration = document.model
    view, socket = engine.ask_engine(configuration.control.socket)
    yield socket
    yield from storage.check_state_folder(configuration)
    now, clock = proof.check_clock(configuration)
    kept, not_holding = proof.check_kept(configuration)
    rules, policy = proof.check_policy(document, kept)
    rule = None if rules is None else rules.temperature[configuration.site.kind]
    if view is None:
        yield clock
    else:
        now = view.now
        yield from engine.tell_view(view, configuration, rule)
    yield from not_holding
    yield policy
    if kept is not None:
        yield from proof.check_keys(configuration, kept.trust, now)
        yield from proof.check_lists(configuration, kept.store, rules, now)
    yield from devices.check_decoders()
    if view is None:
        for lane in configuration.lane:
            if has_camera(lane.camera):
                yield devices.check_camera(lane.camera, lane.name)
            yield from serial_devices.check_reader(lane.reader, lane.name)
            yield serial_devices.check_thermometer(lane.thermometer, lane.name, rule, gate=lane.gate)
            yield serial_devices.check_gate(lane.gate, lane.name)
    yield from serial_devices.check_names(configuration.lane)
    today = dt.datetime.fromtimestamp(now, ZoneInfo(configuration.site.timezone)).date()
    for lane in configuration.lane:
        yield from serial_devices.check_offset(lane.thermometer, lane.name, today)
    yield from storage.check_staff(configuration)
    yield from storage.check_journal(configuration)
    yield from sound.check_sound(configuration.sound)
    yield from hub.check_hub(configuration)
    yield from check_terminal(configuration.site.language)


def check_terminal(language: str) -> Iterator[Finding]:
    """Yield whether this terminal can show the guard's language; nothing where there is no terminal."""
    from scanner.ui.terminal import detect  # noqa: PLC0415

    part = "terminal"
    if not sys.stdout.isatty():
        return
    terminal = detect(os.environ)
    if not terminal.wide:
        sentence = f"it cannot show Chinese ({terminal.why}): the screen speaks English here"
        yield warning(
            part, sentence, "use a terminal such as foot under cage, see docs/operations.md; set LANG=C.UTF-8"
        )
    elif language.startswith("zh") and _lacks_chinese_font():
        yield warning(part, "no Chinese font is installed", "run: sudo apt-get install fonts-noto-cjk")
    else:
        yield good(part, "it shows Chinese")


def _lacks_chinese_font() -> bool:
    """Whether this machine draws the terminal itself and has no font for it; over a network the fonts are elsewhere."""
    if not (os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")) or shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False, timeout=10)
    return listed.returncode == 0 and not listed.stdout.strip()


def words(finding: Finding) -> str:
    """Return one finding as people read it: the sign, the part, the sentence, and below it what to do."""
    part = finding.part if finding.lane is None else f"{finding.part} ({finding.lane})"
    line = f"{SIGNS[finding.grade]} {part:<{_WIDTH}}  {finding.sentence}"
    return line if not finding.advice else f"{line}\n{'':<{_WIDTH + 2}}  → {finding.advice}"


def summary(failures: int, warnings: int) -> str:
    """Return the last line."""
    if failures:
        return f"\n{failures} failed, {warnings} could be better"
    return f"\nnothing failed, {warnings} could be better" if warnings else "\nall is well"
