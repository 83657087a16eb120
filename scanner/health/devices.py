"""Do the decoders and the camera work: the camera is opened as the engine opens it, watched for a moment, let go."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import segno

from firmware_bridge.values import LinkState
from scanner.camera.capture import Capture
from scanner.camera.frame import Frame
from scanner.camera.picture import decode_picture
from scanner.config.model import CameraSection, is_picamera
from scanner.decoder import Decoder, zbar_missing
from scanner.health.finding import Finding, failed, good, warning

WATCH_S: Final = 2.5
"""How long a camera's rate is counted."""
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
