"""`checkpoint camera`: which cameras there are, what they give, and their settings into the configuration."""

from __future__ import annotations

import dataclasses
import json
import logging
import shutil
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.camera_section import CameraOptions, choose, takes_camera_options
from cli.config_keys import write_keys
from cli.errors import fail

if TYPE_CHECKING:
    from scanner.camera.adapt import Setting
    from scanner.camera.found import FoundCamera
    from scanner.camera.meter import MeterReading
    from scanner.config.edit import Value
    from scanner.config.model import CameraSection

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

SETTLE_S: Final = 3.0
"""How long `save` watches a camera: it wakes up, and its exposure comes to rest."""
GIVE_UP_S: Final = 15.0
"""Without any picture for so long, `test` and `save` end."""
_EVERY_S: Final = 1.0

JsonOption = Annotated[bool, typer.Option("--json", help="One object a line.")]


@app.callback()
def camera() -> None:
    """List, test and set up cameras. Stop the appliance first: a camera serves one program at a time.

    Example: checkpoint camera test --exposure 2000
    """
    logging.getLogger().addHandler(logging.NullHandler())  # what parts would log, the lines here say


@app.command("list")
def list_cameras(*, as_json: JsonOption = False) -> None:
    """List the cameras of this machine: what to write as source, what they give, what can be set.

    Example: checkpoint camera list
    """
    from scanner.camera.found import find_cameras  # noqa: PLC0415 - `--help` loads no camera

    count = 0
    for one in find_cameras():
        count += 1
        print(json.dumps(dataclasses.asdict(one), ensure_ascii=False) if as_json else _listed(one), flush=True)
    if not count:
        print(
            "no camera found: plug one in; for a Raspberry Pi camera module run "
            "sudo apt-get install --no-install-recommends python3-picamera2",
            file=sys.stderr,
        )
        raise typer.Exit(1)


def _listed(one: FoundCamera) -> str:
    lines = [
        f"{one.name or 'a camera'}{f' ({one.driver})' if one.driver else ''}",
        f"  source = {json.dumps(one.source)}",
    ]
    lines += [f"  also {name}" for name in (one.path, *one.links) if name and name != one.source]
    if one.trouble:
        lines.append(f"  ! {one.trouble}")
    largest: dict[str, list[str]] = {}
    for mode in sorted(one.modes, key=lambda mode: -mode.width * mode.height):
        rate = f" at {mode.fps:.0f}" if mode.fps else ""
        largest.setdefault(mode.pixel_format, []).append(f"{mode.width} × {mode.height}{rate}")
    lines += [f"  {kind}: {', '.join(sizes[:6])}{', …' if len(sizes) > 6 else ''}" for kind, sizes in largest.items()]
    for control in one.controls:
        unit = " (hundreds of µs)" if control.id.name == "EXPOSURE_US100" else ""
        lines.append(f"  {control.name}: {control.least} to {control.most}{unit}, usually {control.usual}")
    return "\n".join(lines)


@app.command("test")
@takes_camera_options
def watch_camera(
    options: CameraOptions,
    *,
    seconds: Annotated[
        float | None, typer.Option(min=1.0, help="How long; otherwise until Ctrl-C.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Watch a camera: pictures a second, sharpness, brightness, and codes read a second, a line a second.

    Turn the lens until the sharpness is the best seen. Exit status 1 when there was no picture.

    Example: checkpoint camera test --source /dev/video0 --exposure 2000 --seconds 20
    """
    _, section = choose(options)
    live = sys.stdout.isatty() and not as_json
    seen = False
    try:
        for reading, setting, words in _watch(section, seconds):
            seen = seen or reading is not None
            if as_json:
                print(_json(reading, setting, words), flush=True)
            else:
                _show(_words(reading, setting, words, section.fps), live=live)
    except KeyboardInterrupt:
        pass
    if live:
        print()
    raise typer.Exit(0 if seen else 1)


@app.command()
@takes_camera_options
def save(
    options: CameraOptions,
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Fix exposure, gain and focus where they stand now.")] = False,
) -> None:
    """Try a camera for some seconds and write what it gives into the configuration; nothing else in it changes.

    A V4L2 camera's name becomes the one that survives replugging.

    Example: checkpoint camera save --source 0 --exposure 2000
    """
    position, section = choose(options)
    if not options.config.exists():
        fail(f"there is no configuration {options.config} to write into")
    found = _tried(section, fix=fix)
    changes = {**{key: getattr(section, key) for key in options.settings}, **found}
    for line in write_keys(options.config, ("lane", position, "camera"), changes):
        print(line)


def _watch(
    section: CameraSection, seconds: float | None
) -> Iterator[tuple[MeterReading | None, Setting | None, tuple[str, ...]]]:
    """Yield once a second what was measured, what the light was followed to, and what is wrong, until told to end."""
    from scanner.camera import Box  # noqa: PLC0415
    from scanner.camera.capture import Capture  # noqa: PLC0415
    from scanner.camera.meter import Meter  # noqa: PLC0415
    from scanner.decoder import Decoder  # noqa: PLC0415

    state = [""]
    capture = Capture(section, lambda _state, detail: state.__setitem__(0, detail), name="camera")
    meter, decoder = Meter(Box(*section.region)), Decoder()
    capture.start()
    began = due = time.monotonic()
    last_picture = began
    try:
        while seconds is None or time.monotonic() - began < seconds:
            frame = capture.newest(0.1)
            now = time.monotonic()
            if frame is not None:
                last_picture = now
                codes = decoder.decode(frame.grey)
                for code in codes:
                    capture.code_read(frame, code.corners)
                meter.add(frame, len(codes))
            if now >= due + _EVERY_S or (capture.ended and frame is None):
                due = now
                yield meter.report(), capture.light, tuple(filter(None, (state[0], *capture.remarks)))
            if (capture.ended and frame is None) or now - last_picture > GIVE_UP_S:
                return
    finally:
        capture.stop()


def _words(reading: MeterReading | None, setting: Setting | None, words: tuple[str, ...], asked_fps: int) -> str:
    parts = []
    if reading is not None:
        parts = [
            f"{reading.fps:.0f} of {asked_fps} pictures/s",
            f"{reading.width} × {reading.height}",
            f"sharpness {reading.sharpness:.0f} (best {reading.best:.0f})",
            f"brightness {reading.brightness:.0f}",
            *([f"{reading.blown:.0%} blown out"] if reading.blown >= 0.005 else []),
            f"{reading.codes:.0f} codes/s",
            *([f"{reading.damaged} damaged"] if reading.damaged else []),
        ]
    if setting is not None:
        parts.append(f"exposure {setting.exposure_us} µs, gain {setting.gain:.0f}")
    return " · ".join([*parts, *(f"! {sentence}" for sentence in words)]) or "waiting for a picture"


def _show(line: str, *, live: bool) -> None:
    """Print a line, on a terminal over the one before."""
    if live:
        print(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", end="", flush=True)
    else:
        print(line, flush=True)


def _json(reading: MeterReading | None, setting: Setting | None, words: tuple[str, ...]) -> str:
    measured = {} if reading is None else {key: round(value, 3) for key, value in dataclasses.asdict(reading).items()}
    light = {} if setting is None else dataclasses.asdict(setting)
    return json.dumps({**measured, **light, "remarks": words}, ensure_ascii=False)


def _tried(section: CameraSection, *, fix: bool) -> dict[str, Value]:
    """Run the camera for a moment and return the settings that it turned out to have."""
    from scanner.camera.found import stable_name  # noqa: PLC0415

    whole = section.model_copy(update={"crop": (0.0, 0.0, 1.0, 1.0)})
    last: MeterReading | None = None
    setting: Setting | None = None
    trouble: tuple[str, ...] = ()
    fixed: dict[str, Value] = {}
    for reading, setting, trouble in _watch(whole, SETTLE_S):  # noqa: B007  # the last of each is wanted
        last = reading or last
        fixed = _standing(section) if fix else {}
    if last is None:
        fail("; ".join(trouble) or f"{section.source} gives no picture")
    for sentence in trouble:
        print(f"! {sentence}", file=sys.stderr)
    if fix and setting is not None:
        fixed = {**fixed, "exposure": setting.exposure_us, "gain": setting.gain}
    slower = last.fps < section.fps * 0.9
    return {
        "source": stable_name(section.source),
        "width": last.width,
        "height": last.height,
        "fps": max(1, round(last.fps)) if slower else section.fps,
        **fixed,
    }


def _standing(section: CameraSection) -> dict[str, Value]:
    """Ask a V4L2 camera, while it runs, at what exposure, gain and focus it stands."""
    from scanner.camera import CameraError  # noqa: PLC0415
    from scanner.camera.device import device_path  # noqa: PLC0415
    from scanner.camera.v4l2 import ControlId, VideoDevice  # noqa: PLC0415

    found: dict[str, Value] = {}
    try:
        device = VideoDevice(device_path(section.source))
    except CameraError:
        return found
    for key, which, factor in (
        ("exposure", ControlId.EXPOSURE_US100, 100),
        ("gain", ControlId.GAIN, 1),
        ("focus", ControlId.FOCUS, 1),
    ):
        try:
            found[key] = device.get(which) * factor
        except CameraError:
            continue
    device.close()
    return found
