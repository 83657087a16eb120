"""`checkpoint calibrate`: the dialogue with an emulated module before a blackbody, and what it writes."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from firmware_bridge.emulator import VirtualThermometer

COMMENTED = """# My gate.
[[lane]]
name = "main"
[lane.thermometer]
driver = "{driver}"   # as bought
port = "{port}"
offset_centi = 3 # by eye
"""


class Blackbody(io.StringIO):
    """Whoever answers the questions: turns the blackbody to each temperature before typing it."""

    def __init__(self, module: VirtualThermometer, answers: list[str], error_centi: int) -> None:
        super().__init__()
        self._module, self._answers, self._error = module, answers, error_centi

    def readline(self, *_: Any) -> str:
        if not self._answers:
            return ""
        answer = self._answers.pop(0)
        if answer.replace(".", "").isdigit():
            self._module.person(round(float(answer) * 100) - self._error)
        return answer + "\n"


@pytest.fixture
def module(tmp_path: Path) -> Iterator[VirtualThermometer]:
    with VirtualThermometer(tmp_path / "t", rate_hz=28.0) as module:
        yield module


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_bridge.calibration.STEADY_S", 0.5)
    monkeypatch.setattr("cli.cmd_calibrate.FIRST_READING_S", 1.0)
    monkeypatch.setattr("cli.cmd_calibrate.STEADY_WITHIN_S", 5.0)


def calibrate(
    module: VirtualThermometer,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[str],
    *options: str,
    error: int = 12,
    driver: str = "gy-mcu90614",
) -> tuple[int, Path]:
    config = module.link.parent / "config.toml"
    if not config.exists():
        config.write_text(COMMENTED.format(driver=driver, port=module.link), "utf-8")
    monkeypatch.setattr("sys.stdin", Blackbody(module, answers, error))
    return main(["calibrate", "--config", str(config), *options]), config


def test_three_points_of_a_blackbody_become_a_dated_offset_and_nothing_else_changes(
    module: VirtualThermometer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, config = calibrate(module, monkeypatch, ["35.0", "warm", "37.0", "39.0", "y"], "--days", "90")
    said = capsys.readouterr()
    assert status == 0, said.err
    text = config.read_text("utf-8")
    section = tomllib.loads(text)["lane"][0]["thermometer"]
    assert section["offset_centi"] == pytest.approx(12, abs=4)
    assert section["offset_taken"] < section["offset_expires"]
    assert text.startswith("# My gate.\n")
    assert 'driver = "gy-mcu90614"   # as bought\n' in text
    assert "the points are within" in said.out
    assert "a number between 30 and 45, please" in said.err

    assert calibrate(module, monkeypatch, [], "--show")[0] == 0
    shown = capsys.readouterr().out
    assert f"found {section['offset_taken']}, good until {section['offset_expires']}" in shown


def test_one_point_beside_a_reference_is_enough_and_a_no_writes_nothing(
    module: VirtualThermometer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, config = calibrate(module, monkeypatch, ["36.6", "n"], "--points", "1", error=-30)
    assert status == 1
    assert "nothing is written" in capsys.readouterr().err
    assert "offset_centi = 3 # by eye" in config.read_text("utf-8")


@pytest.mark.parametrize(
    ("answers", "options", "words"),
    [
        (["35.0", "35.1", "35.2"], (), "too close together"),
        (["35.0"], (), "the dialogue was ended"),
    ],
)
def test_what_gives_no_correction_is_one_sentence_and_writes_nothing(
    module: VirtualThermometer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answers: list[str],
    options: tuple[str, ...],
    words: str,
) -> None:
    status, config = calibrate(module, monkeypatch, answers, *options)
    assert status == 1
    assert words in capsys.readouterr().err
    assert "offset_taken" not in config.read_text("utf-8")


def test_readings_that_never_come_to_rest_are_no_point(
    module: VirtualThermometer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.cmd_calibrate.STEADY_WITHIN_S", 3.0)
    module.drift(20_000.0)
    status, _ = calibrate(module, monkeypatch, ["36.0"], "--points", "1")
    assert status == 1
    assert "do not come to rest" in capsys.readouterr().err


def test_a_silent_module_and_a_lane_without_one_are_told(
    module: VirtualThermometer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module.silence()
    assert calibrate(module, monkeypatch, ["36.0"])[0] == 1
    assert "silent" in capsys.readouterr().err
    (module.link.parent / "config.toml").write_text("[[lane]]\n", "utf-8")
    assert calibrate(module, monkeypatch, ["36.0"])[0] == 1
    assert "has no thermometer" in capsys.readouterr().err
