"""`checkpoint journal` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from scanner.journal.device import Device
from scanner.journal.files import journal_path
from scanner.journal.store import Journal
from tests.scanner.journal.logs import SEAL_KEY, SOFTWARE, edit, fault, gate, override, passage

ROOT = Path(__file__).parents[2]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder whose log has a fault, three passages, an override and its gate."""
    folder = tmp_path / "state"
    device = Device.load_or_create(folder)
    with Journal.open(folder, device, SEAL_KEY, SOFTWARE, reserve_mb=1) as journal:
        for draft in (fault(), passage(1), passage(2), override(3, 2), gate(4, 3), passage(5)):
            journal.append(draft)
    return folder


def test_the_newest_entries_are_shown_oldest_first(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "show", "--state", str(state), "--last", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "4", "5"]
    assert "OVERRIDE_ADMIT  staff 0042  about 2" in lines[0]
    assert "2023-11-14 22:13:25Z  main      passage       ✓ pass   CN-33  green  36.50 °C  143 ms" in lines[2]


def test_filters_by_kind_and_lane_count_only_what_fits(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "show", "--state", str(state), "-n", "2", "--kind", "passage", "--lane", "main"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["2", "5"]
    assert main(["journal", "show", "--state", str(state), "--lane", "nowhere"]) == 0
    assert capsys.readouterr().out == ""


def test_json_is_one_object_an_entry_and_names_nobody(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "show", "--state", str(state), "--json"]) == 0
    out = capsys.readouterr().out
    entries = [json.loads(line) for line in out.splitlines()]
    assert [entry["seq"] for entry in entries] == list(range(6))
    assert entries[0]["kind"] == "fault"
    assert entries[0]["detail"] == {"code": "thermometer_lost", "began": True, "folded": None}
    assert entries[1]["sealed"] == "present"
    assert entries[1]["outcome"] == "pass"
    assert entries[1]["temperature"]["result"] == 3650
    assert entries[3]["reasons"] == ["OVERRIDE_ADMIT"]
    assert "张" not in out
    assert "123456" not in out


def test_times_are_the_sites_where_the_configuration_names_it(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[site]\ntimezone = "Asia/Shanghai"\n[state]\nfolder = "state"\n')
    assert main(["journal", "show", "--config", str(config), "-n", "1"]) == 0
    assert "2023-11-15 06:13:25  main" in capsys.readouterr().out
    assert state.exists()


def test_an_unknown_kind_is_refused_with_the_known_ones(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "show", "--state", str(state), "--kind", "passages"]) == 1
    assert "kinds are passage, activation" in capsys.readouterr().err


def test_new_entries_are_followed_as_they_come(state: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "journal", "show", "--state", str(state), "-n", "1", "-f", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert json.loads(process.stdout.readline())["seq"] == 5
            with Journal.open(state, Device.load_or_create(state), None, SOFTWARE, reserve_mb=1) as journal:
                journal.append(passage(6))
                assert json.loads(process.stdout.readline())["seq"] == 6
        finally:
            process.terminate()


def test_a_log_that_holds_is_told(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "verify", "--state", str(state)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "entries 6 hold",
        "heads   1 hold, the newest over 6 entries",
        "sealed  3 hold, 0 erased by retention",
        "The log holds.",
    ]


def test_the_first_bad_entry_is_named_and_the_command_fails(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(journal_path(state), "UPDATE entry SET body = zeroblob(5) WHERE seq = 4")
    assert main(["journal", "verify", "--state", str(state)]) == 1
    assert "entry 4 was altered" in capsys.readouterr().err
    assert main(["journal", "verify", "--state", str(state), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["ok"], report["entries"], report["first_bad"]) == (False, 4, 4)
    assert main(["journal", "show", "--state", str(state)]) == 0
    assert "      4  cannot be read" in capsys.readouterr().out


def test_a_head_kept_by_somebody_else_finds_a_cut_tail(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Journal.open(state, Device.load_or_create(state), None, SOFTWARE, reserve_mb=1) as journal:
        note = journal.head()
    kept = tmp_path / "head.txt"
    kept.write_text(note, encoding="utf-8")
    assert main(["journal", "verify", "--state", str(state), "--against", str(kept)]) == 0
    edit(journal_path(state), "DELETE FROM entry")
    edit(journal_path(state), "DELETE FROM head")
    assert main(["journal", "verify", "--state", str(state)]) == 0
    for given in (str(kept), note, note.rstrip("\n")):
        assert main(["journal", "verify", "--state", str(state), "--against", given]) == 1
        assert "entry 0 is missing" in capsys.readouterr().err


@pytest.mark.parametrize("against", ["no-such-file", "a\nb\n"])
def test_what_is_no_head_is_told(state: Path, against: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "verify", "--state", str(state), "--against", against]) == 1
    assert "--against: " in capsys.readouterr().err


def test_a_copy_is_verified_with_a_key_given(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    os.system(f"cp {journal_path(state)}* {copy}")
    assert main(["journal", "verify", "--state", str(copy)]) == 1
    assert "name the device's public key with --key" in capsys.readouterr().err
    assert main(["journal", "verify", "--state", str(copy), "--key", str(state / "device.pub")]) == 0


def test_a_folder_without_a_log_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["journal", "show", "--state", str(tmp_path)]) == 1
    assert "there is no log here" in capsys.readouterr().err
    assert main(["journal", "show", "--config", str(tmp_path / "absent.toml")]) == 1
    assert "name the state folder with --state" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["journal"], ["journal", "show"], ["journal", "verify"]])
def test_help_ends_with_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0
    assert "Example: checkpoint journal" in capsys.readouterr().out.rstrip().splitlines()[-1]
