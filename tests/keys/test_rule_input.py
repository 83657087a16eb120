"""Other families' facts as business rules see them: what is told stands where the EU's rules look for it."""

from __future__ import annotations

from keys.facts import Fact, Kind, Person
from keys.rule_input import rule_input

SOMEBODY = Person("Rivera", "Maria", "1990-03-04")


def test_a_dose_and_a_test_stand_in_the_groups_of_an_eu_certificate() -> None:
    dose = Fact(Kind.VACCINATION, "2025-11-01", product="EU/1/20/1528", dose=2)
    test = Fact(Kind.TEST, "2026-02-28", product="94500-6", positive=False)
    assert rule_input(SOMEBODY, last_dose=dose, newest_test=test) == {
        "dob": "1990-03-04",
        "nam": {"fn": "Rivera", "gn": "Maria"},
        "v": [{"tg": "840539006", "mp": "EU/1/20/1528", "dn": 2, "dt": "2025-11-01"}],
        "t": [{"tg": "840539006", "sc": "2026-02-28", "tr": "260415000", "tt": "94500-6"}],
    }


def test_a_result_that_nobody_can_tell_is_null_and_what_is_not_told_is_not_there() -> None:
    unclear = rule_input(SOMEBODY, newest_test=Fact(Kind.TEST, "2026-02-28"))
    assert unclear == {**rule_input(SOMEBODY), "t": [{"tg": "840539006", "sc": "2026-02-28", "tr": None, "tt": None}]}
    assert rule_input(SOMEBODY) == {"dob": "1990-03-04", "nam": {"fn": "Rivera", "gn": "Maria"}}
