"""What is erased when, on every kind of storage, and the report about it."""

from __future__ import annotations

import pytest

from hub import retention
from hub.housekeeping import Housekeeping
from hub.retention import DAY_MS, Retention
from hub.storage import alarms, appliances, people, summary
from hub.values import AlarmKind
from tests.hub.conftest import Place
from tests.hub.gate import Gate

KEEP = Retention(sealed_days=3, entry_days=10, count_days=20, device_count_days=5, audit_days=30)


def sealed(place: Place, gate: Gate) -> list[int]:
    number = place.appliance(gate).number
    with place.database.read() as session:
        return [one.seq for one in appliances.sealed_parts(session, number, 0, 1 << 60)]


@pytest.fixture
def gate(place: Place) -> Gate:
    """Has handed in two entries on each of two days, a week apart."""
    made = Gate().passes(2, time_ms=place.clock.ms)
    place.enrol(made)
    place.ingest.take(made.id, made.upload())
    place.clock.ms += 7 * DAY_MS
    place.database.prepare_day(place.clock.ms // DAY_MS)
    made.passes(2, time_ms=place.clock.ms)
    place.ingest.take(made.id, made.upload(2, 4))
    return made


def test_sealed_parts_go_first_and_entries_stay(place: Place, gate: Gate) -> None:
    done = retention.erase(place.database, KEEP, place.clock.ms)
    assert (sealed(place, gate), place.stored(gate)) == ([2, 3], gate.log)
    assert {one.what for one in done} == {"sealed", "device_count"}
    with place.database.read() as session:
        assert retention.report(session, 10) == list(reversed(done))


def test_entries_go_when_their_time_is_over_and_the_log_goes_on(place: Place, gate: Gate) -> None:
    place.clock.ms += 4 * DAY_MS
    retention.erase(place.database, KEEP, place.clock.ms)
    assert place.stored(gate) == gate.log[2:]
    place.database.prepare_day(place.clock.ms // DAY_MS)
    gate.passes(2, time_ms=place.clock.ms)
    assert place.ingest.take(gate.id, gate.upload(4, 6)).durable_to == 6
    assert place.ingest.take(gate.id, gate.upload(0, 4)).durable_to == 6
    assert place.stored(gate) == gate.log[2:]


def test_counts_and_the_audit_log_have_their_own_time(place: Place, gate: Gate) -> None:
    with place.database.write() as session:
        people.note(session, place.clock.ms, "root", "log_in", subject="")
    assert place.tallies(2)
    place.clock.ms += 25 * DAY_MS
    done = {one.what: one.many for one in retention.erase(place.database, KEEP, place.clock.ms)}
    assert place.tallies(0) == place.tallies(1) == place.tallies(2) == place.tallies(3) == {}
    assert done["count"] > 0
    assert "audit" not in done
    place.clock.ms += 6 * DAY_MS
    assert {one.what for one in retention.erase(place.database, KEEP, place.clock.ms)} == {"audit"}


def test_nothing_old_enough_is_no_line_in_the_report(place: Place, gate: Gate) -> None:
    retention.erase(place.database, KEEP, place.clock.ms)
    assert retention.erase(place.database, KEEP, place.clock.ms) == []


def test_housekeeping_makes_room_for_days_to_come(place: Place) -> None:
    chores = Housekeeping(place.database, KEEP, place.clock)
    chores.turn()
    place.clock.ms += 2 * DAY_MS
    gate = Gate().passes(1, time_ms=place.clock.ms)
    place.enrol(gate)
    assert place.ingest.take(gate.id, gate.upload()).durable_to == 1


def alarms_of(place: Place) -> list[tuple[object, ...]]:
    with place.database.read() as session:
        return session.rows("SELECT kind, settled_ms FROM alarm")


def test_a_clock_that_leaps_by_years_erases_nothing_until_somebody_says_that_it_is_right(
    place: Place, gate: Gate
) -> None:
    Housekeeping(place.database, KEEP, place.clock).turn()
    right = place.clock.ms
    for years in (10, 10):  # also after another start of the hub
        place.clock.ms = right + years * 365 * DAY_MS
        Housekeeping(place.database, KEEP, place.clock).turn()
    assert (place.stored(gate), sealed(place, gate)) == (gate.log, [2, 3])
    assert alarms_of(place) == [(AlarmKind.CLOCK, None)]
    place.clock.ms = right + DAY_MS  # mended, then settled: that says nothing about a leap to come
    with place.database.write() as session:
        assert alarms.settle(session, 1, "li", place.clock.ms)
    Housekeeping(place.database, KEEP, place.clock).turn()
    place.clock.ms = right + 20 * 365 * DAY_MS
    chores = Housekeeping(place.database, KEEP, place.clock)
    chores.turn()
    assert place.stored(gate) == gate.log
    with place.database.write() as session:
        assert alarms.settle(session, 2, "li", place.clock.ms)
    chores.turn()
    assert place.stored(gate) == []


def test_a_leap_that_was_settled_while_the_clock_was_ahead_settles_no_later_one(place: Place) -> None:
    chores = Housekeeping(place.database, Retention(sealed_days=3_000, entry_days=3_000), place.clock)
    right = place.clock.ms
    chores.turn()
    for days, number in ((365, 1), (400, 2)):
        place.clock.ms = right + days * DAY_MS
        chores.turn()
        assert (AlarmKind.CLOCK, None) in alarms_of(place)
        with place.database.write() as session:
            assert alarms.settle(session, number, "li", place.clock.ms)
        chores.turn()
        assert (AlarmKind.CLOCK, None) not in alarms_of(place)
        place.clock.ms = right
        chores.turn()


def test_an_appliance_heard_of_by_a_clock_that_was_ahead_does_not_look_alive_for_years(
    place: Place, gate: Gate
) -> None:
    now_ms = place.clock.ms - 3_650 * DAY_MS
    chores = Housekeeping(place.database, KEEP, lambda: now_ms)
    chores.turn()
    assert summary.life(place.appliance(gate), now_ms + 2 * DAY_MS) is summary.Life.SILENT


def test_a_hub_that_kept_no_time_yet_begins_with_when_it_was_heard_of_last(place: Place, gate: Gate) -> None:
    place.clock.ms += 10 * 365 * DAY_MS
    Housekeeping(place.database, KEEP, place.clock).turn()
    assert place.stored(gate) == gate.log
    assert alarms_of(place) == [(AlarmKind.CLOCK, None)]


def test_a_clock_that_was_ahead_and_is_mended_is_watched_again(place: Place) -> None:
    right = place.clock.ms
    place.clock.ms += 10 * 365 * DAY_MS
    Housekeeping(place.database, KEEP, place.clock).turn()  # the first of all: nothing to compare with
    place.clock.ms = right
    Housekeeping(place.database, KEEP, place.clock).turn()
    place.clock.ms += 365 * DAY_MS
    Housekeeping(place.database, KEEP, place.clock).turn()
    assert [kind for kind, _ in alarms_of(place)] == [AlarmKind.CLOCK]


@pytest.mark.parametrize("days", [0, -1, 40_000])
def test_a_retention_without_sense_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match="sealed days"):
        Retention(sealed_days=days)
