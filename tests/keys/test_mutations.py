"""Random and mutated texts: never raise, never hang, never verify as anything but what was signed."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from keys.presentation import present
from keys.reasons import Reason
from keys.verdict import Carrier, CodeIdentity, Colour
from tests.keys.mutator import Mutator
from tests.keys.realm import INDEX, NOW, Realm, new_key

LONGEST_S = 2.0
"""For one text on a busy machine; a verdict takes a fifth of a millisecond."""


def attack(seed: int, texts: int) -> Counter[Reason | None]:
    """Judge `texts` hostile texts; returns how often each reason came up, None for good ones that were left whole."""
    realm = Realm()
    phone = new_key()
    bound = realm.text(holder=phone.public_key())
    codes = [
        realm.text(),
        realm.text(colour=Colour.RED, carrier=Carrier.PAPER, region=None),
        realm.text(
            identity=CodeIdentity("CN-33", "jkm:33/7", INDEX + 1), colour_reason=7, colour_until=20_600, not_before=1
        ),
        present(bound, phone, NOW),
        present(bound, phone, NOW - 50),
    ]
    verifier = realm.verifier()
    signed = {text: verifier.verify(text, NOW) for text in codes}
    assert all(verdict.valid for verdict in signed.values())
    mutator = Mutator(seed, [*codes, bound, Realm("CN-11").text()])
    found: Counter[Reason | None] = Counter()
    for number in range(texts):
        text = mutator.next()
        start = time.monotonic()
        verdict = verifier.verify(text, NOW)
        assert time.monotonic() - start < LONGEST_S, f"seed {seed}, text {number} took too long: {text!r}"
        found[verdict.reason] += 1
        if verdict.valid:
            assert text in signed, f"seed {seed}, text {number} was never signed: {text!r}"
            assert verdict == signed[text]
    return found


def check_reach(found: Counter[Reason | None]) -> None:
    """The attack must get to every step it can get to, or it proves little."""
    for reason in (
        Reason.NOT_A_CODE,
        Reason.MALFORMED,
        Reason.UNSUPPORTED_FORMAT,
        Reason.UNKNOWN_ISSUER,
        Reason.UNKNOWN_KEY,
        Reason.BAD_SIGNATURE,
        Reason.PRESENTATION_REQUIRED,
    ):
        assert found[reason] > 0, f"no text came as far as {reason}"
    assert found[Reason.BAD_SIGNATURE] > found.total() * 0.05


def test_five_thousand_hostile_texts() -> None:
    found = attack(seed=20_260_304, texts=5_000)
    assert found.total() == 5_000
    check_reach(found)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_half_a_million_hostile_texts() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        counts = list(pool.map(attack, (1, 2), (250_000, 250_000)))
    assert sum(counts, Counter()).total() == 500_000
    for found in counts:
        check_reach(found)
