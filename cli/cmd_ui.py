"""`checkpoint ui`: a guard's screen for an engine that is running."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.errors import fail
from scanner.config import ConfigError, load
from scanner.config.model import Configuration, KioskSection, SoundSection
from scanner.locale import Texts, languages
from scanner.plates import province_of
from scanner.ui.app import GuardScreen
from scanner.ui.kiosk.place import Place, Side
from scanner.ui.modes import Mode
from scanner.ui.terminal import detect


class ThemeName(StrEnum):
    """The themes there are."""

    NORMAL = "normal"
    CONTRAST = "contrast"


DEFAULT_CONFIG = Path("config.toml")
SYSTEM_LOG = Path("/dev/log")
TERMINATED = 128 + signal.SIGTERM
"""Exit status after a signal: not 0, which says that somebody pressed q."""


def command(  # noqa: PLR0917 - typer turns each into an option
    socket: Annotated[Path | None, typer.Option(help="The engine's control socket.")] = None,
    config: Annotated[Path | None, typer.Option(help="Take socket, language and time zone from this file.")] = None,
    language: Annotated[str | None, typer.Option(help="Language to begin with: zh_CN, zh_TW or en.")] = None,
    theme: Annotated[ThemeName, typer.Option(help="Colours to begin with.")] = ThemeName.NORMAL,
    allow_quit: Annotated[
        bool, typer.Option("--allow-quit", help="q ends the screen; leave it out on a kiosk.")
    ] = False,
    sound: Annotated[bool, typer.Option(help="Whether anything is heard: tones, prompts, the bell.")] = True,
    lane: Annotated[str | None, typer.Option(help="The lane shown first, by its name.")] = None,
    mode: Annotated[Mode | None, typer.Option(help="Whose screen: not given, as the site's kind wants.")] = None,
) -> None:
    """Show a guard's screen for a running engine. It waits for the engine where there is none yet.

    Example: checkpoint ui --socket state/control.sock --language en --allow-quit
    """
    settings = _settings(config)
    chosen = language or settings.site.language
    if chosen not in languages():
        fail(f"there is no language {chosen!r}; choose one of {', '.join(languages())}")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):  # the screen is drawn on standard error
        fail("the screen needs a terminal; for decisions as lines see checkpoint journal show")
    _log_to_system()
    terminal = detect(os.environ)
    if not terminal.wide:
        # Said in both languages before the screen covers it: whoever reads neither here may read it in a log.
        for name in ("zh_CN", "en"):
            print(Texts.load(name).get("screen.no_chinese", why=terminal.why), file=sys.stderr)
    screen = GuardScreen(
        socket or settings.control.socket,
        chosen,
        theme=theme.value,
        allow_quit=allow_quit,
        sound=settings.sound if sound else SoundSection(enabled=False),
        here="SSH_CONNECTION" not in os.environ,
        zone=ZoneInfo(settings.site.timezone),
        terminal=terminal,
        mode=mode,
        province=province_of(settings.site.region),
        place=_place(settings.kiosk),
        lane_index=_index(settings, lane),
    )
    asyncio.run(_show(screen, mouse=mode is Mode.KIOSK))
    if screen.return_code == TERMINATED:
        raise typer.Exit(TERMINATED)
    if screen.return_code:
        fail("the screen ended by a fault; start it again, and report what it said above")


def _log_to_system() -> None:
    """Log to the system's log, where there is one: standard error is the screen itself."""
    handler: logging.Handler = logging.NullHandler()
    if SYSTEM_LOG.is_socket():
        try:
            handler = logging.handlers.SysLogHandler(str(SYSTEM_LOG))
        except OSError:
            handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("checkpoint-screen: %(message)s"))
    logging.raiseExceptions = False  # what cannot be logged must not be printed across the screen either
    logging.getLogger().addHandler(handler)


async def _show(screen: GuardScreen, *, mouse: bool) -> None:
    """Run the screen; a signal ends it with the terminal put back in order. `mouse`: touches count."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        loop.add_signal_handler(number, lambda: screen.exit(return_code=TERMINATED))
    await screen.run_async(mouse=mouse)


_SIDES = {
    "left": Side.LEFT,
    "right": Side.RIGHT,
    "above": Side.UP,
    "ahead": Side.UP,
    "below": Side.DOWN,
    "behind": Side.DOWN,
}


def _index(settings: Configuration, lane: str | None) -> int:
    """Return the place of a lane in the configuration; the first where none is named."""
    names = [section.name for section in settings.lane]
    if lane is None:
        return 0
    if lane not in names:
        fail(f"there is no lane {lane!r}; there are: {', '.join(names)}")
    return names.index(lane)


def _place(kiosk: KioskSection) -> Place:
    """Return what the configuration says of a kiosk's place."""
    return Place(
        staffed=_SIDES[kiosk.staffed_lane],
        staffed_text=kiosk.staffed_text or "",
        reader=_SIDES[kiosk.reader],
        languages=kiosk.languages,
        language_key=kiosk.language_key or "",
        maintenance_key=kiosk.maintenance_key or "",
    )


def _settings(config: Path | None) -> Configuration:
    """Return the configuration named, the one that lies here, or the defaults."""
    path = config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    if path is None:
        return Configuration()
    try:
        return load(path)
    except ConfigError as error:
        fail(str(error))
