"""Another issuer's credential in words, in Chinese and English."""

from __future__ import annotations

import pytest

from keys.facts import Kind
from keys.verdict import CodeFormat
from scanner.control.messages import CredentialView, FactView
from scanner.locale import Texts, languages

FORMATS = (CodeFormat.HC1, CodeFormat.SHC, CodeFormat.NZCP, CodeFormat.VDS_NC)


@pytest.mark.parametrize("language", languages())
def test_every_family_and_every_fact_has_words_in_every_language(language: str) -> None:
    texts = Texts.load(language)
    for family in FORMATS:
        assert texts.get(f"credential.{family.name.lower()}")
    for kind in (*Kind, "test_positive", "test_negative"):
        assert "2026-01-15" in texts.get(f"credential.{kind}", day="2026-01-15")
    assert "2" in texts.get("credential.doses", dose=2, doses=3)


def test_a_view_of_a_credential_survives_the_socket() -> None:
    fact = FactView(kind=Kind.TEST, on="", dose=None, doses=None, positive=False)
    view = CredentialView(
        format=CodeFormat.VDS_NC, facts=(fact,), rule="VR-CN-0001", rule_words=(("en", "Two doses."),)
    )
    assert CredentialView.model_validate_json(view.model_dump_json()) == view
