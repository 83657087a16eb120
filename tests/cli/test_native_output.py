from __future__ import annotations

import os
import subprocess
import time

import pytest

from cli.native_output import AGAIN_S, Repeats, into_log


def written(caplog: pytest.LogCaptureFixture, count: int) -> list[str]:
    deadline = time.monotonic() + 5
    while len(caplog.messages) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return caplog.messages


def test_what_a_library_prints_is_logged_and_not_shown(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with into_log() as real:
        os.write(2, b"Corrupt JPEG data: 12 extraneous bytes before marker 0xd9\n")
        subprocess.run(["sh", "-c", "echo a child too >&2"], check=True)
        assert written(caplog, 2) == ["Corrupt JPEG data: 12 extraneous bytes before marker 0xd9", "a child too"]
        os.write(real, b"the screen\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "the screen\nafterwards\n"


def test_the_same_thirty_times_a_second_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with into_log():
        for number in range(300):
            os.write(2, f"Corrupt JPEG data: {number} extraneous bytes\n".encode())
    assert written(caplog, 1) == ["Corrupt JPEG data: 0 extraneous bytes"]


def test_what_moves_the_cursor_is_spelt_out_and_an_endless_line_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    with into_log():
        os.write(2, b"\x1b[2Jgone\n")
        os.write(2, b"x" * 5000)
    clear, *cut = written(caplog, 2)
    assert clear == "\\x1b[2Jgone"
    assert cut
    assert max(map(len, cut)) <= 500


def test_after_a_minute_a_line_is_new_again_and_the_memory_is_bounded() -> None:
    repeats = Repeats()
    assert repeats.new(b"line 1", 0.0)
    assert not repeats.new(b"line 2", AGAIN_S - 1)
    assert repeats.new(b"line 3", AGAIN_S)
    assert all(repeats.new(b"x" * length, 100.0) for length in range(250))
    assert len(repeats._seen) <= 100


def test_an_exception_inside_gives_the_terminal_back(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), into_log():
        raise RuntimeError
    os.write(2, b"here\n")
    assert capfd.readouterr().err == "here\n"
