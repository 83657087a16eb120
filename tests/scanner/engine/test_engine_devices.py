"""The whole appliance on bought devices: readers for a camera, relays for the controller, other thermometers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from firmware_bridge.emulator import VirtualReader, VirtualRelay, VirtualThermometer
from firmware_bridge.values import LinkState, Method
from scanner.journal.detail import EntryKind, GateDetail
from tests.appliance import Appliance


class Bought(Appliance):
    """An appliance whose lane is equipped by `lane`, with the devices for it at `reader`, `relay` and `module`."""

    def __init__(self, folder: Path, lane: str, *, reader: str, relay: str, module: str, waits: bool = False) -> None:
        super().__init__(folder)
        text = self.config.read_text("utf-8")
        self.config.write_text(text[: text.index("[[lane]]")] + lane.format(folder=folder), "utf-8")
        self.reader = VirtualReader(folder / "reader", model=reader, waits=waits)
        self.relay = VirtualRelay(folder / "relay", model=relay)
        self.module = VirtualThermometer(folder / "module", model=module)

    def ready(self) -> None:
        """Start it, and wait until every device is there."""
        self.start(wait=False)
        self.attend(devices=False)
        self.wait_lane(lambda lane: LinkState.UP is lane.reader is lane.gate is lane.thermometer)

    def gate_entries(self) -> list[GateDetail]:
        """What the log says of openings."""
        return [entry.detail for entry in self.entries() if isinstance(entry.detail, GateDetail)]


TRIGGERED = """
[[lane]]
[lane.camera]
source = "none"
[lane.reader]
driver = "gm65"
port = "{folder}/reader"
trigger = true
[lane.thermometer]
driver = "lu90614"
port = "{folder}/module"
timeout_s = 3.0
[lane.gate]
driver = "modbus"
port = "{folder}/relay"
fail = "safe"
pulse_ms = 300
"""

TYPED = """
[[lane]]
[lane.camera]
source = "none"
[lane.reader]
driver = "keyboard"
port = "{folder}/reader"
[lane.thermometer]
driver = "heimann-idc50"
port = "{folder}/module"
timeout_s = 3.0
[lane.gate]
driver = "lcus"
port = "{folder}/relay"
pulse_ms = 10000
"""


@pytest.fixture
def start() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def equipped(start: ExitStack, appliance: Bought) -> Bought:
    for device in (appliance, appliance.reader, appliance.relay, appliance.module):
        start.enter_context(device)
    appliance.ready()
    return appliance


@pytest.mark.alone  # a machine that is busy elsewhere loses keys, as an input device's small buffer does
@pytest.mark.soak
def test_a_lane_without_a_camera_passes_people_by_reader_relay_and_another_thermometer(
    tmp_path: Path, start: ExitStack
) -> None:
    bought = Bought(tmp_path, TRIGGERED, reader="gm65", relay="modbus", module="lu90614", waits=True)
    appliance = equipped(start, bought)
    assert appliance.lane().camera is None
    assert not {one.code for one in appliance.guard.view.degraded} & {"camera_lost", "reader_lost"}  # type: ignore[union-attr]

    appliance.reader.scan("weixin://wxpay/bizpayurl?pr=1")
    appliance.wait_lane(lambda lane: lane.hint == "hint.not_a_code")
    assert appliance.reports == []

    appliance.module.person(3650)
    appliance.reader.scan(appliance.world.code().text)
    report = appliance.report(0)
    assert (report["outcome"], report["temperature_centi"]) == ("pass", pytest.approx(3650, abs=15))
    appliance.wait_for(lambda: appliance.relay.is_on() or None)
    appliance.wait_for(lambda: not appliance.relay.is_on() or None)

    appliance.module.nobody()
    appliance.relay.unplug()
    appliance.reader.unplug()
    appliance.wait_degraded("gate_lost")
    appliance.wait_degraded("reader_lost")
    appliance.relay.replug()
    appliance.reader.replug()
    appliance.wait_degraded("gate_lost", active=False)
    appliance.wait_degraded("reader_lost", active=False)

    appliance.wait_lane(lambda lane: not lane.present)
    appliance.module.person(3660)
    appliance.reader.scan(appliance.world.code().text)
    assert appliance.report(1)["outcome"] == "pass"
    appliance.wait_for(lambda: appliance.relay.is_on() or None)
    appliance.wait_for(lambda: len(appliance.gate_entries()) == 2 or None)  # the relay is on before it says so
    appliance.stop()
    assert appliance.relay.is_on(), "a gate that is to fail safe is left open"
    assert [detail.confirmed for detail in appliance.gate_entries()] == [True, True]
    assert appliance.verified().ok


@pytest.mark.alone
@pytest.mark.soak
def test_a_relay_that_can_only_be_told_is_written_down_as_such_and_an_estimate_is_no_temperature(
    tmp_path: Path, start: ExitStack
) -> None:
    """The built-in policy accepts no estimate, so a guard decides; the override opens a relay that never answers."""
    bought = Bought(tmp_path, TYPED, reader="keyboard", relay="lcus", module="heimann-idc50")
    appliance = equipped(start, bought)
    guard = appliance.guard
    assert guard is not None
    appliance.module.person(3650)
    appliance.reader.scan(appliance.world.code().text)
    report = appliance.report(0)
    assert (report["outcome"], report["reasons"]) == ("refer", ["TEMPERATURE_UNMEASURABLE"])
    assert guard.admit("temperature_checked").ok
    appliance.wait_for(lambda: appliance.relay.is_on() or None)
    appliance.wait_for(lambda: appliance.gate_entries() or None)
    appliance.stop()
    appliance.wait_for(lambda: not appliance.relay.is_on() or None)
    assert [(one.confirmed, one.why_not) for one in appliance.gate_entries()] == [(False, "not_confirmable")]
    (passage,) = [entry for entry in appliance.entries() if entry.kind is EntryKind.PASSAGE]
    assert passage.temperature is not None
    assert passage.temperature.method is Method.MODULE_ESTIMATE
