"""The demo's people arrive at a real hub beside the gate."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import urllib3

from demo.hub_process import HubError, HubProcess
from demo.people import SCRIPT
from demo.site import Site
from demo.world import World
from tests.demo.test_world import processes_in


@pytest.mark.soak
def test_everybody_whom_the_gate_decides_on_arrives_at_the_hub(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with World(tmp_path, seed=1, language="en", with_hub=True) as world:
        turns = list(world.conductor.once(SCRIPT[:2]))
        assert world.waiting() == 0
        assert world.hub is not None
        page = urllib3.request("GET", world.hub.first, retries=False)
        assert page.status == 200
        assert world.summary().unexpected == 0
    with closing(sqlite3.connect(tmp_path / "hub" / "hub.db")) as stored:
        (people,) = stored.execute("SELECT sum(many) FROM tally WHERE scope = 0 AND measure = 'people'").fetchone()
    assert people == sum(len(turn.passages) for turn in turns) > 1
    assert not processes_in(tmp_path)


def test_a_hub_that_cannot_start_is_said_and_leaves_no_process(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log, pytest.raises(HubError, match="does not start"):
        HubProcess(Site(tmp_path), log)
    assert "no trust repository" in (tmp_path / "log").read_text()
    assert not processes_in(tmp_path)
