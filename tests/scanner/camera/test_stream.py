from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.camera.frame import CameraError, CameraStalledError, Frame
from scanner.camera.stream import StreamCamera
from tests.scanner.pictures import jpeg, number_in, numbered, scene

STALL_S = 0.3


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "camera.mjpeg"
    os.mkfifo(path)
    return path


@pytest.fixture
def camera(fifo: Path) -> Iterator[StreamCamera]:
    stream = StreamCamera(fifo, stall_s=STALL_S)
    yield stream
    stream.close()


def send(fifo: Path, *pieces: bytes) -> threading.Thread:
    """Write the pieces in a thread of their own, then close, as a writer that ends or crashes does."""

    def write() -> None:
        with fifo.open("wb", buffering=0) as pipe:
            for piece in pieces:
                rest = memoryview(piece)
                while rest:
                    rest = rest[pipe.write(rest) or 0 :]

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def taken(camera: StreamCamera) -> Frame:
    frame = camera.read()
    assert frame is not None
    return frame


def test_a_picture_written_is_read(fifo: Path, camera: StreamCamera) -> None:
    writer = send(fifo, jpeg(numbered(7)))
    frame = taken(camera)
    writer.join()
    assert number_in(frame.grey) == 7
    assert frame.grey.shape == (240, 320)
    assert frame.grey.flags.c_contiguous


def test_a_reader_that_is_behind_gets_the_newest_and_the_numbers_show_what_was_skipped(fifo: Path) -> None:
    stream = StreamCamera(fifo)
    send(fifo, b"".join(jpeg(numbered(n)) for n in range(10))).join()
    frame = taken(stream)
    assert number_in(frame.grey) == 9
    assert frame.number == 9
    stream.close()


@pytest.mark.alone
def test_a_thirty_frame_stream_is_seen_within_one_frame_of_being_written(fifo: Path, camera: StreamCamera) -> None:
    pictures = [jpeg(_hd(n)) for n in range(15)]
    written: dict[int, float] = {}

    def write() -> None:
        with fifo.open("wb", buffering=0) as pipe:
            for number, picture in enumerate(pictures):
                time.sleep(1 / 30)
                written[number] = time.monotonic()
                rest = memoryview(picture)
                while rest:
                    rest = rest[pipe.write(rest) or 0 :]

    writer = threading.Thread(target=write)
    writer.start()
    delays = []
    number = -1
    while number < len(pictures) - 1:
        frame = taken(camera)
        number = number_in(frame.grey)
        delays.append(frame.at - written[number])
    writer.join()
    delays.sort()
    assert len(delays) >= 5
    assert delays[len(delays) // 2] < 1 / 30


def _hd(number: int):  # type: ignore[no-untyped-def]  # a test picture
    picture = scene()
    picture[:32] = numbered(number, 1280, 720)[:32]
    return picture


def test_a_writer_that_goes_is_said_at_once_and_one_that_returns_is_read(fifo: Path, camera: StreamCamera) -> None:
    send(fifo, jpeg(numbered(1)), jpeg(numbered(2))[:300]).join()
    assert number_in(taken(camera).grey) == 1
    began = time.monotonic()
    with pytest.raises(CameraStalledError, match="writer"):
        camera.read()
    assert time.monotonic() - began < STALL_S
    writer = send(fifo, jpeg(numbered(3)))
    assert number_in(taken(camera).grey) == 3
    writer.join()


def test_a_writer_that_falls_silent_is_said_and_its_next_picture_is_read(fifo: Path, camera: StreamCamera) -> None:
    opened = threading.Event()
    go_on = threading.Event()

    def write() -> None:
        with fifo.open("wb", buffering=0) as pipe:
            pipe.write(jpeg(numbered(1)))
            opened.set()
            go_on.wait(10)
            pipe.write(jpeg(numbered(2)))

    writer = threading.Thread(target=write)
    writer.start()
    assert number_in(taken(camera).grey) == 1
    began = time.monotonic()
    with pytest.raises(CameraStalledError, match="no picture"):
        camera.read()
    assert STALL_S <= time.monotonic() - began < STALL_S + 1
    go_on.set()
    assert number_in(taken(camera).grey) == 2
    writer.join()


def test_without_a_writer_it_stalls_instead_of_hanging(camera: StreamCamera) -> None:
    with pytest.raises(CameraStalledError):
        camera.read()


def test_damaged_pictures_are_skipped_and_said_when_there_is_nothing_else(fifo: Path, camera: StreamCamera) -> None:
    good = jpeg(numbered(4))
    broken = good[:20] + bytes(100) + good[120:]
    writer = send(fifo, b"\x00garbage\xff", broken, good, b"\xff\xd8\xff")
    assert number_in(taken(camera).grey) == 4
    writer.join()
    with pytest.raises(CameraStalledError):
        camera.read()


def test_a_stream_of_nothing_decodable_is_said(fifo: Path, camera: StreamCamera) -> None:
    undecodable = b"\xff\xd8\xff\xda\x00\x02\xff\xd9"
    pipe = os.open(fifo, os.O_WRONLY)
    os.write(pipe, undecodable * 3)
    with pytest.raises(CameraStalledError, match="3 damaged pictures"):
        camera.read()
    os.close(pipe)


def test_the_size_may_change_from_picture_to_picture(fifo: Path, camera: StreamCamera) -> None:
    for width, height in ((320, 240), (640, 480), (160, 120)):
        writer = send(fifo, jpeg(numbered(1, width, height)))
        frame = None
        while frame is None:
            try:
                frame = camera.read()
            except CameraStalledError:
                continue
        assert frame.grey.shape == (height, width)
        writer.join()


def test_a_pipe_that_was_replaced_must_be_opened_anew(fifo: Path, camera: StreamCamera) -> None:
    fifo.unlink()
    with pytest.raises(CameraError, match="removed") as removed:
        camera.read()
    assert not isinstance(removed.value, CameraStalledError)
    os.mkfifo(fifo)
    with pytest.raises(CameraError, match="replaced"):
        camera.read()


def test_a_missing_pipe_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="cannot be opened"):
        StreamCamera(tmp_path / "none")


def test_closing_twice_is_allowed_and_reading_afterwards_is_an_error(fifo: Path) -> None:
    stream = StreamCamera(fifo)
    stream.close()
    stream.close()
    with pytest.raises(CameraError):
        stream.read()
