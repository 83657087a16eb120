"""How lists come up to date: carried over, by a chain of bundles, or in full."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.status_delta import DeltaBundle, read_delta, write_delta
from keys.status_list import write_status_list
from keys.trust_list import TrustList, Use
from keys.update import Phase, Step, region_in, update
from keys.update.region import Bundle
from keys.update.region_in import cheapest_chain
from keys.update.source import FolderSource
from tests.keys.update.appliance import Appliance
from tests.keys.update.repository import DAY, HOME, HOUR, NOW, OTHER, Repository, trusted


def bundle(base: int, to: int, length: int) -> Bundle:
    return Bundle(f"{base}-{to}", base, to, length)


def test_the_cheapest_chain_is_taken() -> None:
    hours = [bundle(hour, hour + 1, 10) for hour in range(24)]
    assert cheapest_chain([*hours, bundle(0, 24, 100)], 0, 24) == (bundle(0, 24, 100),)
    assert cheapest_chain([*hours, bundle(0, 24, 300)], 0, 24) == tuple(hours)
    assert cheapest_chain([*hours, bundle(0, 24, 100)], 3, 24) == tuple(hours[3:])
    assert cheapest_chain([*hours, bundle(4, 20, 5)], 0, 24) == (*hours[:4], bundle(4, 20, 5), *hours[20:])


def test_there_is_no_chain_over_a_gap_nor_from_nowhere() -> None:
    hours = [bundle(hour, hour + 1, 10) for hour in range(24) if hour != 7]
    assert cheapest_chain(hours, 0, 24) == ()
    assert cheapest_chain(hours, 0, 7) == tuple(hours[:7])
    assert cheapest_chain(hours, 100, 24) == ()
    assert cheapest_chain([], 0, 24) == ()
    assert cheapest_chain([bundle(5, 5, 1), bundle(9, 3, 1)], 5, 3) == ()
    assert cheapest_chain(hours, 3, 3) == ()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(1, 20)), max_size=14))
def test_no_other_chain_is_cheaper(edges: list[tuple[int, int, int]]) -> None:
    bundles = [bundle(*edge) for edge in edges]

    def cheapest(at: int) -> float:
        if at == 7:
            return 0
        return min((each.length + cheapest(each.to) for each in bundles if each.base == at < each.to), default=math.inf)

    chain = cheapest_chain(bundles, 0, 7)
    assert (sum(each.length for each in chain) if chain else math.inf) == cheapest(0)
    assert all(first.to == second.base for first, second in itertools.pairwise(chain))


@pytest.fixture(scope="module")
def _busy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, Appliance]:
    """A repository whose lists are larger than a bundle, and who has taken it in."""
    parent = tmp_path_factory.mktemp("busy")
    repository = Repository.create(parent / "repository", (HOME,), at=NOW - HOUR)
    chance = random.Random(5)
    for number in (1, 2):
        repository.change(HOME, {number: {chance.randrange(1 << 20): 3 for _ in range(3000)}})
    repository.publish(HOME, NOW, bundles=False)
    repository.release(NOW)
    return repository, Appliance.founded(parent / "trust", repository, regions=(HOME,))


@pytest.fixture
def busy(_busy: tuple[Repository, Appliance], tmp_path: Path) -> Repository:
    return _busy[0].copy(tmp_path / "repository")


@pytest.fixture
def held(_busy: tuple[Repository, Appliance], tmp_path: Path) -> Appliance:
    appliance = _busy[1].copy(tmp_path / "trust")
    appliance.now = NOW + 3 * HOUR + 60
    return appliance


def fetched(appliance: Appliance, repository: Repository) -> list[str]:
    """Update, and return the names of the status documents that were fetched."""
    steps: list[Step] = []
    outcome = update(
        appliance.folder,
        FolderSource(repository.folder),
        appliance.regions,
        appliance.now,
        seen=appliance.seen,
        believe_signed_time=False,
        progress=steps.append,
    )
    assert outcome.refused == ()
    appliance.seen |= {(issuer, uri): iat for issuer, uri, iat in outcome.lists}
    return [
        step.subject.rpartition("/")[2] for step in steps if step.phase is Phase.TARGET and "status" in step.subject
    ]


def in_force(appliance: Appliance) -> set[str]:
    """The status documents that the generation in force keeps."""
    return {path.name for path in (appliance.folder / "current/targets/status" / HOME).iterdir()}


def test_hourly_bundles_are_applied_in_a_chain_and_the_last_one_vouches_for_every_list(
    held: Appliance, busy: Repository
) -> None:
    for hour in (1, 2, 3):
        busy.publish(HOME, NOW + hour * HOUR, {1: {7: 11 + hour, hour: 1}})
    busy.release(NOW + 3 * HOUR)
    names = [f"{NOW + hour * HOUR}-{NOW + (hour + 1) * HOUR}.delta" for hour in (0, 1, 2)]
    assert fetched(held, busy) == names
    assert in_force(held) == {names[-1]}
    assert [held.value("jkm:33/1", index) for index in (1, 2, 3, 7)] == [1, 1, 1, 14]
    with held.proved() as found:
        assert {anchor.iat for anchor in found.store.lists} == {NOW + 3 * HOUR}
        assert bytes(found.store.array(HOME, "jkm:33/2") or b"") == busy.regions[HOME].arrays[2]


def test_full_lists_come_where_they_are_smaller_than_the_chain(appliance: Appliance, repository: Repository) -> None:
    for hour in range(1, 8):
        repository.publish(HOME, NOW + hour * HOUR, {1: {hour: 3}})
    repository.release(NOW + 7 * HOUR)
    appliance.now = NOW + 7 * HOUR
    assert fetched(appliance, repository) == ["1.cwt", "2.cwt"]


def test_a_chain_longer_than_anybody_needs_is_not_followed(
    held: Appliance, busy: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each bundle costs time however small it is, and a region may publish 512 of them."""
    for hour in (1, 2, 3):
        busy.publish(HOME, NOW + hour * HOUR, {1: {hour: 1}})
    busy.release(NOW + 3 * HOUR)
    monkeypatch.setattr(region_in, "MAX_CHANGES", 5)  # three bundles, two lists
    assert fetched(held, busy) == ["1.cwt", "2.cwt"]
    assert held.value("jkm:33/1", 3) == 1


def test_an_appliance_older_than_every_bundle_takes_full_lists(held: Appliance, busy: Repository) -> None:
    busy.publish(HOME, NOW + HOUR, bundles=False)
    busy.publish(HOME, NOW + 2 * HOUR)
    busy.release(NOW + 2 * HOUR)
    assert fetched(held, busy) == ["1.cwt", "2.cwt"]


def with_changes(repository: Repository, path: str, **changes: object) -> None:
    """Sign a bundle again with its first list's change altered, and publish that."""
    region = repository.regions[HOME]
    trust = TrustList(region.trusted)
    read = read_delta(region.bundles[path], trust, NOW + DAY)
    altered = (replace(read.changes[0], **changes), *read.changes[1:])
    region.bundles[path] = region.targets[path] = write_delta(region.key("status"), DeltaBundle(HOME, altered))
    repository.write_region(HOME, region.published_at)


@pytest.mark.parametrize("wrong", [{"sha256": bytes(32)}, {"base_sha256": bytes(32)}, {"changes": b"\x78\x9c garbage"}])
def test_a_wrong_resulting_hash_brings_that_list_in_full(
    held: Appliance, busy: Repository, wrong: dict[str, bytes]
) -> None:
    busy.publish(HOME, NOW + HOUR, {1: {5: 1}, 2: {6: 1}})
    name = f"{NOW}-{NOW + HOUR}.delta"
    with_changes(busy, f"status/{HOME}/{name}", **wrong)
    busy.release(NOW + HOUR)
    assert fetched(held, busy) == [name, "1.cwt"]
    assert in_force(held) == {name, "1.cwt"}
    assert (held.value("jkm:33/1", 5), held.value("jkm:33/2", 6)) == (1, 1)


def test_a_bundle_that_is_damaged_or_missing_brings_full_lists(held: Appliance, busy: Repository) -> None:
    busy.publish(HOME, NOW + HOUR, {1: {5: 1}})
    busy.release(NOW + HOUR)
    name = f"{NOW}-{NOW + HOUR}.delta"
    file = busy.stored(f"status/{HOME}/{name}")
    file.unlink()
    assert fetched(held, busy) == [name, "1.cwt", "2.cwt"]
    assert in_force(held) == {"1.cwt", "2.cwt"}


def test_a_bundle_of_a_key_that_was_taken_back_brings_full_lists(held: Appliance, busy: Repository) -> None:
    region = busy.regions[HOME]
    busy.publish(HOME, NOW + HOUR, {1: {5: 1}})
    region.trusted[1] = replace(region.trusted[1], revoked_at=NOW, revoked_reason="stolen")
    region.trusted.append(trusted(region.key("status 2"), Use.STATUS, HOME))
    region.status_key = "status 2"
    busy.publish(HOME, NOW + 2 * HOUR, {1: {6: 1}})
    busy.release(NOW + 2 * HOUR)
    assert fetched(held, busy)[-2:] == ["1.cwt", "2.cwt"]
    assert held.value("jkm:33/1", 5) == 1


def test_a_list_opened_later_is_fetched_whole_and_one_closed_is_forgotten(held: Appliance, busy: Repository) -> None:
    busy.publish(HOME, NOW + HOUR, {3: {5: 3}})
    del busy.regions[HOME].arrays[2]
    busy.publish(HOME, NOW + 2 * HOUR, {1: {6: 3}})
    busy.release(NOW + 2 * HOUR)
    assert fetched(held, busy)[-1] == "3.cwt"
    assert (held.value("jkm:33/3", 5), held.value("jkm:33/1", 6)) == (3, 3)
    with held.proved() as found:
        assert {anchor.uri for anchor in found.store.lists} == {"jkm:33/1", "jkm:33/3"}
        assert found.store.lookup(HOME, "jkm:33/2", 5) is None


@pytest.mark.parametrize("bits", [1, 8])
def test_foreign_lists_of_every_width_come_in_full_and_stay_while_they_are_the_same(
    held: Appliance, busy: Repository, bits: int
) -> None:
    uri, path = "https://issuer.test/status/1", f"status/{HOME}/issuer.cwt"
    key = busy.regions[HOME].key("status")

    def foreign(at: int) -> dict[str, bytes]:
        packed = bytes((0b10, 0)) if bits == 1 else bytes((0, 1))
        return {path: write_status_list(key, uri=uri, packed=packed, iat=at, exp=at + DAY, ttl=HOUR, bits=bits)}

    stays = foreign(NOW - DAY)
    busy.publish(HOME, NOW + HOUR, extra=stays)
    busy.release(NOW + HOUR)
    assert "issuer.cwt" in fetched(held, busy)
    assert held.value(uri, 1) == 1
    busy.publish(HOME, NOW + 2 * HOUR, extra=stays)
    busy.release(NOW + 2 * HOUR)
    assert "issuer.cwt" not in fetched(held, busy)
    assert held.value(uri, 1) == 1
    busy.publish(HOME, NOW + 3 * HOUR, extra=foreign(NOW))
    busy.release(NOW + 3 * HOUR)
    assert "issuer.cwt" in fetched(held, busy)


def test_a_foreign_list_published_at_two_places_is_refused(held: Appliance, busy: Repository) -> None:
    key = busy.regions[HOME].key("status")
    content = write_status_list(key, uri="https://x.test/1", packed=b"\0", iat=NOW, exp=NOW + DAY, ttl=HOUR, bits=8)
    busy.publish(HOME, NOW + HOUR, extra={f"status/{HOME}/a.cwt": content, f"status/{HOME}/b.cwt": content})
    busy.release(NOW + HOUR)
    with held.refusing("publishes list https://x.test/1 at two places"):
        held.update(busy)


def test_what_was_revoked_stays_revoked_when_the_region_takes_it_back(held: Appliance, busy: Repository) -> None:
    busy.publish(HOME, NOW + HOUR, {1: {5: 1}})
    busy.release(NOW + HOUR)
    held.update(busy)
    busy.publish(HOME, NOW + 2 * HOUR, {1: {5: 0}})
    busy.release(NOW + 2 * HOUR)
    held.update(busy)
    assert held.value("jkm:33/1", 5) == 1


def test_a_region_carried_from_now_on_is_fetched_though_nothing_else_is_new(
    repository: Repository, tmp_path: Path
) -> None:
    appliance = Appliance.founded(tmp_path / "trust", repository, regions=(HOME,))
    appliance.regions = (OTHER, HOME)
    with appliance.proved() as found:
        assert found.published == {HOME: NOW}
        assert found.policy is None
    outcome = appliance.update(repository)
    assert outcome.lists == ((OTHER, "jkm:44/1", NOW),)
    with appliance.proved() as found:
        assert found.published == {HOME: NOW, OTHER: NOW}
        assert found.policy is not None
        assert b"CN-44" in found.policy


def test_another_home_brings_its_policy_though_nothing_else_is_new(
    appliance: Appliance, repository: Repository
) -> None:
    appliance.regions = (OTHER, HOME)
    outcome = appliance.update(repository)
    assert (outcome.changed, outcome.requests) == (True, 3)
    with appliance.proved() as found:
        assert found.policy is not None
        assert b"CN-44" in found.policy
