"""What a release takes: of each region the newest publication that holds, and targets under which all of them hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tuf.api.metadata import Snapshot, Targets, Timestamp

from authority.errors import RepositoryError
from authority.repository import metadata
from authority.repository.folder import Repository
from authority.repository.layout import LIMIT, REGION_LIMIT, TopRole, metadata_name
from authority.repository.region_check import Refusal, RegionRole, newest_role, parse_role, vouched_for
from authority.repository.top_roles import TopRoles, delegations


@dataclass(frozen=True, slots=True)
class LastRelease:
    """The release before, as the federation's own folder has it."""

    timestamp: Timestamp
    snapshot: Snapshot
    snapshot_file: bytes
    targets: Targets
    targets_file: bytes
    regions: Mapping[str, RegionRole]


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be released."""

    targets: Targets
    targets_file: bytes
    regions: Mapping[str, RegionRole]
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]
    """What somebody must see to, in words."""


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
    targets_file = must(TopRole.TARGETS, versions.pop(TopRole.TARGETS), LIMIT[TopRole.TARGETS])
    targets = metadata.read(Targets, targets_file, "The last targets").signed
    regions = {
        issuer: parse_role(issuer, version, must(issuer, version, REGION_LIMIT)) for issuer, version in versions.items()
    }
    return LastRelease(timestamp, snapshot, snapshot_file, targets, targets_file, regions)


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
    for issuer in delegations(targets)[1]:
        before = released.get(issuer)
        newer, unfit = newest_role(shelf, issuer, versions.get(issuer, ()), delegator=targets, last=before, now=now)
        refused.extend(unfit)
        if newer is not None:
            regions[issuer] = newer
        elif before is not None:
            regions[issuer] = before
            notes.extend(_problems_of_kept(shelf, before, now))
        else:
            notes.append(f"{issuer} is admitted and has published nothing yet that holds.")
    unsigned = [issuer for issuer, role in regions.items() if not vouched_for(targets, role)]
    if unsigned and last is not None:
        # Gates of these regions could take in nothing under the new targets: the ones before stay until they publish.
        notes.extend(f"{issuer} has published nothing yet under its new key; the old one stays." for issuer in unsigned)
        targets, targets_file = last.targets, last.targets_file
        under_old = {issuer: role for issuer, role in regions.items() if vouched_for(targets, role)}
        regions = {**{issuer: released[issuer] for issuer in regions if issuer in released}, **under_old}
    return Choice(targets, targets_file, regions, tuple(refused), tuple(notes))


def _problems_of_kept(shelf: Repository, role: RegionRole, now: int) -> Iterator[str]:
    if role.targets.is_expired(metadata.utc(now)):
        yield f"{role.issuer}: its role has expired, and its gates take in nothing until it publishes again."
    for path, target in role.targets.targets.items():
        if not shelf.has_target(path, metadata.sha256_of(target), target.length):
            yield f"{role.issuer}: {path} is missing from the repository; let it publish again."
