"""Do the serial devices work: each is opened as the engine opens it, watched for a moment, and let go."""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from firmware_bridge import link
from firmware_bridge.drivers import DRIVERS
from firmware_bridge.errors import MissingPackageError
from firmware_bridge.gate import Gate, GateController
from firmware_bridge.open_failure import joinable_group
from firmware_bridge.ports import FoundPort, find_ports, holders
from firmware_bridge.probe import probe
from firmware_bridge.reader import CodeReader
from firmware_bridge.relay import Energised, Fail
from firmware_bridge.thermometer import Thermometer
from firmware_bridge.values import LinkState, Sample
from scanner.config.model import GateSection, LaneSection, ReaderSection, ThermometerSection
from scanner.hardware import make_gate, make_reader, make_thermometer, thermometer_line
from scanner.health.finding import Finding, failed, good, warning
from scanner.values import TemperatureRule

WATCH_S: Final = 2.5
"""How long a device is listened to."""
NO_GATE: Final = GateSection()
LISTEN_S: Final = 0.8
"""How long a device that is silent in order is listened to: another one would speak."""
NONSENSE: Final = 24
"""Bytes that the right device would not send."""
OFFSET_NOTICE_DAYS: Final = 30
"""So long before an adjustment ends somebody should see to it."""


def check_thermometer(
    section: ThermometerSection, lane: str, rule: TemperatureRule | None, *, gate: GateSection = NO_GATE
) -> Finding:
    """Listen to the thermometer for a moment, behind our controller if it hangs there.

    `rule`: whether this site asks for temperatures, None if unknown.
    """
    part = "thermometer"
    if section.driver == "none":
        if rule is TemperatureRule.REQUIRED:
            advice = "set [lane.thermometer] driver and port; until then everybody is referred to staff"
            return failed(part, "none is configured, and the policy requires temperatures", advice, lane=lane)
        return good(part, "none is configured, and none is required", lane=lane)
    samples: list[Sample] = []
    try:
        thermometer = make_thermometer(
            section,
            thermometer_line(section, gate, f"doctor {lane}"),
            on_event=_ignored,
            on_sample=samples.append,
            on_state=_nothing,
        )
    except MissingPackageError as error:
        return failed(part, "its driver cannot be loaded", str(error), lane=lane)
    _, detail = _watch(thermometer, lambda: thermometer.line_lost)
    if not samples and section.driver == "controller":
        advice = port_advice(gate.port) or "check the wires between the controller and its MLX90614"
        return failed(part, detail or "the gate controller tells of no readings", advice, lane=lane)
    if not samples:
        advice = port_advice(section.port) or _other_module(thermometer, section)
        return failed(part, detail or "the port opens, but the thermometer is silent", advice, lane=lane)
    last = samples[-1]
    reading = f"{last.object_centi / 100:.2f} °C"
    if last.ambient_centi is not None:
        reading += f", ambient {last.ambient_centi / 100:.2f} °C"
    sentence = f"{len(samples)} readings in {WATCH_S:g} s, the last {reading}"
    if section.driver == "modbus" and section.modbus.estimate:
        sentence += "; they are estimates of the body"
    return good(part, sentence, lane=lane)


def _other_module(thermometer: Thermometer, section: ThermometerSection) -> str:
    """Say what is there instead, where something speaks; or what to check, where nothing does."""
    named = _named(section.port) if thermometer.hears_nonsense else ""
    if named:
        return named
    usual = DRIVERS[section.driver].baud if section.driver in DRIVERS else 9600
    return f"check its wiring, its baud rate ({section.baud or usual}) and its driver; {_look(section.port)}"


def _named(port: str) -> str:
    """Say what speaks at a port, and where it belongs; empty where nobody knows it."""
    answer = probe(port, ask=False).answer
    if answer is None:
        return ""
    place = f'[lane.{answer.part}] driver = "{answer.driver}" and baud = {answer.baud}'
    return f"a {answer.driver} speaks there at {answer.baud}: set {place}"


def _look(port: str) -> str:
    """Say how to find out what hangs at a port."""
    return f"see what hangs there: checkpoint devices {port}"


def check_offset(section: ThermometerSection, lane: str, today: dt.date) -> Iterator[Finding]:
    """Yield when the thermometer was compared, and whether that still holds."""
    if section.driver == "none":
        return
    part = "adjustment"
    advice = f"compare it anew: checkpoint calibrate --lane {lane}"
    taken = f" of {section.offset_taken}" if section.offset_taken else ""
    sentence = f"{section.offset_centi / 100:+.2f} °C{taken}"
    if section.offset_expires is None:
        if section.offset_taken is None and section.offset_centi == 0:
            yield warning(part, f"{section.name} has never been compared with anything", advice, lane=lane)
        else:
            yield good(part, f"{section.name}: {sentence}, for ever", lane=lane)
        return
    left = (dt.date.fromisoformat(section.offset_expires) - today).days
    if left < 0:
        yield failed(part, f"{section.name}: {sentence} was good until {section.offset_expires}", advice, lane=lane)
    elif left <= OFFSET_NOTICE_DAYS:
        yield warning(part, f"{section.name}: {sentence} is good for {left} days more", advice, lane=lane)
    else:
        yield good(part, f"{section.name}: {sentence}, good until {section.offset_expires}", lane=lane)


def check_reader(section: ReaderSection, lane: str) -> Iterator[Finding]:
    """Yield whether a reader that is configured can be opened, and answers its trigger where it has one."""
    if section.driver == "none":
        return
    part = "reader"
    reader = make_reader(section, name=f"doctor {lane}", on_scan=_ignored, on_state=_nothing, wanted=lambda: True)
    listened = time.monotonic() + LISTEN_S
    state, detail = _watch(
        reader, lambda: reader.state is not LinkState.CONNECTING and (section.trigger or time.monotonic() > listened)
    )
    nonsense = section.driver != "keyboard" and reader.unread > NONSENSE
    if state is not LinkState.UP or nonsense:
        named = _named(section.port) if nonsense else ""
        usual = f"check its cable, its speed, and whether it waits for a trigger; {_look(section.port)}"
        silent = "what it sends is no text" if nonsense else "the reader does not answer its trigger"
        yield failed(part, detail or silent, port_advice(section.port) or named or usual, lane=lane)
    elif section.trigger:
        yield good(part, f"the reader at {section.port} answers its trigger", lane=lane)
    else:
        yield good(part, f"{section.port} opens; hold a code before it to see it read", lane=lane)


def check_gate(section: GateSection, lane: str) -> Finding:
    """Ask the gate whether it is there. The barrier is not moved; a controller's lamp may blink."""
    part = "gate"
    if section.driver == "none":
        advice = "set [lane.gate] driver and port, or open the gate by hand"
        return warning(part, "none is configured: nothing is opened", advice, lane=lane)
    try:
        gate = make_gate(section, name=f"doctor {lane} gate", on_event=_ignored, on_state=_nothing, hands_off=True)
    except MissingPackageError as error:
        return failed(part, "its driver cannot be loaded", str(error), lane=lane)
    listened = time.monotonic() + LISTEN_S
    state, detail = _watch(
        gate,
        lambda: (
            gate.state is not LinkState.CONNECTING
            and _has_told(gate)
            and (section.driver != "lcus" or time.monotonic() > listened)
        ),
    )
    if state is not LinkState.UP:
        named = _named(section.port) if gate.unread > NONSENSE else ""
        usual = f"is it that device that hangs there, at this speed, and has it power? {_look(section.port)}"
        advice = port_advice(section.port) or named or usual
        return failed(part, detail or "the gate does not answer", advice, lane=lane)
    if isinstance(gate, GateController) and (gate.release or 0) < link.RELEASE:
        sentence = f"the controller at {section.port} answers, with firmware older than release {link.RELEASE}"
        return warning(part, sentence, "put the newer firmware onto it; see docs/hardware.md", lane=lane)
    if section.fail is Fail.SAFE and section.energised is Energised.OPENS:
        sentence = "the relay opens while it is on: without power the gate stays shut, though it is to fail open"
        advice = 'wire it so that the relay holds the gate shut, and set energised = "holds"'
        return warning(part, sentence, advice, lane=lane)
    if isinstance(gate, GateController):
        return good(part, f"the controller at {section.port} answers, firmware release {gate.release}", lane=lane)
    if section.driver == "lcus":
        sentence = f"{section.port} opens; a relay of this kind gives no answer, so no opening is ever confirmed"
        return warning(part, sentence, "take a relay that answers, or our controller", lane=lane)
    return good(part, f"the relay at {section.port} answers", lane=lane)


def check_names(lanes: Sequence[LaneSection], found: Sequence[FoundPort] | None = None) -> Iterator[Finding]:
    """Yield the configured ports whose name another device here has as well. `found`: the ports of this machine."""
    ports = find_ports() if found is None else found
    shared = {name: port for port in ports if port.shares_its_name for name in port.names if "/by-id/" in name}
    for lane in lanes:
        for part, driver, path in (
            ("reader", lane.reader.driver, lane.reader.port),
            ("thermometer", lane.thermometer.driver, lane.thermometer.port),
            ("gate", lane.gate.driver, lane.gate.port),
        ):
            shares_the_gates = part == "thermometer" and driver == "controller"
            if driver != "none" and not shares_the_gates and path in shared:
                sentence = f"two devices here have the name {path}: which of them it leads to is chance"
                advice = "name each by its socket, under /dev/serial/by-path; see: checkpoint devices"
                yield failed(part, sentence, advice, lane=lane.name)


def _has_told(gate: Gate) -> bool:
    """Whether a gate that is up has said what it is: our controller does so at once, unless its firmware is old."""
    return gate.state is not LinkState.UP or not isinstance(gate, GateController) or gate.release is not None


def _ignored(_: object) -> None:
    """Nobody asks for that here."""


def _nothing(_state: LinkState, _detail: str) -> None:
    """Nobody asks for that here."""


def _watch(device: Thermometer | Gate | CodeReader, enough: Callable[[], bool]) -> tuple[LinkState, str]:
    """Run a device until `enough`, at most `WATCH_S`; return the state it was in and the detail of that."""
    stop = threading.Event()
    thread = threading.Thread(target=device.run, args=(stop,), name="doctor device", daemon=True)
    thread.start()
    deadline = time.monotonic() + WATCH_S
    while time.monotonic() < deadline and not enough():
        time.sleep(0.05)
    time.sleep(0.05)  # the device's loop hears of a lost line a moment after the line itself
    state, detail = device.state, device.detail
    stop.set()
    thread.join(1.0)
    return state, detail


def port_advice(path: str) -> str:
    """Say what to do about a serial port that cannot be used; empty when nothing is wrong with the port itself."""
    port = Path(path)
    if not port.exists():
        known = sorted(Path("/dev/serial/by-id").glob("*")) or sorted(
            found for pattern in ("ttyUSB*", "ttyACM*", "ttyAMA*") for found in Path("/dev").glob(pattern)
        )
        there = ", ".join(map(str, known)) or "none"
        return f"plug it in, or name another port; serial ports here: {there}"
    if not os.access(port, os.R_OK | os.W_OK):
        group = joinable_group(path)
        if group is None:
            return 'give the port to the group dialout: a udev rule with GROUP="dialout", MODE="0660"'
        return f"this user must be in the port's group: sudo usermod -aG {group} $USER, then log in again"
    held = holders(port)
    return f"{' and '.join(held)} has it open: end that program" if held else ""
