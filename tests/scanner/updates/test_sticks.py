"""Sticks that carry the repository."""

from __future__ import annotations

import os
from pathlib import Path

from keys.update.source import STICK_FOLDER
from scanner.updates.sticks import MAX_LABEL, MAX_TIMESTAMP, find


def stick(mount: Path, content: bytes = b"{}") -> Path:
    metadata = mount / STICK_FOLDER / "metadata"
    metadata.mkdir(parents=True)
    (metadata / "timestamp.json").write_bytes(content)
    return mount / STICK_FOLDER


def test_a_stick_with_the_repository_is_found_by_its_mount(tmp_path: Path) -> None:
    folder = stick(tmp_path / "media" / "guard" / "KEYS")
    (found,) = find([f"{tmp_path}/media/*", f"{tmp_path}/media/*/*"])
    assert (found.folder, found.label) == (folder, "KEYS")


def test_one_reached_by_two_patterns_is_found_once(tmp_path: Path) -> None:
    stick(tmp_path / "mnt")
    assert len(find([f"{tmp_path}/mnt", f"{tmp_path}/*"])) == 1


def test_another_state_of_the_repository_has_another_digest(tmp_path: Path) -> None:
    folder = stick(tmp_path / "a")
    (before,) = find([f"{tmp_path}/*"])
    (folder / "metadata" / "timestamp.json").write_bytes(b'{"version": 2}')
    (after,) = find([f"{tmp_path}/*"])
    assert before.digest != after.digest


def test_other_sticks_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "empty" / STICK_FOLDER).mkdir(parents=True)
    (tmp_path / "file").write_bytes(b"")
    assert find([f"{tmp_path}/*", str(tmp_path / "none")]) == ()


def test_what_is_no_file_of_its_size_is_no_repository_and_hangs_nothing(tmp_path: Path) -> None:
    stick(tmp_path / "huge", b"x" * (MAX_TIMESTAMP + 1))
    fifo = tmp_path / "fifo" / STICK_FOLDER / "metadata"
    fifo.mkdir(parents=True)
    os.mkfifo(fifo / "timestamp.json")
    assert find([f"{tmp_path}/*"]) == ()


def test_a_name_that_its_maker_chose_is_made_fit_to_show(tmp_path: Path) -> None:
    for name in (b"KEY\xff", b"\x1b[2J", b"n" * 200):
        stick(Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)))
    labels = [one.label for one in find([f"{tmp_path}/*"])]
    assert len(labels) == 3
    assert all(label.isprintable() and len(label) <= MAX_LABEL and label.encode() for label in labels)
