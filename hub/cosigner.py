"""The hub as a witness: its own Ed25519 key, in a file that only it may read, and the cosignatures made with it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.errors import SetupError
from keys.cosignature import cosign
from keys.errors import KeyFileError
from keys.key_file import read_device_key, write_device_key

KEY_NAME = "cosigner.key"


class Cosigner:
    """Cosigns heads that were checked; its name follows from its key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key()
        self.name = f"checkpoint-hub/{sha256(self.public_key.public_bytes_raw()).hexdigest()[:16]}"

    @classmethod
    def load_or_create(cls, folder: Path) -> Cosigner:
        """Read the key from the hub's folder, or make one on the very first start.

        Several hub processes must share it, since appliances know one witness: the one that comes second takes the
        first one's. Raises SetupError.
        """
        path = folder / KEY_NAME
        try:
            if not path.exists():
                try:
                    write_device_key(path, Ed25519PrivateKey.generate())
                except KeyFileError:
                    if not path.exists():
                        raise
            return cls(read_device_key(path))
        except KeyFileError as error:
            raise SetupError(str(error)) from error

    def cosign(self, note: str, now_ms: int) -> str:
        """Add the hub's line to a signed head that was checked."""
        return cosign(note, self.name, self._key, now_ms // 1000)
