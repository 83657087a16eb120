"""`checkpoint demo`: a whole small world round the ordinary engine, without hardware, network or keys to set up."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import fail
from cli.marks import MARKS

if TYPE_CHECKING:
    from demo.account import Summary, Turn
    from demo.world import World
    from keys.reasons import Reason
    from scanner.locale import Texts

GUARD_WAITS_S = 6.0
"""On a terminal: how long whoever sits there may act as the guard before the staged one does."""
QUIT_WAIT_S = 15.0


def command(
    *,
    headless: Annotated[bool, typer.Option("--headless", help="No screen, also on a terminal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object a decision, then the summary.")] = False,
    seed: Annotated[int, typer.Option(help="Of hands, light and noise: the same number, the same show.")] = 1,
    keep: Annotated[Path | None, typer.Option(help="Leave the world in this new or empty folder.")] = None,
    language: Annotated[str, typer.Option(help="Of the screen and the lines: en, zh_CN, zh_TW.")] = "en",
    scene: Annotated[str, typer.Option(help="Where it plays: gate, highway or kiosk.")] = "gate",
    hub: Annotated[bool, typer.Option("--hub", help="Beside it a hub, on whose pages people arrive.")] = False,
) -> None:
    """Show people passing a gate: a staged camera, thermometer and gate round the ordinary engine.

    On a terminal the guard's screen is shown and people keep coming until q. Otherwise one line a decision, then a
    summary; exit status 1 when any decision differs from the script. With --hub an address is printed first: open it
    in a browser, and people arrive on the hub's pages as they pass.

    Example: checkpoint demo --headless --seed 7
    """
    from demo.guard import GuardError  # noqa: PLC0415 - OpenCV and all: not for --help
    from demo.scripts import SCENARIOS, Place  # noqa: PLC0415
    from demo.world import World, WorldError  # noqa: PLC0415
    from scanner.locale import Texts, languages  # noqa: PLC0415

    if language not in languages():
        fail(f"there is no language {language!r}; there are: {', '.join(languages())}", 2)
    if scene not in [*Place]:
        fail(f"there is no scene {scene!r}; there are: {', '.join(Place)}", 2)
    scenario = SCENARIOS[Place(scene)]
    screen = sys.stdout.isatty() and not headless and not as_json
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _folder(keep) as folder:
        if not as_json:
            print("Staging authority, people, camera, thermometer and gate …", file=sys.stderr)
        try:
            waits_s = GUARD_WAITS_S if screen else 0.0
            with World(
                folder, seed=seed, language=language, guard_waits_s=waits_s, scenario=scenario, with_hub=hub
            ) as world:
                _announce(world, wait=screen)
                if screen:
                    _show(world, "guard" if scene == Place.GATE else scene)
                else:
                    for turn in world.conductor.once():
                        print(_objects(turn) if as_json else lines(turn, Texts.load(language)), flush=True)
                if hub:
                    print(f"{world.waiting()} entries wait for the hub.", file=sys.stderr)
                summary = world.summary()
        except (WorldError, GuardError) as error:
            fail(str(error))
    print(_summary_object(summary) if as_json else _summary_words(summary, keep), flush=True)
    raise typer.Exit(0 if summary.ok or screen else 1)


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give a folder of one's own, 0700: a temporary one, or the one to keep."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="checkpoint-demo-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    try:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        keep.chmod(0o700)
        taken = any(keep.iterdir())
    except OSError as error:
        fail(f"the folder {keep} cannot be used: {error.strerror}")
    if taken:
        fail(f"the folder {keep} is not empty; name a new one")
    yield keep.resolve()


def _announce(world: World, *, wait: bool) -> None:
    """Say where the hub's pages are; before a screen that covers this, let it be read."""
    if world.hub is None:
        return
    print(f"The hub's pages begin at {world.hub.first}", file=sys.stderr)
    if wait:
        print("Open them in a browser, then press Enter for the gate's screen.", file=sys.stderr)
        sys.stdin.readline()


def _show(world: World, mode: str) -> None:
    """Show the real screen, a client like any other, while people keep coming behind it.

    People are conducted by this thread: the authority's register, from which they get new codes, is this thread's own.
    """
    from demo.conductor import StoppedError  # noqa: PLC0415
    from demo.guard import GuardError  # noqa: PLC0415

    options = ["--config", str(world.site.config), "--mode", mode, "--allow-quit"]
    screen = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "ui", *options],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
    )

    def wait() -> None:
        screen.wait()
        world.conductor.stop()

    threading.Thread(target=wait, name="screen", daemon=True).start()
    try:
        with contextlib.suppress(StoppedError, GuardError):  # the screen itself says that the engine has gone
            for _ in world.conductor.for_ever():
                pass
        screen.wait()
    finally:
        if screen.poll() is None:
            screen.terminate()
            screen.wait(QUIT_WAIT_S)


def lines(turn: Turn, texts: Texts) -> str:
    """Return a turn as lines for people: time, who, outcome, temperature, latency, reasons."""
    from scanner import credential_words  # noqa: PLC0415 - as in `command`

    wrong = "".join(f"\n          ≠ {problem}" for problem in turn.problems)
    if not turn.passages:
        nobody = f"{time.strftime('%H:%M:%S')}  {turn.person.key:<18} · {'no decision':<46}"
        return f"{nobody}  {turn.person.story}{wrong}"

    def said(reason: Reason) -> str:
        abroad = turn.person.from_abroad
        return credential_words.reason(texts, reason) if abroad else texts.get(f"reason.{reason}")

    shown = []
    for passage, latency in zip(turn.passages, turn.latencies_ms, strict=True):
        name = passage.outcome.name.lower()
        centi = passage.temperature_centi
        shown.append(
            f"{time.strftime('%H:%M:%S', time.localtime(passage.at))}  {turn.person.key:<18} "
            f"{MARKS[passage.outcome]} {texts.get(f'outcome.{name}'):<15} "
            f"{'' if centi is None else f'{centi / 100:.1f} °C':>8} "
            f"{'' if latency is None else f'{latency:.0f} ms':>7}  "
            f"{' '.join(map(said, passage.reasons)) or turn.person.story}"
        )
    return "\n".join(shown) + wrong


def _objects(turn: Turn) -> str:
    """Return a turn as one JSON object a decision; one without an outcome where nothing was decided."""
    common = {"person": turn.person.key, "expected": not turn.problems, "problems": list(turn.problems)}
    if not turn.passages:
        return json.dumps({**common, "outcome": None, "reasons": []})
    return "\n".join(
        json.dumps(
            {
                **common,
                "at": passage.at,
                "seq": passage.seq,
                "outcome": passage.outcome.name.lower(),
                "reasons": list(passage.reasons),
                "temperature_centi": passage.temperature_centi,
                "latency_ms": None if latency is None else round(latency, 1),
            }
        )
        for passage, latency in zip(turn.passages, turn.latencies_ms, strict=True)
    )


def _summary_object(summary: Summary) -> str:
    return json.dumps(
        {
            "summary": {
                "decisions": summary.decisions,
                "unexpected": summary.unexpected,
                "latency_ms": {"p50": summary.latency.p50, "p95": summary.latency.p95},
                "journal_verified": summary.journal_verified,
            }
        }
    )


def _summary_words(summary: Summary, keep: Path | None) -> str:
    latency, frames = summary.latency, summary.frames
    lines = [
        "",
        f"{summary.decisions} decisions, {summary.unexpected} unexpected",
        f"journal {'verified' if summary.journal_verified else 'NOT verified'}: {summary.journal}",
    ]
    if latency.count:
        lines.append(
            f"latency p50 {latency.p50:.0f} ms, p95 {latency.p95:.0f} ms, worst {latency.worst:.0f} ms: from the first "
            f"frame due with a readable code to log and gate, temperature already known ({latency.count} decisions)"
        )
    if frames is not None:
        lines.append(
            f"{frames.due} frames due, {frames.dropped} dropped by the camera, {frames.late} drawn too late; "
            "all of them count"
        )
    if keep is not None:
        lines.append(f"kept in {keep}; try: checkpoint journal verify --state {keep / 'state'}")
    return "\n".join(lines)
