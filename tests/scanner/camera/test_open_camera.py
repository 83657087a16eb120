from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from scanner.camera import CameraError, open_camera
from scanner.camera.recording import Stills, VideoFile
from scanner.camera.stream import StreamCamera
from scanner.config.model import CameraSection
from tests.scanner.camera.test_recording import video
from tests.scanner.pictures import jpeg, number_in, numbered


def section(source: int | str | Path, *, mirror: bool = False) -> CameraSection:
    return CameraSection(source=source if isinstance(source, int) else str(source), mirror=mirror)


def test_what_stands_at_the_path_decides_which_camera_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stream")
    (tmp_path / "stills").mkdir()
    (tmp_path / "stills" / "1.jpg").write_bytes(jpeg(numbered(1)))
    kinds = {
        tmp_path / "stream": StreamCamera,
        tmp_path / "stills": Stills,
        tmp_path / "stills" / "1.jpg": Stills,
        video(tmp_path / "a.avi", 2): VideoFile,
    }
    for path, kind in kinds.items():
        camera = open_camera(section(path))
        assert isinstance(camera, kind)
        assert camera.live is (kind is StreamCamera)
        camera.close()


@pytest.mark.parametrize("source", [99, "99", "/dev/null", "/dev/video99", "/nowhere/camera", "bad\0name"])
def test_a_camera_that_is_not_there_is_an_error_in_words(source: int | str) -> None:
    with pytest.raises(CameraError, match=r"camera|cannot be opened"):
        open_camera(section(source))


def test_a_socket_is_no_camera(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        with pytest.raises(CameraError, match="is no camera"):
            open_camera(section(tmp_path / "s"))


def test_a_mirrored_camera_exchanges_left_and_right(tmp_path: Path) -> None:
    picture = numbered(1)
    (tmp_path / "1.png").write_bytes(jpeg(picture))
    plain, mirrored = (open_camera(section(tmp_path, mirror=mirror)).read() for mirror in (False, True))
    assert plain is not None
    assert mirrored is not None
    assert number_in(plain.grey) == 1
    assert number_in(mirrored.grey) == 1 << 15
    assert mirrored.grey.flags.c_contiguous
