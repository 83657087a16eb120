"""`checkpoint COMMAND`: finds the command's module and loads nothing else, so that `verify` never loads a camera."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, NoReturn

from cli.errors import CommandError

if TYPE_CHECKING:
    import typer

COMMANDS: dict[str, str] = {
    "demo": "the whole thing without hardware",
    "run": "the appliance on real devices",
    "ui": "a screen for a running engine",
    "verify": "judge code texts from standard input",
    "decode": "read the codes in image files",
    "specimens": "make codes of every family to try verify with",
    "conformance": "run published test cases of code families",
    "hub": "the service between gates and authority",
    "authority": "make keys, codes and status lists",
    "keys": "show what this appliance trusts",
    "update": "fetch newer keys, lists and policy, now",
    "enrol": "join a hub, by the code on its page",
    "policy": "explain the rules in force",
    "journal": "show, verify and export the log",
    "staff": "create guards and supervisors, set PINs",
    "emulate": "a virtual thermometer or gate on a pty",
    "camera": "list, test and set up cameras",
    "devices": "list serial ports and find out what hangs there",
    "calibrate": "compare a thermometer, and keep its error",
    "sound": "hear the tones and prompts of the gate",
    "doctor": "check every part and say what to do",
    "test": "run the test suite",
    "bench": "measure, against references in the same run",
}
"""Command name to its one-line summary; the module is `cli.cmd_<name>`."""


def software_version() -> str:
    """Version of the installed package, or of the source tree it runs from."""
    try:
        return version("checkpoint-scanner")
    except PackageNotFoundError:
        return "0.1.0"


def usage() -> str:
    """Return the overview that `checkpoint --help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(
        [
            "Usage: checkpoint COMMAND [OPTIONS]",
            "",
            "An offline-capable checkpoint scanner.",
            "",
            *lines,
            "",
            "Every command has --help with an example. Start with: checkpoint demo",
        ]
    )


def load(name: str) -> typer.Typer:
    """Import one command's module and return it as an application."""
    import typer  # noqa: PLC0415 - a tenth of a second that `--help` and `--version` need not wait for

    module = importlib.import_module(f"cli.cmd_{name}")
    app = getattr(module, "app", None)
    if isinstance(app, typer.Typer):
        return app
    single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    single.command()(module.command)
    return single


@cache
def parser(name: str) -> Callable[..., object]:
    """Build what reads a command's arguments and runs it, once a process: the authority's takes a tenth of a second."""
    from typer.main import get_command  # noqa: PLC0415 - as above

    return get_command(load(name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if not arguments or arguments[0] in {"--help", "-h", "help"}:
        print(usage())
        return 0
    if arguments[0] == "--version":
        print(f"checkpoint {software_version()}")
        return 0
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        import difflib  # noqa: PLC0415 - only needed to say what was meant

        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        print(f"checkpoint: there is no command {name!r}.{hint} See checkpoint --help.", file=sys.stderr)
        return 2
    try:
        parser(name)(rest, prog_name=f"checkpoint {name}")
    except CommandError as error:
        print(f"checkpoint {name}: {error}", file=sys.stderr)
        return error.status
    except BrokenPipeError:
        # Whoever read our output has gone: nothing to say, and nowhere to say it.
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


def leave(status: int) -> NoReturn:
    """End the process at once, its output written.

    The engine leaves threads behind that hang in a driver. One that logs while the interpreter is taken apart makes
    it abort, and the end in order would look like a crash.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    ended = main()
    if sys.argv[1:2] == ["run"]:
        leave(ended)
    sys.exit(ended)
