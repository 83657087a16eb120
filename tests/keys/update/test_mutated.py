"""Anything may lie on a stick or on our own disk: it is refused in words, or it is worth what it was."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from keys.errors import UpdateError
from keys.update import prove, update
from keys.update.source import FolderSource
from tests.keys.update.appliance import REGIONS, Appliance
from tests.keys.update.repository import HOME, HOUR, NOW, OTHER, Repository


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Change a byte, cut some out, or put some in."""
    at, length = chance.randrange(len(content)), chance.choice((1, 1, 1, 2, 40))
    inserted = chance.choice((b"", chance.randbytes(length), b'"', b"9" * length, b"{", b"null", b"-1", b"1e999"))
    return content[:at] + inserted + content[at + chance.choice((0, length)) :]


def _mutate_held(appliance: Appliance, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    folder = appliance.folder / "current"
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "status.bin"]
    files.append(appliance.folder / "root.json")
    for _ in range(rounds):
        file = chance.choice(files)
        content = file.read_bytes()
        file.write_bytes(mutated(content, chance))
        try:
            found = prove(appliance.folder, REGIONS, NOW, appliance.seen)
        except UpdateError:
            pass
        else:
            found.store.close()
            assert found.published.items() <= {HOME: NOW, OTHER: NOW}.items()
            whole = file.read_bytes() == content or file.name == "CN-44.toml"
            # A byte that JSON does not mind leaves the metadata what they were signed as.
            assert found.problems or whole or file.suffix == ".json"
        file.write_bytes(content)


def _mutate_source(appliance: Appliance, repository: Repository, rounds: int, seed: int) -> None:
    chance = random.Random(seed)
    metadata = [repository.folder / "metadata" / name for name in ("2.snapshot.json", "2.CN-33.json", "timestamp.json")]
    targets = [repository.stored(path) for path in repository.regions[HOME].targets]
    for number in range(rounds):
        file = chance.choice(metadata if number % 4 else targets)
        content = file.read_bytes()
        file.write_bytes(mutated(content, chance))
        copy = appliance.copy(appliance.folder.parent / f"copy-{number}")
        source = FolderSource(repository.folder)
        try:
            update(copy.folder, source, REGIONS, copy.now, seen=copy.seen, believe_signed_time=False)
        except UpdateError:
            assert (copy.folder / "current").readlink() == Path("generations/000001")
        with copy.proved() as found:
            assert found.published[OTHER] == NOW
            assert found.published[HOME] in {NOW, NOW + HOUR}
            assert len(found.store.lists) == 3
        shutil.rmtree(copy.folder)
        file.write_bytes(content)


@pytest.fixture
def later(appliance: Appliance, repository: Repository) -> Appliance:
    appliance.now = NOW + HOUR
    repository.publish(HOME, NOW + HOUR)
    repository.release(NOW + HOUR)
    return appliance


def test_whatever_lies_on_our_own_disk_is_refused_in_words(appliance: Appliance) -> None:
    _mutate_held(appliance, 40, 1)


def test_whatever_lies_on_the_stick_is_refused_in_words(later: Appliance, repository: Repository) -> None:
    _mutate_source(later, repository, 10, 2)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_whatever_lies_on_our_own_disk_is_refused_in_words_a_thousand_times(appliance: Appliance) -> None:
    _mutate_held(appliance, 1000, 3)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_whatever_lies_on_the_stick_is_refused_in_words_a_thousand_times(
    later: Appliance, repository: Repository
) -> None:
    _mutate_source(later, repository, 1000, 4)
