"""`checkpoint authority found`, `admit`, `expel`, `role-key`, `release`, `rotate`, `renew`, `export`: a repository."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import typer

from authority.passphrase import refuse_short
from authority.records import Order
from authority.repository.export import export as export_repository
from authority.repository.federation import Federation, repository_of
from authority.repository.layout import ROOT_THRESHOLD, TopRole
from cli.authority_options import (
    AsJson,
    By,
    Folder,
    PassphraseFd,
    PassphraseFile,
    Why,
    hand_out,
    in_words,
    line,
    now,
    opened,
    passphrase,
    reported,
)
from cli.authority_release import FederationFolder, opened_federation, read_keys, tell_draft, tell_release

_FIRST_KEY = Order(by="authority", reason="first key of its role")
Key = Annotated[
    list[Path] | None, typer.Option("--key", help="Public half of a new key; repeatable.", show_default=False)
]


def found(
    folder: FederationFolder,
    *,
    to: Annotated[Path, typer.Option(help="The repository, to be served or copied to sticks.", show_default=False)],
    root_key: Annotated[
        list[Path] | None, typer.Option(help="Public half of a root key kept elsewhere; repeatable.")
    ] = None,
    targets_key: Annotated[list[Path] | None, typer.Option(help="The same for targets.")] = None,
    threshold: Annotated[int, typer.Option(min=1, help="How many root keys must sign.")] = ROOT_THRESHOLD,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Found a federation: who says which regions there are, and vouches for what they publish.

    Root (2 of 3 keys), targets, snapshot and timestamp are made in this folder; keep root keys on machines apart by
    making them there (authority ceremony key) and giving their public halves here.

    Example: checkpoint authority found federation --to repository --passphrase-file pass.txt
    """
    with reported():
        secret = passphrase(passphrase_file, passphrase_fd, what="New passphrase", new=True)
        refuse_short(secret)
        with Federation.create(
            folder,
            secret,
            now(),
            root_keys=read_keys(root_key),
            targets_keys=read_keys(targets_key),
            threshold=threshold,
        ) as made:
            made.publish_to(to)
            drafts = made.drafts()
            for draft in drafts.values():
                tell_draft(made, draft, as_json=as_json)
            if drafts:
                return
            made.release(to, now())
            pin = hashlib.sha256(made.roots[-1]).hexdigest()
    if as_json:
        line({"folder": str(folder), "repository": str(to), "root_sha256": pin})
        return
    print(f"{folder} is now a federation, and {to} its repository. Appliances pin its root by this SHA-256:")
    print(pin)
    print(f"Next: checkpoint authority admit {folder} --issuer CN-33 --key PUBLICFILE --by WHO --reason WHY")


def role_key(
    folder: Folder,
    *,
    public: Annotated[Path, typer.Option(help="Where the public half is written.", show_default=False)],
    new: Annotated[bool, typer.Option("--new", help="Make another key, to be rotated to.")] = False,
    by: Annotated[str | None, typer.Option("--by", help="Who ordered another key.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why.")] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Write the public half of the key that a region publishes with; the first time, make that key.

    Publications after --new bear both keys' signatures until the federation has rotated to the new one.

    Example: checkpoint authority role-key zhejiang --public cn-33.json --passphrase-file pass.txt
    """
    with opened(folder, passphrase_file, passphrase_fd) as authority:
        region = authority.region()
        if new:
            key = region.add_key(now(), order=Order(by=by or "", reason=reason or ""))
        elif not region.keys:
            key = region.add_key(now(), order=_FIRST_KEY)
        else:
            key = region.key()
    hand_out(key, public, as_json=as_json)


def admit(
    folder: FederationFolder,
    *,
    issuer: Annotated[str, typer.Option(help="The region, ISO 3166-2.", show_default=False)],
    key: Annotated[Path, typer.Option(help="Public half of its key, made by role-key.", show_default=False)],
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Let a region publish, under its own paths only.

    Compare the key's id with the region over another way first: whoever holds that key speaks for the region.

    Example: checkpoint authority admit federation --issuer CN-33 --key cn-33.json --by "Key office" --reason "joined"
    """
    with opened_federation(folder, passphrase_file, passphrase_fd) as federation:
        (public,) = read_keys([key])
        draft = federation.admit(issuer, public, now(), order=Order(by=by, reason=reason))
        tell_draft(federation, draft, as_json=as_json)


def expel(
    folder: FederationFolder,
    *,
    issuer: Annotated[str, typer.Option(help="The region, ISO 3166-2.", show_default=False)],
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Let a region publish no more; with the next release gates drop its keys, lists and policy.

    The other regions go on. It may be admitted again, and then goes on after its last version.

    Example: checkpoint authority expel federation --issuer CN-33 --by "Key office" --reason "left the federation"
    """
    with opened_federation(folder, passphrase_file, passphrase_fd) as federation:
        draft = federation.expel(issuer, now(), order=Order(by=by, reason=reason))
        tell_draft(federation, draft, as_json=as_json)


def release(
    folder: FederationFolder,
    *,
    to: Annotated[Path | None, typer.Option(help="The repository; default: where the last release went.")] = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Vouch for what the regions have published: check the newest of each, then sign snapshot and timestamp.

    A region whose publication does not hold stays at its last one; the exit status is then 1. At least every ten days,
    or gates can take in nothing any more.

    Example: checkpoint authority release federation --passphrase-file pass.txt
    """
    with opened_federation(folder, passphrase_file, passphrase_fd) as federation:
        released = federation.release(repository_of(folder) if to is None else to, now())
    tell_release(released, as_json=as_json)


def rotate(
    folder: FederationFolder,
    *,
    role: Annotated[str, typer.Option(help="root, targets, snapshot, timestamp, or a region.", show_default=False)],
    key: Key = None,
    drop: Annotated[list[str] | None, typer.Option(help="Id of a key to go; default: all; repeatable.")] = None,
    at_once: Annotated[
        bool,
        typer.Option("--now", help="Of a region: take the old key away before it has published under the new one."),
    ] = False,
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Replace the keys of a role, by keys made here or those given; in force with the next release.

    A new root is signed by the keys of the old one and by its own. A region makes its new key itself: role-key --new.
    What was released of it under the old key stays in force until it has published under the new one. With --now, for a
    stolen key, gates drop the region until then. With --now alone, the old key goes of a rotation before.

    Example: checkpoint authority rotate federation --role timestamp --by "Key office" --reason "yearly rotation"
    """
    with opened_federation(folder, passphrase_file, passphrase_fd) as federation:
        order = Order(by=by, reason=reason)
        draft = federation.rotate(role, now(), order=order, keys=read_keys(key), drop=drop or (), at_once=at_once)
        tell_draft(federation, draft, as_json=as_json)


def renew(
    folder: FederationFolder,
    *,
    role: Annotated[Literal["root", "targets"], typer.Option(help="Which.", show_default=False)],
    by: By,
    reason: Why,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    as_json: AsJson = False,
) -> None:
    """Sign root or targets again as they are, for another year or another 90 days.

    Example: checkpoint authority renew federation --role root --by "Key office" --reason "expires in spring"
    """
    with opened_federation(folder, passphrase_file, passphrase_fd) as federation:
        draft = federation.renew(TopRole(role), now(), order=Order(by=by, reason=reason))
        tell_draft(federation, draft, as_json=as_json)


def export(
    source: Annotated[Path, typer.Argument(help="A repository, or a federation's folder.", show_default=False)],
    *,
    to: Annotated[Path, typer.Option(help="The stick, or any folder.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Copy what is in force to a stick, as checkpoint-trust, proved on the way.

    Example: checkpoint authority export federation --to /media/stick
    """
    with reported():
        done = export_repository(source, to, now())
    if as_json:
        line(
            {
                "folder": str(done.folder),
                "published_at": done.published_at,
                "regions": list(done.regions),
                "files": done.files,
                "bytes": done.size,
            }
        )
        return
    print(f"{done.folder}: {done.files} files, {done.size} bytes, released {in_words(done.published_at)}")
