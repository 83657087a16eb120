"""Attacks on an update, each by its name: refused with words that name the reason, and the old state stays in force.

`Appliance.refusing` proves the second half every time: the same generation, the same lists, nothing left behind.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tuf.api.metadata import DelegatedRole, Delegations, Signed, Targets, Timestamp

from keys import cbor, cose
from keys.errors import UpdateCause
from keys.key_id import key_id
from keys.status_list import OWN_ENTRIES, write_status_list
from keys.status_token import TYP
from keys.trust_list import Use, write_jwks
from keys.update import FolderSource, Refused, UpdateError, pin_root, update
from tests.keys.update.appliance import Appliance
from tests.keys.update.repository import (
    DAY,
    EMPTY,
    HOME,
    HOUR,
    NOW,
    OTHER,
    Region,
    Repository,
    issuer_key,
    patterns,
    signer,
    trusted,
)

LATER = NOW + HOUR


@pytest.fixture
def later(appliance: Appliance) -> Appliance:
    """The appliance an hour later."""
    appliance.now = LATER + 60
    return appliance


def both(repository: Repository, at: int = LATER) -> None:
    """Publish both regions anew."""
    for issuer in repository.regions:
        repository.publish(issuer, at)


# Rollback


def test_rollback_of_the_timestamp(later: Appliance, repository: Repository) -> None:
    old = (repository.folder / "metadata/timestamp.json").read_bytes()
    repository.release(LATER)
    later.update(repository)
    (repository.folder / "metadata/timestamp.json").write_bytes(old)
    with later.refusing(r"timestamp\.json is older than what was known before: .*version 1 must be >= 2") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.ROLLBACK


def test_rollback_of_the_snapshot_under_a_newer_timestamp(later: Appliance, repository: Repository) -> None:
    repository.release(LATER)
    later.update(repository)

    def at_the_old_one(timestamp: Signed) -> None:
        assert isinstance(timestamp, Timestamp)
        timestamp.snapshot_meta.version = 1

    repository.release(LATER, alter=at_the_old_one)
    with later.refusing("is older than what was known before: .*snapshot version must be >= 2") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.ROLLBACK


def test_rollback_of_a_region_under_a_newer_snapshot(later: Appliance, repository: Repository) -> None:
    both(repository)
    repository.release(LATER)
    later.update(repository)
    repository.release(LATER, roles={HOME: 1})
    with later.refusing(r"snapshot\.json is older than what was known before: .*CN-33\.json") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.ROLLBACK


def test_rollback_by_leaving_a_region_out_of_the_snapshot(later: Appliance, repository: Repository) -> None:
    del repository.regions[HOME]
    repository.release(LATER)
    with later.refusing(r"snapshot\.json: New snapshot is missing info for 'CN-33\.json'"):
        later.update(repository)


def test_rollback_of_a_list_that_the_log_has_seen_newer(later: Appliance, repository: Repository) -> None:
    """The region's key signs a new role over an old state, which only the log can tell."""
    later.seen |= {(HOME, "jkm:33/1"): LATER + 30, (OTHER, "jkm:44/1"): LATER + 30}
    both(repository)
    repository.release(LATER)
    with pytest.raises(UpdateError, match=r"list jkm:33/1 .* seen before: refused as a rollback"):
        later.update(repository)


def test_a_region_that_publishes_a_newer_list_of_a_neighbours_uri(later: Appliance, repository: Repository) -> None:
    """A uri that is not ours anybody may name: what one region says of it ages nothing of another's."""

    def publish(issuer: str, at: int, iat: int) -> None:
        key = repository.regions[issuer].key("status")
        content = write_status_list(key, uri="https://x.test/1", packed=b"\0", iat=iat, exp=NOW + DAY, ttl=HOUR, bits=8)
        repository.publish(issuer, at, extra={f"status/{issuer}/x.cwt": content})
        repository.release(at)
        assert later.update(repository).refused == ()

    publish(HOME, LATER, LATER)
    publish(OTHER, LATER, LATER + 200)
    publish(HOME, LATER + 30, LATER + 30)
    with later.proved() as found:
        assert found.problems == ()
        assert found.published[HOME] == LATER + 30


def test_rollback_of_a_regions_signed_time(later: Appliance, repository: Repository) -> None:
    for issuer in repository.regions:
        repository.publish(issuer, NOW - HOUR, bundles=False)
    repository.release(LATER)
    with later.refusing(rf"CN-33\.json is dated {NOW - HOUR}; {NOW} is held already: refused as a rollback"):
        later.update(repository)


def test_rollback_by_a_card_with_an_older_generation(later: Appliance, repository: Repository, tmp_path: Path) -> None:
    """Our own folder is exchanged for an earlier copy of itself: everything in it is genuine."""
    copy = tmp_path / "copy"
    shutil.copytree(later.folder, copy, symlinks=True)
    both(repository)
    repository.release(LATER)
    later.update(repository)
    older = Appliance(copy, now=later.now, seen=later.seen)
    with older.proved() as found:
        assert found.store.lists == ()
        assert "jkm:33/1" in " ".join(found.problems)
        assert "refused as a rollback" in " ".join(found.problems)


# Freeze


def test_freeze_at_a_timestamp_that_has_expired(appliance: Appliance, repository: Repository) -> None:
    appliance.now = NOW + 15 * DAY
    with appliance.refusing(r"timestamp\.json expired at .*nobody has signed anew since, or an old state") as refused:
        appliance.update(repository)
    assert refused.value.cause is UpdateCause.EXPIRED


@pytest.mark.parametrize("role", ["targets", "snapshot"])
def test_expired_metadata(later: Appliance, repository: Repository, role: str) -> None:
    def expired(signed: Signed) -> None:
        signed.expires = signed.expires.replace(year=2020)

    if role == "targets":
        repository.write_targets(LATER, alter=expired)
        repository.release(LATER)
    else:
        repository.release(LATER, alter_snapshot=expired)
    with later.refusing(f"{role}.* is expired, and it is") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.EXPIRED


def test_an_expired_root(appliance: Appliance, repository: Repository) -> None:
    appliance.now = NOW + 366 * DAY
    repository.release(appliance.now)
    with appliance.refusing("the root expired at") as refused:
        appliance.update(repository)
    assert refused.value.cause is UpdateCause.EXPIRED


def test_an_expired_region_ages_and_the_others_go_on(appliance: Appliance, repository: Repository) -> None:
    appliance.now = now = NOW + 91 * DAY
    repository.write_targets(now)
    repository.publish(HOME, now)
    repository.release(now)
    outcome = appliance.update(repository)
    assert len(outcome.refused) == 1
    assert "CN-44: New CN-44 is expired" in str(outcome.refused[0])
    with appliance.proved() as found:
        assert found.published == {HOME: now, OTHER: NOW}


# Mix-and-match


def test_mix_and_match_of_a_regions_role(later: Appliance, repository: Repository) -> None:
    """The snapshot names version 2, and version 1 lies there under its name."""
    both(repository)
    for issuer in repository.regions:
        shutil.copy(repository.folder / f"metadata/1.{issuer}.json", repository.folder / f"metadata/2.{issuer}.json")
    repository.release(LATER)
    with later.refusing(r"CN-33\.json is not of the publication .*Expected CN-33 v2, got v1") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.MIX_AND_MATCH


def test_mix_and_match_of_snapshots(later: Appliance, repository: Repository) -> None:
    repository.release(LATER)
    metadata = repository.folder / "metadata"
    shutil.copy(metadata / "1.snapshot.json", metadata / "2.snapshot.json")
    with later.refusing(r"snapshot\.json is not of the publication") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.MIX_AND_MATCH


def test_mix_and_match_of_a_list_and_its_publication(later: Appliance, repository: Repository) -> None:
    """A region's role, genuine, over a list of an hour before."""
    for issuer, region in repository.regions.items():
        old = region.targets[f"status/{issuer}/1.cwt"]
        repository.publish(issuer, LATER, extra={f"status/{issuer}/1.cwt": old}, bundles=False)
    repository.release(LATER)
    with later.refusing(f"list jkm:33/1 is of {NOW}, its publication of {LATER}"):
        later.update(repository)


# A region beyond its bounds


def test_a_region_that_publishes_anothers_trust_list(later: Appliance, repository: Repository) -> None:
    extra = {f"trust/{HOME}.jwks.json": write_jwks(repository.regions[HOME].trusted)}
    repository.publish(HOME, LATER)
    repository.publish(OTHER, LATER, extra=extra)
    repository.release(LATER)
    outcome = later.update(repository)
    assert [str(each) for each in outcome.refused] == [
        f"{OTHER}: {OTHER}.json publishes trust/{HOME}.jwks.json, which lies outside the paths of {OTHER}"
    ]
    with later.proved() as found:
        assert found.published == {HOME: LATER, OTHER: NOW}
        assert found.trust.issuers == {HOME, OTHER}


def test_a_region_that_publishes_anothers_key(later: Appliance, repository: Repository) -> None:
    """Its own trust list vouches for a key as if it were the home region's."""
    repository.publish(HOME, LATER)
    repository.regions[OTHER].trusted.append(trusted(issuer_key("thief"), Use.CODE, HOME))
    repository.publish(OTHER, LATER)
    repository.release(LATER)
    outcome = later.update(repository)
    assert f"trust/{OTHER}.jwks.json holds a key of {HOME}" in str(outcome.refused[0])
    with later.proved() as found:
        assert not found.trust.candidates(HOME, key_id(issuer_key("thief").public_key()))
        assert found.published == {HOME: LATER, OTHER: NOW}


@pytest.mark.parametrize("place", ["1.cwt", "foreign.cwt"])
def test_a_region_that_publishes_anothers_list(later: Appliance, repository: Repository, place: str) -> None:
    """With the other's own signature, or it would be a stranger's; at one of its own places."""
    theirs = repository.regions[HOME].list_bytes(1, LATER)
    repository.publish(HOME, LATER)
    repository.publish(OTHER, LATER, extra={f"status/{OTHER}/{place}": theirs}, bundles=False)
    repository.release(LATER)
    outcome = later.update(repository)
    assert f"of {HOME} is not known" in str(outcome.refused[0])
    with later.proved() as found:
        assert found.published == {HOME: LATER, OTHER: NOW}


def test_a_region_that_publishes_one_list_at_anothers_place(later: Appliance, repository: Repository) -> None:
    first, second = f"status/{OTHER}/1.cwt", f"status/{OTHER}/2.cwt"
    swapped = {second: repository.regions[OTHER].list_bytes(1, LATER)}
    repository.publish(HOME, LATER)
    repository.publish(OTHER, LATER, extra=swapped, without=(first,), bundles=False)
    repository.release(LATER)
    assert "is list jkm:44/1 and does not belong there" in str(later.update(repository).refused[0])


def test_wrong_region_role(later: Appliance, repository: Repository) -> None:
    """The key of one region signs the role of another."""
    repository.publish(OTHER, LATER)
    repository.publish(HOME, LATER, signed_by=OTHER)
    repository.release(LATER)
    outcome = later.update(repository)
    assert str(outcome.refused[0]).startswith(f"{HOME}: {HOME}.json has too few valid signatures")
    assert outcome.signed_time is None
    with later.proved() as found:
        assert found.published == {HOME: NOW, OTHER: LATER}
        assert found.policy is not None


def test_arbitrary_target(later: Appliance, repository: Repository) -> None:
    """A path of no region, signed by a region's own key."""
    repository.publish(OTHER, LATER)
    repository.publish(HOME, LATER, extra={"fleet/0011.toml": b"gate = 'open'"})
    repository.release(LATER)
    outcome = later.update(repository)
    assert "publishes fleet/0011.toml, which lies outside the paths" in str(outcome.refused[0])


def test_a_region_that_hands_its_paths_on(later: Appliance, repository: Repository) -> None:
    def delegating(role: Signed) -> None:
        assert isinstance(role, Targets)
        key = signer(OTHER).public_key
        deputy = DelegatedRole("deputy", [key.keyid], 1, True, paths=patterns(HOME))
        role.delegations = Delegations({key.keyid: key}, {"deputy": deputy})

    repository.publish(OTHER, LATER)
    repository.publish(HOME, LATER, alter=delegating)
    repository.release(LATER)
    assert "hands its paths on to others" in str(later.update(repository).refused[0])


def altered_delegation(change: Callable[[DelegatedRole], None], name: str = HOME) -> Callable[[Signed], None]:
    def alter(targets: Signed) -> None:
        assert isinstance(targets, Targets)
        assert targets.delegations is not None
        assert targets.delegations.roles is not None
        change(targets.delegations.roles[name])

    return alter


def test_a_delegation_that_is_not_a_regions(later: Appliance, repository: Repository) -> None:
    """The region's own keys sign; the delegation says more than a region's may. Even what is held goes."""
    wider = [path.replace(HOME, "CN-*") for path in patterns(HOME)]
    repository.write_targets(LATER, alter=altered_delegation(lambda role: setattr(role, "paths", wider)))
    both(repository)
    repository.release(LATER)
    outcome = later.update(repository)
    assert str(outcome.refused[0]).startswith(f"{HOME}: the delegation to {HOME} has other paths")
    with later.proved() as found:
        assert found.published == {OTHER: LATER}
        assert found.trust.issuers == {OTHER}


@pytest.mark.parametrize(("short", "long"), [("CN-3", "CN-33"), ("US", "US-CA")])
def test_prefix_trick(tmp_path: Path, short: str, long: str) -> None:
    """A region whose name begins another's publishes what were the other's if paths were compared by prefix."""
    repository = Repository.create(tmp_path / "repository", (short, long), lists=1)
    appliance = Appliance.founded(tmp_path / "trust", repository, regions=(long, short))
    appliance.now = LATER
    stolen = repository.regions[short].key("status")
    forged = write_status_list(
        stolen, uri=f"jkm:{long.removeprefix('CN-')}/1", packed=EMPTY, iat=LATER, exp=LATER + DAY, ttl=HOUR
    )
    repository.publish(short, LATER, extra={f"status/{long}/1.cwt": forged})
    repository.publish(long, LATER)
    repository.release(LATER)
    outcome = appliance.update(repository)
    assert [str(each) for each in outcome.refused] == [
        f"{short}: {short}.json publishes status/{long}/1.cwt, which lies outside the paths of {short}"
    ]
    with appliance.proved() as found:
        assert found.published == {short: NOW, long: LATER}


def test_prefix_trick_by_a_role_without_the_region(tmp_path: Path) -> None:
    """CN-3 is trusted with `CN-3*`, and CN-33 is not admitted: nobody speaks for it."""
    repository = Repository.create(tmp_path / "repository", ("CN-3",), lists=1)
    repository.write_targets(
        NOW, alter=altered_delegation(lambda role: setattr(role, "paths", ["trust/CN-3*", "status/CN-3*/*"]), "CN-3")
    )
    repository.publish("CN-3", LATER, extra={"trust/CN-33.jwks.json": write_jwks(Region("CN-33").trusted)})
    repository.release(LATER)
    appliance = Appliance(tmp_path / "trust", regions=("CN-33",), now=LATER)
    pin_root(appliance.folder, FolderSource(repository.folder), repository.root_digest())
    with pytest.raises(UpdateError, match="CN-33 is carried here, but this repository does not admit it") as refused:
        appliance.update(repository)
    assert refused.value.cause is UpdateCause.NOT_ADMITTED


# Keys and signatures


def test_too_few_signatures_on_a_root(later: Appliance, repository: Repository) -> None:
    """Two of three are needed; one key was stolen."""
    repository.role_names["timestamp"] = "thief"
    repository.write_root(LATER, signed_by=["root 1"])
    repository.release(LATER)
    with later.refusing(r"2\.root\.json has too few valid signatures: root was signed by 1/2 keys") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.OTHER_AUTHORITY


def test_too_few_signatures_by_signing_twice_with_one_key(later: Appliance, repository: Repository) -> None:
    repository.write_root(LATER, signed_by=["root 1", "root 1"])
    with later.refusing("root was signed by 1/2 keys"):
        later.update(repository)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_too_few_signatures_on_a_top_level_role(later: Appliance, repository: Repository, role: str) -> None:
    repository.role_names[role] = "thief"
    repository.write_targets(LATER)
    repository.release(LATER)
    with later.refusing(rf"{role}\.json has too few valid signatures: {role} was signed by 0/1 keys") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.TOO_FEW_SIGNATURES


def test_a_rotated_away_key(later: Appliance, repository: Repository) -> None:
    """The timestamp key was stolen, and rotated away; the thief goes on signing."""
    repository.role_names["timestamp"] = "timestamp 2"
    repository.write_root(LATER)
    repository.release(LATER)
    later.update(repository)
    repository.role_names["timestamp"] = "timestamp"
    repository.release(LATER)
    with later.refusing(r"timestamp\.json has too few valid signatures.*signed with a key that was rotated away"):
        later.update(repository)


def test_a_regions_rotated_away_key(later: Appliance, repository: Repository) -> None:
    repository.region_names[OTHER] = "CN-44, the second"
    repository.write_targets(LATER)
    repository.publish(HOME, LATER)
    repository.publish(OTHER, LATER, {1: {5: 1}}, signed_by=OTHER)
    repository.release(LATER)
    outcome = later.update(repository)
    assert "CN-44: CN-44.json has too few valid signatures" in str(outcome.refused[0])
    with later.proved() as found:
        # What it signed before proves nothing any more either.
        assert found.published == {HOME: LATER}
        assert found.store.lookup(OTHER, "jkm:44/1", 5) is None


def test_a_rotated_away_status_key(later: Appliance, repository: Repository) -> None:
    """The region has revoked the key; whoever has it signs a list, and even the region's role is at hand."""
    for region in repository.regions.values():
        region.trusted.append(trusted(region.key("status 2"), Use.STATUS, region.issuer))
        region.trusted[1] = replace(region.trusted[1], revoked_at=NOW, revoked_reason="stolen")
    both(repository)
    repository.release(LATER)
    with later.refusing(r"status/CN-33/.*\.cwt: key [0-9a-f]{16} of CN-33 is revoked"):
        later.update(repository)


def test_missing_intermediate_root_on_a_stick(later: Appliance, repository: Repository) -> None:
    for number in (2, 3):
        repository.role_names["timestamp"] = f"timestamp {number}"
        repository.write_root(LATER)
    repository.release(LATER)
    (repository.folder / "metadata/2.root.json").unlink()
    with later.refusing(r"holds 3\.root\.json but no 2\.root\.json: without it nobody can follow") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.ROOT_MISSING


def test_a_root_that_skips_a_version(later: Appliance, repository: Repository) -> None:
    repository.write_root(LATER)
    repository.write_root(LATER)
    metadata = repository.folder / "metadata"
    (metadata / "3.root.json").rename(metadata / "2.root.json")
    with later.refusing(r"2\.root\.json .*Expected root version 2 instead got version 3"):
        later.update(repository)


@pytest.mark.parametrize("roots", [1, 2])
def test_a_stick_from_another_authority(later: Appliance, tmp_path: Path, roots: int) -> None:
    stranger = Repository(
        tmp_path / "stranger",
        {HOME: Region(HOME, {1: EMPTY})},
        root_names=["stranger 1", "stranger 2", "stranger 3"],
        role_names={role: f"stranger {role}" for role in ("targets", "snapshot", "timestamp")},
        region_names={HOME: "stranger region"},
    )
    for folder in ("metadata", "targets"):
        (stranger.folder / folder).mkdir(parents=True)
    for _ in range(roots):
        stranger.write_root(LATER)
    stranger.write_targets(LATER)
    stranger.publish(HOME, LATER)
    stranger.release(LATER)
    with later.refusing("another authority's") as refused:
        later.update(stranger)
    assert refused.value.cause is UpdateCause.OTHER_AUTHORITY


# Damage


def _truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x10
    file.unlink()
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [_truncate, _flip])
def test_a_damaged_list_on_the_stick(later: Appliance, repository: Repository, damage: Callable[[Path], None]) -> None:
    for issuer in repository.regions:
        repository.publish(issuer, LATER, bundles=False)
        damage(repository.stored(f"status/{issuer}/1.cwt"))
    repository.release(LATER)
    with later.refusing(r"status/CN-33/1\.cwt is not the file that CN-33 signed for") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.WRONG_CONTENT


def test_a_damaged_list_on_the_stick_leaves_its_region_as_it_was_and_the_others_go_on(
    later: Appliance, repository: Repository
) -> None:
    repository.publish(OTHER, LATER, {1: {5: 3}}, bundles=False)
    repository.publish(HOME, LATER, {1: {5: 3}}, bundles=False)
    repository.release(LATER)
    _flip(repository.stored(f"status/{HOME}/2.cwt"))
    outcome = later.update(repository)
    assert outcome.changed
    assert str(outcome.refused[0]).startswith(f"{HOME}: status/{HOME}/2.cwt is not the file that {HOME} signed for")
    assert outcome.lists == ((OTHER, "jkm:44/1", LATER),)
    assert later.value("jkm:44/1", 5, OTHER) == 3
    assert later.value("jkm:33/1", 5) == 0
    with later.proved() as found:
        assert found.published == {HOME: NOW, OTHER: LATER}
        assert found.problems == (f"{HOME}: its newest publication was refused; an earlier one stays in force",)


@pytest.mark.parametrize("damage", [_truncate, _flip])
@pytest.mark.parametrize("victim", ["status.bin", f"targets/status/{HOME}/1.cwt"])
def test_a_damaged_list_on_our_own_disk(
    appliance: Appliance, repository: Repository, damage: Callable[[Path], None], victim: str
) -> None:
    """It is never read as an empty list: its codes are unknown until the next update mends it."""
    damage(appliance.folder / "current" / victim)
    with appliance.proved() as found:
        there = {anchor.name for anchor in found.store.lists}
        assert there < appliance.seen.keys()
        assert found.problems
        missing = (appliance.seen.keys() - there).pop()
        assert found.store.lookup(*missing, 5) is None
    assert appliance.update(repository).changed
    with appliance.proved() as found:
        assert {anchor.name for anchor in found.store.lists} == appliance.seen.keys()
        assert found.problems == ()


@pytest.mark.parametrize("victim", ["timestamp.json", "snapshot.json", "targets.json"])
def test_damaged_metadata_on_our_own_disk(appliance: Appliance, victim: str) -> None:
    _flip(appliance.folder / "current/metadata" / victim)
    with pytest.raises(UpdateError), appliance.proved():
        pass


@pytest.mark.parametrize("victim", [f"metadata/{HOME}.json", f"targets/trust/{HOME}.jwks.json"])
def test_a_damaged_region_on_our_own_disk(appliance: Appliance, repository: Repository, victim: str) -> None:
    _flip(appliance.folder / "current" / victim)
    with appliance.proved() as found:
        assert found.published == {OTHER: NOW}
        assert found.problems
    assert appliance.update(repository).changed
    with appliance.proved() as found:
        assert found.published == {HOME: NOW, OTHER: NOW}
        assert found.problems == ()


# Hostile content under genuine signatures


def _bomb(region: Region) -> bytes:
    """A list of ours that inflates to 8 MiB, signed by the region's status key."""
    claims: dict[int, cbor.Encodable] = {
        2: "jkm:33/1",
        6: LATER,
        4: LATER + DAY,
        65534: HOUR,
        65533: {"bits": 4, "lst": zlib.compress(bytes(8 << 20), 9)},
    }
    key = region.key("status")
    return cose.sign1(key, kid=key_id(key.public_key()), typ=TYP, payload=cbor.encode(claims))


def test_zip_bomb_in_a_list(later: Appliance, repository: Repository) -> None:
    repository.publish(OTHER, LATER)
    bomb = _bomb(repository.regions[HOME])
    repository.publish(HOME, LATER, extra={f"status/{HOME}/1.cwt": bomb}, bundles=False)
    repository.release(LATER)
    assert f"lst inflates to more than {OWN_ENTRIES // 2} bytes" in str(later.update(repository).refused[0])
    with later.proved() as found:
        assert found.published == {HOME: NOW, OTHER: LATER}


def test_endless_data_on_the_stick(later: Appliance, repository: Repository) -> None:
    """A file that has no end, where a short one was: it is not read to that end."""
    with (repository.folder / "metadata/timestamp.json").open("ab") as file:
        file.truncate(1 << 40)
    with later.refusing("has 1099511627776 bytes, and 16384 are the most") as refused:
        later.update(repository)
    assert refused.value.cause is UpdateCause.ENDLESS_DATA


def test_endless_data_announced_by_a_region(later: Appliance, repository: Repository) -> None:
    def huge(role: Signed) -> None:
        assert isinstance(role, Targets)
        role.targets[f"status/{HOME}/1.cwt"].length = 1 << 40

    repository.publish(OTHER, LATER)
    repository.publish(HOME, LATER, alter=huge)
    repository.release(LATER)
    assert "with 1099511627776 bytes" in str(later.update(repository).refused[0])


# Time


def test_future_dated_metadata(appliance: Appliance, repository: Repository) -> None:
    repository.release(NOW + DAY)
    with appliance.refusing(r"timestamp\.json was signed at .*, but our clock says .*") as refused:
        appliance.update(repository)
    assert refused.value.cause is UpdateCause.FUTURE_DATED


def test_future_dated_lists(later: Appliance, repository: Repository) -> None:
    """The region's key dates its publication ahead, so that it looks fresh, and nothing genuine can come after."""
    repository.publish(OTHER, LATER)
    repository.publish(HOME, LATER + DAY)
    repository.release(LATER)
    outcome = later.update(repository)
    assert "CN-33.json is dated" in str(outcome.refused[0])
    assert "from the future" in str(outcome.refused[0])
    assert outcome.signed_time is None
    with later.proved() as found:
        assert found.published == {HOME: NOW, OTHER: LATER}


def test_future_dated_lists_are_not_believed_by_an_unsure_clock_either(
    later: Appliance, repository: Repository
) -> None:
    later.sure = False
    repository.publish(OTHER, LATER)
    repository.publish(HOME, LATER + DAY)
    repository.release(LATER)
    assert "from the future" in str(later.update(repository).refused[0])


def test_clock_turned_back(appliance: Appliance, repository: Repository) -> None:
    """What is held stays proved; what comes is from the future, as this clock sees it."""
    appliance.now = NOW - 300 * DAY
    repository.release(LATER)
    with appliance.refusing("our clock says"):
        appliance.update(repository)


def test_clock_turned_forward(appliance: Appliance, repository: Repository) -> None:
    appliance.now = NOW + 300 * DAY
    repository.release(LATER)
    with appliance.refusing(r"timestamp\.json expired at .*or our clock is wrong"):
        appliance.update(repository)


def test_a_clock_that_resumes_at_its_shutdown_time_after_30_days(appliance: Appliance, repository: Repository) -> None:
    """Nothing vouches for it; the first update brings everything, and the time with it."""
    appliance.sure = False
    back = NOW + 30 * DAY
    both(repository, back)
    repository.release(back + 60)
    outcome = appliance.update(repository)
    assert (outcome.refused, outcome.problems) == ((), ())
    assert outcome.signed_time == back
    with appliance.proved() as found:
        assert found.published == {HOME: back, OTHER: back}


def test_an_unsure_clock_does_not_take_what_had_expired_by_the_signed_time(
    appliance: Appliance, repository: Repository
) -> None:
    """Freeze: a snapshot of a month ago under today's timestamp, as the signed time has it."""
    appliance.sure = False
    back = NOW + 30 * DAY

    def old(snapshot: Signed) -> None:
        snapshot.expires = snapshot.expires.replace(year=2026, month=12, day=20)

    repository.release(back, alter_snapshot=old)
    with appliance.refusing(r"snapshot\.json is expired") as refused:
        appliance.update(repository)
    assert refused.value.cause is UpdateCause.EXPIRED


def test_an_unsure_clock_does_not_take_a_signed_time_beyond_its_own_expiry(
    appliance: Appliance, repository: Repository
) -> None:
    appliance.sure = False
    repository.release(LATER, alter=lambda signed: signed.unrecognized_fields.update(published_at=NOW + 100 * DAY))
    with appliance.refusing(r"timestamp\.json expired at"):
        appliance.update(repository)


# Who may


def test_a_home_policy_that_cannot_be_read_leaves_the_last_good_one_in_force(
    later: Appliance, repository: Repository
) -> None:
    def check(policy: bytes) -> None:
        if str(LATER).encode() in policy:
            raise ValueError("its limit is a word")

    repository.publish(HOME, LATER, {1: {5: 1}})
    repository.publish(OTHER, LATER, {1: {5: 1}})
    repository.release(LATER)
    source = FolderSource(repository.folder)
    outcome = update(
        later.folder, source, later.regions, later.now, seen={}, believe_signed_time=False, check_policy=check
    )
    words = f"policy/{HOME}.toml cannot be read by this appliance: its limit is a word"
    assert outcome.refused == (Refused(HOME, UpdateCause.BAD_CONTENT, words),)
    assert outcome.problems == ()
    with later.proved() as found:
        assert found.published == {HOME: NOW, OTHER: LATER}
        assert found.policy == f'issuer = "{HOME}"\nversion = "{NOW}"\n'.encode()
        assert found.policy_problem is None


def test_a_region_that_is_carried_but_not_admitted(later: Appliance, repository: Repository) -> None:
    later.regions = (HOME, OTHER, "CN-11")
    repository.publish(HOME, LATER)
    repository.release(LATER)
    outcome = later.update(repository)
    assert [str(each) for each in outcome.refused] == [
        "CN-11: CN-11 is carried here, but this repository does not admit it (it admits CN-33, CN-44); "
        "its codes stay unknown until it does"
    ]
    with later.proved() as found:
        assert found.published == {HOME: LATER, OTHER: NOW}
        assert "CN-11 is carried here" in found.problems[0]


def test_a_region_that_was_expelled_is_not_believed_any_more(later: Appliance, repository: Repository) -> None:
    del repository.region_names[OTHER]
    repository.write_targets(LATER)
    repository.release(LATER)
    assert "does not admit it" in str(later.update(repository).refused[0])
    with later.proved() as found:
        assert found.published == {HOME: NOW}
        assert not found.trust.knows(OTHER)


@pytest.mark.parametrize("regions", [(HOME,), (HOME, OTHER)])
@pytest.mark.parametrize("how", ["expelled", "key taken back"])
def test_home_is_let_go_when_its_admission_or_its_key_is_taken_back(
    later: Appliance, repository: Repository, how: str, regions: tuple[str, ...]
) -> None:
    """An appliance that carries nobody else must not go on believing it: everybody of it is unknown from now on."""
    later.regions = regions
    if how == "expelled":
        del repository.region_names[HOME]
    else:
        repository.region_names[HOME] = "CN-33, the second"
    repository.write_targets(LATER)
    repository.release(LATER)
    outcome = later.update(repository)
    assert (outcome.changed, outcome.signed_time) == (True, None)
    assert outcome.home_refused is not None
    expected = UpdateCause.NOT_ADMITTED if how == "expelled" else UpdateCause.TOO_FEW_SIGNATURES
    assert outcome.home_refused.cause is expected
    with later.proved() as found:
        assert found.trust.issuers == set(regions) - {HOME}
        assert {anchor.issuer for anchor in found.store.lists} == set(regions) - {HOME}
        assert (found.policy, found.policy_problem) == (None, "CN-33: nothing of it holds here")
    repository.region_names[HOME] = "CN-33, the second"
    repository.write_targets(LATER)
    repository.publish(HOME, LATER, {1: {5: 1}}, bundles=False)
    repository.release(LATER)
    assert later.update(repository).home_refused is None
    assert later.value("jkm:33/1", 5) == 1


def test_an_update_without_a_pinned_root(tmp_path: Path, repository: Repository) -> None:
    with pytest.raises(UpdateError, match="nobody has said yet which authority to trust") as refused:
        update(tmp_path / "new", FolderSource(repository.folder), (HOME,), NOW, seen={}, believe_signed_time=False)
    assert refused.value.cause is UpdateCause.NOT_PINNED
