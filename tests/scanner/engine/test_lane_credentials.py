"""Credentials of other issuers before a whole lane: waiting for a second one, putting together, refusing strangers'."""

from __future__ import annotations

import json

from demo.foreign_issuers import CardIssuer, CertificateIssuer, person, vaccination
from keys.card_reading import CardReading
from keys.certificate import read_certificate
from keys.foreign_key import keys_of_certificate, read_foreign_keys
from keys.reasons import Reason
from keys.status_list import StatusLists
from keys.trust_list import TrustList
from keys.verdict import Verdict
from keys.verifier import Verifier
from scanner.engine.credentials import WAIT_S
from scanner.lane import State
from tests.scanner.engine.lane_bench import NOW, Bench
from tests.scanner.test_policy_foreign import rules

FRANCE = CertificateIssuer("FR", NOW)
SIGNER = FRANCE.certificate()
VERIFIER = Verifier(TrustList((), keys_of_certificate(read_certificate(SIGNER))), StatusLists())
FIRST_DAY, SECOND_DAY = "2026-11-01", "2026-12-01"


def certificate(day: str, dose: int, *, given: str = "Claire", born: str = "1985-06-30") -> tuple[Verdict, str]:
    text = FRANCE.text(SIGNER, {**person("Martin", given, born), "v": [vaccination(day, dose=dose)]})
    verdict = VERIFIER.verify(text, NOW)
    assert verdict.valid
    return verdict, text


def bench() -> Bench:
    lane = Bench(rules=rules())
    lane.step_up()
    return lane


def reasons(lane: Bench) -> tuple[Reason, ...]:
    assert lane.view.result is not None
    return lane.view.result.reasons


def test_a_credential_that_does_not_suffice_is_waited_upon_while_it_is_still_held_up_and_then_referred() -> None:
    lane = bench()
    first = certificate(FIRST_DAY, 1)
    lane.show(*first)
    assert lane.view.hint == "hint.another_credential"
    for _ in range(int(WAIT_S) - 1):  # the camera sees it again and again: that does not begin the wait anew
        lane.wait(1)
        lane.show(*first)
        assert not lane.services.drafts
    lane.wait(2)
    assert len(lane.services.drafts) == 1
    lane.recorded()
    assert lane.view.state == State.REFERRED
    assert reasons(lane) == (Reason.RULE_NOT_MET,)


def test_the_second_credential_of_the_same_person_lets_both_count_and_the_gate_opens() -> None:
    lane = bench()
    lane.show(*certificate(FIRST_DAY, 1))
    lane.wait(2)
    lane.show(*certificate(SECOND_DAY, 2))
    lane.recorded()
    assert lane.view.state == State.PASSED
    assert lane.devices.opened
    assert lane.view.result is not None
    assert lane.view.result.credential is not None
    assert [fact.on for fact in lane.view.result.credential.facts] == [SECOND_DAY, FIRST_DAY]


def test_another_name_or_birth_date_on_the_second_credential_is_said_and_opens_nothing() -> None:
    for changes in ({"given": "Anne"}, {"born": "1985-07-01"}):
        lane = bench()
        lane.show(*certificate(FIRST_DAY, 1))
        lane.show(*certificate(SECOND_DAY, 2, **changes))
        lane.recorded()
        assert Reason.IDENTITY_MISMATCH in reasons(lane)
        assert not lane.devices.opened


def test_chunks_of_two_cards_shown_in_turn_are_no_card_and_say_so() -> None:
    issuer = CardIssuer("https://california.example/issuer")
    trusted = read_foreign_keys(json.dumps({"keys": [issuer.jwk(iss=issuer.url)]}).encode(), source="test")
    verifier = Verifier(TrustList((), trusted), StatusLists())
    doses = {"2026-11-01": "208", "2026-12-01": "208"}
    mine, theirs = (
        issuer.parts(issuer.payload("Rivera", given, "1990-03-04", doses, NOW - 60), 2) for given in ("Maria", "Jo")
    )
    for parts, broken in ((mine, False), ((mine[0], theirs[1]), True)):
        reading, lane = CardReading(), bench()
        for part in parts:
            text = reading.whole(part, 0)
            verdict = verifier.verify(text, NOW)
            lane.show(verdict, text)
            lane.wait(0.5)
        assert (verdict.reason in (Reason.MALFORMED, Reason.BAD_SIGNATURE)) is broken
        assert verdict.valid is not broken
        assert not lane.devices.opened  # such a card is of nobody's row here
