from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from keys.status_anchor import Name
from keys.update import UpdateError, prove
from tests.keys.update.appliance import REGIONS, Appliance
from tests.keys.update.repository import DAY, HOME, HOUR, NOW, OTHER, Repository


@pytest.mark.parametrize("at", [0, NOW - 300 * DAY, NOW, NOW + 30 * DAY, NOW + 500 * DAY])
def test_what_was_taken_in_once_stays_proved_whatever_the_clock_says(appliance: Appliance, at: int) -> None:
    """Expired metadata are no reason to start without trust; their age is judged elsewhere."""
    appliance.now = at
    with appliance.proved() as found:
        assert found.published == {HOME: NOW, OTHER: NOW}
        assert {anchor.name for anchor in found.store.lists} == appliance.seen.keys()
        assert found.expires == NOW + 14 * DAY
        expired = (HOME, OTHER) if at > NOW + 90 * DAY else ()
        assert len(found.problems) == len(expired)
        for issuer, problem in zip(expired, found.problems, strict=True):
            assert problem.startswith(f"{issuer}: its role has expired (2027-02-28 ")


def test_lists_of_a_status_key_that_has_expired_are_not_believed(appliance: Appliance) -> None:
    appliance.now = NOW + 900 * DAY
    with appliance.proved() as found:
        assert found.store.lists == ()
        assert "is outside its period of validity" in " ".join(found.problems)
        assert found.trust.issuers == {HOME, OTHER}


def test_a_document_that_is_gone_is_missed(appliance: Appliance) -> None:
    (appliance.folder / "current/targets/status" / HOME / "1.cwt").unlink()
    with appliance.proved() as found:
        assert {anchor.uri for anchor in found.store.lists} == {"jkm:33/2", "jkm:44/1"}
        assert found.problems == ("CN-33: nothing here vouches for status/CN-33/1.cwt",)


def test_files_that_no_metadata_name_are_not_read(appliance: Appliance, repository: Repository) -> None:
    current = appliance.folder / "current"
    genuine = repository.regions[HOME].list_bytes(1, NOW + HOUR)
    (current / "targets/status" / HOME / "3.cwt").write_bytes(genuine)
    (current / "targets/status" / HOME / f"{NOW}-{NOW + HOUR}.delta").write_bytes(b"x")
    (current / "targets/trust/CN-11.jwks.json").write_bytes(b"{}")
    with appliance.proved() as found:
        assert found.problems == ()
        assert found.trust.issuers == {HOME, OTHER}


def test_a_genuine_list_that_is_not_the_published_one_is_refused(appliance: Appliance, repository: Repository) -> None:
    """Signed by the region, younger even: what counts is what its role names."""
    place = appliance.folder / "current/targets/status" / HOME / "1.cwt"
    place.unlink()
    place.write_bytes(repository.regions[HOME].list_bytes(1, NOW + HOUR))
    with appliance.proved() as found:
        assert {anchor.uri for anchor in found.store.lists} == {"jkm:33/2", "jkm:44/1"}
        assert "1.cwt is not the file that CN-33 signed for" in found.problems[0]


def test_links_and_pipes_on_our_own_disk_are_not_followed_nor_waited_for(appliance: Appliance) -> None:
    status = appliance.folder / "current/targets/status" / HOME
    shutil.copy(status / "1.cwt", appliance.folder / "1.cwt")
    (status / "1.cwt").unlink()
    (status / "1.cwt").symlink_to(appliance.folder / "1.cwt")
    (status / "2.cwt").unlink()
    os.mkfifo(status / "2.cwt")
    with appliance.proved() as found:
        assert {anchor.uri for anchor in found.store.lists} == {"jkm:44/1"}
        assert [problem.partition(":")[2].rpartition("/")[2] for problem in found.problems] == [
            "1.cwt cannot be read: Too many levels of symbolic links",
            "2.cwt cannot be read: it is no regular file",
        ]


def test_an_exchanged_root_on_our_own_disk_is_refused(appliance: Appliance, repository: Repository) -> None:
    """Signed by one key of three: the chain from the pinned root is proved anew at every start."""
    repository.role_names["timestamp"] = "thief"
    repository.write_root(NOW, signed_by=["root 1"])
    history = appliance.folder / "current/metadata/root_history"
    history.mkdir()
    shutil.copy(repository.folder / "metadata/2.root.json", history)
    with pytest.raises(UpdateError, match=r"2\.root\.json has too few valid signatures"):
        prove(appliance.folder, REGIONS, NOW, {})


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_home_policy_that_is_lost_on_our_own_disk_is_said_apart(appliance: Appliance, damage: str) -> None:
    """Nobody may take it for a region that wants no policy of its own."""
    file = appliance.folder / "current/targets/policy" / f"{HOME}.toml"
    content = file.read_bytes()
    file.unlink()
    if damage == "damaged":
        file.write_bytes(content.replace(b"version", b"varsion"))
    with appliance.proved() as found:
        assert found.policy is None
        assert found.policy_problem is not None
        assert f"policy/{HOME}.toml is" in found.policy_problem
        assert found.problems == (found.policy_problem,)


def test_a_pipe_in_the_place_of_the_arrays_is_not_waited_for(appliance: Appliance) -> None:
    arrays = appliance.folder / "current/status.bin"
    arrays.unlink()
    os.mkfifo(arrays)
    with appliance.proved() as found:
        assert found.store.lists == ()
        assert "status.bin: it cannot be read: it is no regular file" in found.problems[0]


def test_fewer_regions_than_are_held_are_proved_alone(appliance: Appliance) -> None:
    """The others' arrays are in the same file: nobody misses an anchor for them."""
    appliance.regions = (HOME,)
    with appliance.proved() as found:
        assert {anchor.issuer for anchor in found.store.lists} == {HOME}
        assert found.problems == ()


@pytest.mark.parametrize("regions", [(), ("cn-33",), ("../../etc",), (HOME, "")])
def test_what_is_no_region_is_a_fault_of_ours(appliance: Appliance, regions: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="region"):
        prove(appliance.folder, regions, NOW, {})


def test_a_switch_while_proving_is_tried_again(appliance: Appliance, repository: Repository, tmp_path: Path) -> None:
    """The generation that a reader has begun is removed under its hands."""
    newer = appliance.copy(tmp_path / "newer")
    newer.now = NOW + HOUR
    repository.publish(HOME, NOW + HOUR)
    repository.release(NOW + HOUR)
    newer.update(repository)
    old = appliance.folder / "generations/000001"
    moment = threading.Lock()

    class Switching(dict[Name, int]):
        """What the log has seen; asking it for the first time is the moment."""

        def get(self, *arguments: object) -> int:  # type: ignore[override]
            with moment:
                self.switch()
            return 0

        def switch(self) -> None:
            if old.exists():
                shutil.copytree(newer.folder / "generations/000002", appliance.folder / "generations/000002")
                (appliance.folder / "current").unlink()
                (appliance.folder / "current").symlink_to("generations/000002")
                shutil.rmtree(old)

    with prove(appliance.folder, REGIONS, NOW, Switching()).store as store:
        assert {anchor.iat for anchor in store.lists if anchor.issuer == HOME} == {NOW + HOUR}
