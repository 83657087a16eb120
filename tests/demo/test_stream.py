"""The staged camera as a process: real time, a real FIFO, the appliance's own reader at the other end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import processes
from demo.artwork import Kind
from demo.scene import Showing
from demo.stage import Lower, Show, StepUp
from demo.stage_process import StageProcess
from scanner.camera.stream import StreamCamera
from scanner.decoder import Decoder

TEXT = "JKM1:" + "8L20" * 66


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "stage.log"


@pytest.fixture
def stage(tmp_path: Path, log: Path) -> Iterator[StageProcess]:
    with log.open("ab") as errors:
        stage = StageProcess(tmp_path / "camera.mjpeg", 3, errors)
        assert stage.wait_rolling(20)
        yield stage
        stage.end()
    assert log.read_text() == ""


def test_a_shown_code_is_told_readable_on_the_clock_of_its_reader(tmp_path: Path, stage: StageProcess) -> None:
    camera = StreamCamera(tmp_path / "camera.mjpeg")
    stage.tell(StepUp(1))
    stage.tell(Show(Showing("li", Kind.PHONE, (TEXT,), ("李*",), "12:00:00")))
    read_at = None
    deadline = time.monotonic() + 10
    while read_at is None and time.monotonic() < deadline:
        frame = camera.read()
        assert frame is not None
        if any(code.text == TEXT for code in Decoder().decode(frame.grey)):
            read_at = frame.at
    assert read_at is not None
    time.sleep(0.3)
    seen = stage.readable("li")
    assert seen is not None
    assert seen.appeared_ns <= seen.readable_ns
    # Read a few frames before the limits at the earliest, and soon after them.
    assert -0.25 < read_at - seen.readable_ns / 1e9 < 1.0
    stage.tell(Lower("li"))
    camera.close()


def test_frames_are_due_thirty_times_a_second_whether_or_not_somebody_reads(stage: StageProcess) -> None:
    begin = time.monotonic()
    time.sleep(1.5)
    stage.end()
    lasted = time.monotonic() - begin
    tally = stage.tally
    assert tally is not None
    assert tally.written == 0
    assert tally.dropped == tally.drawn
    assert tally.due == tally.drawn + tally.late
    assert tally.due >= 1.4 * 30
    assert tally.due <= (lasted + 3.0) * 30


def test_the_end_of_its_commands_ends_it(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log:
        child = processes.start(["-m", "demo.stream", str(tmp_path / "fifo")], log=log, commanded=True)
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        child.stdin.close()
        assert child.wait(5) == 0
        processes.end(child)


def test_nonsense_for_a_command_ends_it_with_the_fault_in_its_log(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log:
        child = processes.start(["-m", "demo.stream", str(tmp_path / "fifo")], log=log, commanded=True)
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        child.stdin.write(b'{"type": "dance"}\n')
        child.stdin.flush()
        child.wait(5)
        processes.end(child)
    assert "dance" in (tmp_path / "log").read_text()


def test_a_child_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from demo import processes\n"
        "child = processes.start(['-c', 'import time; time.sleep(60)'], log=sys.stderr.buffer)\n"
        "print(child.pid, flush=True)\n"
        "import time; time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=processes.ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = Path("/proc") / parent.stdout.readline().strip()
    time.sleep(0.5)
    assert child.exists()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(child)


def _alive(process: Path) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return (process / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
