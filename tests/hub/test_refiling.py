"""What came while the hub's clock was ahead, on every kind of storage: kept, asked about, then filed under today."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from hub import refiling, retention
from hub.housekeeping import Housekeeping
from hub.retention import DAY_MS, Retention
from hub.storage import alarms, people
from hub.values import AlarmKind, Scope
from tests.hub.conftest import Place
from tests.hub.gate import Gate

KEEP = Retention(sealed_days=3, entry_days=10, count_days=20, device_count_days=5, audit_days=30)
AHEAD = 400


def days(place: Place, table: str = "entry") -> dict[int, int]:
    """Rows by day, counted from the day that it is."""
    with place.database.read() as session:
        found = session.rows(f"SELECT day - ?, count(*) FROM {table} GROUP BY day", place.clock.ms // DAY_MS)
    return {int(str(day)): int(str(many)) for day, many in found}


def hours_ahead(place: Place) -> int:
    with place.database.read() as session:
        (row,) = session.rows(
            "SELECT count(*) FROM tally WHERE (scope <> 3 AND hour > ?) OR (scope = 3 AND hour > ?)",
            (place.clock.ms // DAY_MS + 2) * 24, place.clock.ms // DAY_MS + 1,
        )  # fmt: skip
    return int(str(row[0]))


def turn(place: Place) -> None:
    Housekeeping(place.database, KEEP, place.clock).turn()


def settle(place: Place) -> None:
    with place.database.write() as session:
        rows = session.rows("SELECT number FROM alarm WHERE kind = ? AND settled_ms IS NULL", AlarmKind.CLOCK)
        for (number,) in rows:
            assert isinstance(number, int)
            assert alarms.settle(session, number, "li", place.clock.ms)
    assert rows, "there is nothing to settle"


def told(place: Place) -> dict[str, int]:
    with place.database.read() as session:
        return {one.what: one.many for one in retention.report(session, 50)}


def hand_in(place: Place, gate: Gate, many: int) -> None:
    start = len(gate.log)
    gate.passes(many, time_ms=place.clock.ms)
    place.ingest.take(gate.id, gate.upload(start, start + many))


@pytest.fixture
def gate(place: Place) -> Gate:
    """Has handed in two entries, then five by a clock that was ahead, which is mended by now."""
    made = Gate()
    place.enrol(made)
    turn(place)
    hand_in(place, made, 2)
    place.clock.ms += AHEAD * DAY_MS
    turn(place)
    hand_in(place, made, 5)
    with place.database.write() as session:
        people.note(session, place.clock.ms, "li", "settle", subject="7")
    place.clock.ms -= AHEAD * DAY_MS - 60_000
    return made


def test_it_is_filed_under_today_once_a_person_has_said_that_the_clock_is_right(place: Place, gate: Gate) -> None:
    before = [place.tallies(scope) for scope in Scope]
    turn(place)
    assert days(place) == days(place, "sealed") == {0: 2, AHEAD: 5}
    settle(place)
    turn(place)
    assert days(place) == days(place, "sealed") == {0: 7}
    assert hours_ahead(place) == 0
    assert [place.tallies(scope) for scope in Scope] == before
    with place.database.read() as session:
        assert session.rows("SELECT 1 FROM audit WHERE time_ms > ?", place.clock.ms) == []
        assert session.rows("SELECT 1 FROM alarm WHERE last_ms > ?", place.clock.ms) == []
    assert place.stored(gate) == gate.log
    report = told(place)
    assert (report["moved_entry"], report["moved_sealed"]) == (5, 5)
    assert {"moved_count", "moved_device_count", "moved_audit"} < set(report)
    turn(place)
    assert told(place) == report


def test_it_is_erased_when_its_rule_says_and_not_earlier(place: Place, gate: Gate) -> None:
    place.clock.ms += 2 * DAY_MS  # entries go after these by their day, and come before others
    turn(place)
    settle(place)
    turn(place)
    assert days(place, "sealed") == {-2: 2, 0: 5}
    hand_in(place, gate, 1)
    place.clock.ms += 2 * DAY_MS
    turn(place)
    assert days(place, "sealed") == {-2: 6}
    place.clock.ms += 2 * DAY_MS
    turn(place)
    assert days(place, "sealed") == {}
    assert days(place) == {-6: 2, -4: 6}


def test_what_came_later_is_erased_in_time_though_older_rows_stay(place: Place, gate: Gate) -> None:
    hand_in(place, gate, 3)
    for _ in range(2):
        place.clock.ms += 2 * DAY_MS
        turn(place)
    assert days(place, "sealed") == {AHEAD - 4: 5}


def test_a_clock_that_was_settled_while_it_was_ahead_is_asked_about_again(place: Place) -> None:
    made = Gate()
    place.enrol(made)
    turn(place)
    place.clock.ms += AHEAD * DAY_MS
    turn(place)
    settle(place)
    turn(place)
    hand_in(place, made, 3)
    place.clock.ms -= AHEAD * DAY_MS
    turn(place)
    turn(place)
    assert days(place) == {AHEAD: 3}
    settle(place)
    turn(place)
    assert days(place) == {0: 3}


def test_a_moment_ahead_that_no_turn_has_seen_is_asked_about(place: Place) -> None:
    made = Gate()
    place.enrol(made)
    turn(place)
    place.clock.ms += AHEAD * DAY_MS
    hand_in(place, made, 3)
    place.clock.ms -= AHEAD * DAY_MS
    turn(place)
    assert days(place) == {AHEAD: 3}
    settle(place)
    turn(place)
    assert days(place) == {0: 3}


def test_a_clock_set_back_to_a_time_that_was_once_settled_takes_nothing_to_that_time(place: Place) -> None:
    """Else what came in a hundred days would be filed under the first of them, and erased as soon as that is mended."""
    made = Gate()
    place.enrol(made)
    turn(place)
    place.clock.ms += 5 * DAY_MS  # the hub was off
    turn(place)
    settle(place)
    right = place.clock.ms
    for _ in range(50):
        place.clock.ms += 2 * DAY_MS
        turn(place)
    hand_in(place, made, 3)
    place.clock.ms, late = right + 3_600_000, place.clock.ms
    turn(place)
    turn(place)
    assert days(place) == {100: 3}
    place.clock.ms = late + 1_000
    turn(place)
    assert days(place) == days(place, "sealed") == {0: 3}


def test_days_that_are_nearly_there_are_left_alone(place: Place) -> None:
    made = Gate()
    place.enrol(made)
    place.clock.ms += DAY_MS
    place.database.prepare_day(place.clock.ms // DAY_MS)
    hand_in(place, made, 1)
    place.clock.ms -= DAY_MS
    turn(place)
    with place.database.read() as session:
        assert not alarms.is_open(session, AlarmKind.CLOCK)
    assert days(place) == {1: 1}


def test_what_is_filed_ahead_during_the_walk_is_found_by_the_next(place: Place, gate: Gate) -> None:
    beyond = place.clock.ms // DAY_MS + refiling.AHEAD_DAYS
    with place.database.refiling(beyond) as walk:
        right = place.clock.ms
        place.clock.ms += AHEAD * DAY_MS
        hand_in(place, gate, 1)
        place.clock.ms = right
        walk.done()
    assert refiling.newest_ahead(place.database, place.clock.ms) is not None
    refiling.refile(place.database, place.clock.ms, lambda: False)
    assert refiling.newest_ahead(place.database, place.clock.ms) is None
    assert days(place) == {0: 8}


def test_what_was_filed_anew_under_a_wrong_day_is_found_there(place: Place, gate: Gate) -> None:
    place.clock.ms += 200 * DAY_MS
    place.database.prepare_day(place.clock.ms // DAY_MS)
    refiling.refile(place.database, place.clock.ms, lambda: False)
    assert days(place) == {-200: 2, 0: 5}
    place.clock.ms -= 200 * DAY_MS
    assert refiling.newest_ahead(place.database, place.clock.ms) == place.clock.ms // DAY_MS + 200


def test_a_walk_that_is_told_to_stop_goes_on_the_next_time(
    place: Place, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refiling, "SLICE", 2)
    asked = iter([False, False, True])
    assert refiling.refile(place.database, place.clock.ms, lambda: next(asked)) > 0
    assert len(days(place)) == 2
    refiling.refile(place.database, place.clock.ms, lambda: False)
    assert days(place) == {0: 7}


def test_two_hubs_that_walk_at_once_move_and_count_everything_once(
    open_place: Callable[[str], Place], setting: str
) -> None:
    one, other = open_place(setting), open_place(setting)
    made = Gate()
    one.enrol(made)
    one.clock.ms += AHEAD * DAY_MS
    for _ in range(4):
        hand_in(one, made, 20)
    one.clock.ms -= AHEAD * DAY_MS
    before = [one.tallies(scope) for scope in Scope]
    walks = [
        threading.Thread(target=refiling.refile, args=(place.database, place.clock.ms, lambda: False))
        for place in (one, other)
    ]
    for walk in walks:
        walk.start()
    for walk in walks:
        walk.join()
    assert days(one) == days(one, "sealed") == {0: 80}
    assert [one.tallies(scope) for scope in Scope] == before
    assert told(one)["moved_entry"] == 80


def test_what_comes_while_the_clock_is_behind_is_not_filed_under_days_that_are_over(place: Place) -> None:
    """Else a clock that fell back for a moment would have it erased the next day."""
    made = Gate()
    place.enrol(made)
    turn(place)
    hand_in(place, made, 2)
    place.clock.ms -= 300 * DAY_MS
    hand_in(place, made, 2)
    place.clock.ms += 301 * DAY_MS
    turn(place)
    assert days(place) == days(place, "sealed") == {-1: 4}


@pytest.mark.parametrize("restarted", [False, True])
def test_what_came_before_a_clock_that_stood_behind_was_set_is_not_erased_by_that(
    place: Place, restarted: bool
) -> None:
    """As a machine without a battery begins: at the time of its shutdown, until a network tells it the time."""
    made, steady = Gate(), [0.0]

    def hub() -> Housekeeping:
        return Housekeeping(place.database, KEEP, place.clock, lambda: steady[0])

    place.enrol(made)
    hand_in(place, made, 1)
    hub().turn()
    place.clock.ms += 60_000  # it was off for a hundred days, and its clock with it
    chores = hub()
    chores.turn()
    hand_in(place, made, 2)
    steady[0] += 600
    place.clock.ms += 100 * DAY_MS
    chores.turn()
    if restarted:
        chores = hub()
        chores.turn()
    settle(place)
    chores.turn()
    assert days(place) == days(place, "sealed") == {0: 3}
    assert told(place)["moved_sealed"] == 3
    for _ in range(2):
        steady[0] += 2 * DAY_MS / 1000
        place.clock.ms += 2 * DAY_MS
        chores.turn()
    assert days(place, "sealed") == {}


def test_a_hub_that_was_off_for_long_erases_what_is_due(place: Place) -> None:
    made = Gate()
    place.enrol(made)
    turn(place)
    hand_in(place, made, 2)
    place.clock.ms += 5 * DAY_MS
    turn(place)
    settle(place)
    turn(place)
    assert days(place, "sealed") == {}


def test_a_clock_that_was_set_by_mistake_and_set_back_moves_nothing(place: Place) -> None:
    made, steady = Gate(), [0.0]
    place.enrol(made)
    chores = Housekeeping(place.database, KEEP, place.clock, lambda: steady[0])
    chores.turn()
    hand_in(place, made, 2)
    for days_on in (300, -300):
        place.clock.ms += days_on * DAY_MS
        chores.turn()
    settle(place)
    chores.turn()
    assert days(place) == {0: 2}
    assert told(place) == {}


@pytest.mark.soak
@pytest.mark.timeout(120)
def test_a_hub_that_is_killed_at_any_moment_of_it_loses_and_counts_nothing_twice(place: Place, gate: Gate) -> None:
    chance = random.Random(5)
    right = place.clock.ms
    place.clock.ms += AHEAD * DAY_MS
    for _ in range(6):
        hand_in(place, gate, 50)
    place.clock.ms = right
    before = [place.tallies(scope) for scope in Scope]
    command = [sys.executable, "-m", "tests.hub.refiler", place.setting, str(place.folder), str(right)]
    kills = 0
    for steps in (*(10 * number + chance.randint(1, 10) for number in range(8)), 0):
        after = [str(steps), str(chance.uniform(0.0002, 0.004))]
        hub = subprocess.run([*command, *after], stdout=subprocess.PIPE, text=True, check=False)
        if hub.returncode == -signal.SIGALRM:
            kills += 1
        else:
            assert (hub.returncode, hub.stdout) == (0, "done\n")
        with place.database.read() as session:  # whole steps only
            assert session.rows("SELECT 1 FROM entry e JOIN sealed s USING (device, seq) WHERE e.day <> s.day") == []
    assert kills > 2, "it was never killed in the middle"
    assert days(place) == days(place, "sealed") == {0: 307}
    assert [place.tallies(scope) for scope in Scope] == before
    assert (told(place)["moved_entry"], told(place)["moved_sealed"]) == (305, 305)
    assert place.stored(gate) == gate.log
