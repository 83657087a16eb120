"""A repository onto a stick: proved as it is copied, each file whole, the timestamp last.

A stick has every root, so that an appliance that has been away for years finds its way, and of the rest what is in
force only. A stick pulled too early bears what was on it before, unless the keys of timestamp or snapshot have changed
since: then appliances take nothing from it until it is exported again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from authority.errors import RepositoryError
from authority.repository import metadata
from authority.repository.federation import repository_of
from authority.repository.folder import Repository
from authority.repository.layout import LIMIT, TopRole, metadata_name, target_file
from authority.repository.proof import prove
from authority.repository.vault import is_vault
from keys.update.source import STICK_FOLDER


@dataclass(frozen=True, slots=True)
class Exported:
    """What is now on the stick."""

    folder: Path
    published_at: int
    """The timestamp's."""
    regions: tuple[str, ...]
    files: int
    size: int
    """Bytes of them all."""


def export(source: Path, to: Path, now: int) -> Exported:
    """Copy a repository, or what a federation's folder has released, to `checkpoint-trust` below `to`.

    Raises RepositoryError: the source does not hold or has expired, there is another authority's repository, a newer
    one or the source itself, a link is in the way, or the stick cannot be written.
    """
    shelf = Repository(repository_of(source) if is_vault(source) else source)
    first = metadata_name(TopRole.ROOT, 1)
    if is_vault(source) and Repository(source).read(first, LIMIT[TopRole.ROOT]) != shelf.read(
        first, LIMIT[TopRole.ROOT]
    ):
        raise RepositoryError(f"{shelf.folder} is no longer the repository of {source}; nothing was copied.")
    prove(shelf.read, now, regions=())
    proved = prove(shelf.read, None)  # a region that has let its role expire is no reason to keep the others off
    stick = Repository(to, STICK_FOLDER)
    _refuse_other(stick, proved.files[first], metadata.published_at(proved.timestamp, "The timestamp"))
    if not to.is_dir():
        raise RepositoryError(f"There is no folder {to}; is the stick mounted?")
    if stick.folder.exists() and stick.folder.samefile(shelf.folder):
        raise RepositoryError(f"{stick.folder} is the repository itself; nothing was copied.")
    kept, size = set(), 0
    with stick.locked():
        for role in proved.regions.values():
            for path, target in role.targets.items():
                sha256 = metadata.sha256_of(target)
                stick.put_target(path, shelf.target(path, sha256, target.length), sha256)
                kept.add(target_file(path, sha256))
                size += target.length
        timestamp = metadata_name(TopRole.TIMESTAMP, 0)
        for name, content in proved.files.items():
            size += len(content)
            if name != timestamp:
                stick.put(name, content)
        stick.put(timestamp, proved.files[timestamp])
        stick.prune(proved.files, kept)
        prove(stick.read, None)
    return Exported(
        stick.folder,
        metadata.published_at(proved.timestamp, "The timestamp"),
        tuple(sorted(proved.regions)),
        len(proved.files) + len(kept),
        size,
    )


def _refuse_other(stick: Repository, first_root: bytes, published_at: int) -> None:
    """Raise RepositoryError when another authority's repository, or a newer state of this one, is on the stick."""
    found = stick.read(metadata_name(TopRole.ROOT, 1), LIMIT[TopRole.ROOT])
    if found is None:
        return
    if found != first_root:
        raise RepositoryError(f"{stick.folder} is another authority's repository; remove it first.")
    try:
        before = metadata.published_at(prove(stick.read, None, regions=()).timestamp, "The stick's timestamp")
    except RepositoryError:
        return  # A damaged copy is there to be replaced.
    if before > published_at:
        raise RepositoryError(f"{stick.folder} is newer than what would be copied; nothing was.")
