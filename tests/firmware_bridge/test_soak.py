"""A minute of faults as a year brings them: both loops come through, and nothing leaks."""

import gc
import itertools
import logging
import random
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from benchmarks.devices.streams import NAMES, driver
from firmware_bridge.emulator import VirtualController, VirtualReader, VirtualRelay, VirtualThermometer
from firmware_bridge.relay import RelayTalk, Wiring
from firmware_bridge.relay_boards import LcusBoard, ModbusBoard
from firmware_bridge.values import LinkState
from tests.firmware_bridge.bench import GateBench, ThermometerBench, eventually
from tests.firmware_bridge.test_reader import Bench as ReaderBench


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


@pytest.mark.alone
@pytest.mark.soak
@pytest.mark.timeout(240)
def test_a_minute_of_line_faults_on_every_bought_device_leaks_nothing_and_leaves_every_gate_shut(tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="firmware_bridge")
    gc.collect()
    before = held()
    chance = random.Random(3)
    with ExitStack() as stack:
        modules = [VirtualThermometer(tmp_path / name, model=name, seed=1) for name in NAMES]
        relays = [VirtualRelay(tmp_path / f"{kind}-relay", model=kind) for kind in ("modbus", "lcus")]
        readers = [VirtualReader(tmp_path / f"{kind}-reader", model=kind) for kind in ("gm65", "keyboard")]
        benches = [ThermometerBench(module.link, driver(name)) for module, name in zip(modules, NAMES, strict=True)]
        boards = ModbusBoard(), LcusBoard()
        gates = [
            GateBench(relay.link, partial(RelayTalk, board, Wiring()))
            for relay, board in zip(relays, boards, strict=True)
        ]
        scanners = [ReaderBench(reader.link, kind) for reader, kind in zip(readers, ("gm65", "keyboard"), strict=True)]
        for device, loop in zip((*modules, *relays, *readers), (*benches, *gates, *scanners), strict=True):
            loop.port.name = device.link.name
            stack.enter_context(device)
            stack.enter_context(loop)
        devices = [*modules, *relays, *readers]
        for loop in (*benches, *gates, *scanners):
            loop.await_state(LinkState.UP)
        steady = held()
        tokens = 0
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            device = chance.choice(devices)
            chance.choice(
                [
                    device.unplug,
                    device.replug,
                    device.replug,
                    lambda device=device: device.garbage(chance.randrange(500)),
                    lambda device=device: device.silence(chance.uniform(0, 1)),
                    lambda device=device: device.wrong_checksums(chance.choice([0, 0.2, 0.9])),
                    lambda device=device: device.late(chance.choice([0, 0.05, 0.3])),
                    lambda: chance.choice(modules).person(chance.randrange(3300, 3900)),
                    lambda: chance.choice(modules).nobody(),
                    lambda: chance.choice(readers).scan("JKM1:ABC"),
                    lambda: relays[0].ignore(1),
                ]
            )()
            for gate in gates:
                tokens += 1
                gate.gate.open(50, tokens)
            time.sleep(chance.uniform(0, 0.04))
        for device in devices:
            device.replug()
            device.silence(0)
            device.wrong_checksums(0)
            device.late(0)
        relays[0].ignore(0)
        returned = time.monotonic()
        for bench in (*benches, *gates):
            bench.await_state(LinkState.UP)
        assert time.monotonic() - returned < 4.0  # a line is back in two seconds, and the slowest module then speaks
        for scanner, reader in zip(scanners, readers, strict=True):
            time.sleep(1.1)  # what garbage left behind is forgotten
            seen = len(scanner.scans)
            reader.scan("JKM1:LAST")
            eventually(lambda scanner=scanner, seen=seen: len(scanner.scans) > seen)
            assert scanner.scans[-1].text == "JKM1:LAST"
        for relay in relays:
            eventually(lambda relay=relay: not relay.is_on())
        eventually(lambda: sum(len(gate.events) for gate in gates) == tokens)
        assert held()[0] == steady[0]
        assert held()[1] <= steady[1]  # every line was up then, and is now
        for bench in benches:
            assert all(m.result_centi is None or 3300 <= m.result_centi <= 4200 for m in bench.measurements)
    gc.collect()
    assert held()[0] <= before[0]
    assert held()[1] <= before[1]
    by_line: dict[str, list[int]] = {}
    for record in caplog.records:
        by_line.setdefault(str(record.args[0]) if record.args else "", []).append(record.levelno)
    for levels in by_line.values():
        runs = [len(list(run)) for level, run in itertools.groupby(levels) if level == logging.WARNING]
        # The line and the device behind it may each be lost: two lines at the most before a return.
        assert max(runs, default=0) <= 2
