"""An authority's own keys: the public halves as the trust list it publishes, the private halves encrypted beside it.

Private keys are read when first used, so that opening a folder costs one derivation and not one a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519

from authority.errors import FolderError, RequestError
from authority.files import PUBLIC_FILE, make_private_folder, refuse_shared, write_whole
from authority.repository.role_keys import RoleKeys
from keys.cose import Algorithm, PublicKey, SigningKey, VerifyingKey, algorithm_of
from keys.key_file import PrivateKey, read_private, write_private
from keys.key_id import key_id
from keys.trust_list import TrustedKey, TrustList, Use, read_jwks, write_jwks

TRUST_FILE: Final = "trust.jwks.json"
PRIVATE_FOLDER: Final = "private"
PERSON_FILE: Final = "person.pem"

YEAR: Final = 365 * 86_400
LIFETIME: Final[Mapping[Use, int]] = {Use.CODE: 2 * YEAR, Use.STATUS: 2 * YEAR, Use.SEAL: 2 * YEAR}
"""Seconds a key is in force when nobody says otherwise."""

_MAKERS: Final[Mapping[Algorithm, Callable[[], SigningKey]]] = {
    Algorithm.ES256: lambda: ec.generate_private_key(ec.SECP256R1()),
    Algorithm.EDDSA: ed25519.Ed25519PrivateKey.generate,
}


class Keyring:
    """The keys in one authority's folder."""

    def __init__(self, folder: Path, issuer: str, passphrase: bytes, keys: tuple[TrustedKey, ...]) -> None:
        self._folder = folder
        self._issuer = issuer
        self._passphrase = passphrase
        self._keys = keys
        self._private: dict[bytes, PrivateKey] = {}

    def __repr__(self) -> str:
        return f"Keyring({self._issuer}, {len(self._keys)} keys)"

    @classmethod
    def create(cls, folder: Path, issuer: str, passphrase: bytes) -> tuple[Keyring, x25519.X25519PrivateKey]:
        """Make an empty keyring in `folder`, and the secret that person tags are made with.

        Raises KeyFileError when there is no passphrase.
        """
        make_private_folder(folder / PRIVATE_FOLDER)
        secret = x25519.X25519PrivateKey.generate()
        write_private(folder / PRIVATE_FOLDER / PERSON_FILE, secret, passphrase)
        return cls(folder, issuer, passphrase, ()), secret

    @classmethod
    def open(cls, folder: Path, issuer: str, passphrase: bytes) -> tuple[Keyring, x25519.X25519PrivateKey]:
        """Open the keyring in `folder`. Raises KeyFileError (wrong passphrase), FolderError (damaged or shared)."""
        refuse_shared(folder / PRIVATE_FOLDER)
        secret = read_private(folder / PRIVATE_FOLDER / PERSON_FILE, passphrase)
        if not isinstance(secret, x25519.X25519PrivateKey):
            raise FolderError(f"{folder / PRIVATE_FOLDER / PERSON_FILE} holds another kind of key; restore it.")
        return cls(folder, issuer, passphrase, read_public(folder)), secret

    @property
    def keys(self) -> tuple[TrustedKey, ...]:
        """Every key ever made here, revoked ones too, oldest first."""
        return self._keys

    def trust_list(self) -> TrustList:
        """Return what an appliance will believe once this is published."""
        return TrustList(self._keys)

    def reload(self) -> None:
        """Take in what another process has changed; called with the folder's lock held."""
        if self._keys:
            self._keys = read_public(self._folder)

    def add(
        self,
        use: Use,
        *,
        algorithm: Algorithm,
        not_before: int,
        expires_at: int,
        regions: tuple[str, ...] | None = None,
        formats: tuple[str, ...] | None = None,
    ) -> TrustedKey:
        """Make a key for one use; `algorithm` is ignored for sealing, which is always X25519."""
        if expires_at <= not_before:
            raise RequestError("The key would expire before it is in force; give a later expiry.")
        private = x25519.X25519PrivateKey.generate() if use is Use.SEAL else _MAKERS[algorithm]()
        public = private.public_key()
        key = TrustedKey(
            issuer=self._issuer,
            kid=key_id(public),
            public_key=public,
            alg=_algorithm(public),
            uses=frozenset((use,)),
            nbf=not_before,
            exp=expires_at,
            regions=regions,
            formats=formats,
        )
        write_private(self._path(key.kid), private, self._passphrase)
        self._private[key.kid] = private
        self._write((*self._keys, key))
        return key

    def revoke(self, kid: bytes, at: int, reason: str) -> TrustedKey:
        """Mark a key revoked, for good. Raises RequestError: no such key here, or revoked already."""
        key = self.key(kid)
        if key.revoked:
            raise RequestError(f"The key {kid.hex()} was revoked already.")
        revoked = replace(key, revoked_at=at, revoked_reason=reason)
        self._write(tuple(revoked if known.kid == kid else known for known in self._keys))
        return revoked

    def key(self, kid: bytes) -> TrustedKey:
        """Return a key by its id. Raises RequestError when there is none."""
        for key in self._keys:
            if key.kid == kid:
                return key
        raise RequestError(f"There is no key {kid.hex()} in this folder; authority show lists them.")

    def in_force(self, use: Use, now: int) -> tuple[TrustedKey, ...]:
        """Return the keys for `use` that are in force at `now`, newest first."""
        usable = [key for key in self._keys if use in key.uses and not key.revoked and key.nbf <= now < key.exp]
        return tuple(reversed(usable))

    def signing_key(self, kid: bytes) -> SigningKey:
        """Return the private half of a signing key."""
        private = self._private_half(kid)
        if isinstance(private, x25519.X25519PrivateKey):
            raise RequestError(f"The key {kid.hex()} is for sealing and cannot sign.")
        return private

    def sealing_key(self, kid: bytes) -> x25519.X25519PrivateKey:
        """Return the private half of a sealing key, revoked or expired ones too: old entries stay readable."""
        private = self._private_half(kid)
        if not isinstance(private, x25519.X25519PrivateKey):
            raise RequestError(f"The key {kid.hex()} is for signing and opens nothing.")
        return private

    def role_keys(self) -> RoleKeys:
        """Return the private halves of the keys that the region signs its metadata in the repository with."""
        return RoleKeys(self._folder / PRIVATE_FOLDER, self._passphrase)

    def _private_half(self, kid: bytes) -> PrivateKey:
        known = self._private.get(kid)
        if known is None:
            public = self.key(kid).public_key
            known = read_private(self._path(kid), self._passphrase)
            if known.public_key() != public:
                raise FolderError(f"{self._path(kid)} does not belong to the key it is named after; restore it.")
            self._private[kid] = known
        return known

    def _path(self, kid: bytes) -> Path:
        return self._folder / PRIVATE_FOLDER / f"{kid.hex()}.pem"

    def _write(self, keys: tuple[TrustedKey, ...]) -> None:
        write_whole(self._folder / TRUST_FILE, write_jwks(keys), PUBLIC_FILE)
        self._keys = keys


def read_public(folder: Path) -> tuple[TrustedKey, ...]:
    """Return the public halves in an authority's folder, which needs no passphrase.

    Raises TrustError when the file is damaged, FolderError when it cannot be read.
    """
    path = folder / TRUST_FILE
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FolderError(f"{path} cannot be read: {error.strerror}; restore it from a backup.") from error
    return read_jwks(content, source=str(path))


def _algorithm(public: PublicKey) -> Algorithm | None:
    verifying: VerifyingKey | None = None if isinstance(public, x25519.X25519PublicKey) else public
    return None if verifying is None else algorithm_of(verifying)
