"""A federation at a glance, without its passphrase: roles, keys, regions, drafts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tuf.api.metadata import Signed, Snapshot, Targets, Timestamp

from authority.repository import metadata
from authority.repository.draft import Draft
from authority.repository.folder import Repository
from authority.repository.layout import LIMIT, REGION_LIMIT, TopRole, metadata_name
from authority.repository.region_check import parse_role
from authority.repository.role_keys import RoleKey, RoleKeys
from authority.repository.top_roles import TopRoles, delegations
from authority.repository.vault import PRIVATE, read_audit


@dataclass(frozen=True, slots=True)
class RoleOutline:
    """A top role; version and expiry of what was signed last, None before the first release."""

    role: TopRole
    version: int | None
    expires_at: int | None
    threshold: int
    keys: tuple[RoleKey, ...]


@dataclass(frozen=True, slots=True)
class RegionOutline:
    """An admitted region; version, time and expiry of what was released last, None where nothing was."""

    issuer: str
    keys: tuple[RoleKey, ...]
    """The newest first; an old one beside it while what is released holds under that alone."""
    version: int | None
    published_at: int | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Outline:
    """A federation."""

    root_sha256: str | None
    """Of the newest root, for appliances to pin; None while the first one lacks signatures."""
    roles: tuple[RoleOutline, ...]
    regions: tuple[RegionOutline, ...]
    drafts: tuple[Draft, ...]


def outline(folder: Path) -> Outline:
    """Read a federation's folder. Raises FolderError, RepositoryError."""
    read_audit(folder)  # says so where this is no federation's folder, or one open to others
    top = TopRoles(folder, RoleKeys(folder / PRIVATE, b""))
    roots, targets = top.roots, top.targets()
    if not roots:
        return Outline(None, (), (), top.drafts())
    root = top.root()
    timestamp, snapshot = _released(top.record)
    signed: dict[TopRole, Signed | None] = {
        TopRole.ROOT: root,
        TopRole.TARGETS: targets,
        TopRole.SNAPSHOT: snapshot,
        TopRole.TIMESTAMP: timestamp,
    }
    roles = []
    for role, each in signed.items():
        asked = root.roles[role]
        keys = tuple(RoleKey.of_tuf(root.keys[key_id]) for key_id in asked.keyids)
        version, expires = (None, None) if each is None else (each.version, metadata.seconds(each.expires))
        roles.append(RoleOutline(role, version, expires, asked.threshold, keys))
    regions = () if targets is None else _regions(top.record, targets, snapshot)
    return Outline(hashlib.sha256(roots[-1]).hexdigest(), tuple(roles), regions, top.drafts())


def _released(record: Repository) -> tuple[Timestamp | None, Snapshot | None]:
    content = record.read(metadata_name(TopRole.TIMESTAMP, 0), LIMIT[TopRole.TIMESTAMP])
    if content is None:
        return None, None
    timestamp = metadata.read(Timestamp, content, "The last timestamp").signed
    name = metadata_name(TopRole.SNAPSHOT, timestamp.snapshot_meta.version)
    content = record.read(name, LIMIT[TopRole.SNAPSHOT])
    return timestamp, None if content is None else metadata.read(Snapshot, content, name).signed


def _regions(record: Repository, targets: Targets, snapshot: Snapshot | None) -> tuple[RegionOutline, ...]:
    found, roles = delegations(targets)
    regions = []
    for issuer, role in roles.items():
        keys = tuple(RoleKey.of_tuf(found.keys[key_id]) for key_id in role.keyids)
        meta = None if snapshot is None else snapshot.meta.get(f"{issuer}.json")
        content = None if meta is None else record.read(metadata_name(issuer, meta.version), REGION_LIMIT)
        if meta is None or content is None:
            regions.append(RegionOutline(issuer, keys, None, None, None))
            continue
        last = parse_role(issuer, meta.version, content)
        expires = metadata.seconds(last.targets.expires)
        regions.append(RegionOutline(issuer, keys, last.version, last.published_at, expires))
    return tuple(regions)
