"""The whole appliance, as a process, with real frames, a real serial line, a real log and a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.journal.verify import verify
from tests.appliance import Appliance


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    with Appliance(tmp_path) as appliance:
        yield appliance


def test_a_green_code_and_a_normal_temperature_open_the_gate_once(appliance: Appliance) -> None:
    appliance.start()
    appliance.thermometer.person(3650)
    appliance.show(appliance.world.code().text)
    report = appliance.report(0)
    assert report["outcome"] == "pass"
    assert report["gate_ns"] is not None
    appliance.wait_for(lambda: appliance.opened() or None)
    assert appliance.opened() == [report["seq"]]
    appliance.stop()
    print(appliance.log.read_text())
