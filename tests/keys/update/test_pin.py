from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from keys.update import FolderSource, UpdateCause, UpdateError, pin_root, pin_root_file, pinned_digest, prove
from tests.keys.update.appliance import REGIONS, Appliance
from tests.keys.update.repository import HOUR, NOW, Repository


def root(repository: Repository, version: int = 1) -> bytes:
    return (repository.folder / f"metadata/{version}.root.json").read_bytes()


def test_a_root_is_pinned_by_its_hash_whichever_version_it_is(repository: Repository, tmp_path: Path) -> None:
    for version in (2, 3):
        repository.role_names["timestamp"] = f"timestamp {version}"
        repository.write_root(NOW)
    repository.release(NOW)
    (repository.folder / "metadata/1.root.json").unlink()
    for version in (2, 3):
        appliance = Appliance(tmp_path / str(version))
        source = FolderSource(repository.folder)
        pin_root(appliance.folder, source, repository.root_digest(version))
        assert pinned_digest(appliance.folder) == repository.root_digest(version)
        assert appliance.update(repository).changed
        history = appliance.folder / "current/metadata/root_history"
        assert [path.name for path in history.glob("*")] == [f"{later}.root.json" for later in range(version + 1, 4)]
        with appliance.proved() as found:
            assert found.problems == ()
        asked = source.requests
        pin_root(appliance.folder, source, repository.root_digest(version))
        assert source.requests == asked


def test_a_repository_without_the_named_root_is_another_authoritys(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(UpdateError, match="holds no root with SHA-256 0000") as raised:
        pin_root(tmp_path / "trust", FolderSource(repository.folder), bytes(32))
    assert raised.value.cause is UpdateCause.OTHER_AUTHORITY
    assert pinned_digest(tmp_path / "trust") is None


def test_a_file_with_the_right_hash_that_is_no_root_is_not_pinned(repository: Repository, tmp_path: Path) -> None:
    (repository.folder / "metadata/1.root.json").write_bytes(b"<html>")
    with pytest.raises(UpdateError, match="the root is no TUF metadata"):
        pin_root(tmp_path / "trust", FolderSource(repository.folder), sha256(b"<html>").digest())
    assert pinned_digest(tmp_path / "trust") is None


def test_a_root_is_pinned_from_a_file(repository: Repository, tmp_path: Path) -> None:
    pin_root_file(tmp_path / "trust", root(repository))
    assert pinned_digest(tmp_path / "trust") == repository.root_digest()


def test_a_root_that_too_few_signed_is_not_pinned(repository: Repository, tmp_path: Path) -> None:
    repository.write_root(NOW, signed_by=["root 1"])
    with pytest.raises(UpdateError, match="too few valid signatures"):
        pin_root_file(tmp_path / "trust", root(repository, 2))


def test_the_pinned_root_is_never_changed_by_an_update(appliance: Appliance, repository: Repository) -> None:
    before = (appliance.folder / "root.json").read_bytes()
    repository.root_names = ["root 4", "root 5", "root 6"]
    repository.write_root(NOW + HOUR, signed_by=["root 1", "root 2", "root 4", "root 5"])
    repository.write_root(NOW + HOUR)
    repository.release(NOW + HOUR)
    appliance.now = NOW + HOUR
    appliance.update(repository)
    assert (appliance.folder / "root.json").read_bytes() == before
    assert len(list((appliance.folder / "current/metadata/root_history").iterdir())) == 2
    with appliance.proved() as found:
        assert found.problems == ()


def test_another_pinned_root_makes_what_is_held_worth_nothing(appliance: Appliance, repository: Repository) -> None:
    other = repository.copy(appliance.folder.parent / "other")
    other.root_names, other.root_version = ["other 1", "other 2", "other 3"], 0
    other.role_names |= {"timestamp": "other timestamp"}
    other.write_root(NOW)
    pin_root_file(appliance.folder, root(other))
    with pytest.raises(UpdateError, match="too few valid signatures"):
        prove(appliance.folder, REGIONS, NOW, {})
