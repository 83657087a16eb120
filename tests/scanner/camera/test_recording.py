from __future__ import annotations

import logging
from pathlib import Path

import cv2
import pytest

from scanner.camera.frame import Camera, CameraError
from scanner.camera.recording import Stills, VideoFile
from tests.scanner.pictures import jpeg, number_in, numbered


class SlowClock:
    """Time that passes only while somebody sleeps, or works."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def video(path: Path, frames: int, fps: float = 20) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"MJPG"), fps, (320, 240), False)
    for number in range(frames):
        writer.write(numbered(number))
    writer.release()
    return path


def numbers(camera: Camera) -> list[int]:
    found = []
    while (frame := camera.read()) is not None:
        found.append(number_in(frame.grey))
    camera.close()
    return found


def test_a_video_is_played_to_its_end_at_its_own_rate(tmp_path: Path) -> None:
    clock = SlowClock()
    camera = VideoFile(video(tmp_path / "a.avi", 8), 30, clock=clock, sleep=clock.sleep)
    assert not camera.live
    assert numbers(camera) == list(range(8))
    assert clock.now == pytest.approx(100 + 8 / 20)  # the last picture has its time too


def test_a_reader_that_is_behind_skips_the_pictures_of_the_past(tmp_path: Path) -> None:
    clock = SlowClock()
    camera = VideoFile(video(tmp_path / "a.avi", 12), 30, clock=clock, sleep=clock.sleep)
    first = camera.read()
    clock.now += 0.26
    behind = camera.read()
    assert first is not None
    assert behind is not None
    assert (first.number, behind.number, number_in(behind.grey)) == (0, 5, 5)
    clock.now += 60
    assert camera.read() is None
    camera.close()


def test_a_file_that_is_no_video_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    path.write_text("no video")
    with pytest.raises(CameraError, match="is it a video file"):
        VideoFile(path, 30)


def test_a_video_cut_short_ends_instead_of_failing(tmp_path: Path) -> None:
    clock = SlowClock()
    path = video(tmp_path / "a.avi", 20)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = numbers(VideoFile(path, 30, clock=clock, sleep=clock.sleep))
    assert 0 < len(found) < 20
    assert found == list(range(len(found)))


def test_stills_are_shown_in_order_each_once_at_the_asked_rate(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(numbered(number)))
    clock = SlowClock()
    camera = Stills(tmp_path, 4, clock=clock, sleep=clock.sleep)
    assert numbers(camera) == [1, 2, 10]
    assert clock.now == pytest.approx(100.5)


def test_an_unreadable_still_is_named_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "1.jpg").write_bytes(b"no picture")
    (tmp_path / "2.jpg").write_bytes(jpeg(numbered(2)))
    (tmp_path / "3.jpg").mkdir()
    clock = SlowClock()
    with caplog.at_level(logging.WARNING):
        assert numbers(Stills(tmp_path, 30, clock=clock, sleep=clock.sleep)) == [2]
    assert "1.jpg" in caplog.text
    assert "3.jpg" in caplog.text


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="holds no picture"):
        Stills(tmp_path, 30)
