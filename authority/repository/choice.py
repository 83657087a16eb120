"""What a release takes: of each region the newest publication that holds under the newest targets.

Nobody waits for anybody. A region whose key was rotated is delegated to its new key and, while what is released of it
holds under the old one alone, to that too. One whose old key was taken away at once, or that was expelled, is out of
force; its last version stays named in the snapshot, because a reader refuses a snapshot from which a role has gone
(TUF specification 5.5.5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tuf.api.metadata import Snapshot, Targets, Timestamp

from authority.errors import RepositoryError
from authority.repository import metadata
from authority.repository.folder import Repository
from authority.repository.layout import LIMIT, REGION_LIMIT, TopRole, metadata_name
from authority.repository.region_check import (
    Refusal,
    RegionRole,
    newest_role,
    parse_role,
    signed_by_newest,
    signers,
)
from authority.repository.top_roles import TopRoles, delegations


@dataclass(frozen=True, slots=True)
class LastRelease:
    """The release before, as the federation's own folder has it."""

    timestamp: Timestamp
    snapshot: Snapshot
    snapshot_file: bytes
    regions: Mapping[str, RegionRole]
    """Every region that the snapshot names, in force or not."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be released."""

    targets: Targets
    targets_file: bytes
    regions: Mapping[str, RegionRole]
    out_of_force: Mapping[str, RegionRole]
    """What the snapshot names of regions that no gate may believe now."""
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]
    """What somebody must see to, in words."""

    @property
    def named(self) -> tuple[RegionRole, ...]:
        """Every region's role that the snapshot has to name."""
        return (*self.regions.values(), *self.out_of_force.values())


def last_release(record: Repository) -> LastRelease | None:
    """Read the release before; None before the first. Raises RepositoryError: files of it have gone."""
    content = record.read(metadata_name(TopRole.TIMESTAMP, 0), LIMIT[TopRole.TIMESTAMP])
    if content is None:
        return None

    def must(role: str, version: int, limit: int) -> bytes:
        found = record.read(metadata_name(role, version), limit)
        if found is None:
            raise RepositoryError(f"{metadata_name(role, version)} has gone from {record.folder}; restore it.")
        return found

    timestamp = metadata.read(Timestamp, content, "The last timestamp").signed
    snapshot_file = must(TopRole.SNAPSHOT, timestamp.snapshot_meta.version, LIMIT[TopRole.SNAPSHOT])
    snapshot = metadata.read(Snapshot, snapshot_file, "The last snapshot").signed
    versions = {name.removesuffix(".json"): meta.version for name, meta in snapshot.meta.items()}
    del versions[TopRole.TARGETS]
    regions = {
        issuer: parse_role(issuer, version, must(issuer, version, REGION_LIMIT)) for issuer, version in versions.items()
    }
    return LastRelease(timestamp, snapshot, snapshot_file, regions)


def choose(top: TopRoles, shelf: Repository, last: LastRelease | None, now: int) -> Choice:
    """Choose from what lies in `shelf`. Raises RepositoryError while the targets lack signatures."""
    targets, targets_file = top.targets(), top.targets_file
    if targets is None or targets_file is None or not top.targets_hold():
        raise RepositoryError("The targets lack signatures under the newest root; see: authority ceremony --help")
    released = {} if last is None else last.regions
    versions = shelf.versions()
    regions: dict[str, RegionRole] = {}
    refused: list[Refusal] = []
    notes: list[str] = []
    for issuer, delegated in delegations(targets)[1].items():
        before = released.get(issuer)
        newer, unfit = newest_role(shelf, issuer, versions.get(issuer, ()), delegator=targets, last=before, now=now)
        refused.extend(unfit)
        if newer is not None:
            regions[issuer] = newer
        elif before is None:
            notes.append(f"{issuer} is admitted and has published nothing yet that holds.")
        elif signers(targets, before):
            regions[issuer] = before
            notes.extend(_problems_of_kept(shelf, before, now))
        else:
            notes.append(f"{issuer} is out of force: it has published nothing yet under the one key it has now.")
        if len(delegated.keyids) > 1 and issuer in regions:
            notes.append(_about_old_key(targets, regions[issuer]))
    out_of_force = {issuer: role for issuer, role in released.items() if issuer not in regions}
    return Choice(targets, targets_file, regions, out_of_force, tuple(refused), tuple(notes))


def past_old_keys(targets: Targets, shelf: Repository, last: LastRelease | None, now: int) -> tuple[str, ...]:
    """Return the regions with an old key beside the new one that need it no longer: what holds is under the new one."""
    past, versions = [], shelf.versions()
    for issuer, delegated in delegations(targets)[1].items():
        if len(delegated.keyids) > 1:
            role = None if last is None else last.regions.get(issuer)
            newer, _ = newest_role(shelf, issuer, versions.get(issuer, ()), delegator=targets, last=role, now=now)
            role = newer or role
            if role is None or signed_by_newest(targets, role):
                past.append(issuer)
    return tuple(past)


def key_needed(record: Repository, targets: Targets, held: Sequence[str], issuer: str) -> Sequence[str]:
    """Return the id of the key, of those `held`, under which what is released of a region holds; none where nothing."""
    last = last_release(record)
    role = None if last is None else last.regions.get(issuer)
    signed = frozenset() if role is None else signers(targets, role)
    return [key_id for key_id in held if key_id in signed][:1]


def _about_old_key(targets: Targets, role: RegionRole) -> str:
    if signed_by_newest(targets, role):
        return f"{role.issuer} publishes under its new key; let the old one go with: authority rotate --now"
    return f"{role.issuer} has published nothing yet under its new key; what was released under the old one stays."


def _problems_of_kept(shelf: Repository, role: RegionRole, now: int) -> Iterator[str]:
    if role.targets.is_expired(metadata.utc(now)):
        yield f"{role.issuer}: its role has expired, and its gates take in nothing until it publishes again."
    for path, target in role.targets.targets.items():
        if not shelf.has_target(path, metadata.sha256_of(target), target.length):
            yield f"{role.issuer}: {path} is missing from the repository; let it publish again."
