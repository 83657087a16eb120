"""A release: each region's newest publication that holds, under a new snapshot and timestamp.

A region's mistake holds back that region alone: it stays at what was released last, and the release says why. Files
are written so that a reader finds a consistent repository at any instant: what is named before what names it, the
timestamp last. Where keys of targets, snapshot or timestamp have changed, the old keys sign too while the new root is
on its way out, so that a reader who has not seen it yet can go on.

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
from authority.repository.choice import Choice, LastRelease, choose, last_release, past_old_keys
from authority.repository.folder import Repository
from authority.repository.layout import DAY, LIFETIME, LIMIT, TopRole, metadata_name
from authority.repository.proof import prove
from authority.repository.pruning import prune
from authority.repository.region_check import Refusal
from authority.repository.role_keys import RoleKeys
from authority.repository.top_roles import TopRoles
from keys.update.chain import PUBLISHED_AT

_WARN: Final[Mapping[TopRole, int]] = {TopRole.ROOT: 60 * DAY, TopRole.TARGETS: 30 * DAY}
"""Seconds before expiry from which a release says so."""

_TIMESTAMP_FILE: Final = metadata_name(TopRole.TIMESTAMP, 0)


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


def release(top: TopRoles, keys: RoleKeys, shelf: Repository, now: int) -> Released:
    """Publish into `shelf` what holds. Raises RepositoryError: nothing was released.

    That is: the top roles do not hold or have expired, the folder is another federation's or cannot be written, or
    this clock or this folder is behind the last release.
    """
    with shelf.locked():
        roots = [metadata.read(Root, content, "A root").signed for content in top.roots]
        seen = _root_there(shelf, top.roots)
        last = last_release(top.record)
        _refuse_going_back(shelf, roots, last, now)
        _let_old_keys_go(top, shelf, last, now)
        choice = choose(top, shelf, last, now)

        # Whoever signs for the newest root, and for those that readers may still have.
        signing = _Signing(keys, (top.root(), *roots[max(seen - 1, 0) :]))
        snapshot, snapshot_file = _snapshot(signing, choice, last, now)
        timestamp = Timestamp(
            1 if last is None else last.timestamp.version + 1,
            expires=metadata.utc(now + LIFETIME[TopRole.TIMESTAMP]),
            snapshot_meta=metadata.meta_file(snapshot.version, snapshot_file),
            unrecognized_fields={PUBLISHED_AT: now},
        )
        files = {metadata_name(role.issuer, role.version): role.content for role in choice.named}
        files[metadata_name(TopRole.TARGETS, choice.targets.version)] = choice.targets_file
        files[metadata_name(TopRole.SNAPSHOT, snapshot.version)] = snapshot_file
        files[_TIMESTAMP_FILE] = signing.sign(timestamp)
        chain = {metadata_name(TopRole.ROOT, version): content for version, content in enumerate(top.roots, 1)}
        _prove_as_a_reader({**chain, **files}, choice, now)

        with top.record.locked():
            for name, content in files.items():
                top.record.put(name, content)
        known = seen > 0 and _accepts(roots[seen - 1], choice.targets_file, snapshot_file, files[_TIMESTAMP_FILE])
        for name, content in {**files, **chain}.items() if known else {**chain, **files}.items():
            shelf.put(name, content)
        named = {role.issuer: role.version for role in choice.named}
        removed = prune(shelf, snapshot.version, named, now)
        with top.record.locked():
            _forget(top.record, files)
    versions = {signed.type: signed.version for signed in (top.root(), choice.targets, snapshot, timestamp)}
    return Released(
        now,
        {role: versions[role] for role in TopRole},
        {role.issuer: role.version for role in choice.regions.values()},
        choice.refused,
        (*choice.notes, *_expiring(top.root(), choice.targets, now)),
        removed,
    )


class _Signing:
    """The keys of snapshot and timestamp under several roots at once."""

    def __init__(self, keys: RoleKeys, roots: tuple[Root, ...]) -> None:
        self._keys = keys
        self._roots = roots
        self.newest = roots[0]

    def sign(self, signed: Snapshot | Timestamp) -> bytes:
        key_ids = dict.fromkeys(key_id for root in self._roots for key_id in root.roles[signed.type].keyids)
        return metadata.sign(signed, [self._keys.signer(key_id) for key_id in key_ids if self._keys.has(key_id)])


def _snapshot(signing: _Signing, choice: Choice, last: LastRelease | None, now: int) -> tuple[Snapshot, bytes]:
    """Return the last snapshot where it says the same, holds, and has half its life ahead; else the next one."""
    meta = {f"{TopRole.TARGETS}.json": metadata.meta_file(choice.targets.version, choice.targets_file)}
    meta |= {f"{role.issuer}.json": metadata.meta_file(role.version, role.content) for role in choice.named}
    if last is not None and _still_good(last, meta, signing.newest, now):
        return last.snapshot, last.snapshot_file
    snapshot = Snapshot(
        1 if last is None else last.snapshot.version + 1,
        expires=metadata.utc(now + LIFETIME[TopRole.SNAPSHOT]),
        meta=meta,
        unrecognized_fields={PUBLISHED_AT: now},
    )
    return snapshot, signing.sign(snapshot)


def _still_good(last: LastRelease, meta: Mapping[str, MetaFile], root: Root, now: int) -> bool:
    file = metadata.read(Snapshot, last.snapshot_file, "The last snapshot")
    left = metadata.seconds(last.snapshot.expires) - now
    holds = metadata.shortfall(root, TopRole.SNAPSHOT, file) == 0
    return last.snapshot.meta == meta and holds and left > LIFETIME[TopRole.SNAPSHOT] // 2


def _let_old_keys_go(top: TopRoles, shelf: Repository, last: LastRelease | None, now: int) -> None:
    """Take away the old keys of regions that have published under their new ones, where targets can be signed here."""
    targets = top.targets()
    if targets is not None and top.targets_hold() and (past := past_old_keys(targets, shelf, last, now)):
        top.retire_old_keys(past, now)


def _root_there(shelf: Repository, roots: tuple[bytes, ...]) -> int:
    """Return the version of the newest root in the repository, 0 for none. Raises RepositoryError: not our roots."""
    seen = 0
    for version in shelf.versions().get(TopRole.ROOT, ()):
        name = metadata_name(TopRole.ROOT, version)
        content = shelf.read(name, LIMIT[TopRole.ROOT])
        if version > len(roots) or content != roots[version - 1]:
            raise RepositoryError(f"{shelf.folder} holds a {name} that is not this federation's; nothing was released.")
        seen = version if version == seen + 1 else seen
    return seen


def _refuse_going_back(shelf: Repository, roots: list[Root], last: LastRelease | None, now: int) -> None:
    """Raise RepositoryError when this clock, or this folder, is behind what was released."""
    if last is not None and now < (before := metadata.published_at(last.timestamp, "The last timestamp")):
        raise RepositoryError(f"The last release was made at {before} and it is only {now}; set the clock.")
    try:
        content = shelf.read(_TIMESTAMP_FILE, LIMIT[TopRole.TIMESTAMP])
        there = None if content is None else metadata.read(Timestamp, content, _TIMESTAMP_FILE)
    except RepositoryError:
        return  # Damaged, and to be written anew.
    ours = there is not None and any(metadata.shortfall(root, TopRole.TIMESTAMP, there) == 0 for root in roots)
    if there is not None and ours and there.signed.version > (0 if last is None else last.timestamp.version):
        raise RepositoryError(
            f"{shelf.folder} has had release {there.signed.version}, of which this folder knows nothing: it is an old "
            "copy. Take the newest, or copy the repository's metadata/ into it."
        )


def _prove_as_a_reader(files: Mapping[str, bytes], choice: Choice, now: int) -> None:
    """Raise RepositoryError unless a reader would believe all of this now, but for regions whose roles have expired."""
    living = [issuer for issuer, role in choice.regions.items() if not role.targets.is_expired(metadata.utc(now))]
    prove(lambda name, _: files.get(name), now, regions=living)


def _accepts(root: Root, targets: bytes, snapshot: bytes, timestamp: bytes) -> bool:
    """Whether a root accepts what is released under a newer one."""
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
            yield f"{role} expires in {left // DAY} days; sign it again: authority renew --role {role}"


def _forget(record: Repository, files: Mapping[str, bytes]) -> None:
    """Drop from the federation's own folder what the release has replaced; the newest targets stay in any case."""
    newest = max(record.versions()[TopRole.TARGETS])
    record.prune({*files, metadata_name(TopRole.TARGETS, newest)}, ())
