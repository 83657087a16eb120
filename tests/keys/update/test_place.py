from __future__ import annotations

import errno
import fcntl
import os
import shutil
from pathlib import Path

import pytest

from keys.update import FolderSource, UpdateCause, UpdateError, current_generation, prove
from keys.update.place import Place
from tests.keys.update.appliance import Appliance
from tests.keys.update.repository import HOME, HOUR, NOW, Repository


def again(appliance: Appliance, repository: Repository) -> None:
    """Publish an hour later, and update."""
    appliance.now += HOUR
    repository.publish(HOME, appliance.now)
    repository.release(appliance.now)
    assert appliance.update(repository).changed


def generations(appliance: Appliance) -> list[str]:
    return sorted(path.name for path in (appliance.folder / "generations").iterdir())


def test_the_generation_before_is_kept_and_older_ones_go(appliance: Appliance, repository: Repository) -> None:
    for expected in (["000001", "000002"], ["000002", "000003"], ["000003", "000004"]):
        again(appliance, repository)
        assert generations(appliance) == expected
        assert current_generation(appliance.folder) == expected[-1]


def test_a_reader_of_the_generation_before_is_not_disturbed(appliance: Appliance, repository: Repository) -> None:
    with appliance.proved() as found:
        again(appliance, repository)
        again(appliance, repository)
        assert found.store.lookup(HOME, "jkm:33/1", 5) is not None


def test_what_a_killed_update_left_behind_goes_with_the_next(appliance: Appliance, repository: Repository) -> None:
    for leftover in ("000002.stage", "000007.stage", "000002", "strange"):
        (appliance.folder / "generations" / leftover / "targets").mkdir(parents=True)
    assert not appliance.update(repository).changed
    assert generations(appliance) == ["000001"]
    again(appliance, repository)
    assert generations(appliance) == ["000001", "000002"]


def test_two_updates_at_once(appliance: Appliance, repository: Repository) -> None:
    with (appliance.folder / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with appliance.refusing("another update of .* is under way") as refused:
            appliance.update(repository)
        assert refused.value.cause is UpdateCause.BUSY
    appliance.update(repository)


@pytest.mark.parametrize(
    "target", ["generations/../../etc", "/etc", "generations", "elsewhere/000001", "generations/000009", "x"]
)
def test_a_current_that_points_elsewhere_is_none(appliance: Appliance, repository: Repository, target: str) -> None:
    (appliance.folder / "current").unlink()
    (appliance.folder / "current").symlink_to(target)
    with pytest.raises(UpdateError) as raised:
        prove(appliance.folder, (HOME,), NOW, {})
    assert raised.value.cause is UpdateCause.NOTHING_HELD
    assert appliance.update(repository).changed
    with appliance.proved() as found:
        assert found.problems == ()


def test_a_disk_without_links_gets_copies(
    appliance: Appliance, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file system without links is at hand for every run; what it answers is known."""

    def none(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    again(appliance, repository)
    files = [appliance.folder / "generations" / name / "targets/status/CN-44/1.cwt" for name in ("000001", "000002")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].stat().st_ino != files[1].stat().st_ino


def test_a_folder_that_may_not_be_written_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UpdateError, match=r"cannot be written: .*what was in force before still is") as raised:
        Place(tmp_path / "file" / "trust").locked().__enter__()
    assert raised.value.cause is UpdateCause.DISK


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_roots_hand_updates_belongs_to_the_folders_owner(appliance: Appliance, repository: Repository) -> None:
    for path in (appliance.folder, *appliance.folder.rglob("*")):
        os.chown(path, 4242, 4242, follow_symlinks=False)
    (appliance.folder / "lock").unlink()
    again(appliance, repository)
    for path in appliance.folder.rglob("*"):
        assert path.is_symlink() or path.stat().st_uid == 4242, path
        assert path.is_symlink() or path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), path


@pytest.mark.parametrize("victim", ["generations", "."])
def test_a_link_in_the_place_of_a_folder_that_root_would_sweep(
    appliance: Appliance, repository: Repository, tmp_path: Path, victim: str
) -> None:
    """The appliance's user owns the folder, and waits for root's own hand to update it."""
    (tmp_path / "precious/generations/document").mkdir(parents=True)
    replaced = appliance.folder / victim
    replaced.rename(tmp_path / "away")
    replaced.symlink_to(tmp_path / "precious" / victim)
    with pytest.raises(UpdateError, match="is no folder but a link") as raised:
        appliance.update(repository)
    assert raised.value.cause is UpdateCause.DISK
    assert [path.name for path in (tmp_path / "precious").rglob("*")] == ["generations", "document"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_of_another_user_in_the_place_of_ours(appliance: Appliance, repository: Repository) -> None:
    os.chown(appliance.folder / "generations", 4242, 4242)
    (appliance.folder / "generations/000001.stage").mkdir()
    with pytest.raises(UpdateError, match="generations belongs to another user"):
        appliance.update(repository)
    assert generations(appliance) == ["000001", "000001.stage"]


def test_no_network_costs_no_generation(appliance: Appliance, repository: Repository, tmp_path: Path) -> None:
    """The link is lost, and nothing is there to fetch anew: what was verified stays for somebody to point at."""
    again(appliance, repository)
    (appliance.folder / "generations/000009.stage").mkdir()
    for broken in (None, "generations/000007"):
        (appliance.folder / "current").unlink(missing_ok=True)
        if broken is not None:
            (appliance.folder / "current").symlink_to(broken)
        with pytest.raises(UpdateError, match="there is no folder"):
            appliance.update(FolderSource(tmp_path / "no network"))
        assert generations(appliance) == ["000001", "000002"]


def test_a_current_that_the_disk_does_not_give_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "trust").symlink_to("trust")  # reading it fails with ELOOP, as a broken disk fails with EIO
    with pytest.raises(UpdateError, match="cannot be read: Too many levels") as raised:
        current_generation(tmp_path / "trust")
    assert raised.value.cause is UpdateCause.DISK


def test_a_folder_without_a_current_generation_has_none(appliance: Appliance) -> None:
    shutil.rmtree(appliance.folder / "generations")
    (appliance.folder / "current").unlink()
    assert current_generation(appliance.folder) is None
    assert current_generation(appliance.folder / "nowhere") is None
    with pytest.raises(UpdateError, match="holds no verified state yet: run an update"):
        prove(appliance.folder, (HOME,), NOW, {})
