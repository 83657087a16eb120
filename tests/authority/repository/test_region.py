import shutil
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, Targets

from authority.errors import PublishError, RepositoryError
from authority.publication import Publication
from authority.repository.layout import target_file
from authority.repository.metadata import targets_of
from authority.store import Authority
from keys.status_token import MAX_FILE_BYTES
from keys.update.region import MAX_LISTS, MAX_POLICY_BYTES
from tests.authority.repository.nation import NOW, ORDER, Nation, targets, trust_list
from tests.world import NOW as THEN
from tests.world import SmallWorld


@pytest.mark.parametrize(
    "path", ["status/CN-33/1.cwt", "status/CN-3/a/1.cwt", "status/CN-3/1.txt", "/trust/CN-3.jwks.json", "status/CN-3/"]
)
def test_a_region_does_not_even_try_what_is_not_its_own(nation: Nation, path: str) -> None:
    with pytest.raises(PublishError, match="lies outside the paths of CN-3"):
        nation.regions["CN-3"].publish(nation.repository, Publication(NOW, {path: b"x"}))
    assert not (nation.repository / "metadata" / "2.CN-3.json").exists()


USELESS: dict[str, tuple[dict[str, bytes], str]] = {
    "a policy too large": ({"policy/CN-3.toml": bytes(MAX_POLICY_BYTES + 1)}, "are the most"),
    "a list too large": ({"status/CN-3/1.cwt": bytes(MAX_FILE_BYTES + 1)}, "are the most"),
    "too many lists": ({f"status/CN-3/{number}.cwt": b"1" for number in range(MAX_LISTS + 1)}, "513 lists"),
    "an odd name": ({"status/CN-3/.1.cwt": b"1"}, "lies outside"),
    "a trust list that is none": ({"trust/CN-3.jwks.json": b"{}"}, "keys"),
    "a key of another region": ({"trust/CN-3.jwks.json": trust_list("CN-33")}, "a key of CN-33"),
}


@pytest.mark.parametrize("fault", [*USELESS, "no trust list"])
def test_what_every_gate_would_refuse_is_neither_published_nor_released(nation: Nation, fault: str) -> None:
    content = dict(targets("CN-3", NOW))
    more, words = USELESS.get(fault, ({}, "publishes no trust/CN-3"))
    content |= more
    if not more:
        del content["trust/CN-3.jwks.json"]
    with pytest.raises(PublishError, match=words):
        nation.regions["CN-3"].publish(nation.repository, Publication(NOW, content))

    def alter(role: Targets) -> None:
        role.targets = targets_of(content)

    for path, target in targets_of(content).items():  # somebody with the region's key and a program of his own
        file = nation.repository / "targets" / target_file(path, target.hashes["sha256"])
        file.write_bytes(content[path])
    nation.forge("CN-3", 2, nation.signer("CN-3"), alter)
    nation.publish("CN-33", NOW + 1)
    released = nation.release(NOW + 1)
    assert released.regions == {"CN-33": 2, "CN-3": 1}
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(str(released.refused[0]))


def test_a_regions_time_never_runs_backwards(nation: Nation) -> None:
    with pytest.raises(PublishError, match="set the clock"):
        nation.publish("CN-3", NOW - 1)


def test_a_region_restored_from_a_backup_goes_on_after_what_was_released(nation: Nation) -> None:
    role = nation.root / "CN-3" / "role"
    shutil.copytree(role, nation.root / "backup")
    for second in (1, 2, 3):
        nation.publish("CN-3", NOW + second)
    nation.release(NOW + 3)
    shutil.rmtree(role)
    shutil.copytree(nation.root / "backup", role)
    assert nation.publish("CN-3", NOW + 4).version == 5
    assert nation.release(NOW + 4).regions["CN-3"] == 5


def test_a_region_that_publishes_into_a_folder_to_be_carried_signs_with_its_last_two_keys(
    nation: Nation, tmp_path: Path
) -> None:
    region = nation.regions["CN-3"]
    keys = [region.key(), region.add_key(NOW, order=ORDER), region.add_key(NOW, order=ORDER)]
    region.publish(tmp_path / "outbox", Publication(NOW, targets("CN-3", NOW)))
    role = Metadata.from_file(str(tmp_path / "outbox" / "metadata" / "2.CN-3.json"))
    assert list(role.signatures) == [key.key_id for key in keys[1:]]
    nation.publish("CN-3", NOW)
    role = Metadata.from_file(str(nation.repository / "metadata" / "3.CN-3.json"))
    assert list(role.signatures) == [key.key_id for key in keys]


def test_a_folder_that_cannot_be_written_is_named(nation: Nation, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RepositoryError, match="file"):
        nation.regions["CN-3"].publish(tmp_path / "file", Publication(NOW, targets("CN-3", NOW)))


def test_an_authority_publishes_its_lists_under_its_own_role(tmp_path: Path) -> None:
    world = SmallWorld(tmp_path, "CN-33", THEN)
    region = world.authority.region()
    with pytest.raises(RepositoryError, match="authority role-key"):
        region.publish(tmp_path / "repository", world.authority.publication(THEN))
    key = region.add_key(THEN, order=ORDER)
    publication = world.authority.publication(THEN)
    region.publish(tmp_path / "repository", publication)
    role = Metadata.from_file(str(tmp_path / "repository" / "metadata" / "1.CN-33.json"))
    assert role.signed.unrecognized_fields == {"published_at": publication.published_at}
    assert list(role.signatures) == [key.key_id]
    assert list(world.authority.audit())[-1].subject == key.key_id
    assert b"ENCRYPTED" in (world.authority.folder / "private" / f"role-{key.key_id}.pem").read_bytes()
    world.authority.close()
    again = Authority.open(tmp_path / "authority", world.passphrase)
    assert again.region().publish(tmp_path / "repository", again.publication(THEN + 1)).version == 2
