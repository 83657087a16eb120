"""How the repository is laid out: the names of its files and roles, and how long each role holds.

REPO/metadata/{N.root.json, timestamp.json, N.snapshot.json, N.targets.json, N.CN-33.json}
REPO/targets/<folder>/<sha256>.<name>

A region's role bears its issuer's name. The folder is the same over HTTP and on a stick. What a region may publish, and
how much of anything, is the reader's own: `keys.update.region`, `keys.update.chain`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Final

from keys.issuer import is_issuer
from keys.update.chain import MAX_ROOT_BYTES, MAX_SNAPSHOT_BYTES, MAX_TARGETS_BYTES, MAX_TIMESTAMP_BYTES
from keys.update.fleet import FLEET

METADATA: Final = "metadata"
TARGETS: Final = "targets"
DAY: Final = 86_400


@unique
class TopRole(StrEnum):
    """The roles that root names."""

    ROOT = "root"
    TARGETS = "targets"
    SNAPSHOT = "snapshot"
    TIMESTAMP = "timestamp"


LIFETIME: Final[Mapping[TopRole, int]] = {
    TopRole.ROOT: 365 * DAY,
    TopRole.TARGETS: 90 * DAY,
    TopRole.SNAPSHOT: 14 * DAY,
    TopRole.TIMESTAMP: 14 * DAY,
}
"""Seconds from signing to expiry."""

REGION_LIFETIME: Final = 90 * DAY

ROOT_KEYS: Final = 3
ROOT_THRESHOLD: Final = 2

LIMIT: Final[Mapping[TopRole, int]] = {
    TopRole.ROOT: MAX_ROOT_BYTES,
    TopRole.TARGETS: MAX_TARGETS_BYTES,
    TopRole.SNAPSHOT: MAX_SNAPSHOT_BYTES,
    TopRole.TIMESTAMP: MAX_TIMESTAMP_BYTES,
}
"""Bytes that a reader takes of each."""

REGION_LIMIT: Final = MAX_TARGETS_BYTES

_TOP_ROLES: Final = frozenset(map(str, TopRole))
_METADATA_FILE: Final = re.compile(r"([1-9][0-9]{0,9})\.([A-Za-z0-9-]{1,16})\.json")


def metadata_name(role: str, version: int) -> str:
    """Return the file name of a role's metadata; only the timestamp's is without its version."""
    return "timestamp.json" if role == TopRole.TIMESTAMP else f"{version}.{role}.json"


def parse_metadata_name(name: str) -> tuple[str, int] | None:
    """Return role and version of a metadata file's name; None for the timestamp and what is none."""
    match = _METADATA_FILE.fullmatch(name)
    if match is None:
        return None
    version, role = match.groups()
    return (role, int(version)) if role in _TOP_ROLES or is_delegate(role) else None


def is_delegate(role: str) -> bool:
    """Whether a federation may delegate to a role of this name: a region's, or the fleet's."""
    return is_issuer(role) or role == FLEET


def target_file(path: str, sha256: str) -> str:
    """Return where a target's content lies below `targets/`, by its target path and SHA-256 in hexadecimal."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{sha256}.{name}"
