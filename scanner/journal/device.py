"""Who this appliance is: an Ed25519 key made on first start, and the id that follows from it.

The id is the first 16 bytes of SHA-256 over the key's SubjectPublicKeyInfo (DER): nobody can claim another
appliance's id without its key, and a copy of the log can be checked with the public half alone. `device.key` is
0600 and unencrypted, because a gate starts unattended; `device.pub` beside it is for checking.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from keys.errors import KeyFileError
from keys.key_file import read_device_key, write_device_key
from scanner.files import replace_file

KEY_NAME = "device.key"
PUBLIC_NAME = "device.pub"


def device_id(public_key: Ed25519PublicKey) -> bytes:
    """Compute the 16 bytes by which the log, the hub and people's appeals know the appliance."""
    return sha256(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()[:16]


@dataclass(frozen=True, slots=True)
class Device:
    """The appliance itself: its id and its key."""

    id: bytes
    """16 bytes."""
    key: Ed25519PrivateKey

    @classmethod
    def of(cls, key: Ed25519PrivateKey) -> Device:
        """Make the device that holds `key`."""
        return cls(device_id(key.public_key()), key)

    @property
    def public_key(self) -> Ed25519PublicKey:
        """What others check its tree heads with."""
        return self.key.public_key()

    @classmethod
    def load_or_create(cls, state_folder: Path) -> Device:
        """Read the device's key, or make one on the very first start; the folder is made 0700 when missing.

        Raises KeyFileError: the key cannot be read, others may read it, or the folder cannot be written.
        """
        path = state_folder / KEY_NAME
        try:
            state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise KeyFileError(f"{state_folder}: cannot make the state folder: {error.strerror}") from error
        if not path.exists():
            write_device_key(path, Ed25519PrivateKey.generate())
        device = cls.of(read_device_key(path))
        _publish(state_folder, device.public_key)
        return device


def read_public(path: Path) -> Ed25519PublicKey:
    """Read `device.pub`. Raises KeyFileError: absent, unreadable, or no Ed25519 public key."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise KeyFileError(f"{path}: cannot read the device's public key: {error.strerror}") from error
    except ValueError:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(f"{path}: this is no Ed25519 public key in PEM")
    return key


def known_id(state_folder: Path) -> str | None:
    """Return the id of the appliance whose state this is, hexadecimal; None before its first start."""
    try:
        return device_id(read_public(state_folder / PUBLIC_NAME)).hex()
    except KeyFileError:
        return None


def _publish(folder: Path, key: Ed25519PublicKey) -> None:
    """Keep `device.pub` in step; a folder that cannot be written keeps what it has."""
    path = folder / PUBLIC_NAME
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        if path.exists() and path.read_bytes() == pem:
            return
        replace_file(path, pem, mode=0o644)
    except OSError:
        return
