"""The whole staged world round the ordinary engine, and the command that shows it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from demo.account import Summary, Turn
from demo.issuing import HOME, STRANGER
from demo.people import SCRIPT, Expected, Person
from demo.processes import ROOT
from demo.world import World
from keys.reasons import Reason
from scanner.engine.report import PassageReport
from scanner.journal.files import journal_path
from scanner.values import Outcome

WHOLE_RUN_S = 90.0
DEMO = [sys.executable, "-m", "cli.main", "demo"]


def processes_in(folder: Path) -> list[str]:
    """The command lines of processes that name `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in line and int(process.name) != os.getpid():
            found.append(line)
    return found


def demo(*options: str, home: Path) -> subprocess.Popen[str]:
    """Start the command with its temporary files under `home`."""
    return subprocess.Popen(
        [*DEMO, *options],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@dataclass(frozen=True)
class Staged:
    """Three turns in one world, the second of which the script lies about."""

    world: World
    turns: list[Turn]
    override: PassageReport
    summary: Summary
    left_over: list[str]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    folder = tmp_path_factory.mktemp("world")
    green, red, expired = (person("green"), person("red"), person("expired"))
    lied_about = replace(red, expected=(Expected(Outcome.PASS),))
    with World(folder, seed=2, language="en") as world:
        turns = list(world.conductor.once([green, lied_about, expired]))
        summary = world.summary()
    (override,) = world.conductor.overrides
    return Staged(world, turns, override, summary, processes_in(folder))


def person(key: str) -> Person:
    return next(one for one in SCRIPT if one.key == key)


@pytest.mark.soak
def test_people_pass_as_the_script_says(staged: Staged) -> None:
    assert [turn.problems for turn in staged.turns][::2] == [(), ()]
    assert staged.turns[0].passages[0].gate_ns is not None
    assert staged.turns[0].latencies_ms[0] is not None


@pytest.mark.soak
def test_a_decision_against_the_script_is_noticed(staged: Staged) -> None:
    assert staged.turns[1].problems == (f"expected PASS, got STOP {Reason.COLOUR_RED}",)
    assert (staged.summary.decisions, staged.summary.unexpected) == (3, 1)
    assert not staged.summary.ok


@pytest.mark.soak
def test_the_gate_opens_for_the_guard_s_override_and_not_for_the_decision(staged: Staged) -> None:
    assert staged.turns[2].passages[0].gate_ns is None
    assert staged.override.override is Reason.OVERRIDE_ADMIT
    assert staged.override.gate_ns is not None


@pytest.mark.soak
def test_nothing_is_left_running(staged: Staged) -> None:
    assert staged.left_over == []
    assert not staged.world.site.gate.exists()
    assert not staged.world.site.thermometer.exists()


@pytest.mark.soak
def test_the_authority_can_open_what_the_appliance_sealed_and_the_appliance_s_folder_cannot(staged: Staged) -> None:
    private = {path.parent.parent.name for path in staged.world.site.folder.rglob("private/*.pem")}
    assert private == {HOME, STRANGER, "federation"}
    assert "王**".encode() not in journal_path(staged.world.site.state).read_bytes()


@pytest.mark.soak
def test_a_log_that_was_tampered_with_is_not_verified(staged: Staged) -> None:
    assert staged.summary.journal_verified
    with sqlite3.connect(journal_path(staged.world.site.state)) as log:
        (body,) = log.execute("SELECT body FROM entry WHERE seq = 3").fetchone()
        log.execute("UPDATE entry SET body = ? WHERE seq = 3", (body[:-1] + bytes([body[-1] ^ 1]),))
    log.close()
    again = staged.world.summary()
    assert not again.journal_verified
    assert "3" in again.journal
    assert not again.ok


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    child = demo("--json", home=tmp_path)
    assert child.stdout is not None
    assert json.loads(child.stdout.readline())["outcome"] == "pass"
    child.send_signal(number)
    child.communicate(timeout=20)
    assert child.returncode == 130
    assert list(tmp_path.iterdir()) == []
    assert processes_in(tmp_path) == []


@pytest.mark.soak
def test_a_killed_demo_leaves_no_process_behind(tmp_path: Path) -> None:
    child = demo("--json", home=tmp_path)
    assert child.stdout is not None
    child.stdout.readline()
    assert len(processes_in(tmp_path)) >= 2
    child.kill()
    child.communicate()
    deadline = time.monotonic() + 10
    while processes_in(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_in(tmp_path) == []


def test_a_folder_to_keep_must_be_empty(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("something")
    child = demo("--headless", "--keep", str(tmp_path), home=tmp_path)
    _, said = child.communicate(timeout=20)
    assert child.returncode == 1
    assert "is not empty" in said


@pytest.mark.alone
@pytest.mark.soak
@pytest.mark.timeout(240)
def test_the_whole_script_goes_as_written_within_ninety_seconds(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    child = demo("--json", "--seed", "11", "--keep", str(kept), home=tmp_path)
    assert child.stdout is not None
    lines, first = [], 0.0
    for line in child.stdout:
        first = first or time.monotonic()
        lines.append(json.loads(line))
    lasted = time.monotonic() - first
    *decisions, last = lines
    assert [line for line in decisions if not line["expected"]] == []
    assert {line["person"] for line in decisions} == {person.key for person in SCRIPT}
    summary = last["summary"]
    assert set(summary) == {"decisions", "unexpected", "latency_ms", "journal_verified"}
    assert summary["decisions"] == sum(len(person.expected) for person in SCRIPT)
    assert summary["unexpected"] == 0
    assert summary["journal_verified"] is True
    assert 0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p95"]
    assert child.wait(30) == 0
    assert lasted <= WHOLE_RUN_S
    assert (kept / "state" / "device.pub").exists()
    assert kept.stat().st_mode & 0o777 == 0o700
    assert processes_in(kept) == []
