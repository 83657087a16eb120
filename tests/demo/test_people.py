"""The script: it names everybody the demo promises, and says what the published rules say."""

from __future__ import annotations

import pytest

from demo.people import SCRIPT, Act, Person, Specimen
from keys.reasons import Reason
from scanner.policy_rules import read_rules
from scanner.policy_source import default_policy
from scanner.values import Outcome, SiteKind

PROMISED = {
    Specimen.GREEN,
    Specimen.YELLOW,
    Specimen.ORANGE,
    Specimen.RED,
    Specimen.GREY,
    Specimen.EXPIRED,
    Specimen.NOT_YET_VALID,
    Specimen.FORGED,
    Specimen.ALTERED,
    Specimen.UNKNOWN_ISSUER,
    Specimen.REVOKED_KEY,
    Specimen.REVOKED,
    Specimen.LIVE,
    Specimen.STALE,
    Specimen.SCREENSHOT,
    Specimen.REPLAYED,
    Specimen.SHOP,
    Specimen.PAPER,
    Specimen.FRENCH,
    Specimen.FRENCH_REVOKED,
    Specimen.JAPANESE,
    Specimen.NEW_ZEALAND,
    Specimen.CALIFORNIAN,
}


def one(key: str) -> Person:
    return next(person for person in SCRIPT if person.key == key)


def test_everybody_promised_comes() -> None:
    assert {specimen for person in SCRIPT for specimen in person.specimens} >= PROMISED
    assert {person.act for person in SCRIPT} == set(Act)


def test_two_codes_on_one_phone_become_two_passages() -> None:
    (family,) = [person for person in SCRIPT if len(person.specimens) == 2]
    assert len(family.expected) == len(family.names) == 2


def test_the_thermometer_comes_back_after_it_went() -> None:
    acts = [person.act for person in SCRIPT]
    assert acts.index(Act.PLUGGED_IN) == acts.index(Act.UNPLUGGED) + 1
    assert one("unplugged").expected[0].reasons == (Reason.THERMOMETER_ABSENT,)
    assert one("plugged-in").expected[0].outcome is Outcome.PASS


def test_whoever_shows_an_earlier_code_comes_after_its_owner() -> None:
    keys = [person.key for person in SCRIPT]
    assert len(set(keys)) == len(keys)
    for person in SCRIPT:
        if person.same_code_as is not None:
            assert keys.index(person.same_code_as) < keys.index(person.key)


def test_each_expected_outcome_is_the_heaviest_the_default_policy_gives_its_reasons() -> None:
    rules = read_rules(default_policy(), "default")
    for person in SCRIPT:
        for expected in person.expected:
            given = [rules.table[reason, SiteKind.RESIDENTIAL].outcome for reason in expected.reasons]
            assert max(given, default=Outcome.PASS) is expected.outcome, person.key


@pytest.mark.parametrize("person", SCRIPT, ids=lambda person: person.key)
def test_names_and_codes_are_as_many_and_a_poster_decides_nothing(person: Person) -> None:
    assert len(person.names) == len(person.specimens)
    assert bool(person.expected) != (person.act is Act.POSTER)
