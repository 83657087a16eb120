"""What a federation asks of a region's metadata before it vouches for it in a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tuf.api.metadata import Targets

from authority.errors import RepositoryError
from authority.repository import metadata
from authority.repository.folder import Repository
from authority.repository.layout import DAY, REGION_LIFETIME, REGION_LIMIT, metadata_name
from authority.repository.top_roles import delegations
from keys.errors import UpdateError
from keys.site_order import SiteOrderError, read_site_order
from keys.update.fleet import FLEET, Orders, read_orders
from keys.update.region import Publication, SignedFiles, read_publication

_AHEAD: Final = 300
"""Seconds that a region's clock may be ahead of the federation's."""
_SLACK: Final = DAY
_LEAP: Final = 100_000
"""Versions that a region may be ahead of its last release: ten years of hours. A thief of its key shall not use up the
numbers."""


@dataclass(frozen=True, slots=True)
class RegionRole:
    """A region's role metadata that holds."""

    issuer: str
    version: int
    published_at: int
    content: bytes
    targets: Targets


@dataclass(frozen=True, slots=True)
class Refusal:
    """A region's metadata that is not released, and why."""

    issuer: str
    version: int
    why: str

    def __str__(self) -> str:
        return f"{self.issuer}, version {self.version}: {self.why}"


def parse_role(issuer: str, version: int, content: bytes) -> RegionRole:
    """Read a region's role; its signature is not looked at. Raises RepositoryError."""
    source = metadata_name(issuer, version)
    signed = metadata.read(Targets, content, source).signed
    if signed.version != version:
        raise RepositoryError(f"{source} calls itself version {signed.version}.")
    return RegionRole(issuer, version, metadata.published_at(signed, source), content, signed)


def signers(delegator: Targets, role: RegionRole) -> frozenset[str]:
    """Return the ids of those keys that have signed the role and that the federation's targets name for the region."""
    if role.issuer not in delegations(delegator)[1]:
        return frozenset()
    file = metadata.read(Targets, role.content, role.issuer)
    result = delegator.get_verification_result(role.issuer, metadata.signed_bytes(file), file.signatures)
    return frozenset(result.signed)


def signed_by_newest(delegator: Targets, role: RegionRole) -> bool:
    """Whether the role is signed by the key that counts for publications from now on."""
    regions = delegations(delegator)[1]
    return role.issuer in regions and regions[role.issuer].keyids[0] in signers(delegator, role)


def publication_in(targets: Targets, issuer: str) -> SignedFiles:
    """Read a region's role, or the fleet's, exactly as a gate does. Raises RepositoryError: a gate would refuse it."""
    try:
        return read_orders(targets) if issuer == FLEET else read_publication(targets, issuer)
    except UpdateError as error:
        raise RepositoryError(str(error)) from error


def check_content(publication: SignedFiles, path: str, content: bytes) -> None:
    """Raise RepositoryError for a trust list, or an order, that every gate would refuse."""
    try:
        if isinstance(publication, Publication) and path == publication.keys:
            publication.read_keys(content)
        elif isinstance(publication, Orders):
            read_site_order(content, path.removeprefix("fleet/").removesuffix(".toml"))
    except (UpdateError, SiteOrderError) as error:
        raise RepositoryError(f"{path}: {error}") from error


def check_role(role: RegionRole, last: RegionRole | None, now: int) -> SignedFiles:
    """Return what the role publishes. Raises RepositoryError.

    That is: a gate would refuse it, or it does not follow what was released last.
    """
    source = metadata_name(role.issuer, role.version)
    publication = publication_in(role.targets, role.issuer)
    if role.version > _LEAP + (0 if last is None else last.version):
        raise RepositoryError(f"{source} leaps too far ahead of what was released last.")
    expires = metadata.seconds(role.targets.expires)
    if expires <= now:
        raise RepositoryError(f"{source} has expired.")
    if expires > now + REGION_LIFETIME + _SLACK:
        raise RepositoryError(f"{source} would hold longer than a region's role may.")
    if role.published_at > now + _AHEAD:
        raise RepositoryError(f"{source} is dated {role.published_at - now} s ahead of this clock.")
    if last is not None and role.published_at < last.published_at:
        raise RepositoryError(f"{source} goes back in time: version {last.version} was published later.")
    return publication


def newest_role(
    shelf: Repository, issuer: str, versions: Sequence[int], *, delegator: Targets, last: RegionRole | None, now: int
) -> tuple[RegionRole | None, tuple[Refusal, ...]]:
    """Return the newest version newer than `last` that can be released, and the ones above it that cannot.

    `versions` are the ones that lie in `shelf`, oldest first.
    """
    refused = []
    released = 0 if last is None else last.version
    for version in reversed(versions):
        if version <= released:
            break
        try:
            content = shelf.read(metadata_name(issuer, version), REGION_LIMIT)
            if content is None:
                continue
            role = parse_role(issuer, version, content)
            if not signed_by_newest(delegator, role):
                raise RepositoryError(f"it is not signed by the key that {issuer} was admitted with.")
            publication = check_role(role, last, now)
            for path in publication.targets:
                content = shelf.target(path, publication.digest(path), publication.limit(path))
                check_content(publication, path, content)
        except RepositoryError as error:
            refused.append(Refusal(issuer, version, str(error)))
            continue
        return role, tuple(refused)
    return None, tuple(refused)
