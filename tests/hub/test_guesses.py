"""Who is let try a password, on either storage: nobody is locked out by others, nobody guesses faster by moving."""

from __future__ import annotations

import pytest

from hub.storage import guesses, people
from hub.storage.guesses import Source
from hub.storage.people import Role
from tests.hub.conftest import Place

DAY_MS = 86_400_000


@pytest.fixture
def desk(place: Place) -> Place:
    with place.database.write() as session:
        people.put(session, "li", Role.VIEWER, "")
        people.put(session, "wang", Role.VIEWER, "")
    return place


def guess(desk: Place, address: str, *, right: bool = False, browser: str = "", name: str = "li") -> bool:
    """Whether the try was judged."""
    with desk.database.write() as session:
        source = guesses.source_of(session, name, address, browser, desk.clock.ms)
        return guesses.try_now(session, name, source, desk.clock.ms, right=right)


def judged(desk: Place, address: str, many: int) -> int:
    return sum(guess(desk, address) for _ in range(many))


def test_whoever_guesses_wrong_waits_longer_and_longer_and_others_do_not(desk: Place) -> None:
    assert judged(desk, "192.0.2.1", 9) == guesses.FREE_FAILURES
    assert not guess(desk, "192.0.2.1", right=True)
    assert guess(desk, "192.0.2.2", right=True)
    desk.clock.ms += guesses.BLOCK_MS
    assert judged(desk, "192.0.2.1", 2) == 1
    desk.clock.ms += guesses.BLOCK_MS
    assert judged(desk, "192.0.2.1", 1) == 0
    desk.clock.ms += guesses.BLOCK_MS
    assert guess(desk, "192.0.2.1", right=True)


def test_tries_at_the_same_time_that_overtake_each_other_make_nobody_begin_anew(desk: Place) -> None:
    tries = 0
    for number in range(40):
        desk.clock.ms += -5_000 if number % 2 else 5_000
        tries += guess(desk, "192.0.2.1")
    assert tries == guesses.FREE_FAILURES


def test_a_crowd_of_addresses_gets_one_try_each_an_hour_and_a_person_at_a_new_one_gets_in(desk: Place) -> None:
    tries = sum(judged(desk, f"192.0.2.{number}", 9) for number in range(100))
    crowded = guesses.STRANGERS_FAILURES // guesses.FREE_FAILURES
    assert tries == guesses.STRANGERS_FAILURES + 100 - crowded
    assert guess(desk, "198.51.100.7", right=True)
    desk.clock.ms += guesses.STRANGERS_MS - 1
    assert judged(desk, "192.0.2.99", 9) == 0
    desk.clock.ms += 1
    assert judged(desk, "192.0.2.99", 9) >= 1


@pytest.mark.parametrize(
    ("address", "same", "other"),
    [
        ("2001:db8:0:100::1", "2001:db8:0:1ff:ffff::2", "2001:db8:0:200::1"),
        ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("fe80::1%eth0", "fe80::2%eth1", "192.0.2.2"),
        ("", "no address", "192.0.2.2"),
    ],
    ids=["ipv6", "mapped", "link", "unknown"],
)
def test_what_one_customer_has_of_addresses_is_one_source(desk: Place, address: str, same: str, other: str) -> None:
    judged(desk, address, 9)
    assert not guess(desk, same, right=True)
    assert guess(desk, other, right=True)


def test_a_known_browser_is_known_for_its_person_until_it_is_forgotten(desk: Place) -> None:
    with desk.database.write() as session:
        token = guesses.succeeded(session, "li", Source("address 192.0.2.1", known=False), desk.clock.ms)
    judged(desk, "192.0.2.1", 9)
    assert guess(desk, "192.0.2.1", browser=token, right=True)
    judged(desk, "192.0.2.1", 0)
    for _ in range(9):
        guess(desk, "192.0.2.1", name="wang")
    assert not guess(desk, "192.0.2.1", browser=token, name="wang", right=True)
    with desk.database.write() as session:
        people.put(session, "li", Role.VIEWER, "another")
    judged(desk, "192.0.2.1", 9)
    assert not guess(desk, "192.0.2.1", browser=token, right=True), "a new password forgets them"


def test_what_is_kept_of_a_name_is_bounded_and_goes_in_the_end(desk: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "SOURCES", 10)
    monkeypatch.setattr(guesses, "BROWSERS", 3)
    for number in range(40):
        desk.clock.ms += 1
        guess(desk, f"192.0.2.{number}")
        guess(desk, "192.0.2.1", name="nobody")
        with desk.database.write() as session:
            guesses.succeeded(session, "li", Source("address 198.51.100.1", known=False), desk.clock.ms)
    with desk.database.write() as session:
        assert session.rows("SELECT count(*) FROM guess") == [(11,)], "ten sources, and all strangers together"
        assert session.rows("SELECT count(*) FROM browser") == [(3,)]
        guesses.erase_old(session, desk.clock.ms + guesses.BROWSER_MS + 1)
        assert session.rows("SELECT 1 FROM guess") == session.rows("SELECT 1 FROM browser") == []


def test_a_clock_that_was_ahead_keeps_nobody_out_for_years(desk: Place) -> None:
    desk.clock.ms += 3_650 * DAY_MS
    judged(desk, "192.0.2.1", 9)
    desk.clock.ms -= 3_650 * DAY_MS
    assert guess(desk, "192.0.2.1", right=True)
    with desk.database.write() as session:
        token = people.log_in(session, "li", desk.clock.ms + 3_650 * DAY_MS)
        assert people.logged_in(session, token, desk.clock.ms) is None, "nor lets anybody stay in for years"
