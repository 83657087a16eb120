"""A camera's end of a FIFO, against a real one."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from demo.frame_pipe import FramePipe


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    return tmp_path / "camera.mjpeg"


def reader(fifo: Path) -> int:
    return os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)


def drain(fd: int) -> bytes:
    data = b""
    while True:
        try:
            chunk = os.read(fd, 1 << 20)
        except BlockingIOError:
            return data
        if not chunk:
            return data
        data += chunk


def frame(number: int, size: int = 90_000) -> bytes:
    return number.to_bytes(4) + bytes([number % 251]) * (size - 4)


def whole_frames(data: bytes, size: int = 90_000) -> list[int]:
    """The numbers of the frames in `data`; fails when one is torn."""
    assert len(data) % size == 0
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    numbers = [int.from_bytes(piece[:4]) for piece in pieces]
    assert pieces == [frame(number, size) for number in numbers]
    return numbers


def test_without_a_reader_frames_are_dropped_at_once(fifo: Path) -> None:
    pipe = FramePipe(fifo)
    begin = time.monotonic()
    assert not any(pipe.write(frame(number)) for number in range(50))
    assert time.monotonic() - begin < 0.5
    assert (pipe.written, pipe.dropped) == (0, 50)


def test_a_reader_that_keeps_up_gets_every_frame(fifo: Path) -> None:
    pipe = FramePipe(fifo)
    fd = reader(fifo)
    got = []
    for number in range(60):
        assert pipe.write(frame(number))
        got += whole_frames(drain(fd))
    assert got == list(range(60))
    pipe.close()
    os.close(fd)


def test_a_slow_reader_loses_frames_and_never_holds_the_camera_up_nor_gets_a_torn_one(fifo: Path) -> None:
    pipe = FramePipe(fifo)
    fd = reader(fifo)
    begin = time.monotonic()
    data = b""
    for number in range(200):
        pipe.write(frame(number))
        if number % 40 == 39:
            data += drain(fd)
    assert time.monotonic() - begin < 2
    numbers = whole_frames(data + drain(fd))
    assert numbers == sorted(set(numbers))
    assert pipe.dropped == 200 - len(numbers) > 100
    pipe.close()
    os.close(fd)


@pytest.mark.parametrize("size", [9_000, 20_001, 60_007, 130_003])
def test_frames_of_every_size_arrive_whole(fifo: Path, size: int) -> None:
    pipe = FramePipe(fifo)
    fd = reader(fifo)
    for number in range(150):
        pipe.write(frame(number, size))
    numbers = whole_frames(drain(fd), size)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 3
    pipe.close()
    os.close(fd)


def test_a_reader_may_go_and_come_back(fifo: Path) -> None:
    pipe = FramePipe(fifo)
    first = reader(fifo)
    assert pipe.write(frame(1))
    os.close(first)
    assert not pipe.write(frame(2))
    assert not pipe.write(frame(3))
    second = reader(fifo)
    assert pipe.write(frame(4))
    assert whole_frames(drain(second)) == [4]
    pipe.close()
    os.close(second)


def test_a_reader_that_stops_inside_a_frame_larger_than_the_pipe_ends_the_stream(fifo: Path) -> None:
    pipe = FramePipe(fifo)
    fd = reader(fifo)
    assert pipe.write(frame(1))
    drain(fd)
    fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, 65_536)
    begin = time.monotonic()
    assert not pipe.write(frame(2))
    assert time.monotonic() - begin < 1
    assert 0 < len(drain(fd)) < 90_000
    assert os.read(fd, 1) == b""  # the end of the stream: the reader drops the torn frame and begins anew
    assert pipe.write(frame(3, 30_000))
    assert whole_frames(drain(fd), 30_000) == [3]
    pipe.close()
    os.close(fd)


def test_an_existing_fifo_is_used_and_no_other_user_may_read_a_new_one(fifo: Path) -> None:
    FramePipe(fifo)
    FramePipe(fifo)
    assert fifo.stat().st_mode & 0o777 == 0o600
