"""`checkpoint run`: the appliance on its devices, and on a terminal the screen besides."""

from __future__ import annotations

import datetime as dt
import logging
import logging.handlers
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer

from cli.errors import fail
from cli.main import software_version
from cli.marks import MARKS
from cli.native_output import into_log
from scanner.clock import Clock
from scanner.clock_probes import PROBES, boot_id
from scanner.config.loader import load_document
from scanner.config.model import Configuration
from scanner.config.problems import ConfigError, describe
from scanner.engine.allocator import keep_small
from scanner.engine.engine import Engine
from scanner.engine.lane_parts import LaneHungError
from scanner.engine.report import PassageReport
from scanner.engine.supervision import HungError
from scanner.locale import Texts
from scanner.sync.retirement import PROOF, Retired, read_retired, wipe

SCREEN_AGAIN_S = 1.0
"""A screen that fails is started again after this."""
SCREEN_ENDS_S = 3.0
"""How long it may take to put the terminal back in order."""
RETIRED = 78
"""Exit status of an appliance that has ended for good: starting it again is of no use (EX_CONFIG of sysexits.h)."""
QUIT = 0
"""The screen's exit status when somebody asked it to end."""


def command(
    *,
    config: Annotated[Path, typer.Option(help="The configuration.", show_default=True)] = Path("config.toml"),
    headless: Annotated[bool, typer.Option("--headless", help="No screen, also on a terminal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object a passage on standard output.")] = False,
) -> None:
    """Run the appliance: cameras, thermometers, gates, log and control socket, from the configuration.

    On a terminal the guard's screen is shown; otherwise, or with --headless, one line a passage.

    Example: checkpoint run --config /etc/checkpoint/config.toml
    """
    try:
        document = load_document(config)
    except ConfigError as error:
        _refuse(error)
    keep_small()
    configuration = document.model
    retired = read_retired(configuration.state.folder)
    if retired is not None:
        _end_for_good(configuration, retired)
    screen = sys.stdout.isatty() and not headless and not as_json
    _log_to(configuration.state.folder if screen else None)
    texts = Texts.load(configuration.site.language)
    zone = ZoneInfo(configuration.site.timezone)

    def report(passage: PassageReport) -> None:
        if as_json:
            print(passage.to_json(), flush=True)
        elif not screen:
            print(words(passage, texts, zone), flush=True)

    clock = Clock(configuration.state.folder, probes=PROBES, boot=boot_id())
    engine = Engine(document, clock, software=software_version(), report=report)
    engine.prove()
    if engine.trust.loosened is not None:
        _refuse(engine.trust.loosened)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: engine.ask_to_stop())
    if not screen:
        _run(engine, None)
        return
    with into_log() as terminal:
        _run(engine, Screen(engine, config, terminal))


def _end_for_good(configuration: Configuration, retired: Retired) -> NoReturn:
    """Go on with the erasing that a power cut may have ended, and start nothing."""
    try:
        wipe(configuration.state.folder, configuration.trust.folder, retired)
    except OSError as error:
        fail(f"this appliance was retired, and not everything can be erased: {error}")
    proof = configuration.state.folder / PROOF
    advice = "to begin anew with another key, remove that file and enrol it again"
    fail(f"this appliance was retired and erased ({proof} proves it); {advice}", RETIRED)


def _refuse(error: ConfigError) -> NoReturn:
    fail("\n".join(["the configuration cannot be used:", *map(describe, error.problems)]), 2)


def _run(engine: Engine, shown: Screen | None) -> None:
    """Run the engine until it ends, with a screen or without."""
    try:
        if shown is not None:
            shown.start()
        engine.run()
    except (LaneHungError, HungError) as error:
        # Only a new process helps; systemd starts one.
        logging.getLogger(__name__).critical("%s; ending", error)
        sys.stdout.flush()
        sys.stderr.flush()
        if shown is not None:
            shown.end()
        os._exit(70)  # hung threads would keep an ordinary exit waiting
    finally:
        if shown is not None:
            shown.end()


def words(passage: PassageReport, texts: Texts, zone: ZoneInfo) -> str:
    """Return one passage as a line for people, in the site's time zone."""
    at = dt.datetime.fromtimestamp(passage.at, zone).strftime("%H:%M:%S")
    outcome = f"{MARKS[passage.outcome]} {texts.get(f'outcome.{passage.outcome.name.lower()}')}"
    temperature = "" if passage.temperature_centi is None else f"  {passage.temperature_centi / 100:.1f} °C"
    reasons = "".join(f"  {texts.get(f'reason.{reason}')}" for reason in passage.reasons)
    override = "" if passage.override is None else f"  {texts.get(f'reason.{passage.override}')}"
    return f"{at}  {passage.lane}  {outcome}{temperature}{reasons}{override}"


def _log_to(folder: Path | None) -> None:
    """Log to standard error, or to a file in `folder` while the screen has the terminal."""
    handler: logging.Handler = logging.StreamHandler()
    if folder is not None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handler = logging.handlers.RotatingFileHandler(folder / "engine.log", maxBytes=1_000_000, backupCount=3)
        except OSError:
            handler = logging.NullHandler()  # the screen says that the folder cannot be written
    logging.basicConfig(
        level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    threading.excepthook = _log_crash


def _log_crash(crash: threading.ExceptHookArgs) -> None:
    """Keep a thread's fault in the log: standard error belongs to the screen."""
    name = crash.thread.name if crash.thread is not None else "a thread"
    fault = crash.exc_value or crash.exc_type()
    logging.getLogger(__name__).critical("%s ended by a fault", name, exc_info=fault)


class Screen:
    """The screen in a process of its own: if it dies the lanes go on, and another one is started."""

    def __init__(self, engine: Engine, config: Path, terminal: int = 2) -> None:
        """Show it on the terminal behind the file descriptor `terminal`: it draws on its standard error."""
        self._engine = engine
        self._terminal = terminal
        self._call = [sys.executable, "-m", "cli.main", "ui", "--config", str(config), "--allow-quit"]
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Show it until the engine ends; somebody who quits it ends the engine."""
        threading.Thread(target=self._keep, name="screen", daemon=True).start()

    def end(self) -> None:
        """Take it off the terminal, which belongs to whoever started the engine."""
        with self._lock:
            self._ending.set()
            process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(SCREEN_ENDS_S)
        except subprocess.TimeoutExpired:
            process.kill()

    def _keep(self) -> None:
        while True:
            with self._lock:
                if self._ending.is_set():
                    return
                self._process = subprocess.Popen(self._call, stderr=self._terminal)
            if self._process.wait() == QUIT:
                self._engine.ask_to_stop()
                return
            self._ending.wait(SCREEN_AGAIN_S)
