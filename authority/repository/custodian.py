"""A key of the repository on a machine apart: it signs what is carried there, and nothing it has not proved.

The folder remembers the newest root it has seen, so that a draft under another authority's roots is noticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

from tuf.api.metadata import Root

from authority.errors import RepositoryError
from authority.files import PUBLIC_FILE, write_whole
from authority.person import STRETCH_LOG2
from authority.records import Act, AuditLine, Order
from authority.repository import metadata
from authority.repository.draft import Draft
from authority.repository.role_keys import RoleKey
from authority.repository.vault import Kind, Vault

_PUBLIC: Final = "public.json"
_SEEN: Final = "seen_root"


class Custodian:
    """Somebody's folder with one key of the repository."""

    def __init__(self, vault: Vault) -> None:
        self.folder = vault.folder
        self._vault = vault

    def __repr__(self) -> str:
        return f"Custodian({self.folder})"

    def __enter__(self) -> Custodian:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @classmethod
    def create(
        cls, folder: Path, holder: str, passphrase: bytes, now: int, *, order: Order, stretch_log2: int = STRETCH_LOG2
    ) -> Custodian:
        """Make a key for `holder` in a new `folder`. Raises RepositoryError (no name), FolderError, RequestError."""
        vault = Vault.create(folder, Kind.CUSTODIAN, passphrase, stretch_log2=stretch_log2)
        made = vault.keys.make(holder)
        vault.write_audit(AuditLine(now, Act.ADD_KEY, made.key_id, None, holder, order))
        write_whole(folder / _PUBLIC, made.to_file(), PUBLIC_FILE)
        return cls(vault)

    @classmethod
    def open(cls, folder: Path, passphrase: bytes) -> Custodian:
        """Open a custodian's folder. Raises FolderError, KeyFileError (wrong passphrase)."""
        return cls(Vault.open(folder, Kind.CUSTODIAN, passphrase))

    def close(self) -> None:
        """Close the folder."""
        self._vault.close()

    @property
    def key(self) -> RoleKey:
        """The public half, to be handed to the federation."""
        return RoleKey.from_file(self.folder / _PUBLIC)

    def examine(self, draft: Draft, now: int) -> None:
        """Raise RepositoryError unless the draft is in order, follows the roots seen here, and awaits this key."""
        draft.check(now)
        seen = self._vault.setting(_SEEN)
        if seen is not None:
            version, digest = seen.split(":")
            if len(draft.roots) < int(version) or _digest(draft.roots[int(version) - 1]) != digest:
                raise RepositoryError(
                    f"The draft does not come from the roots of which {self.folder} has seen version {version}."
                )
        if not draft.awaits(self.key.key_id):
            raise RepositoryError(f"The draft needs no signature of {self.key}, or has it already.")

    def sign(self, draft: Draft, now: int, *, order: Order) -> Draft:
        """Return the draft with this key's signature. Raises RepositoryError as `examine` does."""
        with self._vault.exclusive():
            self.examine(draft, now)
            digest = hashlib.sha256(draft.payload()).hexdigest()
            self._vault.write_audit(AuditLine(now, Act.SIGN, draft.name, None, digest, order))
            if draft.roots:
                self._vault.set(_SEEN, f"{len(draft.roots)}:{_digest(draft.roots[-1])}")
            return draft.signed_by([self._vault.keys.signer(self.key.key_id)])

    def audit(self) -> Iterator[AuditLine]:
        """Yield the audit, oldest line first."""
        return self._vault.audit()


def _digest(root: bytes) -> str:
    """Return the SHA-256 of what a root's signatures are over: copies may bear different ones."""
    return hashlib.sha256(metadata.signed_bytes(metadata.read(Root, root, "A root"))).hexdigest()
