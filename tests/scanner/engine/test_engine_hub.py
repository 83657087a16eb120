"""A whole appliance and a hub on a socket: what happens at the gate arrives, and the screen says what waits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scanner.control.messages import View
from scanner.journal.device import PUBLIC_NAME, read_public
from scanner.journal.entry import decode
from scanner.sync.membership import write_membership
from tests.appliance import Appliance
from tests.scanner.engine.conftest import guard_of
from tests.scanner.sync.hub_server import HonestHub, Served, problem, served


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
            line.instead = [problem(500, "trouble")] * 3
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
