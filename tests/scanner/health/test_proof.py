from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from keys.trust_list import Use
from keys.update import Proved
from scanner.clock import BUILD_TIME
from scanner.health import Finding, Grade
from scanner.health.finding import span
from scanner.health.proof import check_clock, check_kept, check_keys, check_lists, check_policy
from tests.scanner.health.place import Place
from tests.world import ORDER

GOOD, WARNING, FAILED = Grade.GOOD, Grade.WARNING, Grade.FAILED
DAY = 86_400


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def grades(findings: Iterable[Finding]) -> list[Grade]:
    return [finding.grade for finding in findings]


def kept(place: Place) -> Proved:
    found, findings = check_kept(place.write().model)
    assert found is not None
    assert findings == ()
    return found


def lists(place: Place, *, later: int = 0) -> list[Finding]:
    document = place.write()
    found = kept(place)
    rules, _ = check_policy(document, found)
    return list(check_lists(document.model, found.store, rules, place.now + later))


def keys(place: Place, now: int) -> list[Finding]:
    return list(check_keys(place.write().model, kept(place).trust, now))


def test_what_the_authority_published_is_good(place: Place) -> None:
    place.publish()
    assert grades(keys(place, place.now)) == [GOOD]
    assert grades(lists(place)) == [GOOD]


def test_without_anything_taken_in_the_doctor_says_what_to_run(place: Place) -> None:
    found, (finding,) = check_kept(place.write().model)
    assert found is None
    assert finding.grade is FAILED
    assert "checkpoint update" in finding.advice


def test_a_region_carried_besides_that_is_missing_is_a_warning(place: Place) -> None:
    place.publish()
    document = place.write()
    both = document.model.trust.model_copy(update={"regions": ("CN-33", "CN-31")})
    configuration = document.model.model_copy(update={"trust": both})
    found, findings = check_kept(configuration)
    assert found is not None
    assert grades(findings) == [WARNING]
    assert grades(check_keys(configuration, found.trust, place.now)) == [WARNING, GOOD]
    assert grades(check_lists(configuration, found.store, None, place.now)) == [GOOD, WARNING]


def test_keys_that_end_soon_or_have_ended_are_named(place: Place) -> None:
    place.publish()
    end = max(key.exp for key in kept(place).trust.keys if Use.CODE in key.uses)
    soon = keys(place, end - 5 * DAY)
    assert WARNING in grades(soon)
    assert any("ends in 5 days" in finding.sentence for finding in soon)
    assert FAILED in grades(keys(place, end + 1))


def test_a_revoked_key_does_not_count_as_one_in_force(place: Place) -> None:
    world = place.publish()
    for key in kept(place).trust.keys:
        if Use.CODE in key.uses:
            world.authority.revoke_key(key.kid, ORDER, place.now)
    world.publish(place.now)
    findings = keys(place, place.now)
    assert any(f.grade is FAILED and "proves codes is in force" in f.sentence for f in findings)


@pytest.mark.parametrize(("hours", "grade", "words"), [(30, WARNING, "30 hours"), (80, FAILED, "3 days")])
def test_old_lists_are_told_by_their_signed_age(place: Place, hours: int, grade: Grade, words: str) -> None:
    place.publish(age_s=60)
    (finding,) = lists(place, later=hours * 3600)
    assert finding.grade is grade
    assert words in finding.sentence


def test_a_damaged_list_fails_and_is_never_read_as_an_empty_one(place: Place) -> None:
    place.publish()
    file = place.trust / "current" / "status.bin"
    damaged = bytearray(file.read_bytes())
    damaged[600_000] ^= 1
    file.chmod(0o600)
    file.write_bytes(damaged)
    document = place.write()
    found, (finding,) = check_kept(document.model)
    assert found is not None
    assert "jkm:33/1" in finding.sentence
    assert grades(check_lists(document.model, found.store, None, place.now)) == [FAILED]


def test_built_in_rules_are_a_warning_and_a_faulty_policy_fails(place: Place) -> None:
    rules, finding = check_policy(place.write(), None)
    assert rules is not None
    assert finding.grade is WARNING
    world = place.publish()
    world.publish(place.now, policy=b"format = 1")
    rules, finding = check_policy(place.write(), kept(place))
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
