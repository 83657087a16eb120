"""The address with which the first administrator is made: hubs that start together each say one that holds, once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from hub.storage import people
from hub.storage.people import Role
from tests.hub.conftest import Place

MINUTE_MS = 60_000


def said(place: Place, later_ms: int = 0) -> str:
    """The token in the address that a hub says as it starts."""
    with place.database.write() as session:
        token = people.first_token(session, place.clock.ms + later_ms)
    assert token is not None
    return token


def holds(place: Place, token: str) -> bool:
    with place.database.read() as session:
        return people.is_first_token(session, token)


def spend(place: Place, token: str, name: str) -> bool:
    with place.database.write() as session:
        spent = people.spend_first_token(session, token)
        if spent:
            people.put(session, name, Role.ADMINISTRATOR, "stored")
        return spent


def test_hubs_that_start_together_have_each_said_an_address_that_holds(
    setting: str, open_place: Callable[[str], Place]
) -> None:
    places = [open_place(setting) for _ in range(3)]
    tokens = [said(place) for place in places]
    assert [holds(place, token) for place in places for token in tokens] == [True] * 9
    assert not holds(places[0], "guess")
    assert not spend(places[0], "guess", "eve")
    assert spend(places[2], tokens[1], "root")
    assert [holds(places[0], token) for token in tokens] == [False] * 3
    assert not spend(places[1], tokens[0], "eve")


def test_an_address_of_an_earlier_start_ends_with_the_next(place: Place) -> None:
    for later_ms in (11 * MINUTE_MS, -11 * MINUTE_MS):
        before = said(place)
        after = said(place, later_ms)
        assert (holds(place, before), holds(place, after)) == (False, True)


def test_an_address_that_was_said_while_somebody_was_made_makes_nobody_else(place: Place) -> None:
    token = said(place)
    with place.database.write() as session:
        people.put(session, "root", Role.ADMINISTRATOR, "stored")
    assert not holds(place, token)
    assert not spend(place, token, "eve")
    with place.database.write() as session:
        assert people.first_token(session, place.clock.ms) is None


def test_of_two_who_come_at_once_one_is_made(setting: str, open_place: Callable[[str], Place]) -> None:
    places = [open_place(setting) for _ in range(2)]
    for number in range(10):
        tokens = [said(place) for place in places]
        start, made = threading.Barrier(2), []

        def come(place: Place, token: str, name: str, start: threading.Barrier, made: list[str]) -> None:
            start.wait()
            if spend(place, token, name):
                made.append(name)

        comers = [
            threading.Thread(target=come, args=(place, token, f"root{number}.{which}", start, made))
            for which, (place, token) in enumerate(zip(places, tokens, strict=True))
        ]
        for comer in comers:
            comer.start()
        for comer in comers:
            comer.join()
        assert len(made) == 1
        with places[0].database.write() as session:
            session.run("DELETE FROM person")
