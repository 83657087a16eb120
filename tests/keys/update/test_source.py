from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from keys.errors import FetchError, NotThereError, UpdateCause
from keys.update import FolderSource, open_source
from tests.keys.update.appliance import Appliance
from tests.keys.update.repository import HOME, HOUR, NOW, OTHER, Repository

TIMESTAMP = "metadata/timestamp.json"


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    (folder / "metadata").mkdir(parents=True)
    (folder / TIMESTAMP).write_bytes(b"{}")
    return folder


def test_files_are_read_and_counted(stick: Path) -> None:
    source = FolderSource(stick)
    assert source.fetch(TIMESTAMP, 2) == b"{}"
    assert (source.name, source.requests, source.received) == (str(stick), 1, 2)


def test_a_file_that_is_not_there(stick: Path) -> None:
    source = FolderSource(stick)
    for path in ("metadata/2.root.json", "targets/status/CN-33/1.cwt"):
        with pytest.raises(NotThereError, match=f"holds no {path}"):
            source.fetch(path, 100)
    assert source.requests == 2


def test_a_stick_that_was_pulled_out(stick: Path) -> None:
    source = FolderSource(stick)
    shutil.rmtree(stick)
    with pytest.raises(FetchError, match="there is no folder") as raised:
        source.fetch(TIMESTAMP, 100)
    assert raised.value.cause is UpdateCause.UNREACHABLE


def _pipe(file: Path) -> None:
    os.mkfifo(file)


def _socket(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(file))


def _folder(file: Path) -> None:
    file.mkdir()


def _link_out(file: Path) -> None:
    file.symlink_to("/etc/passwd")


def _link_in(file: Path) -> None:
    (file.parent / "genuine").write_bytes(b"{}")
    file.symlink_to("genuine")


def _endless_device(file: Path) -> None:
    file.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_pipe, _socket, _folder, _link_out, _link_in, _endless_device])
def test_only_a_regular_file_is_read_and_nothing_is_waited_for(stick: Path, make: Callable[[Path], None]) -> None:
    (stick / TIMESTAMP).unlink()
    make(stick / TIMESTAMP)
    with pytest.raises(FetchError, match="cannot be read") as raised:
        FolderSource(stick).fetch(TIMESTAMP, 1 << 20)
    assert raised.value.cause is UpdateCause.WRONG_CONTENT


def test_a_folder_that_is_a_link_out_of_the_stick_is_not_followed(stick: Path, tmp_path: Path) -> None:
    (stick / "metadata").rename(tmp_path / "elsewhere")
    (stick / "metadata").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FetchError, match="cannot be read") as raised:
        FolderSource(stick).fetch(TIMESTAMP, 100)
    assert raised.value.cause is UpdateCause.WRONG_CONTENT


def test_a_pipe_on_the_stick_is_its_regions_fault_alone(appliance: Appliance, repository: Repository) -> None:
    for issuer in (HOME, OTHER):
        repository.publish(issuer, NOW + HOUR, bundles=False)
    repository.release(NOW + HOUR)
    repository.stored(f"status/{OTHER}/1.cwt").unlink()
    os.mkfifo(repository.stored(f"status/{OTHER}/1.cwt"))
    appliance.now = NOW + HOUR
    outcome = appliance.update(repository)
    assert [(each.issuer, each.cause) for each in outcome.refused] == [(OTHER, UpdateCause.WRONG_CONTENT)]
    assert outcome.signed_time == NOW + HOUR


@pytest.mark.parametrize("path", ["../secret", "metadata/../../secret", "/etc/passwd", "metadata//x", ""])
def test_a_path_out_of_the_stick_is_a_fault_of_ours(stick: Path, path: str) -> None:
    with pytest.raises(ValueError, match="is no path of plain names"):
        FolderSource(stick).fetch(path, 100)


def test_endless_data(stick: Path) -> None:
    os.truncate(stick / TIMESTAMP, 1 << 40)
    with pytest.raises(FetchError, match="1099511627776 bytes, and 100 are the most") as raised:
        FolderSource(stick).fetch(TIMESTAMP, 100)
    assert raised.value.cause is UpdateCause.ENDLESS_DATA


def test_a_stick_is_opened_by_its_top_or_by_the_repository_itself(
    appliance: Appliance, repository: Repository, tmp_path: Path
) -> None:
    appliance.now = NOW + HOUR
    repository.release(NOW + HOUR)
    top = tmp_path / "media"
    shutil.copytree(repository.folder, top / "checkpoint-trust")
    assert open_source(str(top)).name == open_source(str(top / "checkpoint-trust")).name
    assert appliance.update(open_source(str(top))).changed
