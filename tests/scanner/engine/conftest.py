"""A gate at work: one running appliance for all tests of a module that leave its files alone.

Making an appliance and starting its engine costs two seconds of a processor, more than most tests take to prove
something on it.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from demo.guard import LANE, Guard
from firmware_bridge.values import LinkState
from scanner.control.messages import SERVER_MESSAGE, Pause, Reply
from tests.appliance import PATIENCE_S, Appliance


class GateAtWork:
    """Keeps one running appliance, and takes another when it was left in disorder."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._appliance: Appliance | None = None
        self._ends = contextlib.ExitStack()
        self._usual: set[str] = set()

    def at_rest(self) -> Appliance:
        """The appliance with nobody before it: every device there, nothing degraded, and nothing reported yet."""
        if self._appliance is not None:
            try:
                come_to_rest(self._appliance, self._usual)
            except (AssertionError, OSError):  # a test failed in the middle of something
                self.close()
        if self._appliance is None:
            with contextlib.ExitStack() as stack:
                appliance = stack.enter_context(Appliance(self._folders.mktemp("gate")))
                appliance.start().wait_degraded("clock_untrusted", active=False)
                self._usual = degraded(guard_of(appliance))
                self._appliance, self._ends = appliance, stack.pop_all()
        self._appliance.reports.clear()
        self._appliance.openings.unlink(missing_ok=True)
        return self._appliance

    def close(self) -> None:
        """End the appliance."""
        self._appliance = None
        self._ends.close()


def guard_of(appliance: Appliance) -> Guard:
    """Who sits there."""
    assert appliance.guard is not None
    return appliance.guard


def degraded(guard: Guard) -> set[str]:
    """What the guard is told to be degraded, but for what is only said of the pictures that tests draw."""
    return {one.code for one in guard.view.degraded} - {"camera_poor"}


def come_to_rest(appliance: Appliance, usual: set[str]) -> None:
    """Put everything right that a test may have broken, and let whoever stood there go.

    Raises AssertionError when it does not come to rest, or something stays degraded that is not `usual`.
    """
    appliance.show(None)
    appliance.feed.paused.clear()
    appliance.thermometer.nobody()
    for device in (appliance.thermometer, appliance.gate):
        device.silence(0)
        device.replug()
    appliance.gate.drop_answers(0)
    # Taken out of service and back, a lane forgets whoever was before it; and no view of before looks like its rest.
    appliance.wait_for(lambda: pause(appliance, True) or None)
    guard = guard_of(appliance)
    appliance.wait_for(lambda: degraded(guard) <= usual or None)
    appliance.wait_lane(
        lambda lane: (
            lane.state == "out_of_service"
            and not lane.present
            and LinkState.UP is lane.camera is lane.thermometer is lane.gate
        )
    )
    assert pause(appliance, False)
    appliance.wait_lane(lambda lane: lane.state == "waiting" and lane.hint is None)


def pause(appliance: Appliance, paused: bool) -> bool:
    """Take the lane out of service, or back, as one more screen; False when it cannot be now."""
    with socket.socket(socket.AF_UNIX) as screen:
        screen.settimeout(PATIENCE_S)
        screen.connect(str(appliance.socket))
        screen.sendall(Pause(id=1, lane=LANE, paused=paused).model_dump_json().encode() + b"\n")
        messages = map(SERVER_MESSAGE.validate_json, screen.makefile("rb"))
        return next(one.ok for one in messages if isinstance(one, Reply))


@pytest.fixture(scope="module")
def gate_at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GateAtWork]:
    gate = GateAtWork(tmp_path_factory)
    yield gate
    gate.close()


@pytest.fixture
def working(gate_at_work: GateAtWork) -> Appliance:
    """A running appliance at rest. It is other tests' too: leave its files as they are, and do not stop it."""
    return gate_at_work.at_rest()


@pytest.fixture
def guard(working: Appliance) -> Guard:
    """Who sits there."""
    return guard_of(working)
