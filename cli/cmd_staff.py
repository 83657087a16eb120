"""`checkpoint staff`: guards and supervisors, and their PINs. A PIN never stands on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli import staff_time
from cli.errors import fail
from cli.staff_pin import PinStdin, new_pin
from scanner.config import ConfigError, load
from scanner.staff import Role, Staff, StaffError

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command(name="confirm-time")(staff_time.confirm_time)

Config = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
State = Annotated[Path | None, typer.Option("--state", help="The state folder, instead of the configuration's.")]
Number = Annotated[str, typer.Argument(help="Staff number: letters, digits, hyphens. It stands in the log; no name.")]


@app.callback()
def staff() -> None:
    """Create guards and supervisors, set their PINs, and let a supervisor confirm the time.

    Example: checkpoint staff add 1001 --role supervisor
    """


@app.command()
def add(
    number: Number,
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.GUARD,
    config: Config = Path("config.toml"),
    state: State = None,
    pin_stdin: PinStdin = False,
) -> None:
    """Put somebody on the list; asks for the PIN.

    Example: checkpoint staff add 1001 --role supervisor
    """
    folder = _folder(config, state)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        Staff.open(folder).add(number, role, new_pin(pin_stdin))
    except StaffError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{folder} cannot be used: {error.strerror}")
    print(f"{number} is now a {role}.")


@app.command(name="list")
def list_staff(
    config: Config = Path("config.toml"),
    state: State = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object a line.")] = False,
) -> None:
    """Print who is on the list.

    Example: checkpoint staff list --json
    """
    try:
        members = Staff.open(_folder(config, state)).members()
    except StaffError as error:
        fail(str(error))
    if not members and not as_json:
        print("Nobody yet. Add somebody with: checkpoint staff add NUMBER --role supervisor")
    for member in members:
        if as_json:
            print(json.dumps({"number": member.number, "role": member.role.value, "wrong_pins": member.wrong}))
        else:
            wrong = f"  {member.wrong} wrong PINs since the last right one" if member.wrong else ""
            print(f"{member.number:<16}  {member.role}{wrong}")


@app.command(name="set-pin")
def set_pin(
    number: Number, config: Config = Path("config.toml"), state: State = None, pin_stdin: PinStdin = False
) -> None:
    """Give somebody a new PIN, and forget the wrong ones.

    Example: checkpoint staff set-pin 1001
    """
    folder = _folder(config, state)
    try:
        Staff.open(folder).set_pin(number, new_pin(pin_stdin))
    except StaffError as error:
        fail(str(error))
    print(f"The PIN of {number} has been set.")


def _folder(config: Path, state: Path | None) -> Path:
    if state is not None:
        return state
    try:
        return load(config).state.folder
    except ConfigError as error:
        fail(f"{len(error.problems)} to correct\n{error}")
