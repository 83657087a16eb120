"""Credentials of other issuers before a whole lane: waiting for a second one, putting together, refusing strangers'."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from demo.foreign_issuers import CardIssuer, CertificateIssuer, person, vaccination
from keys.business_rules import read_rule_set
from keys.card_reading import CardReading
from keys.certificate import read_certificate
from keys.foreign_jwk import read_foreign_keys
from keys.foreign_key import keys_of_certificate
from keys.reasons import Reason
from keys.status_list import StatusLists
from keys.trust_list import TrustList
from keys.verdict import Verdict
from keys.verifier import Verifier
from scanner.control.messages import Pause, Remeasure
from scanner.control.people import BeginParty, ManualEntry
from scanner.engine.credentials import WAIT_S
from scanner.engine.degradations import Cause
from scanner.engine.inputs import Midnight
from scanner.journal.detail import EntryKind
from scanner.lane import State
from scanner.values import Outcome, SiteKind
from tests.keys.test_business_rules import rule
from tests.scanner.engine.lane_bench import NOW, Bench, code
from tests.scanner.engine.test_log import Place
from tests.scanner.journal.mounts import fill, small_disk
from tests.scanner.test_policy_foreign import ROWS, rules

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


def written(lane: Bench) -> list[tuple[Reason, ...]]:
    return [draft.reasons for draft in lane.services.drafts if draft.kind is EntryKind.PASSAGE]


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
        lane.recorded()
        assert Reason.IDENTITY_MISMATCH in reasons(lane)
        assert written(lane)[0] == (Reason.RULE_NOT_MET,)  # the first one's holder is decided about, too
        assert not lane.devices.opened


def test_whoever_waits_and_is_followed_by_a_health_code_is_written_down_and_does_not_hold_the_next_one_up() -> None:
    lane = bench()
    lane.show(*certificate(FIRST_DAY, 1))
    lane.show(code())
    assert written(lane) == [(Reason.RULE_NOT_MET,), ()]
    left, passed = lane.services.drafts
    assert (left.kind, left.outcome, left.issuer) == (EntryKind.PASSAGE, Outcome.REFER, "FR")
    assert passed.issuer == "CN-33"
    assert lane.services.reserved == [False, False]  # it opens nothing, so it takes none of the log's reserve
    lane.recorded()
    assert not lane.devices.opened
    lane.recorded()
    assert lane.devices.opened
    assert (lane.view.passed, lane.view.referred) == (1, 1)
    lane.wait(WAIT_S + 1)
    assert len(lane.services.drafts) == 2  # and is not decided about once more


def test_whoever_is_let_go_of_while_the_disk_is_full_is_said_not_to_be_written_and_opens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", 16) as folder:
        place = Place(folder / "state")
        log = place.log()
        assert log.open()
        fill(folder)
        lane = bench()
        monkeypatch.setattr(lane.services, "record", log.record)
        lane.show(*certificate(FIRST_DAY, 1))
        assert place.degradations.active() == ()  # nothing was to be written so far
        lane.post(Midnight())
        end = time.monotonic() + 5
        while not place.degradations.active():
            assert time.monotonic() < end, "nobody is told"
            time.sleep(0.01)
        assert [one.cause for one in place.degradations.active()] == [Cause.JOURNAL_FULL]
        assert not lane.devices.opened
        assert log.size == 0
        log.close()


@pytest.mark.parametrize("what", ["forged", "late", "by hand", "paused", "midnight", "stopped"])
def test_whoever_waits_is_written_down_whatever_comes_instead_of_a_second_credential(what: str) -> None:
    lane = bench()
    lane.show(*certificate(FIRST_DAY, 1))
    match what:
        case "forged":
            lane.show(code(reason=Reason.BAD_SIGNATURE))
        case "late":  # in the very turn in which the wait is over
            lane.at += WAIT_S
            lane.show(code())
        case "by hand":
            lane.ask(ManualEntry(id=1, lane="main", name="王建国", document="330106194501011234"), "0017")
        case "paused":
            lane.ask(Pause(id=1, lane="main", paused=True), "0017")
            lane.wait(WAIT_S + 1)
        case "midnight":
            lane.post(Midnight())
        case "stopped":
            stop = threading.Event()
            stop.set()
            lane.loop.run(stop)
    assert written(lane)[0] == (Reason.RULE_NOT_MET,)
    assert what == "stopped" or lane.view.hint != "hint.another_credential", "nobody is asked for one any more"
    refused = [draft for draft in lane.services.drafts if Reason.RULE_NOT_MET in draft.reasons]
    assert [draft.outcome for draft in refused] == [Outcome.REFER]


def test_a_credential_that_was_revoked_while_its_holder_stood_there_takes_the_other_with_it() -> None:
    for revoked in (0, 1):
        lane = Bench(rules=rules())
        shown = (certificate(FIRST_DAY, 1), certificate(SECOND_DAY, 2))
        for one in shown:
            lane.show(*one)
        assert lane.view.state == State.MEASURING
        verdict, text = shown[revoked]
        lane.services.proofs[text] = verdict._replace(reason=Reason.REVOKED)
        lane.step_up(3790)
        lane.wait(6)
        lane.measured(3790)
        lane.recorded()
        lane.ask(Remeasure(id=1, lane="main", about=lane.services.seq), "0017")
        lane.step_up()
        lane.recorded()
        assert Reason.REVOKED in reasons(lane)
        assert not lane.devices.opened


def test_two_credentials_that_opened_the_gate_together_open_it_for_nobody_else_in_the_other_order() -> None:
    two = read_rule_set(
        json.dumps([rule("VR-CN-0001", {">=": [{"var": "payload.v.1.dn"}, 1]})]).encode(), source="test"
    )
    lane = Bench(rules=replace(rules(), rule_sets={"entry": two}))
    lane.step_up()
    first, second = certificate(FIRST_DAY, 1), certificate(SECOND_DAY, 1)
    lane.show(*first)
    lane.show(*second)
    lane.recorded()
    assert len(lane.devices.opened) == 1
    lane.wait(10)
    lane.step_away()
    lane.step_up()
    lane.show(*second)
    lane.show(*first)
    lane.recorded()
    assert Reason.ALREADY_PASSED in reasons(lane)
    assert len(lane.devices.opened) == 1


def test_one_person_of_a_vehicle_is_one_whichever_of_two_credentials_is_shown_last() -> None:
    two_entries = rule("VR-CN-0001", {">=": [{"var": "payload.v.1.dn"}, 1]})
    two = read_rule_set(json.dumps([two_entries]).encode(), source="test")
    accepted = rules(ROWS.replace(b'highway = "yellow"', b'highway = "accept"'))
    lane = Bench(kind=SiteKind.HIGHWAY, rules=replace(accepted, rule_sets={"entry": two}))
    lane.ask(BeginParty(id=1, lane="main", plate="浙A12345", people=2), "0017")
    lane.recorded()
    first, second = certificate(FIRST_DAY, 1), certificate(SECOND_DAY, 1)
    for shown in ((first, second), (second, first)):
        lane.step_up()
        for one in shown:
            lane.show(*one)
        lane.recorded()
        lane.wait(10)
        lane.step_away()
    assert lane.view.party is not None
    assert len(lane.view.party.seats) == 1
    assert not lane.devices.opened


def test_namesakes_of_one_birthday_keep_their_vehicle_waiting_until_the_second_is_registered_by_hand() -> None:
    accepted = rules(ROWS.replace(b'highway = "yellow"', b'highway = "accept"'))
    lane = Bench(kind=SiteKind.HIGHWAY, rules=accepted)
    lane.ask(BeginParty(id=1, lane="main", plate="浙A12345", people=2), "0017")
    lane.recorded()
    for day in ("2026-11-30", SECOND_DAY):  # two certificates: of one person, for all that can be told
        lane.step_up()
        lane.show(*certificate(day, 2))
        lane.recorded()
        lane.wait(10)
        lane.step_away()
    assert lane.view.party is not None
    assert [seat.outcome for seat in lane.view.party.seats] == [Outcome.PASS]
    assert not lane.devices.opened
    by_hand = ManualEntry(id=2, lane="main", name="Claire Martin", document="12AB34567", temperature_centi=3650)
    lane.ask(by_hand, "0017")
    while lane.services.waiting:
        lane.recorded()
    assert len(lane.view.party.seats) == 2
    assert lane.devices.opened


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
