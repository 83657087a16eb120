"""What may go from a repository: files that no snapshot of the last two days names, and no newer publication either."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from authority.errors import RepositoryError
from authority.repository.folder import Repository
from authority.repository.layout import (
    DAY,
    LIMIT,
    REGION_LIMIT,
    TopRole,
    is_delegate,
    metadata_name,
    parse_metadata_name,
)
from keys.update.chain import PUBLISHED_AT

GRACE: Final = 2 * DAY
"""Seconds that a reader may take from the timestamp it has read to the last file that it leads to."""

_MOST_SNAPSHOTS: Final = 100
"""So many are kept at most, however quickly they follow each other."""


def prune(shelf: Repository, snapshot: int, released: Mapping[str, int], now: int) -> tuple[str, ...]:
    """Delete what is not named; `snapshot` is the version in force, `released` the regions' versions in it.

    Nothing is proved here: a file that anything may name is kept. Returns what was deleted.
    """
    keep: set[str] = set()
    roles: set[tuple[str, int]] = set()
    followed_at = now
    for version in range(snapshot, max(0, snapshot - _MOST_SNAPSHOTS), -1):
        if followed_at <= now - GRACE:
            break
        found = _named_by_snapshot(shelf, version)
        if found is None:
            continue
        followed_at, named = found
        keep.add(metadata_name(TopRole.SNAPSHOT, version))
        roles |= named
    for issuer, versions in shelf.versions().items():
        if is_delegate(issuer):
            roles |= {(issuer, version) for version in versions if version > released.get(issuer, 0)}
    keep |= {metadata_name(role, version) for role, version in roles}
    contents = {file for role, version in roles for file in shelf.content_files(role, version, REGION_LIMIT)}
    return shelf.prune(keep, contents)


def _named_by_snapshot(shelf: Repository, version: int) -> tuple[int, set[tuple[str, int]]] | None:
    """Return when a snapshot was signed, and the roles and versions it names; None where it cannot be read."""
    try:
        content = shelf.read(metadata_name(TopRole.SNAPSHOT, version), LIMIT[TopRole.SNAPSHOT])
        signed = json.loads(content or b"null")["signed"]
        names = (parse_metadata_name(f"{meta['version']}.{name}") for name, meta in signed["meta"].items())
        return int(signed[PUBLISHED_AT]), {each for each in names if each is not None}
    except (RepositoryError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
