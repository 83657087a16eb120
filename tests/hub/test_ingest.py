"""Taking uploads in: the same laws on every kind of storage."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from hub.errors import Problem, RefusalError
from hub.ingest import Ingest
from hub.storage import alarms, appliances, summary
from hub.values import AlarmKind, Scope, Standing
from keys import cbor
from keys.cosignature import read_cosigned
from scanner.journal.detail import (
    ClockDetail,
    EntryKind,
    Erased,
    ErasureDetail,
    FaultDetail,
    OverrideDetail,
    RunDetail,
    StepCause,
    Updated,
    UpdateDetail,
)
from scanner.values import ClockTrust, Outcome
from tests.hub.conftest import Place
from tests.hub.gate import NOON, Gate


def refused(place: Place, gate: Gate, body: bytes) -> RefusalError:
    with pytest.raises(RefusalError) as error:
        place.ingest.take(gate.id, body)
    return error.value


def open_alarms(place: Place) -> list[AlarmKind]:
    with place.database.read() as session:
        return [one.kind for one in alarms.listed(session, settled=False, limit=50)]


def test_a_batch_is_durable_and_its_head_cosigned(place: Place) -> None:
    gate = Gate().passes(5)
    place.enrol(gate)
    receipt = place.ingest.take(gate.id, gate.upload())
    assert receipt.durable_to == 5
    seen = read_cosigned(receipt.head, gate.key.public_key(), place.cosigner.public_key)
    assert (seen.head.size, seen.head.root, seen.seen_at) == (5, gate.root(), place.clock.ms // 1000)
    assert place.stored(gate) == gate.log


def test_batches_follow_each_other(place: Place) -> None:
    gate = Gate().passes(7)
    place.enrol(gate)
    for first, end in ((0, 1), (1, 4), (4, 7)):
        assert place.ingest.take(gate.id, gate.upload(first, end)).durable_to == end
    assert place.stored(gate) == gate.log
    assert place.appliance(gate).root == gate.root()


def test_a_replayed_batch_changes_nothing_and_gets_the_same_cosignature(place: Place) -> None:
    gate = Gate().passes(6)
    place.enrol(gate)
    first = place.ingest.take(gate.id, gate.upload())
    before = place.tallies(Scope.SITE)
    place.clock.ms += 5_000
    again = place.ingest.take(gate.id, gate.upload())
    assert (again.durable_to, again.head) == (first.durable_to, first.head)
    assert place.tallies(Scope.SITE) == before
    assert place.stored(gate) == gate.log


def test_a_late_older_batch_is_acknowledged_with_all_that_is_known(place: Place) -> None:
    gate = Gate().passes(9)
    place.enrol(gate)
    place.ingest.take(gate.id, gate.upload(0, 4))
    place.ingest.take(gate.id, gate.upload(4, 9))
    for first, end in ((0, 4), (2, 7)):
        receipt = place.ingest.take(gate.id, gate.upload(first, end))
        assert receipt.durable_to == 9
        head = read_cosigned(receipt.head, gate.key.public_key(), place.cosigner.public_key).head
        assert (head.size, head.root) == (end, gate.root(end))
    assert place.stored(gate) == gate.log


def test_an_overlap_goes_on_whatever_tree_its_proof_begins_with(place: Place) -> None:
    gate = Gate().passes(30)
    place.enrol(gate)
    place.ingest.take(gate.id, gate.upload(0, 11))
    assert place.ingest.take(gate.id, gate.upload(3, 20)).durable_to == 20
    assert place.ingest.take(gate.id, gate.upload(7, 30, known=7)).durable_to == 30
    assert place.stored(gate) == gate.log
    assert place.tallies(Scope.FLEET)["people"] == 30


def test_a_consistency_proof_that_does_not_hold_is_refused(place: Place) -> None:
    gate = Gate().passes(20)
    place.enrol(gate)
    place.ingest.take(gate.id, gate.upload(0, 11))
    for body in (gate.upload(11, 20, known=9), gate.upload(3, 20, known=11), gate.upload(3, 9, known=4)):
        answer = refused(place, gate, body).answer
        assert (answer.status, answer.problem) == (409, Problem.WRONG_PROOF)
        assert answer.known is not None
        assert (answer.known.size, answer.known.root) == (11, gate.root(11))
    assert place.stored(gate) == gate.log[:11]
    assert open_alarms(place) == []


def test_a_gap_is_refused_with_the_size_that_is_known(place: Place) -> None:
    gate = Gate().passes(8)
    place.enrol(gate)
    place.ingest.take(gate.id, gate.upload(0, 3))
    answer = refused(place, gate, gate.upload(5, 8)).answer
    assert (answer.status, answer.problem) == (409, Problem.GAP)
    assert answer.known is not None
    assert answer.known.size == 3


def test_a_forked_log_is_refused_and_rings(place: Place) -> None:
    honest = Gate().passes(10)
    place.enrol(honest)
    place.ingest.take(honest.id, honest.upload())
    forged = honest.copy()
    forged.log[4] = forged.log[5]
    forged.passes(3)
    for body in (forged.upload(10, 13), forged.upload(0, 10), forged.upload(2, 8)):
        answer = refused(place, honest, body).answer
        assert (answer.status, answer.problem) == (409, Problem.NOT_AN_EXTENSION)
        assert answer.known is not None
        assert answer.known.root == honest.root()
    assert open_alarms(place) == [AlarmKind.FORKED]
    assert place.stored(honest) == honest.log


def test_a_log_begun_anew_is_refused_and_rings(place: Place) -> None:
    gate = Gate().passes(10)
    place.enrol(gate)
    place.ingest.take(gate.id, gate.upload())
    other = gate.copy()
    other.log.clear()
    other.sealed.clear()
    other.passes(12, time_ms=NOON + 1_000_000)
    for body in (other.upload(0, 12, known=10), other.upload(0, 12), other.upload(0, 8)):
        assert refused(place, gate, body).answer.problem is Problem.NOT_AN_EXTENSION
    assert open_alarms(place) == [AlarmKind.FORKED]


def test_one_byte_altered_on_the_way_is_refused(place: Place) -> None:
    gate = Gate().passes(6)
    place.enrol(gate)
    body = bytearray(gate.upload())
    body[body.index(gate.log[3]) + 40] ^= 1
    assert refused(place, gate, bytes(body)).answer.problem is Problem.NOT_AN_EXTENSION
    assert place.appliance(gate).frontier.size == 0


def test_a_stranger_and_a_strangers_head_are_unknown(place: Place) -> None:
    gate, stranger = Gate().passes(3), Gate().passes(3)
    place.enrol(gate)
    assert refused(place, stranger, stranger.upload()).answer.status == 401
    assert refused(place, gate, gate.upload(head=stranger.head())).answer.status == 401


def test_a_stolen_key_is_refused_once_revoked_and_rings(place: Place) -> None:
    gate = Gate().passes(3)
    place.enrol(gate)
    with place.database.write() as session:
        appliances.set_standing(session, gate.id, Standing.REVOKED)
    answer = refused(place, gate, gate.upload()).answer
    assert (answer.status, answer.problem) == (403, Problem.RETIRED)
    assert open_alarms(place) == [AlarmKind.REFUSED_KEY]


def test_an_appliance_whose_last_entry_says_that_it_erased_everything_is_retired(place: Place) -> None:
    gate = Gate().passes(3)
    gate.write(EntryKind.FAULT, FaultDetail("camera_lost", began=True))
    last = cbor.decode(gate.log[3])
    assert isinstance(last, dict)
    gate.log[3] = cbor.encode(last | {7: 14, 17: {1: 2, 2: 0, 3: 3, 4: 3}})
    place.enrol(gate)
    receipt = place.ingest.take(gate.id, gate.upload())
    assert place.appliance(gate).standing is Standing.RETIRED
    assert place.ingest.take(gate.id, gate.upload()).head == receipt.head, "its answer may have been lost"
    gate.passes(1)
    assert refused(place, gate, gate.upload(4, 5)).answer.status == 403


def test_an_entry_that_cannot_be_read_is_stored_and_blocks_nothing(place: Place) -> None:
    gate = Gate().passes(2)
    gate.log.append(b"\xa1\x01\x63xyz")
    gate.sealed.append(b"")
    gate.passes(2)
    place.enrol(gate)
    assert place.ingest.take(gate.id, gate.upload()).durable_to == 5
    assert place.stored(gate) == gate.log
    assert place.tallies(Scope.SITE)["people"] == 4
    assert open_alarms(place) == [AlarmKind.UNREADABLE]


def test_a_sealed_part_that_is_not_the_entrys_is_not_kept(place: Place) -> None:
    gate = Gate().passes(4)
    gate.sealed[1], gate.sealed[2] = gate.sealed[2], b""
    place.enrol(gate)
    place.ingest.take(gate.id, gate.upload())
    with place.database.read() as session:
        kept = appliances.sealed_parts(session, place.appliance(gate).number, 0, 4)
    assert [one.seq for one in kept] == [0, 3]
    assert open_alarms(place) == [AlarmKind.SEALED_ALTERED]


def test_what_entries_tell_is_counted_once_by_their_own_hour(place: Place) -> None:
    gate = Gate()
    gate.passes(3, time_ms=NOON - 7_200_000)
    gate.passes(2, outcome=Outcome.REFER)
    gate.write(EntryKind.OVERRIDE, OverrideDetail(admit=True, cause="relative"), staff="A17")
    gate.write(EntryKind.FAULT, FaultDetail("thermometer_lost", began=True))
    gate.write(EntryKind.FAULT, FaultDetail("camera_lost", began=True))
    gate.write(EntryKind.FAULT, FaultDetail("camera_lost", began=False))
    gate.write(EntryKind.UPDATE, UpdateDetail(Updated.REPOSITORY, "12", issued_at=NOON // 1000 - 3600))
    place.enrol(gate)
    place.ingest.take(gate.id, gate.upload())
    site = place.tallies(Scope.SITE)
    assert (site["people"], site["outcome/pass"], site["outcome/refer"], site["colour/yellow"]) == (5, 3, 2, 2)
    assert (site["reason/COLOUR_YELLOW"], site["guard/A17/admit"], site["cause/relative"]) == (2, 1, 1)
    assert "guard/A17/admit" not in place.tallies(Scope.FLEET)
    with place.database.read() as session:
        found = appliances.troubles(session, [place.appliance(gate).number])
        hours = session.rows("SELECT DISTINCT hour FROM tally WHERE measure = 'people' AND scope = 1 ORDER BY hour")
    assert [one.code for one in found] == ["thermometer_lost"]
    assert len(hours) == 2
    assert place.appliance(gate).lists_ms == NOON - 3_600_000


def test_hours_of_a_wrong_clock_are_those_of_arrival(place: Place) -> None:
    gate = Gate().passes(1, time_ms=NOON + 10**11)
    gate.write(EntryKind.CLOCK_STEP, clock_step(), time_ms=0, clock=ClockTrust.UNTRUSTED)
    place.enrol(gate)
    place.ingest.take(gate.id, gate.upload())
    with place.database.read() as session:
        hours = {row[0] for row in session.rows("SELECT DISTINCT hour FROM tally WHERE scope <> 3")}
    assert hours == {place.clock.ms // 3_600_000}


def test_what_was_degraded_is_told_a_lane_each_and_ends_with_the_engine_that_said_it(place: Place) -> None:
    gate = Gate()
    gate.write(EntryKind.RUN, RunDetail(started=True))
    for lane in ("gate-1", "gate-2"):
        gate.write(EntryKind.FAULT, FaultDetail("thermometer_lost", began=True), lane=lane)
    gate.write(EntryKind.FAULT, FaultDetail("thermometer_lost", began=False), lane="gate-1")
    place.enrol(gate)
    place.ingest.take(gate.id, gate.upload())
    assert place.degraded(gate) == [("gate-2", "thermometer_lost")]
    gate.write(EntryKind.FAULT, FaultDetail("log_refused", began=True), lane="")
    gate.write(EntryKind.RUN, RunDetail(started=True))  # it was killed, and could not say that anything is over
    gate.write(EntryKind.FAULT, FaultDetail("policy_default", began=True), lane="")
    place.ingest.take(gate.id, gate.upload(4))
    assert place.degraded(gate) == [("", "policy_default")]
    gate.write(EntryKind.ERASURE, ErasureDetail(Erased.EVERYTHING, 0, 7, 7))
    place.ingest.take(gate.id, gate.upload(7))
    assert place.degraded(gate) == []


@pytest.mark.parametrize(
    ("timezone", "day"),
    [
        (None, date(2026, 9, 21)),
        ("UTC", date(2026, 9, 21)),
        ("Asia/Shanghai", date(2026, 9, 22)),
        ("America/Adak", date(2026, 9, 21)),
    ],
)
def test_people_at_a_site_are_counted_by_its_own_days(place: Place, timezone: str | None, day: date) -> None:
    evening_ms = int(datetime(2026, 9, 21, 20, 30, tzinfo=UTC).timestamp()) * 1000
    place.clock.ms = evening_ms + 60_000
    gate = Gate().passes(2, time_ms=evening_ms)
    place.enrol(gate, timezone=timezone)
    place.ingest.take(gate.id, gate.upload())
    number = (day - date(1970, 1, 1)).days
    with place.database.read() as session:
        assert session.rows("SELECT hour, many FROM tally WHERE scope = ?", int(Scope.SITE_DAY)) == [(number, 2)]
        assert summary.by_site(session, Scope.SITE_DAY, number, 9) == [("west", 2)]
        assert summary.by_site(session, Scope.SITE_DAY, number + 1, 9) == []


def clock_step() -> ClockDetail:

    return ClockDetail(5, StepCause.DETECTED)


def test_two_hubs_racing_store_every_entry_once(setting: str, open_place: Callable[[str], Place]) -> None:
    one, two = open_place(setting), open_place(setting)
    gate = Gate().passes(60)
    one.enrol(gate)
    faults: list[Exception] = []

    def send(place: Place) -> None:
        for end in range(6, 61, 6):
            try:
                place.ingest.take(gate.id, gate.upload(end - 6, end))
            except RefusalError as error:
                if error.answer.problem is not Problem.GAP:
                    faults.append(error)

    threads = [threading.Thread(target=send, args=(place,)) for place in (one, two, one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert one.stored(gate) == gate.log
    assert one.tallies(Scope.FLEET)["people"] == 60


def test_a_hub_restored_from_an_old_backup_says_where_it_stands(
    setting: str, open_place: Callable[[str], Place]
) -> None:
    place = open_place(setting)
    gate = Gate().passes(9)
    place.enrol(gate)
    place.ingest.take(gate.id, gate.upload(0, 4))
    answer = refused(place, gate, gate.upload(7, 9)).answer
    assert answer.known is not None
    assert answer.known.root == gate.root(answer.known.size)
    assert place.ingest.take(gate.id, gate.upload(answer.known.size, 9)).durable_to == 9


def test_a_box_gone_mad_is_sent_away_for_the_day_and_loses_nothing(
    setting: str, open_place: Callable[[str], Place]
) -> None:
    first, other = open_place(setting), open_place(setting)
    places = [
        replace(one, ingest=Ingest(one.database, one.cosigner, first.clock, entries_a_day=50)) for one in (first, other)
    ]
    gate, neighbour = Gate().passes(120), Gate().passes(30)
    first.enrol(gate)
    first.enrol(neighbour)
    places[0].ingest.take(gate.id, gate.upload(0, 30))
    places[1].ingest.take(gate.id, gate.upload(30, 50))
    for place in places:
        answer = refused(place, gate, gate.upload(50, 51)).answer
        assert (answer.status, answer.problem) == (429, Problem.ALLOWANCE)
        assert answer.retry_after is not None
        assert 0 < answer.retry_after <= 3_600
    assert first.stored(gate) == gate.log[:50]
    assert open_alarms(first) == [AlarmKind.FLOOD]
    assert places[0].ingest.take(gate.id, gate.upload(0, 50)).durable_to == 50, "what is known costs nothing"
    assert places[0].ingest.take(neighbour.id, neighbour.upload()).durable_to == 30
    forged = gate.copy()
    forged.log[3] = forged.log[2]
    assert refused(places[0], gate, forged.upload(0, 60)).answer.problem is Problem.NOT_AN_EXTENSION
    assert places[0].ingest.take(gate.id, gate.upload(50, 110), by_hand=True).durable_to == 110
    first.clock.ms += 86_400_000
    first.database.prepare_day(first.clock.ms // 86_400_000)
    assert places[1].ingest.take(gate.id, gate.upload(110, 120)).durable_to == 120


def test_names_are_bounded_and_listed_whatever_order_a_database_sorts_texts_in(place: Place) -> None:
    if place.setting != "sqlite":
        with place.database.write() as session:
            if not session.rows("SELECT 1 FROM pg_collation WHERE collname = 'en-x-icu'"):
                pytest.skip("this PostgreSQL was built without ICU")
            session.run('ALTER TABLE tally ALTER COLUMN measure TYPE text COLLATE "en-x-icu"')
    gate = Gate()
    for number in range(150):
        gate.write(EntryKind.OVERRIDE, OverrideDetail(admit=True, cause="relative"), staff=f"X{number}")
    place.enrol(gate)
    for first in range(0, 150, 50):
        place.ingest.take(gate.id, gate.upload(first, first + 50))
    with place.database.read() as session:
        guards = summary.totals_below(session, Scope.SITE, None, 0, prefix="guard/", limit=200)
    assert len(guards) == appliances.NAMES_AN_HOUR + 1, "those named, and all others together"
    assert sum(many for _, many in guards) == 150
