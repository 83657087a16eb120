"""A minute of faults as a year brings them: both loops come through, and nothing leaks."""

import gc
import random
import threading
import time
from pathlib import Path

import pytest

from firmware_bridge.emulator import VirtualController, VirtualThermometer
from firmware_bridge.values import LinkState
from tests.firmware_bridge.bench import GateBench, ThermometerBench


def held() -> tuple[int, int]:
    """Threads and descriptors of this process."""
    return threading.active_count(), sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.soak
@pytest.mark.timeout(180)
def test_a_minute_of_line_faults_leaks_nothing_and_opens_nothing_twice(tmp_path):
    gc.collect()  # what other tests dropped is not ours to count
    before = held()
    chance = random.Random(2)
    with (
        VirtualThermometer(tmp_path / "t", seed=1) as module,
        VirtualController(tmp_path / "g", seed=1) as controller,
        ThermometerBench(module.link) as thermometer,
        GateBench(controller.link) as gate,
    ):
        thermometer.await_state(LinkState.UP)
        gate.await_state(LinkState.UP)
        faults = [
            module.unplug,
            module.replug,
            module.replug,
            controller.unplug,
            controller.replug,
            controller.replug,
            controller.restart,
            lambda: module.garbage(chance.randrange(3000)),
            lambda: controller.garbage(chance.randrange(300)),
            lambda: module.silence(chance.uniform(0, 2)),
            lambda: controller.silence(chance.uniform(0, 1)),
            lambda: module.wrong_checksums(chance.choice([0, 0.2, 0.9])),
            lambda: controller.wrong_checksums(chance.choice([0, 0.2, 0.9])),
            lambda: module.late(chance.choice([0, 0.3])),
            lambda: controller.late(chance.choice([0, 0.05, 0.3])),
            lambda: controller.drop_answers(chance.randrange(4)),
            lambda: module.person(chance.randrange(3300, 3900)),
            module.nobody,
            thermometer.thermometer.again,
        ]
        steady = None
        deadline = time.monotonic() + 60
        token = 0
        while time.monotonic() < deadline:
            chance.choice(faults)()
            for _ in range(chance.randrange(3)):
                token += 1
                gate.gate.open(50, token)
            time.sleep(chance.uniform(0, 0.06))
            if steady is None and token > 100:
                steady = held()
        for heal in (
            module.replug,
            controller.replug,
            lambda: module.wrong_checksums(0),
            lambda: controller.wrong_checksums(0),
            lambda: module.late(0),
            lambda: controller.late(0),
            lambda: module.silence(0),
            lambda: controller.silence(0),
            lambda: controller.drop_answers(0),
        ):
            heal()
        thermometer.await_state(LinkState.UP)
        gate.await_state(LinkState.UP)
        gate.open(token + 1)
        assert steady is not None
        assert abs(held()[1] - steady[1]) <= 12  # two lines, plugged or not
        assert held()[0] == steady[0]
    tokens = [opening.token for opening in controller.openings]
    assert len(tokens) == len(set(tokens))
    assert set(gate.confirmed) <= set(tokens)
    assert len(gate.events) == token + 1
    assert not {t for t, why in gate.failed.items() if why in ("not_connected", "refused")} & set(tokens)
    assert len(gate.confirmed) > 50
    gc.collect()
    threads, descriptors = held()
    assert threads <= before[0]
    assert descriptors <= before[1]
