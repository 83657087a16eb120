"""`checkpoint policy explain` as a user runs it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from cli.main import main
from keys.reasons import Reason
from scanner.policy_source import default_policy
from tests.world import SmallWorld


def test_the_rules_are_a_table_with_the_place_of_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[temperature]\nlimit_centi = 3700\n")
    assert main(["policy", "explain", "--config", str(config)]) == 0
    out = capsys.readouterr().out
    limit = next(line for line in out.splitlines() if line.startswith("temperature.limit_centi"))
    assert limit.split() == f"temperature.limit_centi 3700 {config}:2; the policy says 3730".split()
    yellow = next(line for line in out.splitlines() if line.startswith("COLOUR_YELLOW"))
    assert "pass: give_notice" in yellow
    assert "scanner/policy_default.toml:" in yellow
    assert all(len(line) <= 120 for line in out.splitlines() if str(tmp_path) not in line)


def test_every_site_kind_can_be_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text("")
    assert main(["policy", "explain", "--all-sites", "-c", str(config)]) == 0
    assert "hold_and_report" in capsys.readouterr().out.split("COLOUR_RED")[1].split("\n")[0]


def test_json_is_one_object_a_line_for_every_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[site]\nkind = 'subway'\n")
    assert main(["policy", "explain", "--json", "-c", str(config)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    rows = {line["reason"]: line for line in lines if "reason" in line}
    assert set(rows) == {reason.value for reason in Reason if not reason.value.startswith("OVERRIDE_")}
    assert rows["EXPIRED"]["subway"] == "stop: staffed_lane"
    assert {"key", "value", "source", "replaces"} == set(lines[0])
    assert any(line.get("key") == "temperature.subway" for line in lines)


def test_a_faulty_configuration_is_explained_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[temperature]\nlimit_centi = 3800\n")
    assert main(["policy", "explain", "-c", str(config)]) == 1
    found = capsys.readouterr()
    assert found.out == ""
    assert f"{config}:2: temperature.limit_centi: expected at most 3730" in found.err


@pytest.mark.parametrize("arguments", [["policy", "--help"], ["policy", "explain", "--help"]])
def test_help_ends_with_an_example(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert "Example: checkpoint policy" in capsys.readouterr().out


def test_a_published_policy_is_explained_by_its_own_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = SmallWorld(tmp_path, "CN-33", int(time.time()))
    world.found()
    rules = default_policy().replace(b"refer_after_hours = 72", b"refer_after_hours = 48")
    world.publish(policy=f'issuer = "CN-33"\nissued_at = {world.now}\n'.encode() + rules)
    config = tmp_path / "config.toml"
    config.write_text(
        f'[trust]\nfolder = "{world.kept}"\n[state]\nfolder = "{tmp_path / "state"}"\n'
        "[freshness]\nrefer_after_hours = 24\n"
    )
    assert main(["policy", "explain", "--config", str(config)]) == 0
    out = capsys.readouterr().out
    assert "the home issuer's: policy/CN-33.toml" in out
    hours = next(line for line in out.splitlines() if line.startswith("freshness.refer_after_hours"))
    assert hours.split()[1:] == f"24 {config}:6; the policy says 48".split()
