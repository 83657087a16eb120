"""`checkpoint specimens`: codes to try `verify`, `decode` and a camera with, of every family that is read."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import fail


def command(folder: Annotated[Path, typer.Argument(help="A new or empty folder.", show_default=False)]) -> None:
    """Make a health code and a French, a Japanese, a New Zealand and a Californian credential to try `verify` with.

    They are made by test issuers of this folder's own, which vouch for nobody: texts in codes.txt, four that must be
    refused in refused.txt, each as a picture besides, and in published/ whom to believe. What to type next is printed.

    Example: checkpoint specimens specimens
    """
    from authority.errors import AuthorityError  # noqa: PLC0415 - not for --help
    from demo import specimen_folder  # noqa: PLC0415

    try:
        if folder.exists() and any(folder.iterdir()):
            fail(f"the folder {folder} is not empty; name a new one")
        made = specimen_folder.write(folder, int(time.time()))
    except OSError as error:
        fail(f"the folder {folder} cannot be used: {error.strerror or error}")
    except AuthorityError as error:
        fail(str(error))
    launcher = "./checkpoint" if Path("checkpoint").is_file() else "checkpoint"
    published = shlex.quote(str(folder / specimen_folder.PUBLISHED))
    print(f"{folder}: {len(made.good)} codes, and {len(made.refused)} to be refused. Now try:")
    for name in (specimen_folder.CODES, specimen_folder.REFUSED):
        texts = shlex.quote(str(folder / name))
        print(f"  {launcher} verify --trust {published} --status {published} --language en < {texts}")
