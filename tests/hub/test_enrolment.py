"""Letting appliances in: at the same moment, through several hubs, and with a token only."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from hub.enrolment import Enrolment, Offer
from hub.errors import RefusalError
from hub.storage import appliances, people
from hub.values import Standing
from keys import base45, cbor
from tests.hub.conftest import Place
from tests.hub.gate import Gate

YEARS_MS = 10 * 365 * 86_400_000


def redeem(enrolment: Enrolment, gate: Gate, token: bytes, timezone: str | None = None) -> None:
    request = gate.enrolment(token)
    enrolment.redeem(request["token"], request["public_key"], request["software"], request["proof"], timezone)


def at_once(what: Callable[[int], object], many: int) -> None:
    """Do something from so many threads; none may raise."""
    faults: list[Exception] = []

    def guarded(number: int) -> None:
        try:
            what(number)
        except Exception as error:  # whatever it is, it must not be
            faults.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_appliances_that_enrol_at_the_same_moment_all_get_in(setting: str, open_place: Callable[[str], Place]) -> None:
    places = [open_place(setting), open_place(setting)]
    gates = [Gate() for _ in range(12)]

    def enrol(number: int) -> None:
        enrolment = Enrolment(places[number % 2].database, places[0].clock)
        redeem(enrolment, gates[number], enrolment.invite(f"site {number % 3}", ("gate-1",), "test"))

    at_once(enrol, len(gates))
    assert sorted(places[0].appliance(gate).number for gate in gates) == list(range(1, 13))
    with places[0].database.read() as session:
        assert len(appliances.sites(session, 10)) == 3


def test_who_let_an_appliance_in_is_in_the_audit_log_once_a_token(place: Place) -> None:
    enrolment, gate = Enrolment(place.database, place.clock), Gate()
    for site in ("west", "north"):  # it moves
        token = enrolment.invite(site, ("gate-1",), "li")
        for _ in range(2):  # the first answer was lost
            redeem(enrolment, gate, token)
    with place.database.read() as session:
        deeds = [(one.person, one.deed, one.subject, one.reason) for one in people.deeds(session, 1 << 62, 10)]
    assert deeds == [("li", "enrol", gate.id.hex(), "north"), ("li", "enrol", gate.id.hex(), "west")]


def test_a_token_made_while_the_clock_was_ahead_is_not_good_for_years(place: Place) -> None:
    enrolment = Enrolment(place.database, place.clock)
    place.clock.ms += YEARS_MS
    token = enrolment.invite("west", ("gate-1",), "test")
    place.clock.ms -= YEARS_MS
    with pytest.raises(RefusalError, match="expired"):
        redeem(enrolment, Gate(), token)
    redeem(enrolment, Gate(), enrolment.invite("west", ("gate-1",), "test"))


def test_an_appliance_that_moves_keeps_its_log(place: Place) -> None:
    gate = Gate().passes(3)
    place.enrol(gate, "west")
    place.ingest.take(gate.id, gate.upload())
    place.enrol(gate, "east")
    found = place.appliance(gate)
    assert (found.site.name, found.frontier.size) == ("east", 3)


def test_a_revoked_key_does_not_enrol_again(place: Place) -> None:
    gate = Gate()
    place.enrol(gate)
    with place.database.write() as session:
        appliances.set_standing(session, gate.id, Standing.REVOKED)
    enrolment = Enrolment(place.database, place.clock)
    with pytest.raises(RefusalError, match="revoked"):
        redeem(enrolment, gate, enrolment.invite("west", ("gate-1",), "test"))


def test_a_site_has_the_zone_that_was_told_last_and_keeps_it_where_none_is_told(place: Place) -> None:
    enrolment = Enrolment(place.database, place.clock)
    for timezone, known in ((None, None), ("Asia/Urumqi", "Asia/Urumqi"), ("UTC", "UTC"), (None, "UTC")):
        gate = Gate()
        redeem(enrolment, gate, enrolment.invite("west", ("gate-1",), "test"), timezone)
        assert place.appliance(gate).site.timezone == known


@pytest.mark.parametrize("timezone", ["Asia/Atlantis", "Asia", "leapseconds", "../../etc/passwd", "/etc/localtime", ""])
def test_a_zone_that_nobody_knows_is_refused_and_the_token_is_not_spent(place: Place, timezone: str) -> None:
    enrolment, gate = Enrolment(place.database, place.clock), Gate()
    token = enrolment.invite("west", ("gate-1",), "test")
    with pytest.raises(RefusalError, match="time zone") as refusal:
        redeem(enrolment, gate, token, timezone)
    assert refusal.value.answer.status == 422
    redeem(enrolment, gate, token, "Asia/Shanghai")


@pytest.mark.parametrize("pin", [None, bytes(32)])
def test_the_code_says_address_certificate_root_and_token(pin: bytes | None) -> None:
    text = Offer("https://hub.example.org", pin, bytes(range(32))).text(b"t" * 16)
    fields = {1: "https://hub.example.org", 3: bytes(range(32)), 4: b"t" * 16} | ({} if pin is None else {2: pin})
    assert text.startswith("JKE1:")
    assert cbor.decode(base45.decode(text.removeprefix("JKE1:"))) == fields
