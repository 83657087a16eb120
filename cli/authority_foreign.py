"""`checkpoint authority trust-foreign`, `hash-list`: whom else gates believe, and what of it is revoked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from authority.foreign import read_batches
from authority.store import Authority
from cli.authority_options import AsJson, Folder, PassphraseFd, PassphraseFile, line, now, passphrase, reported
from cli.errors import fail


def trust_foreign(
    folder: Folder,
    files: Annotated[
        list[Path], typer.Argument(help="Keys (.jwks.json, .did.json, .pem, .der), rule sets, card lists.")
    ],
    *,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Give gates other issuers' keys, business rules (.rules.json) or card revocations (.crl.json).

    They are published from the next publication on, under the names that the files have. To take one back, remove it
    from the authority's foreign/ folder and publish.

    Example: checkpoint authority trust-foreign zhejiang france.pem entry.rules.json
    """
    with reported():
        contents = {file.name: _read(file) for file in files}
        with Authority.open(folder, passphrase(passphrase_file, passphrase_fd)) as found:
            for name, content in contents.items():
                _say(found.trust_foreign(name, content, now()), as_json=as_json)


def hash_list(
    folder: Folder,
    batches: Annotated[list[Path], typer.Argument(help="Revocation batches of the EU gateway, JSON.")],
    *,
    country: Annotated[str, typer.Option(help="Whose certificates they revoke, such as FR.", show_default=False)],
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Sign the list of a country's revoked EU certificates: all batches in force, in place of the list before.

    Example: checkpoint authority hash-list zhejiang batch-1.json batch-2.json --country FR
    """
    with reported():
        hashes = read_batches({str(file): _read(file) for file in batches}, country)
        with Authority.open(folder, passphrase(passphrase_file, passphrase_fd)) as found:
            _say(found.revoke_foreign(country, hashes, now()), as_json=as_json)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        return fail(f"{file} cannot be read: {error.strerror}")


def _say(written: Path, *, as_json: bool) -> None:
    if as_json:
        line({"written": str(written)})
    else:
        print(f"{written} is published from the next publication on.")
