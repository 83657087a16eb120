"""The whole appliance, as a process, with real frames, a real serial line, a real log and a real socket."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from authority.masking import mask_name
from demo.guard import Guard
from keys.verdict import Carrier, Colour
from scanner.journal.detail import EntryKind, UpdateDetail
from scanner.policy_source import default_policy
from scanner.values import Outcome
from tests.appliance import Appliance
from tests.world import ISSUER, ORDER


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    with Appliance(tmp_path) as appliance:
        yield appliance


def test_a_green_code_and_a_normal_temperature_open_the_gate_once(appliance: Appliance) -> None:
    appliance.start()
    appliance.thermometer.person(3650)
    appliance.show(appliance.world.code().text)
    report = appliance.report(0)
    assert (report["outcome"], report["temperature_centi"]) == ("pass", pytest.approx(3650, abs=15))
    # The gate is open before its word has come back and is in the log.
    appliance.wait_for(lambda: EntryKind.GATE in {entry.kind for entry in appliance.entries()} or None)
    appliance.stop()
    assert appliance.opened() == [report["seq"]]
    assert appliance.verified().ok
    kinds = [entry.kind for entry in appliance.entries()]
    passed_by = [kind for kind in kinds if kind in {EntryKind.PASSAGE, EntryKind.GATE}]
    assert passed_by == [EntryKind.PASSAGE, EntryKind.GATE]
    assert kinds[0] is kinds[-1] is EntryKind.RUN


def test_nothing_the_engine_writes_names_the_person_who_passed(appliance: Appliance) -> None:
    code = appliance.world.code(name="欧阳修文")
    masked = mask_name("欧阳修文")
    appliance.start()
    appliance.thermometer.person(3650)
    appliance.show(code.text)
    seen = appliance.wait_lane(lambda lane: lane.result is not None)
    assert seen.result is not None
    assert seen.result.name == masked, "the guard's screen shows the masked name"
    appliance.report(0)  # by then it is in the log
    appliance.kill()
    for path in [*appliance.state.rglob("*"), appliance.log]:
        if path.is_file():
            data = path.read_bytes()
            for secret in ("欧阳", masked, code.text[5:40], code.identity.uri + "/"):
                assert secret.encode() not in data, path
    opened = list(appliance.world.authority.open_journal(appliance.state / "journal.db", ORDER, appliance.world.now))
    assert any(masked in repr(vars_of(one)) for one in opened), "the authority can open what the box cannot"


def vars_of(value: object) -> object:
    """Everything a frozen value holds, also what its repr hides."""
    slots = getattr(type(value), "__slots__", ())
    return {name: vars_of(getattr(value, name)) for name in slots} if slots else value


@pytest.mark.soak
def test_an_older_list_put_back_is_not_believed(appliance: Appliance) -> None:
    code = appliance.world.code()
    old = appliance.folder / "old"
    shutil.copytree(appliance.world.kept, old, symlinks=True)
    appliance.world.now = int(time.time())
    appliance.world.authority.revoke(code.identity, ORDER, appliance.world.now)
    appliance.world.publish()
    appliance.start()
    appliance.stop()
    shutil.rmtree(appliance.world.kept)
    old.rename(appliance.world.kept)
    appliance.start()
    appliance.show(code.text)
    assert appliance.report(0)["outcome"] != "pass"
    assert "older" in appliance.log.read_text("utf-8")


@pytest.mark.soak
def test_without_evidence_of_the_time_people_are_referred_until_a_supervisor_confirms_it(
    appliance: Appliance,
) -> None:
    appliance.start(wait=False)
    appliance.thermometer.person(3650)
    code = appliance.world.code()
    appliance.show(code.text)
    report = appliance.report(0)
    if "CLOCK_UNTRUSTED" not in str(report["reasons"]):
        pytest.skip("this machine's clock has evidence: NTP or a hardware clock")
    assert report["outcome"] == "refer"
    appliance.attend()
    appliance.wait_degraded("clock_untrusted", active=False)


def test_a_stale_list_refers_everybody(tmp_path: Path) -> None:
    with Appliance(tmp_path, extra="[freshness]\nrefer_after_hours = 24\n", published_ago_s=30 * 3600) as appliance:
        appliance.start()
        appliance.wait_degraded("lists_stale")
        appliance.thermometer.person(3650)
        appliance.show(appliance.world.code().text)
        assert appliance.report(0)["reasons"] == ["DATA_STALE"]
        assert appliance.opened() == []


@pytest.mark.soak
def test_a_kiosk_clears_a_stop_by_itself(tmp_path: Path) -> None:
    with Appliance(tmp_path, kind="subway", mode="unattended") as appliance:
        world = appliance.world
        soon = default_policy().replace(b"kiosk_clears_s = 10", b"kiosk_clears_s = 2")
        world.publish(policy=f'issuer = "{ISSUER}"\nissued_at = {world.now}\n'.encode() + soon)
        appliance.start()
        appliance.show(appliance.world.code(colour=Colour.YELLOW).text)
        lane = appliance.wait_lane(lambda lane: lane.state == "stopped")
        appliance.show(None)
        assert lane.result is not None
        assert lane.result.countdown_s is not None
        assert lane.result.countdown_s <= 2
        appliance.wait_lane(lambda lane: lane.state == "waiting")


@pytest.mark.soak
def test_signals_at_any_moment_end_the_engine_in_order(appliance: Appliance) -> None:
    appliance.start()
    engine = appliance.engine
    assert engine is not None
    for _ in range(200):
        engine.send_signal(signal.SIGTERM)
    assert engine.wait(10) == 0
    assert appliance.entries()[-1].kind is EntryKind.RUN


# --- on a gate at work, last: it runs from the first of these to the end of the module ------------------------------


def test_a_red_code_stops_and_a_guard_alone_cannot_admit_it(working: Appliance, guard: Guard) -> None:
    working.show(working.world.code(colour=Colour.RED).text)
    working.wait_lane(lambda lane: lane.state == "stopped")
    assert guard.admit("known_resident").error == "override.supervisor_needed"
    assert guard.acknowledge().ok
    working.wait_lane(lambda lane: lane.state == "waiting")
    assert working.opened() == []


def test_a_guard_admits_an_expired_code_and_the_gate_opens_for_that_entry(working: Appliance, guard: Guard) -> None:
    working.show(working.world.expired())
    working.wait_lane(lambda lane: lane.state == "referred")
    assert guard.admit("known_resident").ok
    opened = working.wait_for(lambda: working.opened() or None)
    override = working.entries()[opened[0]]
    assert override.kind is EntryKind.OVERRIDE
    assert override.outcome is Outcome.PASS
    assert override.refers_to is not None
    assert working.entries()[override.refers_to].kind is EntryKind.PASSAGE


def test_a_paper_code_for_another_district_is_referred(working: Appliance) -> None:
    working.show(working.world.code(region="330203", carrier=Carrier.PAPER).text)
    assert working.report(0)["reasons"] == ["OUT_OF_REGION"]


@pytest.mark.soak
def test_two_engines_on_one_state_folder_do_not_write_one_log(working: Appliance) -> None:
    second = Appliance.__new__(Appliance)
    second.__dict__.update(working.__dict__)
    second.engine = second.guard = None
    second.socket = working.folder / "second.sock"
    second.config = working.folder / "second.toml"
    second.config.write_text(working.config.read_text("utf-8").replace("control.sock", "second.sock"), "utf-8")
    second.log = working.folder / "second.log"
    second.start(wait=False)
    try:
        second.attend(devices=False)
        second.wait_degraded("journal_failed")
        second.wait_for(lambda: "another" in second.log.read_text("utf-8") or None)
    finally:
        second.stop()


def updates(appliance: Appliance) -> list[UpdateDetail]:
    """What the log says of lists taken in, in order."""
    return [entry.detail for entry in appliance.entries() if isinstance(entry.detail, UpdateDetail)]


def test_a_list_published_while_the_lane_works_takes_effect_and_is_an_entry(working: Appliance) -> None:
    code = working.world.code()
    working.world.now = int(time.time())
    working.world.authority.revoke(code.identity, ORDER, working.world.now)
    working.world.publish()
    working.wait_for(lambda: working.world.now in {update.issued_at for update in updates(working)} or None)
    working.show(code.text)
    assert working.report(0)["reasons"] == ["REVOKED"]
    assert updates(working)[-1].issued_at == working.world.now
