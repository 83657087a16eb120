"""`docs/two-regions.sh` as a newcomer runs it: from any folder, to its end or not."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "two-regions.sh"
PATIENCE_S = 15.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the script works. What it leaves running there is ended, and a fault of the script."""
    yield tmp_path / "two regions"
    for pid in (left := working_in(tmp_path)):
        os.kill(pid, signal.SIGKILL)
    assert not left


def working_in(folder: Path) -> list[int]:
    """Processes that work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("cwd").readlink().is_relative_to(folder):
                found.append(int(process.name))
        except OSError:
            pass  # it has just ended
    return found


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear")
    done = subprocess.run([SCRIPT, tmp_path], capture_output=True, text=True, timeout=10, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"two-regions.sh: {tmp_path} is not empty; name a new folder\n"
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_two_regions_see_every_change_take_effect_at_the_lane(folder: Path, tmp_path: Path) -> None:
    command = [SCRIPT, folder.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=360, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything was as expected: 12 decisions, 5 openings, 3 updates" in done.stdout
    assert not working_in(folder)


@pytest.mark.soak
@pytest.mark.timeout(400)
def test_a_lane_that_decides_otherwise_ends_it_with_a_failure(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "story.sh").symlink_to(ROOT / "docs" / "story.sh")
    told = SCRIPT.read_text()
    assert told.count("at_the_gate chen pass\n") == 1
    script = tmp_path / "docs" / "two-regions.sh"
    script.write_text(told.replace("at_the_gate chen pass\n", "at_the_gate chen stop REVOKED\n"))
    script.chmod(0o755)
    done = subprocess.run([script, folder], capture_output=True, text=True, timeout=360, check=False)
    assert done.returncode == 1
    assert "NOT AS EXPECTED: chen was to be decided upon by: stop REVOKED" in done.stdout
    assert "liu at the gate" not in done.stdout


@pytest.mark.soak
@pytest.mark.timeout(400)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGPIPE, signal.SIGKILL])
def test_however_it_ends_nothing_of_it_goes_on(folder: Path, number: signal.Signals) -> None:
    with subprocess.Popen([SCRIPT, folder], stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        for line in script.stdout:
            if "zhang at the gate" in line:
                break
        assert len(working_in(folder)) > 5, "devices, server and engine with its decoders"
        script.send_signal(number)
        script.stdout.close()
        assert script.wait(PATIENCE_S) != 0
    deadline = time.monotonic() + PATIENCE_S
    while working_in(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not working_in(folder)
