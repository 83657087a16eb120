"""What the box is set up with: units that systemd accepts, commands that exist, a configuration that loads."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.main import COMMANDS, load
from scanner.config import load as load_configuration

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = ["checkpoint.service", "checkpoint-screen.service", "checkpoint-hub.service"]
HERE = "/opt/checkpoint"

with_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def unit(name: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as configparser documents it
    parser.read(DEPLOY / name, encoding="utf-8")
    return parser


@with_systemd
@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_unit(name: str, tmp_path: Path) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    here = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
    (tmp_path / name).write_text(here, encoding="utf-8")
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    ours = [line for line in run.stderr.splitlines() if name in line]
    assert ours == []


@with_systemd
@pytest.mark.parametrize("name", ["checkpoint.service", "checkpoint-hub.service"])
def test_a_service_may_do_little(name: str) -> None:
    run = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(DEPLOY / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-300:]


def test_the_engine_is_watched_and_always_started_again() -> None:
    service = unit("checkpoint.service")["Service"]
    assert service["Type"] == "notify"
    assert 10 <= int(service["WatchdogSec"]) <= 60
    assert service["Restart"] == "always"
    assert unit("checkpoint.service")["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.parametrize("name", UNITS)
def test_the_command_that_a_unit_starts_exists_with_its_options(name: str) -> None:
    words = shlex.split(unit(name)["Service"]["ExecStart"])
    at = words.index(f"{HERE}/checkpoint")
    command, options = words[at + 1], [word for word in words[at + 2 :] if word.startswith("--")]
    assert command in COMMANDS
    import typer  # noqa: PLC0415

    known = {
        option
        for parameter in typer.main.get_command(load(command)).params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    assert set(options) <= known


def test_the_service_s_configuration_loads_and_stays_within_what_the_unit_lets_it_write() -> None:
    configuration = load_configuration(DEPLOY / "config.toml")
    service = unit("checkpoint.service")["Service"]
    state, runtime = (
        Path(root) / service[key] for root, key in (("/var/lib", "StateDirectory"), ("/run", "RuntimeDirectory"))
    )
    assert configuration.state.folder == state
    assert configuration.trust.folder.is_relative_to(state)
    assert configuration.control.socket.parent == runtime


def test_every_device_that_the_configuration_names_gets_its_name_from_a_rule() -> None:
    configuration = load_configuration(DEPLOY / "config.toml")
    rules = (DEPLOY / "99-checkpoint.rules").read_text(encoding="utf-8")
    given = {f"/dev/{name}" for name in re.findall(r'SYMLINK\+="([^"]+)"', rules)}
    lane = configuration.lane[0]
    assert {lane.camera.source, lane.thermometer.port, lane.gate.port} == given


def test_udev_rules_are_well_formed() -> None:
    key = re.compile(r'[A-Z_]+(\{[^}]+\})?(==|!=|=|\+=|:=)"[^"]*"')
    for line in (DEPLOY / "99-checkpoint.rules").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert all(key.fullmatch(part.strip()) for part in re.split(r",\s*", line)), line


def test_the_screen_s_terminal_lets_nobody_out_and_keeps_nothing() -> None:
    parser = configparser.RawConfigParser()
    parser.read(DEPLOY / "foot.ini", encoding="utf-8")
    assert parser["scrollback"]["lines"] == "0"
    ways_out = {"spawn-terminal", "search-start", "show-urls-launch", "unicode-input", "clipboard-paste"}
    assert {key for key, value in parser["key-bindings"].items() if value == "none"} >= ways_out
    assert f"--config={HERE}/deploy/foot.ini" in unit("checkpoint-screen.service")["Service"]["ExecStart"]
