"""Do the devices work: each is opened as the engine opens it, watched for a moment, and let go."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import segno

from firmware_bridge.drivers import DRIVERS
from firmware_bridge.gate import GateController
from firmware_bridge.measurement import Offsets, Settling
from firmware_bridge.thermometer import Thermometer
from firmware_bridge.transport import SerialPort
from firmware_bridge.values import LinkState, Sample
from scanner.camera.capture import Capture
from scanner.camera.frame import Frame
from scanner.camera.picture import decode_picture
from scanner.config.model import CameraSection, GateSection, ThermometerSection, is_picamera
from scanner.decoder import Decoder, zbar_missing
from scanner.health.finding import Finding, failed, good, warning
from scanner.values import TemperatureRule

WATCH_S: Final = 2.5
"""How long a serial device is listened to, and a camera's rate is counted."""
FIRST_FRAME_S: Final = 6.0
"""Cameras wake up slowly."""
DARK: Final = 25
BRIGHT: Final = 235
"""Mean brightness, of 255, below and above which no code can be expected."""


def check_decoders() -> Iterator[Finding]:
    """Yield whether both decoders read a code drawn here."""
    part = "decoders"
    text = "JKM1:CHECKPOINT"
    buffer = BytesIO()
    segno.make_qr(text, error="m").save(buffer, kind="png", scale=4, border=4)
    found = Decoder().decode(decode_picture(buffer.getvalue()))
    if [one.text for one in found] != [text]:
        yield failed(part, "the first decoder, zxing-cpp, does not read a plain code", "install the product again")
    elif (missing := zbar_missing()) is not None:
        yield warning(part, missing, "run: sudo apt-get install libzbar0")
    else:
        yield good(part, "zxing-cpp reads, and pyzbar stands behind it")


def check_camera(section: CameraSection, lane: str) -> Finding:
    """Open the camera, take pictures for a moment, and judge them."""
    part = "camera"
    states: list[tuple[LinkState, str]] = []
    capture = Capture(section, lambda state, detail: states.append((state, detail)), name=f"doctor {lane}")
    capture.start()
    try:
        frame = _first_frame(capture, states)
        if frame is None:
            lost = next((detail for state, detail in reversed(states) if state is LinkState.LOST), "")
            sentence = lost or f"{section.source} opens, but gives no picture in {FIRST_FRAME_S:g} s"
            return failed(part, sentence, _camera_advice(section), lane=lane)
        deadline = time.monotonic() + WATCH_S
        while time.monotonic() < deadline and not capture.ended:
            time.sleep(0.05)
        rate = capture.rate()
        frame = capture.newest(0.0) or frame
    finally:
        capture.stop()
    height, width = frame.grey.shape
    brightness = float(frame.grey.mean())
    seen = f"{section.source} gives {width} × {height}"
    if capture.ended:
        return good(part, f"{seen}; it is a recording", lane=lane)
    if brightness < DARK:
        return warning(part, f"{seen}, but all is dark", "take off the lens cap, or bring light", lane=lane)
    if brightness > BRIGHT:
        return warning(part, f"{seen}, but all is white", "shade the lens, or lower its exposure", lane=lane)
    if width < 640 or height < 480:
        advice = "ask for a larger picture: a code must be about 250 pixels wide in it"
        return warning(part, f"{seen}, which is small", advice, lane=lane)
    if rate < 10:
        advice = "bring light (dark rooms make cameras slow), or use another USB port"
        return warning(part, f"{seen}, but only {rate:.0f} pictures a second", advice, lane=lane)
    return good(part, f"{seen}, {rate:.0f} pictures a second", lane=lane)


def _first_frame(capture: Capture, states: list[tuple[LinkState, str]]) -> Frame | None:
    deadline = time.monotonic() + FIRST_FRAME_S
    while time.monotonic() < deadline:
        frame = capture.newest(0.2)
        if frame is not None:
            return frame
        if states and states[-1][0] is LinkState.LOST and "stream" not in states[-1][1]:
            return None  # only a stream's writer is worth waiting for
    return None


def _camera_advice(section: CameraSection) -> str:
    source = section.source
    if isinstance(source, str) and not source.isdecimal():
        if is_picamera(source):
            return "check its ribbon cable with rpicam-hello; see docs/hardware.md"
        if "://" in source:
            return "check the camera's address, power and network"
        if _is_fifo(Path(source)):
            return "start the program that writes the pictures"
        if not source.startswith("/dev/"):
            return "name a device, an address, a video file, a FIFO or a folder of pictures in [lane.camera] source"
    found = sorted(str(path) for path in Path("/dev").glob("video*"))
    if not found:
        return "plug one in: there is no /dev/video* here"
    return (
        f"there are {', '.join(found)}; end other programs that use it, "
        "and see that this user is in the group video: sudo usermod -aG video $USER, then log in again"
    )


def _is_fifo(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False


def check_thermometer(section: ThermometerSection, lane: str, rule: TemperatureRule | None) -> Finding:
    """Listen to the thermometer for a moment. `rule`: whether this site asks for temperatures, None if unknown."""
    part = "thermometer"
    if section.driver == "none":
        if rule is TemperatureRule.REQUIRED:
            advice = "set [lane.thermometer] driver and port; until then everybody is referred to staff"
            return failed(part, "none is configured, and the policy requires temperatures", advice, lane=lane)
        return good(part, "none is configured, and none is required", lane=lane)
    driver = DRIVERS[section.driver]
    samples: list[Sample] = []
    port = SerialPort(section.port, section.baud, name=f"doctor {lane}")
    thermometer = Thermometer(
        port,
        driver,
        Settling(driver.rule, Offsets(section.offset_centi, section.site_offset_centi), section.name),
        on_event=lambda _: None,
        on_sample=samples.append,
        on_state=lambda _state, _detail: None,
    )
    _, detail = _watch(thermometer, lambda: port.state is LinkState.LOST)
    if not samples:
        advice = port_advice(section.port) or f"check its wiring, its baud rate ({section.baud}) and its driver"
        return failed(part, detail or "the port opens, but the thermometer is silent", advice, lane=lane)
    last = samples[-1]
    reading = f"{last.object_centi / 100:.2f} °C"
    if last.ambient_centi is not None:
        reading += f", ambient {last.ambient_centi / 100:.2f} °C"
    return good(part, f"{len(samples)} readings in {WATCH_S:g} s, the last {reading}", lane=lane)


def check_gate(section: GateSection, lane: str) -> Finding:
    """Greet the gate controller. The barrier is not moved; its lamp may blink."""
    part = "gate"
    if section.driver == "none":
        advice = "set [lane.gate] driver and port, or open the gate by hand"
        return warning(part, "none is configured: nothing is opened", advice, lane=lane)
    port = SerialPort(section.port, section.baud, name=f"doctor {lane} gate")
    gate = GateController(port, on_event=lambda _: None, on_state=lambda _state, _detail: None)
    state, detail = _watch(gate, lambda: gate.state is LinkState.UP or port.state is LinkState.LOST)
    if state is not LinkState.UP:
        advice = port_advice(section.port) or "is it the gate controller that hangs there, and has it power?"
        return failed(part, detail or port.detail or "the gate controller does not answer", advice, lane=lane)
    return good(part, f"the controller at {section.port} answers", lane=lane)


def _watch(device: Thermometer | GateController, enough: Callable[[], bool]) -> tuple[LinkState, str]:
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
        return (
            "this user must be in the port's group, mostly dialout: sudo usermod -aG dialout $USER, then log in again"
        )
    held = holders(port)
    return f"{' and '.join(held)} has it open: end that program" if held else ""


def holders(path: Path) -> tuple[str, ...]:
    """Return which other programs have a file open, as `name (process 12)`, as far as this user may know."""
    real = os.path.realpath(path)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if any(os.path.realpath(descriptor) == real for descriptor in (process / "fd").iterdir()):
                found.append(f"{(process / 'comm').read_text().strip()} (process {process.name})")
    return tuple(found)
