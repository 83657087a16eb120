"""What breaks at a gate, broken for real: each is said, degrades the lane, and is taken up again when it is over."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import serial

from demo.guard import Guard
from demo.virtual_camera import VirtualCamera, picture
from firmware_bridge.values import LinkState
from scanner.control.messages import DegradationView
from scanner.engine.folding import ENTRIES
from scanner.journal.detail import EntryKind, FaultDetail, GateDetail
from scanner.policy_source import default_policy
from tests.appliance import Appliance
from tests.world import ISSUER


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    with Appliance(tmp_path) as appliance:
        yield appliance


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for little."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def clears(appliance: Appliance) -> None:
    """Whoever passed walks on, and the guard need not look at it any longer."""
    appliance.show(None)
    appliance.thermometer.nobody()
    if appliance.lane().state == "passed":
        assert appliance.guard is not None
        appliance.guard.acknowledge()
    appliance.wait_lane(lambda lane: lane.state == "waiting" and not lane.present)


def passes(appliance: Appliance, number: int) -> None:
    """Somebody passes as passage `number`."""
    clears(appliance)
    appliance.thermometer.person(3650)
    appliance.show(appliance.world.code().text)
    assert appliance.report(number)["outcome"] == "pass"


def lost(guard: Guard, code: str) -> list[DegradationView]:
    """What the guard is told to be degraded in this way."""
    return [one for one in guard.view.degraded if one.code == code]


def faults(appliance: Appliance) -> list[tuple[str, bool]]:
    """The faults in the log, in order."""
    details = [entry.detail for entry in appliance.entries() if entry.kind is EntryKind.FAULT]
    return [(one.code, one.began) for one in details if isinstance(one, FaultDetail)]


@pytest.mark.soak
def test_a_camera_that_is_missing_at_the_start_is_said_and_taken_up_when_it_comes(tmp_path: Path) -> None:
    late = tmp_path / "late.mjpeg"
    with Appliance(tmp_path, camera=late) as appliance:
        appliance.start(wait=False)
        appliance.attend(devices=False)
        appliance.wait_degraded("camera_lost")
        feed = VirtualCamera(late)
        feed.start()
        try:
            appliance.wait_degraded("camera_lost", active=False)
            feed.show(appliance.world.code().text)
            appliance.thermometer.person(3650)
            assert appliance.report(0)["outcome"] == "pass"
        finally:
            feed.stop()


@pytest.mark.soak
def test_a_port_in_use_by_somebody_else_is_said_and_taken_when_free(appliance: Appliance) -> None:
    other = serial.Serial(str(appliance.folder / "thermometer"), exclusive=True)
    appliance.start(wait=False)
    appliance.attend(devices=False)
    guard = appliance.guard
    assert guard is not None
    appliance.wait_degraded("thermometer_lost")
    # Why it is lost may be known a moment later than that it is.
    appliance.wait_for(
        lambda: any("use" in one.detail or "busy" in one.detail for one in lost(guard, "thermometer_lost")) or None
    )
    other.close()
    appliance.wait_degraded("thermometer_lost", active=False)


@pytest.mark.soak
def test_a_full_disk_passes_nobody_unlogged_and_still_takes_a_guards_override(tmp_path: Path, small_disk: Path) -> None:
    with Appliance(tmp_path, state=small_disk / "state") as appliance:
        guard = appliance.start().attend()
        passes(appliance, 0)
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        clears(appliance)
        appliance.thermometer.person(3650)
        appliance.show(appliance.world.code().text)
        report = appliance.report(1)
        assert (report["outcome"], report["reasons"], report["seq"]) == ("refer", ["LOG_UNAVAILABLE"], None)
        appliance.wait_degraded("journal_full")
        opened = appliance.opened()
        assert guard.admit("known_resident").ok
        appliance.wait_for(lambda: len(appliance.opened()) > len(opened) or None)
        assert appliance.entries()[appliance.opened()[-1]].kind is EntryKind.OVERRIDE
        filler.unlink()
        appliance.wait_degraded("journal_full", active=False)
        passes(appliance, 3)
        appliance.stop()
        assert appliance.verified().ok


@pytest.mark.soak
def test_a_read_only_state_folder_passes_nobody_and_recovers(tmp_path: Path, small_disk: Path) -> None:
    with Appliance(tmp_path, state=small_disk / "state", socket=small_disk / "state" / "control.sock") as appliance:
        appliance.start()
        passes(appliance, 0)
        appliance.stop()
        appliance.show(None)
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        appliance.start(wait=False)
        appliance.attend(devices=False)
        appliance.wait_degraded("journal_readonly")
        appliance.wait_lane(lambda lane: lane.thermometer is LinkState.UP)
        appliance.thermometer.nobody()
        appliance.show(None)
        appliance.wait_lane(lambda lane: not lane.present)
        appliance.thermometer.person(3650)
        appliance.show(appliance.world.code().text)
        report = appliance.report(1)
        assert report["outcome"] == "refer"
        assert report["reasons"] == ["LOG_UNAVAILABLE"]
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        appliance.wait_degraded("journal_readonly", active=False)
        assert appliance.guard is not None
        assert appliance.guard.acknowledge().ok
        passes(appliance, 2)
        appliance.stop()
        assert appliance.verified().ok


@pytest.mark.soak
def test_a_damaged_log_is_never_written_over(appliance: Appliance) -> None:
    appliance.start()
    passes(appliance, 0)
    appliance.stop()
    appliance.show(None)
    database = appliance.state / "journal.db"
    forger = sqlite3.connect(database)
    forger.execute("UPDATE entry SET body = zeroblob(60) WHERE seq = (SELECT max(seq) FROM entry)")
    forger.commit()
    forger.close()
    found = [(path, path.read_bytes()) for path in (database, Path(f"{database}-wal")) if path.exists()]
    appliance.start(wait=False)
    appliance.attend(devices=False)
    appliance.wait_degraded("journal_failed")
    appliance.show(None)
    appliance.thermometer.person(3650)
    appliance.show(appliance.world.code().text)
    assert appliance.report(1)["reasons"] == ["LOG_UNAVAILABLE"]
    appliance.stop()
    assert [(path, path.read_bytes()) for path, _ in found] == found


@pytest.mark.soak
def test_a_broken_configuration_starts_nothing_and_names_every_fault(appliance: Appliance) -> None:
    appliance.config.write_text("[site]\nkind = 'resedential'\nnmae = 'x'\n[[lane]]\nmode = 3\n", "utf-8")
    appliance.start(wait=False)
    assert appliance.engine is not None
    assert appliance.engine.wait(10) == 2
    said = appliance.log.read_text("utf-8")
    for fault in ("config.toml:2", "residential", "config.toml:3", "nmae", "config.toml:5", "mode"):
        assert fault in said
    assert not (appliance.state / "journal.db").exists()


@pytest.mark.soak
def test_trust_that_is_missing_refers_people_in_words(appliance: Appliance) -> None:
    shutil.rmtree(appliance.world.kept)
    appliance.start()
    appliance.wait_degraded("keys_missing")
    appliance.wait_degraded("lists_missing")
    appliance.show(appliance.world.code().text)
    assert "UNKNOWN_ISSUER" in str(appliance.report(0)["reasons"])
    assert appliance.opened() == []


@pytest.mark.soak
def test_a_state_that_does_not_prove_itself_leaves_the_last_verified_one_in_force(appliance: Appliance) -> None:
    appliance.start()
    current = appliance.world.kept / "current"
    false = current.resolve().with_name("999999")
    shutil.copytree(current.resolve(), false)
    for path in false.rglob("*.json"):
        path.write_bytes(path.read_bytes()[:-3] + b"\x00\x00\x00")
    current.unlink()
    current.symlink_to("generations/999999")
    appliance.wait_degraded("trust_refused")
    appliance.wait_for(lambda: "does not hold" in appliance.log.read_text("utf-8") or None)
    passes(appliance, 0)


@pytest.mark.soak
def test_a_policy_that_does_not_hold_is_refused_in_words_and_the_lane_goes_on_by_the_last(appliance: Appliance) -> None:
    world = appliance.world
    good = f'issuer = "{ISSUER}"\nissued_at = {world.now}\n'.encode() + default_policy()
    world.publish(world.now - 30, policy=good)
    appliance.start()
    world.publish(world.now - 20, policy=b"format = 1\n[temperature]\nlimit_centi = 9000\n")
    appliance.wait_degraded("trust_refused")
    passes(appliance, 0)
    world.publish(policy=good)
    appliance.wait_degraded("trust_refused", active=False)


# --- on a gate at work, last: it runs from the first of these to the end of the module ------------------------------


@pytest.mark.soak
def test_a_camera_that_dies_is_said_and_taken_up_when_it_returns(working: Appliance) -> None:
    passes(working, 0)
    before = len(faults(working))
    working.feed.paused.set()
    working.wait_degraded("camera_lost")
    # The lane's own view may follow what is degraded by a moment.
    working.wait_lane(lambda lane: lane.camera is LinkState.LOST)
    working.feed.paused.clear()
    working.wait_degraded("camera_lost", active=False)
    passes(working, 1)
    assert faults(working)[before:] == [("camera_lost", True), ("camera_lost", False)]


@pytest.mark.soak
def test_a_camera_whose_picture_stands_still_is_said_and_the_code_in_it_passes_once(working: Appliance) -> None:
    working.thermometer.person(3650)
    working.feed.frames = (picture(working.world.code().text),)
    assert working.report(0)["outcome"] == "pass"
    working.wait_degraded("camera_lost")
    working.thermometer.nobody()
    working.wait_lane(lambda lane: not lane.present)
    assert len(working.reports) == 1
    working.show(None)
    working.wait_degraded("camera_lost", active=False)


@pytest.mark.soak
def test_broken_pictures_cost_nothing(working: Appliance) -> None:
    whole = working.feed.frames[0]
    for broken in (b"", whole[:2000], b"\xff\xd8\xff\xd9", os.urandom(5000), whole[:1000] + whole[3000:]):
        working.feed.frames = (broken,)
        time.sleep(0.2)  # three frames of it
    grey = cv2.imencode(".jpg", np.zeros((77, 33), np.uint8))[1]
    working.feed.frames = (bytes(grey),)
    passes(working, 0)


def test_a_silent_thermometer_refers_people_and_is_believed_again_when_it_speaks(
    working: Appliance, guard: Guard
) -> None:
    working.thermometer.silence(60)
    working.wait_degraded("thermometer_lost")
    working.show(working.world.code().text)
    assert working.report(0)["reasons"] == ["THERMOMETER_ABSENT"]
    assert guard.acknowledge().ok
    working.show(None)
    working.thermometer.silence(0)
    working.wait_degraded("thermometer_lost", active=False)
    passes(working, 1)


def test_an_unplugged_thermometer_comes_back_by_its_name(working: Appliance) -> None:
    working.thermometer.unplug()
    working.wait_degraded("thermometer_lost")
    working.thermometer.replug()
    working.wait_degraded("thermometer_lost", active=False)
    passes(working, 0)


def test_a_gate_that_does_not_answer_is_an_alarm_and_an_entry(working: Appliance) -> None:
    working.gate.drop_answers(50)
    working.thermometer.person(3650)
    working.show(working.world.code().text)
    report = working.report(0)
    assert report["outcome"] == "pass"
    working.wait_degraded("gate_unconfirmed")
    said = working.wait_for(lambda: next((one for one in working.entries() if one.refers_to == report["seq"]), None))
    assert isinstance(said.detail, GateDetail)
    assert not said.detail.confirmed


@pytest.mark.soak
def test_a_loose_plug_comes_and_goes_in_a_handful_of_entries_that_count_it(working: Appliance) -> None:
    for _ in range(20):
        working.gate.unplug()
        working.wait_degraded("gate_lost")
        working.gate.replug()
        working.wait_degraded("gate_lost", active=False)
    working.stop()
    told = [one.detail for one in working.entries() if isinstance(one.detail, FaultDetail)]
    told = [detail for detail in told if detail.code == "gate_lost"]
    assert len(told) == ENTRIES.at_once + 1
    assert told[-1].began is False
    assert sum(detail.began + (detail.folded or 0) for detail in told) >= 20  # a plug may bounce by itself
    assert working.log.read_text("utf-8").count("gate_lost") == len(told)


def test_an_unplugged_gate_is_said_and_comes_back(working: Appliance) -> None:
    working.gate.unplug()
    working.wait_degraded("gate_lost")
    working.gate.replug()
    working.wait_degraded("gate_lost", active=False)
    passes(working, 0)
    working.wait_for(lambda: working.opened() or None)


@pytest.mark.soak
def test_killing_the_screen_or_many_of_them_leaves_the_lane_alone(working: Appliance) -> None:
    passes(working, 0)
    for _ in range(30):
        screen = socket.socket(socket.AF_UNIX)
        screen.connect(str(working.socket))
        with contextlib.suppress(BrokenPipeError):  # one too many at a time is turned away
            screen.send(b'{"type":"watch_pre')
        screen.close()
    passes(working, 1)
