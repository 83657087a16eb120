"""Another issuer's credential in words, in Chinese and English."""

from __future__ import annotations

import pytest

from keys.countries import ALPHA_3
from keys.facts import Fact, Kind
from keys.verdict import CodeFormat
from scanner import credential_words
from scanner.control.messages import CredentialView, FactView
from scanner.locale import Texts, languages


@pytest.mark.parametrize("language", languages())
def test_every_family_and_every_fact_has_words_in_every_language(language: str) -> None:
    texts = Texts.load(language)
    for family in CodeFormat:
        assert credential_words.title(texts, family) == texts.get(f"credential.{family.name.lower()}")
    for kind in (*Kind, "test_positive", "test_negative"):
        assert "2026-01-15" in texts.get(f"credential.{kind}", day="2026-01-15")
    assert "2" in texts.get("credential.doses", dose=2, doses=3)


def test_a_view_of_a_credential_survives_the_socket() -> None:
    fact = FactView(kind=Kind.TEST, on="", dose=None, doses=None, positive=False)
    view = CredentialView(
        format=CodeFormat.VDS_NC, facts=(fact,), rule="VR-CN-0001", rule_words=(("en", "Two doses."),)
    )
    assert CredentialView.model_validate_json(view.model_dump_json()) == view


@pytest.mark.parametrize("language", languages())
def test_every_country_has_a_name_in_every_language_under_all_its_codes(language: str) -> None:
    texts = Texts.load(language)
    for alpha_2, alpha_3 in ALPHA_3.items():
        name = credential_words.issuer(texts, alpha_2)
        assert name not in {alpha_2, alpha_3}
        assert credential_words.issuer(texts, alpha_3) == name
    assert credential_words.issuer(texts, "D") == credential_words.issuer(texts, "DE")
    assert credential_words.issuer(texts, "UTO") != "UTO"


def test_an_issuer_that_is_no_country_is_named_by_its_address() -> None:
    texts = Texts.load("zh_CN")
    assert credential_words.issuer(texts, "JPN") == "日本"
    assert credential_words.issuer(texts, "https://california.example/issuer") == "california.example/issuer"
    assert credential_words.issuer(texts, "did:web:nzcp.example:issuers:2") == "nzcp.example/issuers/2"
    assert credential_words.issuer(texts, "XX") == "XX"


def test_a_rule_is_said_in_the_screens_language_else_in_english_else_by_its_identifier() -> None:
    words = {"en": "Two doses.", "zh-cn": "须接种两剂。"}
    assert "须接种两剂。" in credential_words.rule(Texts.load("zh_CN"), "VR-1", words)
    assert "Two doses." in credential_words.rule(Texts.load("zh_TW"), "VR-1", words)
    assert "VR-1" in credential_words.rule(Texts.load("zh_TW"), "VR-1", {"fr": "Deux doses."})


def test_a_dose_is_counted_as_far_as_it_is_told() -> None:
    texts = Texts.load("en")
    told = [Fact(Kind.VACCINATION, "2026-01", dose=dose, doses=doses) for dose, doses in ((2, 3), (2, None), (None, 3))]
    assert [credential_words.fact(texts, fact) for fact in told] == [
        "vaccinated 2026-01 (dose 2 of 3)",
        "vaccinated 2026-01 (dose 2)",
        "vaccinated 2026-01",
    ]
