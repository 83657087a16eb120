"""A region publishes: its targets, and the next version of the one role that may name them.

folder/role/keys.json    the public halves of the role's keys, oldest first
folder/role/CN-33.json   the newest metadata signed here

What was signed is kept in the authority's folder before it is published, so that a version is never used twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuf.api.metadata import Targets

from authority.errors import FolderError, PublishError, RepositoryError
from authority.files import PUBLIC_FILE, make_private_folder, write_whole
from authority.publication import Publication
from authority.records import Act, AuditLine, Order
from authority.repository import metadata
from authority.repository.folder import Repository
from authority.repository.layout import (
    REGION_LIFETIME,
    REGION_LIMIT,
    metadata_name,
)
from authority.repository.proof import prove
from authority.repository.region_check import check_content, publication_in
from authority.repository.role_keys import RoleKey, RoleKeys
from authority.repository.top_roles import delegations
from keys.update.chain import PUBLISHED_AT

ROLE: Final = "role"
_KEYS: Final = "keys.json"


@dataclass(frozen=True, slots=True)
class PublishedRole:
    """What a region has put into a repository."""

    version: int
    published_at: int
    targets: tuple[str, ...]
    """Target paths."""
    size: int
    """Bytes of the role's metadata."""


class Region:
    """A region's own role in the repository, in the authority's folder."""

    def __init__(
        self,
        folder: Path,
        issuer: str,
        keys: RoleKeys,
        write_audit: Callable[[AuditLine], None],
        exclusive: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.issuer = issuer
        self._folder = folder / ROLE
        self._private = keys
        self._write_audit = write_audit
        self._exclusive = exclusive

    def __repr__(self) -> str:
        return f"Region({self.issuer})"

    @property
    def keys(self) -> tuple[RoleKey, ...]:
        """The public halves of every key this role ever had, oldest first."""
        path = self._folder / _KEYS
        try:
            public = json.loads(path.read_bytes())
            return tuple(RoleKey(bytes.fromhex(each), self.issuer) for each in public)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, RepositoryError) as error:
            raise FolderError(f"{path} is damaged ({error}); restore it from a backup.") from error

    def key(self) -> RoleKey:
        """Return the newest key: the one that the federation is to admit. Raises RepositoryError when there is none."""
        keys = self.keys
        if not keys:
            raise RepositoryError(f"{self.issuer} has no key for its role yet; make one with: authority role-key")
        return keys[-1]

    def add_key(self, now: int, *, order: Order) -> RoleKey:
        """Make a key for the role; publications bear its signature beside the last one's until that is rotated away."""
        with self._exclusive():
            made = self._private.make(self.issuer)
            self._write_audit(AuditLine(now, Act.ADD_KEY, made.key_id, None, ROLE, order))
            if not self._folder.is_dir():
                make_private_folder(self._folder)
            public = [key.public.hex() for key in (*self.keys, made)]
            write_whole(self._folder / _KEYS, json.dumps(public).encode(), PUBLIC_FILE)
        return made

    def publish(self, repository: Path, publication: Publication) -> PublishedRole:
        """Write the targets, then the next version of the role; gates see it with the federation's next release.

        Raises PublishError (something that every gate would refuse, time running backwards),
        RepositoryError (no key, a folder that cannot be written).
        """
        shelf = Repository(repository)
        known = _known(shelf, self.issuer)
        with self._exclusive():
            targets = Targets(
                self._next_version(known.version, publication.published_at),
                expires=metadata.utc(publication.published_at + REGION_LIFETIME),
                targets=metadata.targets_of(publication.targets),
                unrecognized_fields={PUBLISHED_AT: publication.published_at},
            )
            self._refuse_useless(targets, publication)
            content = metadata.sign(targets, [self._private.signer(key.key_id) for key in self._signing(known.key_ids)])
            if len(content) > REGION_LIMIT:
                raise PublishError(f"The role of {self.issuer} has {len(content)} bytes, more than any reader takes.")
            with shelf.locked():
                write_whole(self._kept, content, PUBLIC_FILE)
                for path, target in targets.targets.items():
                    shelf.put_target(path, publication.targets[path], metadata.sha256_of(target))
                shelf.put(metadata_name(self.issuer, targets.version), content)
        return PublishedRole(targets.version, publication.published_at, tuple(targets.targets), len(content))

    def _refuse_useless(self, targets: Targets, publication: Publication) -> None:
        """Raise PublishError for what every gate would refuse: paths not the region's own, too much, no trust list."""
        try:
            read = publication_in(targets, self.issuer)
            for path, content in publication.targets.items():
                check_content(read, path, content)
        except RepositoryError as error:
            raise PublishError(f"Nothing was published: {error}.") from error

    @property
    def _kept(self) -> Path:
        return self._folder / f"{self.issuer}.json"

    def _signing(self, known: Collection[str]) -> tuple[RoleKey, ...]:
        """Return the keys to sign with: from the one that the repository knows on, and the last two if it knows none.

        So a publication holds before the federation has rotated to a new key and after it.
        """
        keys = (*self.keys[:-1], self.key())
        first = next((at for at, key in enumerate(keys) if key.key_id in known), max(0, len(keys) - 2))
        return keys[first:]

    def _next_version(self, released: int, published_at: int) -> int:
        """Return the version after the newest signed here or, where this folder came from a backup, released."""
        try:
            content = self._kept.read_bytes()
        except FileNotFoundError:
            return released + 1
        last = metadata.read(Targets, content, str(self._kept)).signed
        before = metadata.published_at(last, str(self._kept))
        if published_at < before:
            raise PublishError(f"The last publication has the time {before}; {published_at} is earlier; set the clock.")
        return max(last.version, released) + 1


@dataclass(frozen=True, slots=True)
class _Known:
    """What a repository says of a region."""

    version: int
    key_ids: frozenset[str]


def _known(shelf: Repository, issuer: str) -> _Known:
    """Return the version and the keys of a region that gates find now: 0 and none where it is not admitted yet."""
    try:
        found = prove(shelf.read, None, regions=())
    except RepositoryError:
        return _Known(0, frozenset())
    meta = found.snapshot.meta.get(f"{issuer}.json")
    _, regions = delegations(found.targets)
    role = regions.get(issuer)
    return _Known(0 if meta is None else meta.version, frozenset() if role is None else frozenset(role.keyids))
