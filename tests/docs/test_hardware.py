"""What the page on devices says of the gate controller is what its firmware does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firmware_bridge.emulator.pico import flash_files
from firmware_bridge.firmware import buzzer, wiring
from firmware_bridge.firmware.controller import MELODIES, PASS, REFER, STOP
from firmware_bridge.values import Light
from tests.docs.test_generate import ROOT

PAGE = (ROOT / "docs" / "hardware.md").read_text("utf-8")
SOUNDS = {
    "pass": buzzer.PASS,
    "refer": buzzer.REFER,
    "stop": buzzer.STOP,
    "out of service": buzzer.OUT_OF_SERVICE,
    "the button was pressed": buzzer.CALLED,
    "the door is held open": buzzer.HELD,
    "the door was forced": buzzer.FORCED,
}


def row(first: str) -> str:
    """The table row that begins with this cell."""
    found = [line for line in PAGE.splitlines() if line.startswith(f"| {first} |")]
    assert len(found) == 1, first
    return found[0]


@pytest.mark.parametrize(
    ("part", "pin"),
    [
        ("relay input", wiring.RELAY),
        ("panel data", wiring.PIXELS),
        ("buzzer", wiring.BUZZER),
        ("button", wiring.BUTTON),
        ("door contact", wiring.DOOR),
        ("thermometer SDA", wiring.SDA),
        ("thermometer SCL", wiring.SCL),
    ],
)
def test_the_wiring_table_is_the_firmwares(part: str, pin: int) -> None:
    found = [line for line in PAGE.splitlines() if line.startswith(f"| {part} | GP")]
    assert len(found) == 1
    header = re.search(rf"\| GP{pin} \(pin (\d+)\) \|", found[0])
    assert header is not None, found[0]
    drawing = (ROOT / "docs" / "pictures" / "gate-wiring.svg").read_text("utf-8")
    assert f"GP{pin} · pin {header[1]}<" in drawing


@pytest.mark.parametrize("first", SOUNDS)
def test_the_sounds_are_the_firmwares(first: str) -> None:
    told = [(int(hertz), int(ms)) for hertz, ms in re.findall(r"(\d+) Hz (\d+) ms", row(first))]
    played = [note for note in SOUNDS[first] if note[0] != buzzer.PAUSE]
    assert told == list(dict.fromkeys(played)) or told == played


def test_every_light_has_its_row() -> None:
    for light in Light:
        assert row(light.value.replace("_", " ")).count("|") == 5
    assert {PASS: buzzer.PASS, REFER: buzzer.REFER, STOP: buzzer.STOP}.items() <= MELODIES.items()


def test_the_steps_put_every_file_of_the_firmware_onto_the_pico() -> None:
    copied: dict[str, Path] = {}
    made = {""}
    for line in re.findall(r"^mpremote (.+)$", PAGE, re.MULTILINE):
        verb, *words = line.split()
        if verb == "mkdir":
            made.add(words[0].removeprefix(":") + "/")
        if verb == "cp":
            target = words[-1].removeprefix(":")
            assert target.rpartition("/")[0] + "/" in made or "/" not in target, "its folder was made before"
            for source in (found for pattern in words[:-1] for found in ROOT.glob(pattern)):
                copied[target + source.name if target.endswith("/") else target] = source
    assert copied == flash_files()
