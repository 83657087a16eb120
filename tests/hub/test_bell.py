"""How often an appliance may ring, and that a flood of refusals does not keep the storage from others."""

from __future__ import annotations

from hub import bell
from hub.bell import Bell
from hub.storage import appliances
from hub.values import AlarmKind, Standing
from tests.hub.conftest import Place
from tests.hub.gate import Gate
from tests.hub.test_ingest import refused


def test_a_burst_rings_in_full_and_then_once_a_second_for_each_appliance_by_itself() -> None:
    now = 100.0
    one = Bell(lambda: now)
    assert sum(one.may_ring(7) for _ in range(200)) == bell.BURST
    assert one.may_ring(8)
    now += 3 * bell.EVERY_S
    assert sum(one.may_ring(7) for _ in range(200)) == 3
    now += 1e6
    assert sum(one.may_ring(7) for _ in range(200)) == bell.BURST


def test_what_is_remembered_is_bounded() -> None:
    one = Bell(lambda: 0.0)
    for number in range(bell.REMEMBERED + 50):
        one.may_ring(number)
    assert len(one._rung) == bell.REMEMBERED


def test_a_stolen_key_that_hammers_is_refused_each_time_and_writes_no_more_than_its_share(place: Place) -> None:
    gate = Gate().passes(2)
    place.enrol(gate)
    with place.database.write() as session:
        appliances.set_standing(session, gate.id, Standing.REVOKED)
    body = gate.upload()
    for _ in range(bell.BURST + 30):
        assert refused(place, gate, body).answer.status == 403
    with place.database.read() as session:
        ((kind, many),) = session.rows("SELECT kind, many FROM alarm")
    assert kind == AlarmKind.REFUSED_KEY
    assert isinstance(many, int)
    assert bell.BURST <= many <= bell.BURST + 10
