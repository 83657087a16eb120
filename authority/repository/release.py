"""A release: each region's newest publication that holds, under a new snapshot and timestamp.

A region's mistake holds back that region alone: it stays at what was released last, and the release says why. Files
are written so that a reader finds a consistent repository at any instant: what is named before what names it, the
timestamp last. Where keys of snapshot or timestamp have changed, both are signed by the old keys too while the new root
is on its way out, so that a reader who has not seen it yet can go on.

First the federation's own folder holds everything, then the repository: a release that was cut off is completed, under
the next version, by the one after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tuf.api.metadata import MetaFile, Root, Signed, Snapshot, Targets, Timestamp

from authority.errors import RepositoryError
from authority.repository import metadata
from authority.repository.folder import Repository
from authority.repository.layout import (
    DAY,
    LIFETIME,
    LIMIT,
    PUBLISHED_AT,
    REGION_LIMIT,
    TopRole,
    metadata_name,
)
from authority.repository.proof import prove
from authority.repository.pruning import prune
from authority.repository.region_check import Refusal, RegionRole, newest_role, parse_role, vouched_for
from authority.repository.role_keys import RoleKeys
from authority.repository.top_roles import TopRoles, delegations

_WARN: Final[Mapping[TopRole, int]] = {TopRole.ROOT: 60 * DAY, TopRole.TARGETS: 30 * DAY}
"""Seconds before expiry from which a release says so."""


@dataclass(frozen=True, slots=True)
class Released:
    """What a release has made of everything that lay there."""

    published_at: int
    versions: Mapping[TopRole, int]
    regions: Mapping[str, int]
    """Issuer to the version of its role that gates now find."""
    refused: tuple[Refusal, ...]
    """Newer versions that were left out, and why."""
    notes: tuple[str, ...]
    """What somebody must see to, in words."""
    removed: tuple[str, ...]
    """Files that nobody names any more."""


@dataclass(frozen=True, slots=True)
class _Last:
    """The release before."""

    timestamp: Timestamp
    snapshot: Snapshot
    snapshot_file: bytes
    targets: Targets
    targets_file: bytes
    regions: Mapping[str, RegionRole]


def release(top: TopRoles, keys: RoleKeys, shelf: Repository, now: int) -> Released:
    """Publish into `shelf` what holds. Raises RepositoryError: nothing was released.

    That is: the top roles do not hold or have expired, the folder is another federation's or cannot be written, or
    this clock is behind the last release.
    """
    with shelf.locked(), top.record.locked():
        roots, root = top.roots, top.root()
        seen = _root_there(shelf, roots)
        last = _last_release(top.record)
        if last is not None and now < (before := metadata.published_at(last.timestamp, "The last timestamp")):
            raise RepositoryError(f"The last release was made at {before} and it is only {now}; set the clock.")
        if not top.targets_hold():
            raise RepositoryError("The targets lack signatures under the newest root; see: authority ceremony --help")
        targets, targets_file, chosen, refused, notes = _choose(top, shelf, last, now)

        # Whoever signs for the newest root, and for those that readers may still have.
        since = [metadata.read(Root, content, "A root").signed for content in roots[max(seen - 1, 0) :]]

        def signed(role: TopRole, made: Snapshot | Timestamp) -> bytes:
            ids = dict.fromkeys(key_id for each in (root, *since) for key_id in each.roles[role].keyids)
            return metadata.sign(made, [keys.signer(key_id) for key_id in ids if keys.has(key_id)])

        meta = {f"{TopRole.TARGETS}.json": metadata.meta_file(targets.version, targets_file)}
        meta |= {f"{role.issuer}.json": metadata.meta_file(role.version, role.content) for role in chosen.values()}
        snapshot, snapshot_file = _snapshot(meta, last, root, now) or (None, b"")
        if snapshot is None:
            snapshot = Snapshot(
                1 if last is None else last.snapshot.version + 1,
                expires=metadata.utc(now + LIFETIME[TopRole.SNAPSHOT]),
                meta=meta,
                unrecognized_fields={PUBLISHED_AT: now},
            )
            snapshot_file = signed(TopRole.SNAPSHOT, snapshot)
        timestamp = Timestamp(
            1 if last is None else last.timestamp.version + 1,
            expires=metadata.utc(now + LIFETIME[TopRole.TIMESTAMP]),
            snapshot_meta=metadata.meta_file(snapshot.version, snapshot_file),
            unrecognized_fields={PUBLISHED_AT: now},
        )
        files = {metadata_name(role.issuer, role.version): role.content for role in chosen.values()}
        files[metadata_name(TopRole.TARGETS, targets.version)] = targets_file
        files[metadata_name(TopRole.SNAPSHOT, snapshot.version)] = snapshot_file
        files[metadata_name(TopRole.TIMESTAMP, 0)] = signed(TopRole.TIMESTAMP, timestamp)
        chain = {metadata_name(TopRole.ROOT, version): content for version, content in enumerate(roots, 1)}

        everything = {**chain, **files}
        living = [issuer for issuer, role in chosen.items() if not role.targets.is_expired(metadata.utc(now))]
        prove(lambda name, _: everything.get(name), now, regions=living)

        for name, content in files.items():
            top.record.put(name, content)
        roots_last = seen and _accepted(roots[seen - 1], targets_file, snapshot_file, files["timestamp.json"])
        for name, content in {**files, **chain}.items() if roots_last else {**chain, **files}.items():
            shelf.put(name, content)
        removed = prune(shelf, snapshot.version, {role.issuer: role.version for role in chosen.values()}, now)
        _forget(top.record, files)
    return Released(
        now,
        {
            TopRole.ROOT: root.version,
            TopRole.TARGETS: targets.version,
            TopRole.SNAPSHOT: snapshot.version,
            TopRole.TIMESTAMP: timestamp.version,
        },
        {role.issuer: role.version for role in chosen.values()},
        refused,
        (*notes, *_expiring(root, targets, now)),
        removed,
    )


def _choose(
    top: TopRoles, shelf: Repository, last: _Last | None, now: int
) -> tuple[Targets, bytes, dict[str, RegionRole], tuple[Refusal, ...], tuple[str, ...]]:
    """Return the targets and the regions' roles to release, what is refused, and what is to be seen to."""
    targets, targets_file = top.targets(), top.targets_file
    if targets is None or targets_file is None:
        raise RepositoryError("There are no targets yet; see: authority ceremony --help")
    released = {} if last is None else last.regions
    chosen: dict[str, RegionRole] = {}
    refused: list[Refusal] = []
    notes: list[str] = []
    for issuer in delegations(targets)[1]:
        newer, unfit = newest_role(shelf, targets, issuer, released.get(issuer), now)
        refused.extend(unfit)
        kept = newer or released.get(issuer)
        if kept is None:
            notes.append(f"{issuer} is admitted and has published nothing yet that holds.")
            continue
        chosen[issuer] = kept
        if newer is None:
            notes.extend(_problems_of_kept(shelf, kept, now))
    unsigned = [issuer for issuer, role in chosen.items() if not vouched_for(targets, role)]
    if unsigned and last is not None:
        # Gates of these regions could take in nothing under the new targets: the ones before stay until they publish.
        notes.extend(f"{issuer} has published nothing yet under its new key; the old one stays." for issuer in unsigned)
        targets, targets_file = last.targets, last.targets_file
        chosen = {
            issuer: role if vouched_for(targets, role) else released[issuer]
            for issuer, role in chosen.items()
            if issuer in released or vouched_for(targets, role)
        }
    return targets, targets_file, chosen, tuple(refused), tuple(notes)


def _problems_of_kept(shelf: Repository, role: RegionRole, now: int) -> Iterator[str]:
    if role.targets.is_expired(metadata.utc(now)):
        yield f"{role.issuer}: its role has expired, and its gates take in nothing until it publishes again."
    for path, target in role.targets.targets.items():
        if not shelf.has_target(path, metadata.sha256_of(target), target.length):
            yield f"{role.issuer}: {path} is missing from the repository; let it publish again."


def _root_there(shelf: Repository, roots: tuple[bytes, ...]) -> int:
    """Return the version of the newest root in the repository, 0 for none. Raises RepositoryError: not our roots."""
    seen = 0
    for version in shelf.versions(TopRole.ROOT):
        name = metadata_name(TopRole.ROOT, version)
        content = shelf.read(name, LIMIT[TopRole.ROOT])
        if version > len(roots) or content != roots[version - 1]:
            raise RepositoryError(f"{shelf.folder} holds a {name} that is not this federation's; nothing was released.")
        seen = version if version == seen + 1 else seen
    return seen


def _last_release(record: Repository) -> _Last | None:
    """Return what the federation's own folder says of the release before; None before the first."""
    content = record.read(metadata_name(TopRole.TIMESTAMP, 0), LIMIT[TopRole.TIMESTAMP])
    if content is None:
        return None

    def must(role: str, version: int, limit: int) -> bytes:
        found = record.read(metadata_name(role, version), limit)
        if found is None:
            raise RepositoryError(f"{metadata_name(role, version)} has gone from {record.folder}; restore it.")
        return found

    timestamp = metadata.read(Timestamp, content, "The last timestamp").signed
    version = timestamp.snapshot_meta.version
    snapshot_file = must(TopRole.SNAPSHOT, version, LIMIT[TopRole.SNAPSHOT])
    snapshot = metadata.read(Snapshot, snapshot_file, "The last snapshot").signed
    regions = {}
    for name, meta in snapshot.meta.items():
        role = name.removesuffix(".json")
        if role != TopRole.TARGETS:
            regions[role] = parse_role(role, meta.version, must(role, meta.version, REGION_LIMIT))
    version = snapshot.meta[f"{TopRole.TARGETS}.json"].version
    targets_file = must(TopRole.TARGETS, version, LIMIT[TopRole.TARGETS])
    targets = metadata.read(Targets, targets_file, "The last targets").signed
    return _Last(timestamp, snapshot, snapshot_file, targets, targets_file, regions)


def _snapshot(meta: Mapping[str, MetaFile], last: _Last | None, root: Root, now: int) -> tuple[Snapshot, bytes] | None:
    """Return the last snapshot where it says the same, holds under the newest root, and has half its life ahead."""
    if last is None or last.snapshot.meta != meta:
        return None
    file = metadata.read(Snapshot, last.snapshot_file, "The last snapshot")
    if metadata.shortfall(root, TopRole.SNAPSHOT, file):
        return None
    fresh = metadata.seconds(last.snapshot.expires) - now > LIFETIME[TopRole.SNAPSHOT] // 2
    return (last.snapshot, last.snapshot_file) if fresh else None


def _accepted(root_file: bytes, targets: bytes, snapshot: bytes, timestamp: bytes) -> bool:
    """Whether a root accepts what is released under a newer one."""
    root = metadata.read(Root, root_file, "A root").signed
    return not (
        metadata.shortfall(root, TopRole.TARGETS, metadata.read(Targets, targets, "The targets"))
        or metadata.shortfall(root, TopRole.SNAPSHOT, metadata.read(Snapshot, snapshot, "The snapshot"))
        or metadata.shortfall(root, TopRole.TIMESTAMP, metadata.read(Timestamp, timestamp, "The timestamp"))
    )


def _expiring(root: Root, targets: Targets, now: int) -> Iterator[str]:
    signed: Signed
    for role, signed in ((TopRole.ROOT, root), (TopRole.TARGETS, targets)):
        left = metadata.seconds(signed.expires) - now
        if left < _WARN[role]:
            yield f"{role} expires in {left // DAY} days; sign it again: authority ceremony renew --role {role}"


def _forget(record: Repository, files: Mapping[str, bytes]) -> None:
    """Drop from the federation's own folder what the release has replaced; the newest targets stay in any case."""
    newest = max(record.versions(TopRole.TARGETS))
    record.prune({*files, metadata_name(TopRole.TARGETS, newest)}, ())
