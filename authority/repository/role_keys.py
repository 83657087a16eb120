"""The keys of the repository's roles: Ed25519, the private half encrypted in a folder, the public half a small file.

A public file is what one machine hands another: a TUF key object with its key id and, signed along with it wherever it
is named, who holds it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner, Key, SSlibKey

from authority.errors import FolderError, RepositoryError
from keys.key_file import read_private, write_private

HOLDER: Final = "holder"
"""The field of a TUF key that names its holder; it is signed with the role that the key is for."""

_KIND: Final = "ed25519"
_LONGEST_FILE: Final = 4096
_LONGEST_HOLDER: Final = 60
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class RoleKey:
    """The public half of a role's key."""

    public: bytes
    """32 bytes."""
    holder: str
    """A person, an office or an issuer, in one line."""

    def __post_init__(self) -> None:
        if len(self.public) != 32:
            raise RepositoryError("A role's key is an Ed25519 key of 32 bytes.")
        if not self.holder.strip() or len(self.holder) > _LONGEST_HOLDER or not self.holder.isprintable():
            raise RepositoryError(f"A key's holder must be named, in one line of at most {_LONGEST_HOLDER} characters.")

    @property
    def key_id(self) -> str:
        """SHA-256 of the key as TUF writes it, 64 hexadecimal digits; the holder's name is no part of it."""
        return str(self.as_tuf().keyid)

    def as_tuf(self) -> SSlibKey:
        """Return the key as metadata names it."""
        made = SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(self.public))
        made.unrecognized_fields[HOLDER] = self.holder
        return made

    def __str__(self) -> str:
        return f"{self.holder} ({self.key_id[:_SHOWN]})"

    def to_file(self) -> bytes:
        """Return the public file."""
        key = self.as_tuf()
        return json.dumps({"keyid": key.keyid, **key.to_dict()}, ensure_ascii=False, indent=1).encode() + b"\n"

    @classmethod
    def of_tuf(cls, key: Key) -> RoleKey:
        """Return a key that metadata names. Raises RepositoryError when it is none that this product makes."""
        public = key.keyval.get("public")
        if (key.keytype, key.scheme) != (_KIND, _KIND) or not isinstance(public, str):
            raise RepositoryError(f"The key {key.keyid[:_SHOWN]} is no Ed25519 key, and this repository has no others.")
        holder = key.unrecognized_fields.get(HOLDER, "not named")
        try:
            made = cls(bytes.fromhex(public), str(holder))
        except ValueError:
            raise RepositoryError(f"The key {key.keyid[:_SHOWN]} is no Ed25519 key.") from None
        if made.key_id != key.keyid:
            raise RepositoryError(f"The key {key.keyid[:_SHOWN]} is named by another key's id.")
        return made

    @classmethod
    def from_file(cls, path: Path) -> RoleKey:
        """Read a public file. Raises RepositoryError."""
        try:
            with path.open("rb") as file:
                content = file.read(_LONGEST_FILE + 1)
        except OSError as error:
            raise RepositoryError(f"{path} cannot be read: {error.strerror}.") from error
        if len(content) > _LONGEST_FILE:
            raise RepositoryError(f"{path} is too long for the public half of a key.")
        try:
            fields = json.loads(content)
            return cls.of_tuf(Key.from_dict(fields.pop("keyid"), fields))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise RepositoryError(f"{path} is no public half of a role's key; see: authority role-key") from None


class RoleKeys:
    """The private halves in one folder: `role-<key id>.pem`, PKCS #8, encrypted."""

    def __init__(self, folder: Path, passphrase: bytes) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._signers: dict[str, CryptoSigner] = {}

    def __repr__(self) -> str:
        return f"RoleKeys({self._folder})"

    def make(self, holder: str) -> RoleKey:
        """Make a key. Raises RepositoryError (no holder), KeyFileError."""
        private = Ed25519PrivateKey.generate()
        made = RoleKey(private.public_key().public_bytes_raw(), holder)
        write_private(self._path(made.key_id), private, self._passphrase)
        self._signers[made.key_id] = CryptoSigner(private, made.as_tuf())
        return made

    def has(self, key_id: str) -> bool:
        """Whether the private half is here."""
        return key_id in self._signers or self._path(key_id).is_file()

    def signer(self, key_id: str) -> CryptoSigner:
        """Return what signs with a key. Raises KeyFileError, and FolderError where the file holds another key."""
        known = self._signers.get(key_id)
        if known is None:
            private = read_private(self._path(key_id), self._passphrase)
            if not isinstance(private, Ed25519PrivateKey):
                raise FolderError(f"{self._path(key_id)} holds another kind of key; restore it.")
            known = CryptoSigner(private)
            if known.public_key.keyid != key_id:
                raise FolderError(f"{self._path(key_id)} does not belong to the key it is named after; restore it.")
            self._signers[key_id] = known
        return known

    def unlock(self) -> None:
        """Read one of the keys, if there is any, so that a wrong passphrase is noticed. Raises KeyFileError."""
        first = min(self._folder.glob("role-*.pem"), default=None)
        if first is not None:
            read_private(first, self._passphrase)

    def _path(self, key_id: str) -> Path:
        return self._folder / f"role-{key_id}.pem"
