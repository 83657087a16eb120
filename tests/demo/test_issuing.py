"""The people's codes, put before the real verifier."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from demo.issuing import HOME, Issuing, masked, site_zone
from demo.people import SCRIPT, Person, Specimen
from keys.reasons import Reason
from keys.update import FolderSource, pin_root_file, prove, update
from keys.verdict import Colour
from keys.verifier import Verifier

NOW = int(dt.datetime(2026, 6, 1, 10, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp())
REFUSED = {
    Specimen.EXPIRED: Reason.EXPIRED,
    Specimen.NOT_YET_VALID: Reason.NOT_YET_VALID,
    Specimen.FORGED: Reason.BAD_SIGNATURE,
    Specimen.ALTERED: Reason.BAD_SIGNATURE,
    Specimen.UNKNOWN_ISSUER: Reason.UNKNOWN_ISSUER,
    Specimen.REVOKED_KEY: Reason.KEY_REVOKED,
    Specimen.REVOKED: Reason.REVOKED,
    Specimen.STALE: Reason.PRESENTATION_EXPIRED,
    Specimen.SCREENSHOT: Reason.PRESENTATION_REQUIRED,
    Specimen.FRENCH_REVOKED: Reason.REVOKED,
    Specimen.SHOP: Reason.NOT_A_CODE,
}
FOREIGN = {
    Specimen.FRENCH: "HC1",
    Specimen.FRENCH_REVOKED: "HC1",
    Specimen.JAPANESE: "VDS-NC",
    Specimen.NEW_ZEALAND: "NZCP",
    Specimen.CALIFORNIAN: "SHC",
}
COLOURS = {
    Specimen.YELLOW: Colour.YELLOW,
    Specimen.ORANGE: Colour.ORANGE,
    Specimen.RED: Colour.RED,
    Specimen.GREY: Colour.GREY,
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def issuing(published: Path) -> Iterator[Issuing]:
    issuing = Issuing(published / "authority", published / "repository", NOW, "Asia/Shanghai", SCRIPT)
    (published / "trust").mkdir()
    pin_root_file(published / "trust", issuing.root)
    issuing.issue_round(NOW)
    yield issuing
    issuing.close()


def verifier(published: Path, now: int) -> Verifier:
    trust, source = published / "trust", FolderSource(published / "repository")
    update(trust, source, (HOME,), now, seen={}, believe_signed_time=False)
    proved = prove(trust, (HOME,), now, {})
    return Verifier(proved.trust, proved.store, foreign_status=proved.foreign.lists)


def check(person: Person, text: str, specimen: Specimen, appliance: Verifier, now: int) -> None:
    verdict = appliance.verify(text, now)
    assert verdict.reason is REFUSED.get(specimen), person.key
    if verdict.statement is not None:
        assert verdict.format == FOREIGN[specimen], person.key
    elif verdict.valid:
        assert verdict.colour is COLOURS.get(specimen, Colour.GREEN), person.key


def test_every_code_is_what_its_owner_s_story_says(issuing: Issuing, published: Path) -> None:
    appliance = verifier(published, NOW + 40)
    for person in SCRIPT:
        for text, specimen in zip(issuing.texts(person, NOW + 40), person.specimens, strict=True):
            check(person, text, specimen, appliance, NOW + 40)


def test_a_second_round_has_new_codes_of_the_same_kinds(issuing: Issuing, published: Path) -> None:
    first = {person.key: issuing.texts(person, NOW + 50) for person in SCRIPT}
    issuing.issue_round(NOW + 100)
    appliance = verifier(published, NOW + 140)
    for person in SCRIPT:
        texts = issuing.texts(person, NOW + 140)
        for text, specimen in zip(texts, person.specimens, strict=True):
            check(person, text, specimen, appliance, NOW + 140)
        if person.specimens[0] not in {Specimen.SHOP, Specimen.REVOKED_KEY}:
            assert texts != first[person.key]


def test_a_replay_is_the_very_presentation_shown_before_and_a_new_one_is_another(issuing: Issuing) -> None:
    live = next(person for person in SCRIPT if person.key == "live")
    replayed = next(person for person in SCRIPT if person.key == "replayed")
    shown = issuing.texts(live, NOW + 200)
    assert issuing.texts(replayed, NOW + 220) == shown
    assert issuing.texts(live, NOW + 221) != shown


def test_the_private_keys_stay_with_the_authority(published: Path, issuing: Issuing) -> None:
    private = list(published.rglob("*.pem"))
    assert private
    assert all("authority" in path.parts and path.stat().st_mode & 0o077 == 0 for path in private)
    assert not any(b"PRIVATE" in path.read_bytes() for path in (published / "trust").rglob("*") if path.is_file())


def test_a_phone_shows_surname_and_stars() -> None:
    assert masked(("王建国", "李*")) == ("王**", "李*")


@pytest.mark.parametrize(("hour", "minute", "zone"), [(12, 0, "Asia/Shanghai"), (23, 50, "Asia/Urumqi")])
def test_a_demo_just_before_midnight_stands_in_a_zone_where_it_is_not(hour: int, minute: int, zone: str) -> None:
    now = dt.datetime(2026, 6, 1, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert site_zone(int(now.timestamp())) == zone
