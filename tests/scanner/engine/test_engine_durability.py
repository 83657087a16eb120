"""Nothing that opened the gate is ever missing from the log: shown by kills, and by watching the system calls."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_bridge import link
from scanner.journal.detail import EntryKind
from scanner.journal.entry import encode
from scanner.values import Outcome
from tests.appliance import Appliance

UNSYNCED = """
import sys
from scanner.journal.database import Database
from scanner.journal.store import Journal
for owner in (Database, Journal):
    if hasattr(owner, "_SYNCHRONOUS"):
        owner._SYNCHRONOUS = "OFF"
from cli.main import main
sys.exit(main(sys.argv[1:]))
"""
"""The same engine, but its commits are not waited for."""

CALLS = "openat,write,pwrite64,fsync,fdatasync"
PAGE = "4200"
"""Bytes that strace shows of a call: a page of the log and some more."""

OPENS_WITHIN_S = 60.0
"""A gate that was killed opens again within this, on the slowest machine."""


def check(appliance: Appliance) -> None:
    """Every opening of the gate has its own passage in a log that verifies."""
    report = appliance.verified()
    assert report.ok, report.problem
    opened = appliance.opened()
    assert len(set(opened)) == len(opened), "two openings for one entry"
    entries = appliance.entries()
    for seq in opened:
        assert seq < len(entries), f"the gate opened for entry {seq}, which is not in the log"
        assert entries[seq].kind is EntryKind.PASSAGE
        assert entries[seq].outcome is Outcome.PASS


def await_opening(appliance: Appliance, before: int) -> float:
    """Wait until the gate has opened more than `before` times; seconds that took."""
    began = time.monotonic()
    while len(appliance.opened()) == before:
        assert time.monotonic() < began + OPENS_WITHIN_S, appliance.log.read_text("utf-8", "replace")[-3000:]
        time.sleep(0.001)
    return time.monotonic() - began


def kill_at_any_instant(folder: Path, rounds: int, seed: int) -> int:
    """Start, let somebody pass, kill; `rounds` times. Returns how often the gate opened.

    Every other kill comes just after the gate has opened, those between at any instant up to then, by how long it
    took the last time on this machine.
    """
    chance = random.Random(seed)
    folder.mkdir()
    with Appliance(folder) as appliance:
        appliance.start()
        appliance.stop()
        appliance.thermometer.person(3650)
        appliance.show(appliance.world.code().text)
        for number in range(rounds):
            before = len(appliance.opened())
            appliance.start(wait=False)
            if number % 2 == 0:
                opens_in_s = await_opening(appliance, before)
                time.sleep(chance.choice((0, 0, chance.uniform(0, 0.05))))
            else:
                time.sleep(chance.uniform(0.2, 1.1) * opens_in_s)
            appliance.kill()
            if number % 10 == 9:
                check(appliance)
        check(appliance)
        appliance.start(wait=False)
        appliance.attend()
        appliance.stop()
        check(appliance)
        return len(appliance.opened())


@pytest.mark.soak
def test_what_opened_the_gate_before_a_kill_is_in_the_log_after_it(tmp_path: Path) -> None:
    assert kill_at_any_instant(tmp_path / "a", 2, seed=1) >= 1


@pytest.mark.alone
@pytest.mark.soak
@pytest.mark.timeout(900)
def test_what_opened_the_gate_before_any_of_two_hundred_kills_is_in_the_log(tmp_path: Path) -> None:
    opened: list[int] = []
    workers = [
        threading.Thread(target=lambda one=one: opened.append(kill_at_any_instant(tmp_path / str(one), 100, seed=one)))
        for one in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(opened) == 2, "a round failed; see above"
    assert sum(opened) >= 100


@dataclass(frozen=True)
class Call:
    """One system call as strace saw it."""

    name: str
    arguments: str
    result: int


_START = re.compile(
    r"^(?P<thread>\d+)\s+(?P<name>\w+)\((?P<arguments>.*?)(?P<end>\)\s+= (?P<result>-?\d+).*|<unfinished \.\.\.>)$"
)
_RESUMED = re.compile(r"^(?P<thread>\d+)\s+<\.\.\. (?P<name>\w+) resumed>(?P<arguments>.*?)\)\s+= (?P<result>-?\d+)")


def calls(trace: str) -> Iterator[tuple[bool, Call]]:
    """Yield (True, call) where a call begins and (False, call) where it has returned, in the order of the trace."""
    pending: dict[str, tuple[str, str]] = {}
    for line in trace.splitlines():
        if found := _START.match(line):
            if found["result"] is None:
                pending[found["thread"]] = (found["name"], found["arguments"])
                yield True, Call(found["name"], found["arguments"], 0)
            else:
                call = Call(found["name"], found["arguments"], int(found["result"]))
                yield True, call
                yield False, call
        elif (found := _RESUMED.match(line)) and found["thread"] in pending:
            name, arguments = pending.pop(found["thread"])
            yield False, Call(name, arguments + found["arguments"], int(found["result"]))


def data_of(call: Call) -> bytes:
    """The bytes a call was given; all of them are written as \\xNN."""
    return bytes.fromhex("".join(re.findall(r"\\x([0-9a-f]{2})", call.arguments)))


def openings(trace: str, bodies: Mapping[int, bytes]) -> dict[int, bool]:
    """For each entry that the gate was ordered to open for: had it been synced in the log's WAL by then?

    `bodies`: those entries' bytes by their numbers. An order may be sent again; what else the log takes meanwhile does
    not matter.
    """
    wal: set[str] = set()
    written = synced = 0
    held_by: dict[int, int] = {}
    begun: dict[str, int] = {}
    found: dict[int, bool] = {}
    for begins, call in calls(trace):
        descriptor = call.arguments.split(",")[0].strip()
        if call.name == "openat" and not begins and call.result >= 0:
            (wal.add if data_of(call).endswith(b"journal.db-wal") else wal.discard)(str(call.result))
        elif call.name == "pwrite64" and begins and descriptor in wal:
            written += 1
            page = data_of(call)
            held_by |= {seq: written for seq, body in bodies.items() if seq not in held_by and body in page}
        elif call.name in {"fsync", "fdatasync"} and descriptor in wal:
            if begins:
                begun[descriptor] = written
            elif call.result == 0:
                synced = max(synced, begun.get(descriptor, 0))
        elif call.name == "write" and begins:
            for seq in ordered(data_of(call)):
                found[seq] = found.get(seq, True) and held_by.get(seq, written + 1) <= synced
    assert held_by.keys() == bodies.keys(), "an entry was never seen on its way to the disk: the watch is blind"
    return found


def ordered(data: bytes) -> Iterator[int]:
    """The entries that orders to open in `data` are for."""
    for frame in map(link.read_frame, filter(None, data.split(b"\0"))):
        if frame is not None and frame[1] == link.OPEN:
            _session, seq, _pulse_ms = struct.unpack(">IIH", frame[2])
            yield seq


def watch(folder: Path, program: tuple[str, ...], people: int) -> dict[int, bool]:
    """Let some people pass under strace."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: no system calls can be watched")
    trace = folder / "trace"
    prefix = ("strace", "-f", "-qq", "-xx", "-s", PAGE, "-e", f"trace={CALLS}", "-o", str(trace))
    with Appliance(folder, prefix=prefix, program=program) as appliance:
        appliance.start()
        for number in range(people):
            appliance.show(None)
            appliance.thermometer.nobody()
            appliance.wait_lane(lambda lane: lane.state == "waiting" and not lane.present)
            appliance.thermometer.person(3650)
            appliance.show(appliance.world.code().text)
            assert appliance.report(number)["outcome"] == "pass"
        appliance.wait_for(lambda: len(appliance.opened()) == people or None)
        # strace hands SIGTERM on to nobody: ask the engine itself.
        engine = appliance.engine
        assert engine is not None
        children = Path(f"/proc/{engine.pid}/task/{engine.pid}/children").read_text("ascii").split()
        for child in children:
            os.kill(int(child), signal.SIGTERM)
        engine.wait(20)
        entries, opened = appliance.entries(), appliance.opened()
    return openings(trace.read_text("ascii", "replace"), {seq: encode(entries[seq]) for seq in opened})


@pytest.mark.soak
@pytest.mark.needs_strace
def test_the_logs_sync_has_returned_before_the_gate_is_told_to_open(tmp_path: Path) -> None:
    assert list(watch(tmp_path, ("-m", "cli.main"), 3).values()) == [True] * 3


@pytest.mark.soak
@pytest.mark.needs_strace
def test_the_watch_sees_an_engine_that_does_not_wait_for_its_commits(tmp_path: Path) -> None:
    assert list(watch(tmp_path, ("-c", UNSYNCED), 1).values()) == [False]
