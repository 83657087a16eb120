"""`checkpoint authority publish`, `lists`: what a region gives to gates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from authority.store import Authority
from cli.authority_options import AsJson, Folder, PassphraseFd, PassphraseFile, line, now, passphrase, reported
from cli.authority_release import FederationPassphraseFile, Release, show_release
from cli.errors import fail
from scanner.config import ConfigError
from scanner.policy_rules import read_rules

To = Annotated[Path, typer.Option(help="The repository; with --plain any folder.", show_default=False)]
Plain = Annotated[
    bool, typer.Option("--plain", help="Write trust/, status/ and policy/ as plain files, for checkpoint verify.")
]


def publish(
    folder: Folder,
    *,
    to: To,
    policy: Annotated[Path | None, typer.Option(help="The region's rules from now on, TOML.")] = None,
    plain: Plain = False,
    release: Release = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    federation_passphrase_file: FederationPassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Publish the trust list, the status lists as of now, and the policy.

    Gates find them once the federation has released them; --release does that too, for who has both folders.

    Example: checkpoint authority publish zhejiang --to repository --policy rules.toml --release federation
    """
    with reported():
        try:
            rules = None if policy is None else policy.read_bytes()
        except OSError as error:
            fail(f"{policy} cannot be read: {error.strerror}")
        secret = passphrase(passphrase_file, passphrase_fd)
        _publish(folder, to, rules, secret, plain=plain, as_json=as_json)
        if release is not None:
            show_release(release, to, federation_passphrase_file, secret, as_json=as_json)


def lists(
    folder: Folder,
    *,
    to: To,
    plain: Plain = False,
    release: Release = None,
    passphrase_file: PassphraseFile = None,
    passphrase_fd: PassphraseFd = None,
    federation_passphrase_file: FederationPassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Publish the status lists as of now, beside the trust list and the policy as they are: the hourly task.

    Example: checkpoint authority lists zhejiang --to repository --release federation --passphrase-file pass.txt
    """
    publish(
        folder,
        to=to,
        plain=plain,
        release=release,
        passphrase_file=passphrase_file,
        passphrase_fd=passphrase_fd,
        federation_passphrase_file=federation_passphrase_file,
        as_json=as_json,
    )


def _publish(folder: Path, to: Path, rules: bytes | None, secret: bytes, *, plain: bool, as_json: bool) -> None:
    with Authority.open(folder, secret) as found:
        if rules is not None:
            _refuse_faulty(found.issuer, rules)
        if plain:
            _publish_plain(found, to, rules, as_json=as_json)
            return
        made = found.region().publish(to, found.publication(now(), policy=rules))
    if as_json:
        line(
            {
                "issuer": found.issuer,
                "version": made.version,
                "published_at": made.published_at,
                "targets": list(made.targets),
                "metadata_bytes": made.size,
            }
        )
        return
    print(f"{found.issuer}: version {made.version}, {len(made.targets)} targets, is in {to} for the next release.")


def _refuse_faulty(issuer: str, rules: bytes) -> None:
    """Read a policy exactly as gates will: what they would refuse is better not published."""
    try:
        found = read_rules(rules, "the policy")
    except ConfigError as error:
        fail(f"{len(error.problems)} to correct, and nothing was published\n{error}")
    if found.issuer != issuer:
        fail(f'the policy must say issuer = "{issuer}", and nothing was published')
    if found.issued_at is None:
        fail("the policy must say when it was issued: issued_at, seconds since 1970; nothing was published")


def _publish_plain(found: Authority, to: Path, rules: bytes | None, *, as_json: bool) -> None:
    published = found.publish(to, now(), policy=rules)
    if as_json:
        line(
            {
                "trust": str(published.trust),
                "lists": [str(path) for path in published.lists],
                "policy": None if published.policy is None else str(published.policy),
            }
        )
        return
    for path in (published.trust, *published.lists, published.policy):
        if path is not None:
            print(path)
