"""Private keys on disk: PEM PKCS8, mode 0600, complete or not there at all.

A file is written under a temporary name (O_EXCL, 0600), flushed, and linked to its own name, which fails when
that name is taken: a key is never overwritten and never half there. An authority's keys are encrypted under a
passphrase; an appliance's own key is not, because a gate must start unattended.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from keys.errors import KeyFileError

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey | X25519PrivateKey
MAX_KEY_FILE = 16 * 1024
"""Bytes; a PKCS8 file of ours has a few hundred."""


def write_private(path: Path, key: PrivateKey, passphrase: bytes) -> None:
    """Write `key` encrypted under `passphrase`. Raises KeyFileError: no passphrase, name taken, not writable."""
    if not passphrase:
        raise KeyFileError(f"{path}: a signing key is not written without a passphrase; give one")
    encryption = BestAvailableEncryption(passphrase)
    _write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


def read_private(path: Path, passphrase: bytes) -> PrivateKey:
    """Read a key written by `write_private`.

    Raises KeyFileError: absent, readable or writable by group or others, owned by someone else, no key,
    not encrypted, or another passphrase.
    """
    if not passphrase:
        raise KeyFileError(f"{path}: this key is encrypted; give its passphrase")
    return _load(path, _read_guarded(path), passphrase)


def write_device_key(path: Path, key: Ed25519PrivateKey) -> None:
    """Write an appliance's own key, unencrypted. Raises KeyFileError: name taken, or not writable."""
    _write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def read_device_key(path: Path) -> Ed25519PrivateKey:
    """Read a key written by `write_device_key`; raises KeyFileError as `read_private` does."""
    key = _load(path, _read_guarded(path), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: an appliance's key is Ed25519, this is another kind; restore the right file")
    return key


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_new(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path, follow_symlinks=False)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except FileExistsError:
        raise KeyFileError(f"{path}: already there, and a key is never overwritten; move it away first") from None
    except OSError as error:
        raise KeyFileError(f"{path}: cannot write the key: {error.strerror}") from error


def _read_guarded(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise KeyFileError(f"{path}: not a plain file")
            if status.st_mode & 0o077:
                mode = stat.S_IMODE(status.st_mode)
                raise KeyFileError(f"{path}: others may read this key (mode {mode:04o}); run: chmod 600 {path}")
            if status.st_uid not in (0, os.geteuid()):
                raise KeyFileError(f"{path}: this key belongs to another user (uid {status.st_uid})")
            data = file.read(MAX_KEY_FILE + 1)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot read the key: {error.strerror}") from error
    if len(data) > MAX_KEY_FILE:
        raise KeyFileError(f"{path}: too long for a key file")
    return data


def _load(path: Path, data: bytes, passphrase: bytes | None) -> PrivateKey:
    try:
        key = load_pem_private_key(data, passphrase)
    except TypeError:
        wanted = "not encrypted, and must be" if passphrase else "encrypted, and must not be"
        raise KeyFileError(f"{path}: this key is {wanted}") from None
    except ValueError:
        hint = "wrong passphrase, or a damaged file" if passphrase else "a damaged file"
        raise KeyFileError(f"{path}: no key can be read: {hint}") from None
    if not isinstance(key, EllipticCurvePrivateKey | Ed25519PrivateKey | X25519PrivateKey):
        raise KeyFileError(f"{path}: a kind of key that this product does not use")
    return key
