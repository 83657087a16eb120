"""`checkpoint enrol`: join a hub, by the QR code on its page or the text of it."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.errors import fail
from cli.staff_pin import PinStdin, known_pin

if TYPE_CHECKING:
    from scanner.config import Configuration
    from scanner.journal.device import Device
    from scanner.sync.membership import Membership
    from scanner.sync.offer import Offer

START_S: Final = 5.0
"""How long the decoder may take to start."""
LOOK_S: Final = 60.0
"""How long the camera looks for a code."""


def command(
    text: Annotated[
        str | None, typer.Argument(help="The code's text, JKE1:…; - reads a line of standard input.")
    ] = None,
    *,
    camera: Annotated[bool, typer.Option("--camera", help="Read the code with the first lane's camera.")] = False,
    supervisor: Annotated[
        str | None, typer.Option("--supervisor", help="Number of the supervisor whose PIN allows it.")
    ] = None,
    pin_stdin: PinStdin = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask once more.")] = False,
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = Path("config.toml"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one object.")] = False,
) -> None:
    """Join the hub whose enrolment code is shown: make this appliance's key known, pin the hub and the trust root.

    A maintenance task: where there is staff, a supervisor's PIN is asked for; with --camera the appliance must be
    stopped, for a camera serves one program at a time. At a running lane such a code is no code. The private key never
    leaves this box. A running engine takes the new hub up by itself.

    Example: checkpoint enrol --camera --supervisor 1001
    """
    from scanner.config import ConfigError, load  # noqa: PLC0415 - `--help` loads nothing of this
    from scanner.files import become_owner  # noqa: PLC0415
    from scanner.sync.offer import OfferError, read_offer  # noqa: PLC0415

    if (text is None) is not camera:
        fail("show the code to the camera with --camera, or give its text; one of the two", 2)
    try:
        configuration = load(config)
    except ConfigError as error:
        fail(f"{len(error.problems)} to correct\n{error}", 2)
    _check_supervisor(configuration, supervisor, pin_stdin)
    if text == "-":
        text = sys.stdin.readline().strip()
    try:
        offer = read_offer(text if text is not None else _shown(configuration))
    except OfferError as error:
        fail(str(error))
    if not yes:
        _ask(offer)
    become_owner(configuration.state.folder)
    device, membership, lanes = _join(configuration, offer)
    _report(configuration, device, membership, lanes, as_json)


def _check_supervisor(configuration: Configuration, number: str | None, pin_stdin: bool) -> None:
    """Let nobody do this whom a supervisor has not allowed, where there are any yet."""
    from scanner.staff import Staff, StaffError  # noqa: PLC0415
    from scanner.values import Role  # noqa: PLC0415

    try:
        staff = Staff.open(configuration.state.folder)
        if not any(one.role is Role.SUPERVISOR for one in staff.members()):
            return
        if number is None:
            fail("a supervisor must allow this: name one with --supervisor")
        role = staff.check(number, known_pin(pin_stdin), time.monotonic())
    except StaffError as error:
        fail(str(error))
    if role is not Role.SUPERVISOR:
        fail(f"{number} is no supervisor")


def _ask(offer: Offer) -> None:
    shown = "no certificate (on this machine)" if offer.pin is None else offer.pin.hex()[:16] + "…"
    print(f"Hub        {offer.url}\nIts key    {shown}\nTrust root {offer.root_sha256.hex()[:16]}…", file=sys.stderr)
    if not typer.confirm("Join it?", err=True):
        fail("nothing was changed")


def _shown(configuration: Configuration) -> str:
    """Return the enrolment code that is held before the first lane's camera."""
    from scanner.config.model import has_camera  # noqa: PLC0415
    from scanner.health.engine import ask_engine  # noqa: PLC0415
    from scanner.sync.offer import PREFIX  # noqa: PLC0415

    if ask_engine(configuration.control.socket)[0] is not None:
        fail("the appliance is running and has the camera: stop it first, or give the code's text")
    if not has_camera(configuration.lane[0].camera):
        fail("the first lane has no camera; give the code's text")
    print("Hold the hub's code before the camera…", file=sys.stderr)
    found = next((text for text in _texts(configuration) if text.startswith(PREFIX)), None)
    if found is None:
        fail(f"no enrolment code was seen within {LOOK_S:.0f} seconds")
    return found


def _texts(configuration: Configuration) -> Iterator[str]:
    """Yield what codes say that the camera sees, each decoded in a process that may do nothing else."""
    from scanner.camera.capture import Capture  # noqa: PLC0415
    from scanner.decoder.process import DecoderProcess, LostError, Program  # noqa: PLC0415

    decoder = DecoderProcess(Program.QUICK, name="enrol")
    capture = Capture(configuration.lane[0].camera, lambda *_: None, name="camera")
    capture.start()
    until = time.monotonic() + LOOK_S
    try:
        while time.monotonic() < until:
            frame = capture.newest(0.1)
            if frame is None or not decoder.ready(START_S):
                continue
            try:
                found = decoder.look(frame.grey)
            except LostError:
                continue
            yield from (code.text for code in found.codes)
    finally:
        capture.stop()
        decoder.close()


def _join(configuration: Configuration, offer: Offer) -> tuple[Device, Membership, list[str]]:
    """Redeem the token, pin the trust root, and keep which hub was joined, in this order: each can be repeated."""
    from cli.main import software_version  # noqa: PLC0415
    from keys.errors import KeysError  # noqa: PLC0415
    from keys.update import open_source, pin_root  # noqa: PLC0415
    from scanner.journal.device import Device  # noqa: PLC0415
    from scanner.sync.enrolment import join  # noqa: PLC0415
    from scanner.sync.errors import HubError  # noqa: PLC0415
    from scanner.sync.membership import write_membership  # noqa: PLC0415

    try:
        device = Device.load_or_create(configuration.state.folder)
        joined, membership = join(offer, device, software_version(), configuration.site.timezone)
        configuration.trust.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.closing(open_source(membership.repository, membership.pin)) as source:
            pin_root(configuration.trust.folder, source, offer.root_sha256)
        write_membership(configuration.state.folder, membership)
    except (HubError, KeysError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{configuration.state.folder}: {error.strerror or error}")
    return device, membership, list(joined.lanes)


def _report(
    configuration: Configuration, device: Device, membership: Membership, lanes: list[str], as_json: bool
) -> None:
    """Say what was joined, and what does not fit the configuration."""
    here = [lane.name for lane in configuration.lane]
    if as_json:
        found = {"device": device.id.hex(), "hub": membership.url, "site": membership.site, "lanes": lanes}
        print(json.dumps(found, ensure_ascii=False))
    else:
        print(f"Joined {membership.url} as {membership.site}, device {device.id.hex()}.")
        print("Next: checkpoint update, then start the appliance; its log goes to the hub by itself.")
    if sorted(lanes) != sorted(here):
        there = ", ".join(lanes) or "none"
        print(f"! The hub expects the lanes {there}; configured here: {', '.join(here)}", file=sys.stderr)
