from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from scanner.camera.frame import Grey
from scanner.decoder.process import FAILING_DEATHS, DecoderProcess, LostError, Program
from scanner.decoder.wire import MAX_PIXELS, MAX_REPLY, Request, write_request
from tests.scanner.decoder import hostile
from tests.scanner.pictures import code, placed, scene

HOSTILE = hostile.__name__


def showing(act: int, width: int = 64, height: int = 48) -> Grey:
    picture = np.full((height, width), 200, np.uint8)
    picture[0, 0] = act
    return picture


def started(process: DecoderProcess) -> DecoderProcess:
    deadline = time.monotonic() + 30
    while not process.ready(0.5):
        assert time.monotonic() < deadline, process.health
    return process


@pytest.fixture
def decoder() -> Iterator[DecoderProcess]:
    process = DecoderProcess(HOSTILE, name="the decoder", answer_limit_s=0.6, backoff_s=(0.05, 0.2), steady_s=0.5)
    yield process
    process.close()


@pytest.mark.parametrize("program", list(Program))
def test_a_code_in_shared_memory_is_read_and_told_with_its_place(program: Program) -> None:
    process = started(DecoderProcess(program, name="the decoder", spare=program is Program.HARDER))
    try:
        reply = process.look(placed(code("JKM1:HELLO"), 300, 200), budget_ms=1000)
        (found,) = reply.codes
        assert found.text == "JKM1:HELLO"
        assert abs(found.corners[0][0] - 316) < 8
        assert abs(found.corners[0][1] - 216) < 8
        assert process.look(scene(), budget_ms=10).codes == ()
    finally:
        process.close()


@pytest.mark.parametrize("size", [(1, 1), (640, 480), (4096, 2160), (3, 1000), (1280, 720)])
def test_pictures_of_changing_size_each_reach_the_process_whole(decoder: DecoderProcess, size: tuple[int, int]) -> None:
    started(decoder)
    for width, height in (size, (320, 240), size):
        reply = decoder.look(np.full((height, width), 200, np.uint8))
        assert reply.codes[0].text == f"{width} x {height}"


def test_a_picture_too_large_is_made_smaller_and_its_places_are_those_of_the_large_one() -> None:
    process = started(DecoderProcess(Program.QUICK, name="the decoder"))
    try:
        huge = np.full((5000, 4000), 180, np.uint8)
        assert huge.size > MAX_PIXELS
        drawn = code("FAR DOWN", scale=20)
        huge[4000 : 4000 + len(drawn), 3000 : 3000 + len(drawn)] = drawn
        (found,) = process.look(huge).codes
        assert found.text == "FAR DOWN"
        assert found.corners[0][0] > 3000
        assert found.corners[0][1] > 4000
    finally:
        process.close()


def test_a_view_with_gaps_is_copied_right(decoder: DecoderProcess) -> None:
    process = started(DecoderProcess(Program.QUICK, name="the decoder"))
    try:
        wide = np.repeat(code("HELLO"), 2, axis=1)
        assert [one.text for one in process.look(wide[:, ::2]).codes] == ["HELLO"]
    finally:
        process.close()


@pytest.mark.parametrize(
    ("act", "how"),
    [
        (hostile.CRASH, "killed by SIG"),
        (hostile.FAIL, "RuntimeError: the decoder failed"),
        (hostile.EAT, "MemoryError"),
        (hostile.LEAVE, "status 7"),
        (hostile.LIE, "too long"),
        (hostile.FAR, "a corner far outside"),
        (hostile.WRITE, "TypeError: cannot modify read-only memory"),
    ],
)
def test_a_picture_that_breaks_the_process_costs_that_picture_only(decoder: DecoderProcess, act: int, how: str) -> None:
    started(decoder)
    with pytest.raises(LostError, match=how):
        decoder.look(showing(act))
    began = time.monotonic()
    assert started(decoder).look(showing(0)).codes[0].text == "64 x 48"
    assert time.monotonic() - began < 2
    assert decoder.health.deaths == 1
    assert not decoder.health.failing


def test_a_hang_in_c_is_ended_in_time(decoder: DecoderProcess) -> None:
    pid = started(decoder).pid
    began = time.monotonic()
    with pytest.raises(LostError, match=r"did not answer within 0\.6 s"):
        decoder.look(showing(hostile.HANG))
    assert time.monotonic() - began < 1.0
    assert pid is not None
    assert not Path(f"/proc/{pid}").exists()


def test_what_does_not_fit_an_answer_is_left_out(decoder: DecoderProcess) -> None:
    codes = started(decoder).look(showing(hostile.FLOOD)).codes
    assert 0 < len(codes) < 64
    assert sum(len(one.text) for one in codes) < MAX_REPLY


def test_a_hijacked_process_finds_no_file_no_network_and_nothing_to_start(decoder: DecoderProcess) -> None:
    (found,) = started(decoder).look(showing(hostile.LOOK_AROUND)).codes
    assert found.text == "nothing"


def test_a_process_holds_a_socket_and_the_pictures_and_no_other_descriptor(decoder: DecoderProcess) -> None:
    pid = started(decoder).pid
    held = sorted(str(fd.readlink()).split(":")[0] for fd in Path(f"/proc/{pid}/fd").iterdir())
    assert held == ["/dev/null", "/dev/null", "/dev/null", "/memfd", "socket"]


@pytest.mark.alone
def test_a_process_that_keeps_dying_is_started_ever_more_rarely_told_once_and_well_again_after_a_while(
    decoder: DecoderProcess, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for death in range(FAILING_DEATHS + 2):
        assert decoder.health.failing == (death >= FAILING_DEATHS)
        with pytest.raises(LostError):
            started(decoder).look(showing(hostile.CRASH))
    assert decoder.health.deaths == FAILING_DEATHS + 2
    assert not decoder.ready(0.01)
    assert len(caplog.records) == 2
    assert "died" in caplog.records[0].message
    assert "keeps dying" in caplog.records[1].message
    deadline = time.monotonic() + 5
    while decoder.health.failing:
        assert time.monotonic() < deadline
        if decoder.ready(0.1):
            decoder.look(showing(0))
    assert "works again" in caplog.records[-1].message


def test_a_program_that_cannot_start_is_told_in_words() -> None:
    process = DecoderProcess("no.such.module", name="the decoder", backoff_s=(0.01, 0.01))
    try:
        deadline = time.monotonic() + 20
        while not process.health.failing:
            assert not process.ready(0.1)
            assert time.monotonic() < deadline
        assert "status 1" in process.health.detail
    finally:
        process.close()


def test_a_process_killed_between_pictures_is_replaced(decoder: DecoderProcess) -> None:
    pid = started(decoder).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    with pytest.raises(LostError, match="SIGKILL"):
        decoder.look(showing(0))
    assert started(decoder).look(showing(0)).codes[0].text == "64 x 48"


def test_a_process_dies_with_the_thread_that_started_it_even_while_it_hangs() -> None:
    """So no decoder outlives an engine that is killed: the kernel ends it (prctl(2), PR_SET_PDEATHSIG)."""
    process = DecoderProcess(HOSTILE, name="the decoder")
    pids: list[int | None] = []

    def start_and_hang() -> None:
        pids.append(started(process).pid)
        assert process._socket is not None
        process._slot[0] = hostile.HANG
        process._socket.send(write_request(Request(1, 8, 8)))

    thread = threading.Thread(target=start_and_hang)
    thread.start()
    thread.join()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pids[0]}/stat").exists() and " Z " not in Path(f"/proc/{pids[0]}/stat").read_text("ascii"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.close()


def test_a_closed_process_is_gone_with_its_memory() -> None:
    process = started(DecoderProcess(HOSTILE, name="the decoder"))
    pid = process.pid
    process.close()
    process.close()
    assert not Path(f"/proc/{pid}").exists()
    assert not process.ready(0.01)


@pytest.mark.alone
def test_harder_looks_take_only_time_that_nobody_wants_and_may_wait_for_it() -> None:
    harder = started(DecoderProcess(Program.HARDER, name="the decoder", spare=True, answer_limit_s=0.3))
    try:
        assert harder.pid is not None
        assert os.sched_getscheduler(harder.pid) == os.SCHED_IDLE
        os.kill(harder.pid, signal.SIGSTOP)
        threading.Timer(0.9, os.kill, (harder.pid, signal.SIGCONT)).start()
        began = time.monotonic()
        assert harder.look(scene(), budget_ms=1).codes == ()
        assert time.monotonic() - began > 0.8
    finally:
        harder.close()


def test_harder_looks_that_compute_without_end_or_wait_for_ever_are_ended_too() -> None:
    for act in (hostile.HANG, hostile.SPIN):
        process = started(DecoderProcess(HOSTILE, name="the decoder", spare=True, answer_limit_s=0.1))
        try:
            with pytest.raises(LostError, match="did not answer"):
                process.look(showing(act))
        finally:
            process.close()
