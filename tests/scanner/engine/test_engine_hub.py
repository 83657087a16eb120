"""A whole appliance and a hub on a socket: what happens at the gate arrives, and the screen says what waits."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from keys.cosignature import read_cosigned
from scanner.control.messages import View
from scanner.journal.detail import Erased, ErasureDetail
from scanner.journal.device import PUBLIC_NAME, device_id, read_public
from scanner.journal.entry import decode
from scanner.sync.membership import write_membership
from scanner.sync.retirement import PROOF, read_retired
from tests.appliance import Appliance
from tests.scanner.engine.conftest import guard_of
from tests.scanner.sync.hub_server import WITNESS, HonestHub, Served, problem, served
from tests.world import ORDER


def waiting(appliance: Appliance) -> int:
    view: View = guard_of(appliance).view
    return view.waiting


@pytest.mark.soak
def test_passages_reach_the_hub_once_through_kills_and_cuts_and_the_screen_counts_what_waits(tmp_path: Path) -> None:
    with Appliance(tmp_path, extra="[sync]\nevery_seconds = 1") as appliance:
        appliance.start()
        hub = HonestHub(read_public(appliance.state / PUBLIC_NAME))
        with served(hub) as line:
            before = appliance.wait_for(lambda: waiting(appliance) or None)
            assert before == guard_of(appliance).view.entries, "nobody else holds anything yet"
            write_membership(appliance.state, line.membership())
            appliance.wait_for(lambda: waiting(appliance) == 0 or None)
            line.instead = [problem(500, "trouble")]
            pass_somebody(appliance, line)
            appliance.kill()
            line.instead.clear()
            appliance.start()
            moved = replace(line.membership(), site="West gate")  # joined anew: it does not wait as after a start
            write_membership(appliance.state, moved)
            appliance.wait_for(lambda: (hub.entries and waiting(appliance) == 0) or None)
            appliance.stop()
            held = [decode(one) for one in hub.entries]
    entries = list(appliance.entries())
    assert [one.seq for one in held] == list(range(len(held)))
    assert held == entries[: len(held)]
    assert any(part for part in hub.sealed), "the sealed parts too"
    assert appliance.verified().ok


def pass_somebody(appliance: Appliance, line: Served) -> None:
    """Let somebody through while the hub is in trouble: the gate does not notice."""
    appliance.thermometer.person(3650)
    appliance.show(appliance.world.code().text)
    report = appliance.report(0)
    assert report["outcome"] in {"pass", "refer"}
    assert line.instead is not None


def order_retirement(appliance: Appliance, device: str) -> None:
    """Let the authority retire the appliance, and release that."""
    world = appliance.world
    assert world.federation is not None
    fleet = world.authority.fleet()
    world.federation.admit("fleet", fleet.role.add_key(world.now, order=ORDER), world.now, order=ORDER)
    world.now = int(time.time())
    fleet.retire(device, world.now, order=ORDER)
    fleet.publish(world.repository, world.now)
    world.release()


@pytest.mark.soak
def test_a_retired_appliance_hands_in_its_log_erases_itself_and_proves_it(tmp_path: Path) -> None:
    with Appliance(tmp_path, extra="[sync]\nevery_seconds = 1") as appliance:
        appliance.start()
        key = read_public(appliance.state / PUBLIC_NAME)
        hub = HonestHub(key)
        with served(hub) as line:
            write_membership(appliance.state, line.membership())
            appliance.wait_for(lambda: waiting(appliance) == 0 or None)
            line.instead = [problem(500, "trouble")]
            order_retirement(appliance, device_id(key).hex())
            done = appliance.update(appliance.world.repository)
            assert done.returncode == 0, done.stderr
            appliance.wait_degraded("retired")
            engine = appliance.engine
            assert engine is not None
            assert [one.name for one in appliance.state.iterdir() if one.name == "device.key"], (
                "not before the hub has all"
            )
            assert engine.wait(60) == 0
            appliance.kill()
        assert [one.name for one in appliance.state.iterdir()] == [PROOF]
        assert not appliance.world.kept.exists()
        last = decode(hub.entries[-1])
        assert last.detail == ErasureDetail(Erased.EVERYTHING, 0, last.seq, last.seq)
        assert [decode(one).seq for one in hub.entries] == list(range(len(hub.entries)))
        left = read_retired(appliance.state)
        assert left is not None
        assert read_cosigned(left.head, key, WITNESS.public_key()).head.size == len(hub.entries)
        appliance.start(wait=False)
        assert appliance.engine is not None
        assert appliance.engine.wait(20) == 78
        appliance.kill()
