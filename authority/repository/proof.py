"""Proving a repository as a reader would: root by root, then timestamp, snapshot, targets and the regions' roles.

The checks are those of python-tuf's client (TUF specification 5.3 to 5.6).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tuf.api.exceptions import RepositoryError as TufError
from tuf.api.metadata import Root, Snapshot, Targets, Timestamp
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

from authority.errors import RepositoryError
from authority.repository import metadata
from authority.repository.layout import LIMIT, REGION_LIMIT, TopRole, metadata_name

Fetch: TypeAlias = Callable[[str, int], bytes | None]
"""Name of a metadata file and the most bytes it may have → its content, None where there is none."""

_WHENEVER: Final = 0


@dataclass(frozen=True, slots=True)
class Proved:
    """What a repository's timestamp leads to, with the files that say so."""

    root: Root
    timestamp: Timestamp
    snapshot: Snapshot
    targets: Targets
    regions: Mapping[str, Targets]
    files: Mapping[str, bytes]
    """Metadata file name to content, in the order in which they are proved."""


def prove_roots(roots: Sequence[bytes]) -> Root:
    """Return the newest of a chain of roots, each vouched for by itself and the one before, the first by itself.

    Raises RepositoryError.
    """
    return _trusted(roots).root


def prove(fetch: Fetch, now: int | None, *, regions: Collection[str] | None = None) -> Proved:
    """Prove everything that `fetch` gives, starting from its own first root.

    `now` in epoch seconds is what expiry is judged by; None looks at no expiry. `regions` are the roles to prove, None
    for every one that is in force: others that the snapshot names must be there, whole. Raises RepositoryError:
    something is missing or does not hold.
    """
    files: dict[str, bytes] = {}

    def take(role: str, version: int, limit: int) -> bytes:
        name = metadata_name(role, version)
        content = fetch(name, limit)
        if content is None:
            raise RepositoryError(f"{name} is missing.")
        files[name] = content
        return content

    roots = [take(TopRole.ROOT, 1, LIMIT[TopRole.ROOT])]
    while (content := fetch(name := metadata_name(TopRole.ROOT, len(roots) + 1), LIMIT[TopRole.ROOT])) is not None:
        roots.append(content)
        files[name] = content
    trusted = _trusted(roots)
    trusted.reference_time = metadata.utc(_WHENEVER if now is None else now)
    try:
        timestamp = trusted.update_timestamp(take(TopRole.TIMESTAMP, 0, LIMIT[TopRole.TIMESTAMP]))
        version = timestamp.snapshot_meta.version
        snapshot = trusted.update_snapshot(take(TopRole.SNAPSHOT, version, LIMIT[TopRole.SNAPSHOT]))
        version = snapshot.meta[f"{TopRole.TARGETS}.json"].version
        targets = trusted.update_targets(take(TopRole.TARGETS, version, LIMIT[TopRole.TARGETS]))
        proved = {}
        for name, meta in snapshot.meta.items():
            role = name.removesuffix(".json")
            if role != TopRole.TARGETS and (regions is None or role in regions):
                content = take(role, meta.version, REGION_LIMIT)
                meta.verify_length_and_hashes(content)
                if regions is None and not _in_force(targets, role, content):
                    continue
                proved[role] = trusted.update_delegated_targets(content, role, TopRole.TARGETS)
    except (TufError, ValueError, KeyError) as error:
        raise RepositoryError(f"The repository does not hold: {error}.") from error
    return Proved(trusted.root, timestamp, snapshot, targets, proved, files)


def _in_force(targets: Targets, issuer: str, content: bytes) -> bool:
    """Whether the region is admitted, with a key that has signed this role."""
    roles = None if targets.delegations is None else targets.delegations.roles
    file = metadata.read(Targets, content, issuer)
    return issuer in (roles or {}) and metadata.shortfall(targets, issuer, file) == 0


def _trusted(roots: Sequence[bytes]) -> TrustedMetadataSet:
    try:
        trusted = TrustedMetadataSet(roots[0], EnvelopeType.METADATA)
        for content in roots[1:]:
            trusted.update_root(content)
    except (TufError, ValueError) as error:
        raise RepositoryError(f"The chain of roots does not hold: {error}.") from error
    return trusted
