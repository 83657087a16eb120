"""How a hub is told to run; checked before anything is opened."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from hub import allowance
from hub.errors import SetupError
from hub.retention import Retention
from keys.http_line import is_loopback


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the hub listens, keeps and reads things."""

    folder: str
    """Private: the cosigning key, and the storage where that is SQLite."""
    repository: str
    """The trust repository's folder, which the hub only reads."""
    database: str = "sqlite"
    host: str = "127.0.0.1"
    port: int = 8600
    certificate: str | None = None
    """PEM, the server's first."""
    key: str | None = None
    url: str | None = None
    """The address appliances use, where it is not what the hub listens on."""
    timezone: str = "Asia/Shanghai"
    """Of the times that the pages show."""
    retention: Retention = field(default_factory=Retention)
    entries_a_day: int = allowance.ENTRIES_A_DAY
    """What each appliance may hand in by network (`hub.allowance`)."""

    def checked(self) -> Settings:
        """Return the same settings. Raises SetupError: not together, or open to others without TLS."""
        if (self.certificate is None) is not (self.key is None):
            raise SetupError("TLS needs both: --certificate and --key")
        if self.certificate is None and not is_loopback(self.host):
            raise SetupError(
                f"{self.host} is beyond this machine, where the hub speaks TLS only: give --certificate and --key"
            )
        parts = urlsplit(self.public_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
            raise SetupError(f"{self.public_url}: --url is an address like https://hub.example.org")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise SetupError(f"{self.public_url}: beyond this machine appliances use https")
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones
            raise SetupError(f"{self.timezone}: no time zone; one is called Asia/Shanghai") from error
        if self.entries_a_day < allowance.LEAST:
            raise SetupError(f"--entries-a-day {self.entries_a_day}: at least {allowance.LEAST}, or logs stay behind")
        self.pin()
        return self

    @property
    def public_url(self) -> str:
        """Where appliances find the hub."""
        if self.url is not None:
            return self.url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.certificate is None else 'https'}://{host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether browsers come by https."""
        return self.public_url.startswith("https:")

    def pin(self) -> bytes | None:
        """Return the SHA-256 of the server key's SubjectPublicKeyInfo, None without TLS. Raises SetupError."""
        if self.certificate is None:
            return None
        try:
            found = load_pem_x509_certificate(Path(self.certificate).read_bytes())
        except (OSError, ValueError) as error:
            raise SetupError(f"{self.certificate}: no certificate in PEM can be read: {error}") from error
        spki = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return sha256(spki).digest()

    def to_text(self) -> str:
        """Write the settings for another process of the same hub."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Settings:
        """Read what `to_text` wrote."""
        found = json.loads(text)
        found["retention"] = Retention(**found["retention"])
        return cls(**found)
