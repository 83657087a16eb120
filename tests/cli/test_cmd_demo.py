"""The demo's lines: what they say of a health code, and of another issuer's credential."""

from __future__ import annotations

import pytest

from cli.cmd_demo import lines
from demo.account import Turn
from demo.people import SCRIPT
from keys.reasons import Reason
from scanner.engine.report import PassageReport
from scanner.locale import Texts, languages
from scanner.values import Outcome


def line(key: str, language: str) -> str:
    """The line of a person of the script whose code is revoked."""
    person = next(one for one in SCRIPT if one.key == key)
    times = {"frame_ns": 0, "ready_ns": 0, "committed_ns": 0, "gate_ns": None}
    passage = PassageReport(
        lane="main",
        seq=4,
        at=1_790_000_000,
        outcome=Outcome.STOP,
        reasons=(Reason.REVOKED,),
        colour=None,
        temperature_centi=None,
        **times,
    )
    return lines(Turn(person, (passage,), (None,), ()), Texts.load(language))


@pytest.mark.parametrize("language", sorted(languages()))
def test_a_guests_revoked_certificate_is_called_no_health_code(language: str) -> None:
    texts = Texts.load(language)
    assert line("french-revoked", language).endswith(texts.get("credential.reason.REVOKED"))
    assert line("revoked", language).endswith(texts.get("reason.REVOKED"))
