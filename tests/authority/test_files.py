import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from authority.errors import FolderError
from authority.files import make_private_file, make_private_folder, refuse_shared, remove_unfinished, write_whole


@pytest.fixture(params=[0o000, 0o077])
def _any_umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("_any_umask")
def test_modes_are_exact_under_a_loose_and_under_a_strict_umask(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "home")
    make_private_file(tmp_path / "home" / "secret")
    write_whole(tmp_path / "home" / "public", b"x", 0o644)
    assert [mode(tmp_path / "home" / name) for name in (".", "secret", "public")] == [0o700, 0o600, 0o644]


def test_a_folder_that_is_there_is_not_taken_over(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="there already"):
        make_private_folder(tmp_path)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "list"
    write_whole(path, b"old" * 1000, 0o644)
    with path.open("rb") as reader:
        write_whole(path, b"new", 0o644)
        assert reader.read() == b"old" * 1000
    assert path.read_bytes() == b"new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["list"]


def test_what_a_crash_left_half_written_is_neither_kept_nor_in_the_way(tmp_path: Path) -> None:
    (tmp_path / ".list.writing").write_bytes(b"half")
    write_whole(tmp_path / "list", b"whole", 0o644)
    (tmp_path / ".other.writing").write_bytes(b"half")
    remove_unfinished(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["list"]


def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"mine")
    (tmp_path / ".list.writing").symlink_to(tmp_path / "victim")
    write_whole(tmp_path / "list", b"whole", 0o644)
    assert (tmp_path / "victim").read_bytes() == b"mine"


@pytest.mark.parametrize("loose", [0o640, 0o604, 0o620, 0o601])
def test_a_secret_open_to_anyone_else_is_refused_with_the_remedy(tmp_path: Path, loose: int) -> None:
    path = tmp_path / "secret"
    path.touch()
    path.chmod(loose)
    with pytest.raises(FolderError, match="chmod go="):
        refuse_shared(path)


def test_a_stick_that_knows_no_modes_takes_what_is_public_and_nothing_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT answers EPERM to fchmod(2)."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refuse)
    write_whole(tmp_path / "public", b"x", 0o644)
    assert (tmp_path / "public").read_bytes() == b"x"
    with pytest.raises(PermissionError):
        write_whole(tmp_path / "private", b"x", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["public"]
