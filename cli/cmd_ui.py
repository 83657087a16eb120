"""`checkpoint ui`: a guard's screen for an engine that is running."""

from __future__ import annotations

import asyncio
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
from scanner.config.model import Configuration
from scanner.locale import Texts, languages
from scanner.ui.app import GuardScreen
from scanner.ui.terminal import detect


class ThemeName(StrEnum):
    """The themes there are."""

    NORMAL = "normal"
    CONTRAST = "contrast"


DEFAULT_CONFIG = Path("config.toml")
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
    sound: Annotated[bool, typer.Option(help="Whether results ring the bell: once, twice or three times.")] = True,
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
        sound=sound,
        zone=ZoneInfo(settings.site.timezone),
        terminal=terminal,
    )
    asyncio.run(_show(screen))
    if screen.return_code == TERMINATED:
        raise typer.Exit(TERMINATED)
    if screen.return_code:
        fail("the screen ended by a fault; start it again, and report what it said above")


async def _show(screen: GuardScreen) -> None:
    """Run the screen; a signal ends it with the terminal put back in order."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        loop.add_signal_handler(number, lambda: screen.exit(return_code=TERMINATED))
    await screen.run_async(mouse=False)


def _settings(config: Path | None) -> Configuration:
    """Return the configuration named, the one that lies here, or the defaults."""
    path = config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    if path is None:
        return Configuration()
    try:
        return load(path)
    except ConfigError as error:
        fail(str(error))
