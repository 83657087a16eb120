"""What the commands of the repository share: the federation's folder and passphrase, drafts and releases in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from authority.passphrase import passphrase_from_file
from authority.repository.draft import Draft
from authority.repository.federation import Federation, repository_of
from authority.repository.layout import TopRole
from authority.repository.outline import outline
from authority.repository.release import Released
from authority.repository.role_keys import RoleKey
from authority.repository.words import describe
from cli.authority_options import Json, in_words, line, now, passphrase, reported

FederationFolder = Annotated[Path, typer.Argument(help="The federation's folder.", show_default=False)]
Release = Annotated[
    Path | None, typer.Option(help="Release it too, with the federation in this folder.", show_default=False)
]
FederationPassphraseFile = Annotated[
    Path | None, typer.Option(help="Of the federation, where it is not the same.", show_default=False)
]


@contextmanager
def opened_federation(folder: Path, file: Path | None, descriptor: int | None) -> Iterator[Federation]:
    """Open the federation in `folder`, and report what goes wrong with it in one sentence."""
    with reported(), Federation.open(folder, passphrase(file, descriptor)) as federation:
        yield federation


def read_keys(files: list[Path] | None) -> tuple[RoleKey, ...]:
    """Read public halves. Raises RepositoryError."""
    return tuple(RoleKey.from_file(path) for path in files or ())


def show_release(folder: Path, to: Path | None, file: Path | None, secret: bytes, *, as_json: bool) -> None:
    """Release what the regions have published, and say what came of it. Exit status 1 when something was refused."""
    with Federation.open(folder, secret if file is None else passphrase_from_file(file)) as federation:
        tell_release(federation.release(repository_of(folder) if to is None else to, now()), as_json=as_json)


def tell_release(released: Released, *, as_json: bool) -> None:
    """Say what a release has come to. Exit status 1 when something was refused."""
    if as_json:
        line(
            {
                "published_at": released.published_at,
                "versions": {str(role): version for role, version in released.versions.items()},
                "regions": dict(released.regions),
                "refused": [
                    {"issuer": each.issuer, "version": each.version, "why": each.why} for each in released.refused
                ],
                "notes": list(released.notes),
                "removed": len(released.removed),
            }
        )
    else:
        regions = ", ".join(f"{issuer} version {version}" for issuer, version in released.regions.items())
        number = released.versions[TopRole.TIMESTAMP]
        print(f"Release {number} of {in_words(released.published_at)}: {regions or 'no region yet'}.")
        for each in released.refused:
            print(f"Left out: {each}")
        for note in released.notes:
            print(f"Note: {note}")
    if released.refused:
        raise typer.Exit(1)


def tell_draft(federation: Federation, draft: Draft, *, as_json: bool, told: bool = False) -> None:
    """Say in words what was signed, unless that was `told` before, and what is still to be done."""
    waits = None if draft.complete else federation.folder / "drafts" / draft.name
    if as_json:
        line({"role": str(draft.role), "version": draft.version, "complete": draft.complete, "draft": _text(waits)})
        return
    if not told:
        print("\n".join(describe(draft)))
    if waits is None:
        print(f"In force with the next release: checkpoint authority release {federation.folder}")
    else:
        print(f"Carry {waits} to whoever must sign: checkpoint authority ceremony sign KEYFOLDER {draft.name}")


def federation_records(folder: Path) -> Iterator[dict[str, Json]]:
    """Yield what a federation's folder says without its passphrase: roles, regions, drafts."""
    found = outline(folder)
    yield {"root_sha256": found.root_sha256}
    for role in found.roles:
        yield {
            "role": str(role.role),
            "version": role.version,
            "expires_at": role.expires_at,
            "threshold": role.threshold,
            "keys": [str(key) for key in role.keys],
        }
    for region in found.regions:
        yield {
            "region": region.issuer,
            "version": region.version,
            "published_at": region.published_at,
            "expires_at": region.expires_at,
            "keys": [str(key) for key in region.keys],
        }
    for draft in found.drafts:
        yield {"draft": draft.name, "needs": [need.missing for need in draft.needs()]}


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
