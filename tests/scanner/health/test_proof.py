from __future__ import annotations

import json
from pathlib import Path

import pytest

from keys.trust_list import TrustList, Use
from scanner.clock import BUILD_TIME
from scanner.health import Finding, Grade
from scanner.health.finding import span
from scanner.health.proof import check_clock, check_lists, check_policy, check_trust
from tests.scanner.health.place import Place
from tests.world import ORDER

GOOD, WARNING, FAILED = Grade.GOOD, Grade.WARNING, Grade.FAILED
DAY = 86_400


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def grades(findings: tuple[Finding, ...]) -> list[Grade]:
    return [finding.grade for finding in findings]


def lists(place: Place, *, later: int = 0) -> list[Finding]:
    document = place.write()
    now = place.now + later
    trust, _ = check_trust(document.model, now)
    rules, _ = check_policy(document)
    return list(check_lists(document.model, trust, rules, now))


def test_what_the_authority_published_is_good(place: Place) -> None:
    place.publish()
    trust, findings = check_trust(place.write().model, place.now)
    assert trust.knows("CN-33")
    assert grades(findings) == [GOOD]
    assert grades(tuple(lists(place))) == [GOOD]


def test_without_anything_published_keys_and_lists_fail_and_say_where_they_belong(place: Place) -> None:
    _, findings = check_trust(place.write().model, place.now)
    assert grades(findings) == [FAILED]
    assert "CN-33.jwks.json is missing" in findings[0].sentence
    (finding,) = lists(place)
    assert finding.grade is FAILED
    assert str(place.trust / "status" / "CN-33") in finding.advice


def test_a_region_carried_besides_that_is_missing_is_a_warning(place: Place) -> None:
    place.publish()
    document = place.write()
    both = document.model.trust.model_copy(update={"regions": ("CN-33", "CN-31")})
    configuration = document.model.model_copy(update={"trust": both})
    trust, findings = check_trust(configuration, place.now)
    assert grades(findings) == [WARNING, GOOD]
    assert [f.grade for f in check_lists(configuration, trust, None, place.now)] == [GOOD, WARNING]


def test_a_damaged_trust_list_fails_by_name(place: Place) -> None:
    place.publish()
    (place.trust / "trust" / "CN-33.jwks.json").write_text("{")
    trust, findings = check_trust(place.write().model, place.now)
    assert isinstance(trust, TrustList)
    assert grades(findings) == [FAILED]
    assert "CN-33.jwks.json" in findings[0].sentence


def test_keys_that_end_soon_or_have_ended_are_named(place: Place) -> None:
    place.publish()
    trust, _ = check_trust(place.write().model, place.now)
    end = max(key.exp for key in trust.keys if Use.CODE in key.uses)
    _, soon = check_trust(place.write().model, end - 5 * DAY)
    assert WARNING in grades(soon)
    assert any("ends in 5 days" in finding.sentence for finding in soon)
    _, over = check_trust(place.write().model, end + 1)
    assert FAILED in grades(over)


def test_a_revoked_key_does_not_count_as_one_in_force(place: Place) -> None:
    world = place.publish()
    for key in world.trust.keys or check_trust(place.write().model, place.now)[0].keys:
        if Use.CODE in key.uses:
            world.authority.revoke_key(key.kid, ORDER, place.now)
    world.authority.publish(place.trust, place.now)
    _, findings = check_trust(place.write().model, place.now)
    assert any(f.grade is FAILED and "proves codes is in force" in f.sentence for f in findings)


@pytest.mark.parametrize(("hours", "grade", "words"), [(30, WARNING, "30 hours"), (80, FAILED, "3 days")])
def test_old_lists_are_told_by_their_signed_age(place: Place, hours: int, grade: Grade, words: str) -> None:
    place.publish(age_s=60)
    (finding,) = lists(place, later=hours * 3600)
    assert finding.grade is grade
    assert words in finding.sentence


def test_a_damaged_list_fails_and_is_never_read_as_an_empty_one(place: Place) -> None:
    place.publish()
    (file,) = (place.trust / "status" / "CN-33").glob("*.cwt")
    damaged = bytearray(file.read_bytes())
    damaged[-1] ^= 1
    file.write_bytes(damaged)
    found = lists(place)
    assert grades(tuple(found)) == [FAILED, FAILED]
    assert file.name in found[0].sentence


def test_built_in_rules_are_a_warning_and_a_faulty_policy_fails(place: Place) -> None:
    rules, finding = check_policy(place.write())
    assert rules is not None
    assert finding.grade is WARNING
    (place.trust / "policy").mkdir(parents=True)
    (place.trust / "policy" / "CN-33.toml").write_text("nonsense")
    rules, finding = check_policy(place.write())
    assert rules is None
    assert finding.grade is FAILED


def test_a_time_that_a_supervisor_vouched_for_is_good(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.health.proof.PROBES", ())
    configuration = place.write().model
    now, finding = check_clock(configuration)
    assert abs(now - place.now) < 60
    assert finding.grade is FAILED
    assert not place.state.exists()
    place.confirm_clock()
    _, finding = check_clock(configuration)
    assert finding.grade is GOOD
    assert "supervisor" in finding.sentence


def test_a_time_before_the_floor_fails_with_what_set_the_floor(place: Place) -> None:
    place.state.mkdir(mode=0o700)
    fields = {"floor": place.now + DAY, "source": "status list of CN-33"}
    (place.state / "clock.json").write_text(json.dumps(fields))
    _, finding = check_clock(place.write().model)
    assert finding.grade is FAILED
    assert "status list of CN-33" in finding.sentence
    assert place.now > BUILD_TIME - DAY


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "less than a minute"),
        (60, "1 minute"),
        (3599, "59 minutes"),
        (7200, "2 hours"),
        (47 * 3600, "47 hours"),
        (5 * DAY, "5 days"),
    ],
)
def test_a_length_of_time_is_told_in_words(seconds: int, words: str) -> None:
    assert span(seconds) == words
