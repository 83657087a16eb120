from __future__ import annotations

import os
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keys.merkle import leaf_hash
from scanner.journal.files import journal_path
from scanner.journal.verify import verify

from .logs import DEVICE, open_journal

ROOT = Path(__file__).parents[3]
PROGRAM = [sys.executable, "-m", "tests.scanner.journal.append_and_print"]

_OPENED = re.compile(r'open(?:at)?\(.*"(?P<path>[^"]+)".*\)\s*= (?P<fd>\d+)')
_WRITTEN = re.compile(r'p?write(?:64)?\((?P<fd>\d+), "(?P<data>[^"]*)"')
_SYNCED = re.compile(r"f(?:data)?sync\((?P<fd>\d+)\)\s*= 0")


def _gate_openings(trace: str) -> list[bool]:
    """For each write to the gate in a strace log: had everything written to the log's WAL been synced by then?"""
    wal: set[str] = set()
    dirty = False
    openings = []
    for line in trace.splitlines():
        if opened := _OPENED.search(line):
            (wal.add if opened["path"].endswith("journal.db-wal") else wal.discard)(opened["fd"])
        elif synced := _SYNCED.search(line):
            dirty = dirty and synced["fd"] not in wal
        elif written := _WRITTEN.search(line):
            if written["data"].startswith("OPEN "):
                openings.append(not dirty)
            elif written["fd"] in wal:
                dirty = True
    return openings


def _watch(tmp_path: Path, synchronous: str) -> list[bool]:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: no system calls can be watched")
    trace = tmp_path / "trace"
    ours, gate = pty.openpty()
    calls = "trace=open,openat,write,pwrite64,fsync,fdatasync"
    try:
        done = subprocess.run(
            [
                "strace",
                "-f",
                "-qq",
                "-e",
                calls,
                "-o",
                trace,
                *PROGRAM,
                tmp_path / "state",
                "20",
                synchronous,
                str(gate),
            ],
            cwd=ROOT,
            pass_fds=[gate],
            check=False,
            capture_output=True,
            text=True,
        )
    finally:
        os.close(ours)
        os.close(gate)
    if "ptrace" in done.stderr:
        pytest.skip(f"system calls may not be watched here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return _gate_openings(trace.read_text())


@pytest.mark.needs_strace
def test_every_entry_is_synced_to_the_disk_before_the_gate_hears_of_it(tmp_path: Path) -> None:
    assert _watch(tmp_path, "FULL") == [True] * 20


@pytest.mark.needs_strace
def test_the_watch_notices_when_commits_are_not_waited_for(tmp_path: Path) -> None:
    openings = _watch(tmp_path, "OFF")
    assert len(openings) == 20
    assert not any(openings)


def _kill_once(folder: Path, after: float) -> list[tuple[int, str]]:
    """Run the program, kill it after a moment, and return the receipts it had told of."""
    with subprocess.Popen([*PROGRAM, folder, "1000000", "FULL"], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        told = first + process.stdout.read()
    lines = told.decode().splitlines(keepends=True)
    pairs = [line.split() for line in lines if line.endswith("\n")]
    return [(int(seq), digest) for seq, digest in pairs]


def _rounds(folder: Path, rounds: int) -> None:
    chance = random.Random(20)
    receipts: list[tuple[int, str]] = []
    for _ in range(rounds):
        receipts += _kill_once(folder, chance.uniform(0, 0.12))
        with open_journal(folder) as journal:
            stored = {one.seq: leaf_hash(one.body).hex() for one in journal.entries(0, journal.size)}
        assert all(stored.get(seq) == digest for seq, digest in receipts)
    report = verify(journal_path(folder), DEVICE.public_key)
    assert report.ok, report.problem
    assert report.entries >= len(receipts) > rounds


def test_what_was_told_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    _rounds(tmp_path / "state", 3)


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_what_was_told_before_any_of_a_hundred_kills_is_there_after_them(tmp_path: Path) -> None:
    _rounds(tmp_path / "state", 100)
