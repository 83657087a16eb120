"""`checkpoint authority ceremony`: keys on machines apart. Make a key there, sign here, carry, sign there, finish."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from authority.errors import RepositoryError
from authority.files import PUBLIC_FILE, write_whole
from authority.passphrase import refuse_short
from authority.records import Order
from authority.repository.custodian import Custodian
from authority.repository.draft import Draft
from authority.repository.words import describe
from cli.authority_options import (
    AsJson,
    By,
    PassphraseFd,
    PassphraseFile,
    Why,
    line,
    now,
    passphrase,
    reported,
)
from cli.authority_release import FederationFolder, opened_federation, tell_draft
from cli.errors import fail
from keys.printable import printable

_LONGEST = 16 << 20

KeyFolder = Annotated[Path, typer.Argument(help="The folder of one person's key.", show_default=False)]
DraftFile = Annotated[Path, typer.Argument(help="The draft that is carried.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask: the words were read before.")]

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def ceremony() -> None:
    """Keep keys of root or targets on machines apart: make them there, carry drafts to them, finish with enough.

    Example: checkpoint authority ceremony key anna --holder "Anna, key office" --public anna.json
    """


@app.command()
def key(
    folder: KeyFolder,
    *,
    holder: Annotated[str, typer.Option(help="Who holds it; it becomes public.", show_default=False)],
    public: Annotated[Path, typer.Option(help="Where the public half is written.", show_default=False)],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Make a key in a new private folder, and write its public half for the federation.

    Example: checkpoint authority ceremony key anna --holder "Anna, key office" --public anna.json
    """
    with reported():
        secret = passphrase(passphrase_file, passphrase_fd, what="New passphrase", new=True)
        refuse_short(secret)
        with Custodian.create(folder, holder, secret, now(), order=Order(by=holder, reason="key made")) as made:
            _write(public, made.key.to_file())
    if as_json:
        line({"holder": holder, "key_id": made.key.key_id, "public": str(public)})
    else:
        print(f"{public}: {made.key.holder}, key {made.key.key_id}")


@app.command()
def show(draft: DraftFile) -> None:
    """Say in words what a draft would change, and whose signatures it has and needs.

    Example: checkpoint authority ceremony show 2.root.json
    """
    with reported():
        read = _read(draft)
        _say(read)
        read.check(now())


@app.command()
def sign(
    folder: KeyFolder,
    draft: DraftFile,
    *,
    by: By,
    reason: Why,
    yes: Yes = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Read in words what would be signed, agree, and sign: the draft's file then bears one more signature.

    A draft that does not follow the roots this folder has seen is refused.

    Example: checkpoint authority ceremony sign anna 2.root.json --by "Anna" --reason "Carl leaves the office"
    """
    with reported():
        read = _read(draft)
        with Custodian.open(folder, passphrase(passphrase_file, passphrase_fd)) as custodian:
            custodian.examine(read, now())
            _say(read)
            _agree(f"Sign this with the key of {custodian.key}?", yes=yes)
            signed = custodian.sign(read, now(), order=Order(by=by, reason=reason))
        _write(draft, signed.to_file())
    if as_json:
        line({"role": str(signed.role), "version": signed.version, "complete": signed.complete, "draft": str(draft)})
    elif signed.complete:
        print(f"{draft} has all its signatures: checkpoint authority ceremony finish FEDERATION {draft.name}")
    else:
        print(f"{draft} is signed, and needs more signatures: carry it on.")


@app.command()
def finish(
    folder: FederationFolder,
    drafts: Annotated[list[Path], typer.Argument(help="The draft, or several copies of it, each signed elsewhere.")],
    *,
    by: By,
    reason: Why,
    yes: Yes = False,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Put a draft in force that has come back with enough signatures. Exit status 1 while it has not.

    Example: checkpoint authority ceremony finish federation 2.root.json --by "Key office" --reason "Carl leaves"
    """
    with opened_federation(folder, passphrase_file, passphrase_fd) as federation:
        copies = [_read(path) for path in drafts]
        _say(copies[0])
        _agree("Put this in force?", yes=yes)
        draft = federation.finish(copies, now(), order=Order(by=by, reason=reason))
        tell_draft(federation, draft, as_json=as_json, told=True)
        for further in federation.drafts().values():
            if further.role is not draft.role:
                tell_draft(federation, further, as_json=as_json)
    raise typer.Exit(0 if draft.complete else 1)


@app.command()
def discard(
    folder: FederationFolder,
    *,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
) -> None:
    """Drop the federation's drafts that still lack signatures.

    Example: checkpoint authority ceremony discard federation
    """
    with opened_federation(folder, passphrase_file, passphrase_fd) as federation:
        for draft in federation.discard():
            print(f"{draft.name} is dropped.")


def _say(draft: Draft) -> None:
    """Print the words on standard error, so that --json stays machines' alone."""
    for words in describe(draft):
        print(printable(words), file=sys.stderr)


def _agree(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        fail("there is no terminal to ask on; read the words above, then give --yes", 2)
    if not typer.confirm(question):
        fail("nothing was signed")


def _read(path: Path) -> Draft:
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise RepositoryError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > _LONGEST:
        raise RepositoryError(f"{path} is too long for a draft.")
    return Draft.from_file(content, str(path))


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content, PUBLIC_FILE)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")
