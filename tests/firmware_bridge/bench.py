"""Real loops on real ptys, for tests: a thermometer and a gate with everything they report."""

import os
import pty
import random
import threading
import time
import tty
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_bridge.conversation import GateConfirmed, GateEvent, GateFailed
from firmware_bridge.driver import Driver
from firmware_bridge.gate import Gate, GateController, Talk
from firmware_bridge.gy_mcu90614 import DRIVER
from firmware_bridge.measurement import MeasurementEvent, Offsets, PresenceBegan, PresenceEnded, Settled, Settling
from firmware_bridge.thermometer import Thermometer
from firmware_bridge.transport import SerialPort
from firmware_bridge.values import LinkState, Measurement, Sample

QUICK = replace(DRIVER, silence_s=0.5)
"""The driver with less patience, so that tests of silence are short."""
PATIENCE_S = 15.0
"""How long a test waits for what takes a second on an idle machine."""


def eventually(condition: Callable[[], bool], what: str = "it") -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen; waited {PATIENCE_S} s"
        time.sleep(0.005)


class Loop:
    """One device's `run` in a thread."""

    def __init__(self, run: Callable[[threading.Event], None], port: SerialPort) -> None:
        self.port = port
        self.stop = threading.Event()
        self.thread = threading.Thread(target=run, args=(self.stop,))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop.set()
        self.port.wake()
        self.end()

    def end(self) -> float:
        """Stop without waking it, and return the seconds it took."""
        began = time.monotonic()
        self.stop.set()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()
        return time.monotonic() - began


class ThermometerBench(Loop):
    """A thermometer's loop on a line, with what it reported."""

    def __init__(self, link: Path, driver: Driver = QUICK, baud: int | None = None) -> None:
        self.events: list[MeasurementEvent] = []
        self.samples: list[Sample] = []
        self.states: list[tuple[LinkState, str]] = []
        port = SerialPort(str(link), baud or driver.baud, name="thermometer", jitter=random.Random(1))
        self.thermometer = Thermometer(
            port,
            driver,
            Settling(driver.rule, Offsets(), "forehead"),
            self.events.append,
            self.samples.append,
            lambda state, detail: self.states.append((state, detail)),
        )
        super().__init__(self.thermometer.run, port)

    @property
    def state(self) -> LinkState:
        return self.states[-1][0] if self.states else LinkState.CONNECTING

    @property
    def detail(self) -> str:
        return self.states[-1][1]

    @property
    def measurements(self) -> list[Measurement]:
        return [event.measurement for event in self.events if isinstance(event, Settled)]

    @property
    def present(self) -> bool:
        return sum(isinstance(event, PresenceBegan) for event in self.events) > sum(
            isinstance(event, PresenceEnded) for event in self.events
        )

    def await_state(self, state: LinkState) -> Self:
        eventually(lambda: self.state is state, f"state {state}")
        return self

    def await_measurements(self, count: int) -> list[Measurement]:
        eventually(lambda: len(self.measurements) >= count, f"measurement {count}")
        return self.measurements

    def await_fresh_samples(self, count: int = 3) -> list[Sample]:
        have = len(self.samples)
        eventually(lambda: len(self.samples) >= have + count, "fresh samples")
        return self.samples[have:]


class Script:
    """The device's end of a bare pty: a test writes the bytes itself."""

    def __init__(self, link: Path) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        link.symlink_to(os.ttyname(self.slave))
        self.link = link

    def say(self, *pieces: bytes, pause: float = 0.0) -> None:
        for piece in pieces:
            os.write(self.master, piece)
            time.sleep(pause)

    def heard(self) -> bytes:
        return os.read(self.master, 100)

    def close(self) -> None:
        os.close(self.master)
        os.close(self.slave)


class GateBench(Loop):
    """A gate's loop on a line, with what it reported: our controller's, or what `talk` makes."""

    def __init__(self, link: Path, talk: Callable[[], Talk] | None = None) -> None:
        self.events: list[GateEvent] = []
        self.states: list[tuple[LinkState, str]] = []
        port = SerialPort(str(link), 115200 if talk is None else 9600, name="gate", jitter=random.Random(1))
        tell = self.events.append, lambda state, detail: self.states.append((state, detail))
        self.gate = GateController(port, *tell) if talk is None else Gate(port, talk, *tell, what="the relay")
        super().__init__(self.gate.run, port)

    @property
    def state(self) -> LinkState:
        return self.states[-1][0] if self.states else LinkState.CONNECTING

    @property
    def detail(self) -> str:
        return self.states[-1][1]

    @property
    def confirmed(self) -> list[int]:
        return [event.token for event in self.events if isinstance(event, GateConfirmed)]

    @property
    def failed(self) -> dict[int, str]:
        return {event.token: event.why.value for event in self.events if isinstance(event, GateFailed)}

    def await_state(self, state: LinkState) -> Self:
        eventually(lambda: self.state is state, f"state {state}")
        return self

    def open(self, token: int, pulse_ms: int = 100) -> GateEvent:
        """Order an opening and wait for its outcome."""
        self.gate.open(pulse_ms, token)
        eventually(lambda: any(event.token == token for event in self.events), f"the outcome of {token}")
        return next(event for event in self.events if event.token == token)
