"""A small file is replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.files import replace_file

ROOT = Path(__file__).resolve().parents[2]


def test_a_file_is_replaced_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    replace_file(path, b"new", mode=0o600)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(path, b"new", mode=0o600)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_written_by_root_belongs_to_the_folders_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    replace_file(tmp_path / "a", b"x", mode=0o600)
    found = (tmp_path / "a").stat()
    assert (found.st_uid, found.st_gid) == (12345, 12346)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can go on as somebody else")
@pytest.mark.parametrize("there", [True, False])
def test_roots_hand_goes_on_as_the_owner_of_the_folder(tmp_path: Path, there: bool) -> None:
    os.chown(tmp_path, 65534, 65534)
    look = (
        "import os, sys; from pathlib import Path; from scanner.files import become_owner; "
        "become_owner(Path(sys.argv[1])); print(os.geteuid(), os.getegid(), os.getgroups())"
    )
    folder = tmp_path if there else tmp_path / "state" / "trust"
    done = subprocess.run(
        [sys.executable, "-c", look, str(folder)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == ["65534", "65534", "[]"]
