"""A shift at a real gate: signed on over the socket, people without codes, a visitor, reports, and the hand-over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.guard import GUARD, LANE, PINS, SUPERVISOR, Guard
from scanner.control.duty import (
    AskReport,
    BrowseLog,
    Compare,
    Compared,
    HandOver,
    KeepOffset,
    LogPage,
    Report,
    SignOn,
    SlipIssued,
    Unlock,
    Unlocked,
)
from scanner.control.messages import Pause
from scanner.control.people import ManualEntry, RegisterVisitor, VisitorLeaves
from scanner.journal.detail import ActionDetail, EntryKind, ManualDetail, StaffAction
from scanner.journal.device import PUBLIC_NAME, read_public
from scanner.journal.files import journal_path
from scanner.journal.verify import verify
from tests.appliance import Appliance
from tests.world import ORDER


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    with Appliance(tmp_path) as appliance:
        yield appliance


def sign_on(guard: Guard) -> HandOver:
    reply = guard.send(SignOn(id=0, staff=GUARD, pin=PINS[GUARD]))
    assert isinstance(reply.answer, HandOver), reply
    return reply.answer


@pytest.mark.soak
def test_a_shift_from_signing_on_to_handing_over(appliance: Appliance) -> None:
    guard = appliance.start().guard
    assert guard is not None
    granny = ManualEntry(id=0, lane=LANE, name="欧阳修文", document="330106194501011234", contact="13900001111")
    assert guard.send(granny).error == "shift.nobody"
    sign_on(guard)
    assert guard.wait(lambda view: view.shift is not None and view.shift.staff == GUARD, 5)
    assert guard.send(granny).ok
    appliance.thermometer.person(3650)
    by_hand = appliance.report(0)
    assert (by_hand["outcome"], by_hand["by_hand"]) == ("pass", True)
    appliance.wait_for(lambda: appliance.opened() or None)
    appliance.thermometer.nobody()

    plumber = ManualEntry(
        id=0, lane=LANE, name="Mario Rossi", document="YA1234567", host="3-501", temperature_centi=3640
    )
    appliance.wait_lane(lambda lane: lane.state == "waiting")
    slip = guard.send(plumber).answer
    assert slip == SlipIssued(slip=1)
    assert guard.wait(lambda view: view.visitors_inside == 1, 5)
    assert guard.send(RegisterVisitor(id=0, lane=LANE, about=10_000, host="3-501")).error == "visitor.no_passage"

    token = guard.send(Unlock(id=0, staff=SUPERVISOR, pin=PINS[SUPERVISOR])).answer
    assert isinstance(token, Unlocked)
    found = guard.send(AskReport(id=0, token=token.token, hours=1)).answer
    assert isinstance(found, Report)
    assert [(one.staff, one.by_hand) for one in found.guards] == [(GUARD, 2)]
    page = guard.send(BrowseLog(id=0, token=token.token)).answer
    assert isinstance(page, LogPage)
    assert "manual_entry" in {row.kind for row in page.rows}
    assert "欧阳" not in page.model_dump_json()

    assert guard.send(Compare(id=0, token=token.token, lane=LANE, known_centi=3690)).error == "compare.in_service"
    appliance.wait_lane(lambda lane: lane.state == "waiting")
    assert guard.send(Pause(id=0, lane=LANE, paused=True)).ok
    appliance.wait_lane(lambda lane: lane.state == "out_of_service")
    appliance.thermometer.person(3650)
    compared = appliance.wait_for(
        lambda: guard.send(Compare(id=0, token=token.token, lane=LANE, known_centi=3690)).answer
    )
    assert isinstance(compared, Compared)
    assert compared.offset_centi == pytest.approx(40, abs=15)
    assert guard.send(KeepOffset(id=0, token=token.token, lane=LANE)).ok
    appliance.wait_lane(lambda lane: lane.offset is not None and lane.offset.centi == compared.offset_centi)

    appliance.kill()
    for path in [*appliance.state.rglob("*"), appliance.log]:
        if path.is_file():
            for secret in ("欧阳", "13900001111", "Rossi", "330106194501011234"):
                assert secret.encode() not in path.read_bytes(), path
    opened = appliance.world.authority.open_journal(appliance.state / "journal.db", ORDER, appliance.world.now)
    assert any("name=欧阳修文" in (one.personal.text or "") for one in opened if one.personal), (
        "the authority can read it"
    )

    guard = appliance.start().guard
    assert guard is not None
    assert guard.view.shift is None, "nobody knows who stands there after a restart"
    assert guard.view.visitors_inside == 1
    offset = guard.lane.offset
    assert offset is not None
    assert offset.centi == compared.offset_centi
    sign_on(guard)
    assert guard.send(VisitorLeaves(id=0, lane=LANE, slip=1)).ok
    over = guard.send(SignOn(id=0, staff=SUPERVISOR, pin=PINS[SUPERVISOR])).answer
    assert isinstance(over, HandOver)
    assert over.shift is not None
    assert over.shift.staff == GUARD
    assert over.open == ()
    report = verify(journal_path(appliance.state), read_public(appliance.state / PUBLIC_NAME), over.head)
    assert report.ok, "the head that was handed over holds the log"
    appliance.stop()
    entries = appliance.entries()
    compared_by = [one.staff for one in entries if one.detail == ActionDetail(StaffAction.COMPARED)]
    assert compared_by == [SUPERVISOR], "whoever's PIN opened the supervisor's screens, not who was on shift"
    shifts = [(one.staff, one.detail) for one in entries if one.kind is EntryKind.SHIFT]
    assert [staff for staff, _ in shifts] == [GUARD, GUARD, GUARD, SUPERVISOR]
    assert [one.detail.slip for one in entries if isinstance(one.detail, ManualDetail)] == [None, 1, 1]
