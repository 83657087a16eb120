"""Killed at any instant, or out of disk: the old state or the new one, never half of either."""

from __future__ import annotations

import os
import resource
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from keys.errors import UpdateCause
from keys.update import UpdateError
from tests.keys.update.appliance import Appliance
from tests.keys.update.repository import HOME, HOUR, NOW, Repository
from tests.scanner.journal.mounts import fill, small_disk

_TOUCHING = frozenset(("open", "os.rename", "os.link", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"))


def _killed_at(number: int, appliance: Appliance, repository: Repository) -> bool:
    """Update in a process that gets SIGKILL at its n-th touch of the disk; False: it ended before, in order."""
    child = os.fork()
    if child == 0:
        touched = 0

        def count(event: str, _: object) -> None:
            nonlocal touched
            if event in _TOUCHING:
                touched += 1
                if touched == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(count)
            appliance.update(repository)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _kill(appliance: Appliance, repository: Repository, points: range) -> int:
    """Kill an update at each of `points`; what is in force afterwards is the old publication or the new one, whole.

    Return how many were killed.
    """
    old, new = NOW, NOW
    switched = kills = 0
    for number in points:
        if old == new:
            new = appliance.now = old + HOUR
            repository.publish(HOME, new, {1: {new // HOUR % 1000: 3}})
            repository.release(new)
        killed = _killed_at(number, appliance, repository)
        kills += killed
        with appliance.proved() as found:
            assert found.problems == ()
            assert len(found.store.lists) == 3
            assert found.published[HOME] in {old, new}
            assert killed or found.published[HOME] == new
            entry = found.store.lookup(HOME, "jkm:33/1", found.published[HOME] // HOUR % 1000)
            assert entry is not None
            assert entry.value == (0 if found.published[HOME] == NOW else 3)
            switched += found.published[HOME] == new
            old = found.published[HOME]
        if not killed:
            break
    appliance.update(repository)
    assert switched
    assert len(list((appliance.folder / "generations").iterdir())) <= 2
    return kills


def test_killed_now_and_then_during_an_update(appliance: Appliance, repository: Repository) -> None:
    assert _kill(appliance, repository, range(20, 400, 35)) >= 5


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_killed_at_every_touch_of_the_disk(appliance: Appliance, repository: Repository) -> None:
    assert _kill(appliance, repository, range(1, 1000)) >= 100


def test_disk_full_in_the_middle(appliance: Appliance, repository: Repository, tmp_path: Path) -> None:
    """Wherever the disk ends: at the first folder, in a list, in the arrays, at the metadata."""
    repository.publish(HOME, NOW + HOUR, {1: {5: 3}})
    repository.release(NOW + HOUR)
    with small_disk(tmp_path / "disk", 16) as disk:
        small = appliance.copy(disk / "trust")
        small.now = NOW + HOUR
        ballast = fill(disk)
        for free in (0, 4, 12, 40, 300, 600, 1400):
            os.truncate(ballast, ballast.stat().st_size - (free << 10))
            with small.refusing("No space left on device; what was in force before still is") as refused:
                small.update(repository)
            assert refused.value.cause is UpdateCause.DISK
            fill(disk)
        ballast.unlink()
        assert small.update(repository).changed
        assert small.value("jkm:33/1", 5) == 3


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 200, 1000, 600_000])
def test_a_disk_that_refuses_in_the_middle_of_a_file(appliance: Appliance, repository: Repository, size: int) -> None:
    appliance.now = NOW + HOUR
    repository.publish(HOME, NOW + HOUR, {1: {5: 3}})
    repository.release(NOW + HOUR)
    with appliance.refusing("File too large; what was in force before still is"), files_no_larger_than(size):
        appliance.update(repository)


def test_a_first_update_on_a_full_disk_leaves_nothing_in_force(repository: Repository, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        small = Appliance(disk / "trust")
        with pytest.raises(UpdateError, match="No space left on device"):
            Appliance.founded(small.folder, repository)
        with pytest.raises(UpdateError, match="holds no verified state yet"), small.proved():
            pass


def test_the_stage_that_a_full_disk_left_is_gone(appliance: Appliance, repository: Repository, tmp_path: Path) -> None:
    repository.release(NOW + HOUR)
    appliance.now = NOW + HOUR
    with appliance.refusing("File too large"), files_no_larger_than(0):
        appliance.update(repository)
    assert [path.name for path in (appliance.folder / "generations").iterdir()] == ["000001"]
    assert Path(appliance.folder / "current").resolve().name == "000001"
