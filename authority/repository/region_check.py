"""What a federation asks of a region's metadata before it vouches for it in a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tuf.api.metadata import Targets

from authority.errors import RepositoryError
from authority.repository import metadata
from authority.repository.folder import Repository
from authority.repository.layout import DAY, REGION_LIFETIME, REGION_LIMIT, TARGET_LIMIT, may_publish, metadata_name
from authority.repository.top_roles import delegations

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


def vouched_for(delegator: Targets, role: RegionRole) -> bool:
    """Whether the role is signed by the key that the federation's targets name for it; not where they name none."""
    _, regions = delegations(delegator)
    file = metadata.read(Targets, role.content, role.issuer)
    return role.issuer in regions and metadata.shortfall(delegator, role.issuer, file) == 0


def check_role(role: RegionRole, last: RegionRole | None, now: int) -> None:
    """Raise RepositoryError unless the role names the region's own paths only and follows what was released last."""
    source = metadata_name(role.issuer, role.version)
    if role.targets.delegations is not None:
        raise RepositoryError(f"{source} delegates further, which no region may.")
    for path, target in role.targets.targets.items():
        if not may_publish(role.issuer, path):
            raise RepositoryError(f"{source} names {path!r}, which is no path of {role.issuer}.")
        metadata.sha256_of(target)
        if target.length > TARGET_LIMIT:
            raise RepositoryError(f"{path} has {target.length} bytes; no reader takes more than {TARGET_LIMIT}.")
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
            if not vouched_for(delegator, role):
                raise RepositoryError(f"it is not signed by the key that {issuer} was admitted with.")
            check_role(role, last, now)
            for path, target in role.targets.targets.items():
                shelf.target(path, metadata.sha256_of(target), target.length)
        except RepositoryError as error:
            refused.append(Refusal(issuer, version, str(error)))
            continue
        return role, tuple(refused)
    return None, tuple(refused)
