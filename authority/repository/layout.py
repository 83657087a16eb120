"""How the repository is laid out: the names of its files and roles, who may publish what, and how long each holds.

REPO/metadata/{N.root.json, timestamp.json, N.snapshot.json, N.targets.json, N.CN-33.json}
REPO/targets/<folder>/<sha256>.<name>

A region's role bears its issuer's name. The folder is the same over HTTP and on a stick.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum, unique
from pathlib import PurePosixPath
from typing import Final

from keys.issuer import is_issuer

METADATA: Final = "metadata"
TARGETS: Final = "targets"
STICK_FOLDER: Final = "checkpoint-trust"
"""The repository's name at the top of a stick."""

PUBLISHED_AT: Final = "published_at"
"""Signed beside the fields of TUF, in the roles of regions, the snapshot and the timestamp: epoch seconds."""

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
    TopRole.ROOT: 512 << 10,
    TopRole.TARGETS: 4 << 20,
    TopRole.SNAPSHOT: 2 << 20,
    TopRole.TIMESTAMP: 16 << 10,
}
"""Bytes that a reader takes of each."""

REGION_LIMIT: Final = 4 << 20
TARGET_LIMIT: Final = 8 << 20

_TOP_ROLES: Final = frozenset(map(str, TopRole))
_FILE: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
_STATUS_SUFFIXES: Final = frozenset((".cwt", ".delta"))
_METADATA_FILE: Final = re.compile(r"([1-9][0-9]{0,9})\.([A-Za-z0-9-]{1,16})\.json")


def patterns(issuer: str) -> tuple[str, ...]:
    """Return the four path patterns that are delegated to a region, exactly these."""
    return (
        f"trust/{issuer}.jwks.json",
        f"policy/{issuer}.toml",
        f"status/{issuer}/*.cwt",
        f"status/{issuer}/*.delta",
    )


def may_publish(issuer: str, path: str) -> bool:
    """Whether a region may publish a target at `path`: one of its patterns, and a plain name where they have a star."""
    if path in patterns(issuer)[:2]:
        return True
    folder, slash, name = path.rpartition("/")
    plain = _FILE.fullmatch(name) is not None and PurePosixPath(name).suffix in _STATUS_SUFFIXES
    return bool(slash) and folder == f"status/{issuer}" and plain


def metadata_name(role: str, version: int) -> str:
    """Return the file name of a role's metadata; only the timestamp's is without its version."""
    return "timestamp.json" if role == TopRole.TIMESTAMP else f"{version}.{role}.json"


def parse_metadata_name(name: str) -> tuple[str, int] | None:
    """Return role and version of a metadata file's name; None for the timestamp and what is none."""
    match = _METADATA_FILE.fullmatch(name)
    if match is None:
        return None
    version, role = match.groups()
    return (role, int(version)) if role in _TOP_ROLES or is_issuer(role) else None


def target_file(path: str, sha256: str) -> str:
    """Return where a target's content lies below `targets/`, by its target path and SHA-256 in hexadecimal."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{sha256}.{name}"
