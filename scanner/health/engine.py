"""Is an engine running here, and how does it stand: asked over its control socket, without disturbing it."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from firmware_bridge.values import LinkState
from scanner.config.model import Configuration, LaneSection
from scanner.control.client import ControlClient, ControlClientError
from scanner.control.messages import DegradationView, LaneView, View
from scanner.health.finding import Finding, failed, good, span, warning
from scanner.health.serial_devices import check_gate, check_thermometer
from scanner.health.storage import can_be_made
from scanner.values import ClockTrust, TemperatureRule

ANSWER_S: Final = 5.0
_TOLD_ELSEWHERE: Final = frozenset(
    {"camera_lost", "reader_lost", "thermometer_lost", "gate_lost", "offset_expired", "clock_untrusted"}
    | {"policy_default", "keys_missing", "lists_missing", "lists_stale", "lists_old", "seal_key_missing"}
)
"""Degradations that another line of the report tells, with what to do."""
_LOST_ADVICE: Final = "check its cable and power; to look deeper, stop the engine and run the doctor again"
MAX_SOCKET_PATH: Final = 107
"""Bytes that Linux allows for a socket's path (sun_path)."""


def ask_engine(socket: Path) -> tuple[View | None, Finding]:
    """Return the running engine's view, None where none runs, and what there is to say of the socket."""
    part = "engine"
    if len(str(socket).encode()) > MAX_SOCKET_PATH:
        advice = f"name a path of at most {MAX_SOCKET_PATH} bytes in [control] socket"
        return None, failed(part, f"the path of the control socket is too long: {socket}", advice)
    try:
        mode = socket.stat().st_mode
    except FileNotFoundError:
        if can_be_made(socket):
            return None, good(part, "no engine runs; the control socket can be made")
        advice = "name another place in [control] socket, or make its folder writable"
        return None, failed(part, f"the control socket {socket} cannot be made", advice)
    except OSError as error:
        advice = "name another place in [control] socket"
        return None, failed(part, f"{socket} cannot be reached: {error.strerror}", advice)
    if not stat.S_ISSOCK(mode):
        advice = "move that file away, or name another place in [control] socket"
        return None, failed(part, f"{socket} is not a socket, and no engine can listen there", advice)
    try:
        view = asyncio.run(asyncio.wait_for(_view(socket), ANSWER_S))
    except ConnectionRefusedError:
        return None, good(part, "no engine runs; the socket it left behind will be replaced")
    except (ControlClientError, TimeoutError) as error:
        if isinstance(error.__cause__, ConnectionRefusedError):
            return None, good(part, "no engine runs; the socket it left behind will be replaced")
        if isinstance(error.__cause__, PermissionError):
            advice = "run the doctor as the user that the engine runs as"
            return None, failed(part, f"{socket} belongs to another user", advice)
        words = str(error) or f"it said nothing for {ANSWER_S:g} s"
        return None, failed(part, f"an engine holds {socket} and does not answer: {words}", "restart the engine")
    return view, good(
        part, f"an engine is running here, {view.entries:,} entries in its log; its devices are not touched"
    )


async def _view(socket: Path) -> View:
    client = ControlClient(socket)
    await client.connect()
    try:
        async for message in client:
            if isinstance(message, View):
                return message
    finally:
        await client.close()
    raise ControlClientError("the engine has gone")


def tell_view(view: View, configuration: Configuration, rule: TemperatureRule | None) -> Iterator[Finding]:
    """Yield how the running engine says that it stands: its clock, its lanes' devices, what else is degraded."""
    if view.clock is ClockTrust.TRUSTED:
        yield good("clock", "the engine trusts its clock")
    else:
        confirm = "let a supervisor confirm it: on the screen, or checkpoint staff confirm-time"
        advice = f"connect a network with NTP, or {confirm}"
        yield failed("clock", "the engine does not trust its clock: everybody is referred to staff", advice)
    for section in configuration.lane:
        lane = next((lane for lane in view.lanes if lane.name == section.name), None)
        if lane is None:
            sentence = "the running engine does not know this lane"
            yield warning(
                "engine", sentence, "restart the engine: it runs by an older configuration", lane=section.name
            )
        else:
            yield from _tell_lane(lane, section, view.degraded, rule)
    for degraded in view.degraded:
        if degraded.code in _TOLD_ELSEWHERE:
            continue
        words = degraded.code.replace("_", " ") + (f": {degraded.detail}" if degraded.detail else "")
        advice = "nothing: it ends by itself" if degraded.code == "memory_lost" else "see docs/operations.md"
        since = span(max(0, view.now - degraded.since))
        yield warning("engine", f"it has said for {since}: {words}", advice, lane=degraded.lane)


def _tell_lane(
    lane: LaneView, section: LaneSection, degraded: tuple[DegradationView, ...], rule: TemperatureRule | None
) -> Iterator[Finding]:
    def told(part: str, state: LinkState, words: str) -> Finding:
        if state is LinkState.UP:
            return good(part, words, lane=lane.name)
        if state is LinkState.CONNECTING:
            return warning(part, "the engine is still connecting", "wait a moment", lane=lane.name)
        detail = next((one.detail for one in degraded if (one.code, one.lane) == (f"{part}_lost", lane.name)), "")
        return failed(part, detail or "the engine has lost it", _LOST_ADVICE, lane=lane.name)

    if lane.camera is not None:
        yield told("camera", lane.camera, f"{lane.camera_fps:.0f} pictures a second")
    if lane.reader is not None:
        yield told("reader", lane.reader, "it is there")
    if section.thermometer.driver == "none":
        yield check_thermometer(section.thermometer, lane.name, rule)
    else:
        yield told("thermometer", lane.thermometer, "it gives readings")
    if section.gate.driver == "none":
        yield check_gate(section.gate, lane.name)
    else:
        yield told("gate", lane.gate, "it is there" if section.gate.driver == "lcus" else "it answers")
