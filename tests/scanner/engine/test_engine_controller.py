"""The whole appliance on the gate controller's real firmware under MicroPython: relay, thermometer, door and button."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from firmware_bridge.emulator import VirtualReader
from firmware_bridge.emulator.pico import InterpretedPico, interpreter_missing
from firmware_bridge.values import LinkState
from keys.verdict import Colour
from scanner.journal.detail import FaultDetail, GateDetail
from tests.appliance import Appliance

pytestmark = pytest.mark.skipif(bool(interpreter_missing()), reason=interpreter_missing())

FIRE_EXIT = """
[[lane]]
[lane.camera]
source = "none"
[lane.reader]
driver = "keyboard"
port = "{folder}/reader"
[lane.thermometer]
driver = "controller"
timeout_s = 3.0
[lane.gate]
driver = "controller"
port = "{folder}/pico-line"
pulse_ms = 500
energised = "holds"
fail = "safe"
door_held_s = 1
"""


class OnFirmware(Appliance):
    """An appliance with a Pico for its gate and its thermometer, and a reader for its camera."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        text = self.config.read_text("utf-8")
        self.config.write_text(text[: text.index("[[lane]]")] + FIRE_EXIT.format(folder=folder), "utf-8")
        self.reader = VirtualReader(folder / "reader", model="keyboard")
        self.pico = InterpretedPico(folder / "pico-line", folder / "pico")
        self.pico.door(is_open=False)

    def details(self, kind: type[GateDetail | FaultDetail]) -> list[object]:
        """What the log says of openings, or of faults."""
        return [entry.detail for entry in self.entries() if isinstance(entry.detail, kind)]

    def faults(self, code: str) -> list[bool]:
        """How often the log says that something was degraded, and that it was whole again."""
        found = [detail for detail in self.details(FaultDetail) if isinstance(detail, FaultDetail)]
        return [detail.began for detail in found if detail.code == code]


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[OnFirmware]:
    made = OnFirmware(tmp_path)
    with ExitStack() as stack:
        for device in (made, made.reader, made.pico):
            stack.enter_context(device)
        made.start(wait=False)
        made.attend(devices=False)
        made.wait_lane(lambda lane: LinkState.UP is lane.reader is lane.gate is lane.thermometer)
        yield made


@pytest.mark.soak
def test_people_pass_by_relay_and_thermometer_of_our_own_controller_and_a_stopped_engine_leaves_the_exit_open(
    appliance: OnFirmware,
) -> None:
    pico = appliance.pico
    appliance.wait_for(lambda: pico.energised or None)  # held shut
    pico.feel("temperature", 3660, 2480)
    appliance.wait_lane(lambda lane: lane.present)
    appliance.reader.scan(appliance.world.code().text)
    report = appliance.report(0)
    assert (report["outcome"], report["temperature_centi"]) == ("pass", pytest.approx(3660, abs=2))
    appliance.wait_for(lambda: not pico.energised or None)
    appliance.wait_for(lambda: pico.energised or None)

    pico.cut()
    appliance.wait_degraded("gate_lost")
    appliance.wait_degraded("thermometer_lost")
    assert not pico.energised
    pico.power()
    appliance.wait_degraded("gate_lost", active=False)
    appliance.wait_degraded("thermometer_lost", active=False)
    appliance.wait_for(lambda: pico.energised or None)

    appliance.stop()
    appliance.wait_for(lambda: not pico.energised or None)
    assert appliance.details(GateDetail) == [GateDetail(confirmed=True)]
    assert appliance.verified().ok


@pytest.mark.soak
def test_the_button_calls_staff_and_the_door_is_watched_on_the_screen_and_in_the_log(appliance: OnFirmware) -> None:
    pico, guard = appliance.pico, appliance.guard
    assert guard is not None
    pico.press()
    appliance.wait_degraded("staff_called")
    pico.press(False)
    appliance.reader.scan(appliance.world.code(colour=Colour.RED).text)
    appliance.wait_lane(lambda lane: lane.result is not None)
    assert guard.acknowledge().ok
    appliance.wait_degraded("staff_called", active=False)

    pico.door(is_open=True)
    appliance.wait_degraded("door_forced")
    pico.door(is_open=False)
    appliance.wait_degraded("door_forced", active=False)
    appliance.stop()
    assert appliance.faults("staff_called") == [True, False]
    assert appliance.faults("door_forced") == [True, False]
