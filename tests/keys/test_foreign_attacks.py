"""Trust turned to another use: keys of one family, issuer or purpose that try to speak for another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from demo.foreign_issuers import CardIssuer, PassIssuer, SealIssuer
from keys.certificate import read_certificate
from keys.errors import StatusListError
from keys.facts import Person
from keys.foreign_key import ForeignKey, keys_of_certificate, read_foreign_keys
from keys.foreign_status import covered_countries, load_foreign_lists
from keys.reasons import Reason
from keys.status_list import StatusLists
from keys.trust_list import TrustList
from keys.verdict import CodeFormat, Verdict
from keys.verifier import Verifier
from tests.keys.realm import DAY, NOW

CARD = ("Rivera", "Maria", "1990-03-04", {"2025-11-01": "208"}, NOW - DAY)


def judge(text: str, *keys: ForeignKey) -> Verdict:
    return Verifier(TrustList((), keys), StatusLists()).verify(text, NOW)


def listed(*keys: object) -> tuple[ForeignKey, ...]:
    return read_foreign_keys(json.dumps({"keys": keys}).encode(), source="test")


def test_a_clinics_key_listed_without_its_issuer_writes_no_card_in_anothers_name() -> None:
    california, clinic = CardIssuer("https://california.example/issuer"), CardIssuer("https://clinic.example")
    borrowed = replace(clinic, url=california.url)
    keys = listed(california.jwk(iss=california.url), clinic.jwk())
    assert judge(clinic.text(clinic.payload(*CARD)), *keys).valid
    assert judge(borrowed.text(borrowed.payload(*CARD)), *keys).reason is Reason.UNKNOWN_KEY


def test_a_pass_key_listed_without_its_did_signs_for_no_did_that_has_keys_of_its_own() -> None:
    zealand, other = PassIssuer("did:web:nzcp.example", NOW), PassIssuer("did:web:nzcp.example", NOW, kid="key-2")
    unbound = {name: value for name, value in other.jwk().items() if name != "iss"}
    text = other.text(other.claims("Walker", "Aroha", "1979-11-02"))
    assert judge(text, *listed(zealand.jwk(), unbound)).reason is Reason.UNKNOWN_KEY


@pytest.mark.parametrize("order", [1, -1], ids=["taken back later", "taken back first"])
def test_a_key_that_one_file_takes_back_is_not_saved_by_another_that_still_lists_it(order: int) -> None:
    issuer = CardIssuer("https://california.example/issuer")
    revoked = {"revoked": {"at": NOW, "reason": "stolen"}, "formats": ["SHC"]}
    files = [listed(issuer.jwk(iss=issuer.url)), listed(issuer.jwk(iss=issuer.url, **revoked))][::order]
    assert judge(issuer.text(issuer.payload(*CARD)), *files[0], *files[1]).reason is Reason.KEY_REVOKED


def test_a_signer_of_tests_alone_seals_no_vaccination_either() -> None:
    france = SealIssuer("FRA", "FR", NOW)
    signer = france.signer(france.authority(), ("1.3.6.1.4.1.1847.2021.1.1",))
    keys = keys_of_certificate(read_certificate(signer))
    assert {key.format for key in keys} == {CodeFormat.HC1}
    seal = france.text(france.data("MARTIN  CLAIRE", "1985-06-30", ("2025-11-01",)), signer)
    assert judge(seal, *keys).reason is Reason.UNKNOWN_ISSUER


def test_a_broken_list_whose_name_does_not_say_what_it_covers_refuses_the_whole_folder(tmp_path: Path) -> None:
    (tmp_path / "france.hashes").write_bytes(b"broken")
    with pytest.raises(StatusListError):
        load_foreign_lists([tmp_path], TrustList(()), NOW)
    assert covered_countries(["fr.hashes", "DE.hashes", "x.hashes"]) == {"FR", "DE"}


def test_names_that_are_the_same_when_masked_are_not_the_same_person() -> None:
    claire, chloe = Person("Martin", "Claire", "1985-06-30"), Person("Martin", "Chloe", "1985-06-30")
    assert claire.masked == chloe.masked
    assert not claire.same_as(chloe)
    assert not Person("Ali", "Ali Hassan", "1985-06-30").same_as(Person("Ali", "Hassan", "1985-06-30"))
