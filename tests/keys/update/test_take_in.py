from __future__ import annotations

from pathlib import Path

from keys.update import FolderSource, current_generation
from tests.keys.update.appliance import Appliance
from tests.keys.update.repository import HOME, HOUR, NOW, OTHER, Repository


def test_a_first_update_brings_keys_lists_and_the_home_policy(appliance: Appliance) -> None:
    with appliance.proved() as found:
        assert {(anchor.issuer, anchor.uri, anchor.iat) for anchor in found.store.lists} == {
            (HOME, "jkm:33/1", NOW),
            (HOME, "jkm:33/2", NOW),
            (OTHER, "jkm:44/1", NOW),
        }
        assert found.trust.issuers == {HOME, OTHER}
        assert found.policy is not None
        assert b'issuer = "CN-33"' in found.policy
        assert found.published == {HOME: NOW, OTHER: NOW}
        assert found.timestamp == NOW
        assert found.problems == ()


def test_a_repository_without_news_takes_two_requests_and_writes_nothing(
    appliance: Appliance, repository: Repository
) -> None:
    before = sorted(path for path in appliance.folder.rglob("*"))
    outcome = appliance.update(repository)
    assert (outcome.changed, outcome.requests, outcome.lists) == (False, 2, ())
    assert outcome.generation == current_generation(appliance.folder)
    assert sorted(path for path in appliance.folder.rglob("*")) == before


def test_a_change_comes_as_a_bundle_and_only_to_its_list(appliance: Appliance, repository: Repository) -> None:
    appliance.now = NOW + HOUR
    repository.publish(HOME, NOW + HOUR, {1: {5: 0xD}})
    repository.release(NOW + HOUR)
    outcome = appliance.update(repository)
    assert outcome.changed
    assert outcome.lists == ((HOME, "jkm:33/1", NOW + HOUR), (HOME, "jkm:33/2", NOW + HOUR))
    assert outcome.signed_time == NOW + HOUR
    assert appliance.value("jkm:33/1", 5) == 0xD
    assert appliance.value("jkm:33/1", 6) == 0
    held = {path.name for path in (appliance.folder / "current" / "targets/status" / HOME).iterdir()}
    assert held == {f"{NOW}-{NOW + HOUR}.delta"}


def test_files_that_stay_the_same_are_one_file_in_both_generations(
    appliance: Appliance, repository: Repository
) -> None:
    appliance.now = NOW + HOUR
    repository.release(NOW + HOUR)
    appliance.update(repository)
    for path in ("status.bin", "targets/trust/CN-33.jwks.json", "targets/status/CN-44/1.cwt"):
        files = [appliance.folder / "generations" / name / path for name in ("000001", "000002")]
        assert files[0].stat().st_ino == files[1].stat().st_ino


def test_a_source_counts_what_it_was_asked_for(appliance: Appliance, repository: Repository, tmp_path: Path) -> None:
    source = FolderSource(repository.folder)
    other = Appliance(tmp_path / "other")
    other.folder.mkdir()
    (other.folder / "root.json").write_bytes((appliance.folder / "root.json").read_bytes())
    outcome = other.update(source)
    assert outcome.requests == source.requests == 12
    assert outcome.bytes == source.received
