"""The lane's eyes, with decoders that crash and hang in processes of their own under a real engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.values import LinkState
from tests.appliance import Appliance
from tests.scanner.engine import poisoned_decoder
from tests.scanner.engine.poisoned_decoder import CRASHES, HANGS
from tests.scanner.engine.test_engine_faults import faults, passes


@pytest.fixture
def appliance(tmp_path: Path) -> Iterator[Appliance]:
    with Appliance(tmp_path, program=("-m", poisoned_decoder.__name__)) as appliance:
        yield appliance


@pytest.mark.soak
def test_a_code_that_hangs_the_decoder_costs_seconds_and_nothing_of_the_lane(appliance: Appliance) -> None:
    appliance.start()
    passes(appliance, 0)
    appliance.show(HANGS)
    appliance.wait_for(lambda: b"did not answer" in appliance.log.read_bytes() or None)
    began = time.monotonic()
    passes(appliance, 1)
    assert time.monotonic() - began < 8
    lane = appliance.lane()
    assert lane.camera is lane.gate is lane.thermometer is LinkState.UP
    appliance.stop()
    assert {code for code, _ in faults(appliance)} <= {"clock_untrusted", "policy_default"}
    assert b"hangs; starting another" not in appliance.log.read_bytes()


@pytest.mark.soak
def test_a_code_that_keeps_crashing_the_decoder_is_said_and_over_when_it_is_gone(appliance: Appliance) -> None:
    appliance.start()
    appliance.show(CRASHES)
    appliance.wait_degraded("decoder_failing")
    passes(appliance, 0)
    appliance.wait_degraded("decoder_failing", active=False)
    appliance.stop()
    told = [one for one in faults(appliance) if one[0] == "decoder_failing"]
    assert told == [("decoder_failing", True), ("decoder_failing", False)]
    log = appliance.log.read_text("utf-8")
    assert log.count("keeps dying") == 1
    assert "Traceback" not in log
