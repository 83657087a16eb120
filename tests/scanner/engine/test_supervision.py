"""Watching over threads: what hangs is left behind and replaced, and a fault that repeats fills no log."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from scanner.engine.supervision import AGAIN_S, MAX_ABANDONED, HungError, SupervisedThread


class Body:
    """A job that does as it is told."""

    def __init__(self, *, busy_s: float = 0.0, dies: bool = False) -> None:
        self.busy_s = busy_s
        self.ends = threading.Event()
        self._dies = dies

    def run(self, stop: threading.Event) -> None:
        if self._dies:
            raise RuntimeError("at once")
        while not (self.ends.is_set() or (stop.is_set() and not self.busy_s)):
            time.sleep(0.005)

    def busy_for(self) -> float:
        return self.busy_s


class Watched:
    """A supervised thread whose bodies hang or die from the start."""

    def __init__(self, *, busy_s: float = 0.0, dies: bool = False) -> None:
        self.at = 100.0
        self.bodies: list[Body] = []

        def make() -> Body:
            self.bodies.append(Body(busy_s=busy_s, dies=dies))
            return self.bodies[-1]

        self.thread = SupervisedThread("test", make, 2.0, clock=lambda: self.at)
        self.thread.start()

    def settle(self) -> None:
        deadline = time.monotonic() + 5
        while any(t.name == "test" and t.is_alive() for t in threading.enumerate()) and time.monotonic() < deadline:
            time.sleep(0.005)

    def end(self) -> None:
        for body in self.bodies:
            body.ends.set()
        self.thread.stop()


@pytest.fixture
def hanging() -> Iterator[Watched]:
    watched = Watched(busy_s=3.0)
    yield watched
    watched.end()


def test_a_thread_that_hangs_is_replaced(hanging: Watched) -> None:
    hanging.thread.watch()
    assert len(hanging.bodies) == 2


def test_too_many_that_hang_at_once_end_the_process(hanging: Watched) -> None:
    for _ in range(MAX_ABANDONED):
        hanging.thread.watch()
    with pytest.raises(HungError):
        hanging.thread.watch()


def test_threads_that_hung_for_a_moment_in_a_month_do_not_end_the_process(hanging: Watched) -> None:
    for _ in range(MAX_ABANDONED * 3):
        hanging.thread.watch()
        for body in hanging.bodies:
            body.ends.set()
        hanging.settle()
    assert len(hanging.bodies) > MAX_ABANDONED


def test_a_thread_that_dies_at_once_is_replaced_once_a_second(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(dies=True)
    for _ in range(20):
        watched.settle()
        watched.thread.watch()
    assert len(watched.bodies) == 2
    watched.at += AGAIN_S
    watched.settle()
    watched.thread.watch()
    assert len(watched.bodies) == 3
