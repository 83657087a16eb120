"""Which hub this appliance has joined: `hub.json` in the state folder, written when it is enrolled.

The hub's key decides what may be erased, so the file is read as strictly as a trust list; it holds no secret.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scanner.files import replace_file

NAME: Final = "hub.json"
_MAX: Final = 16 << 10
REPOSITORY: Final = "repository"
"""Where below the hub's address the trust repository is."""


class MembershipError(Exception):
    """The file cannot be used. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A hub, and how to know it."""

    url: str
    """Its address, without a slash at the end."""
    pin: bytes | None
    """SHA-256 of the key in its certificate, 32 bytes; None: plain http on loopback, or a public certificate."""
    witness: Ed25519PublicKey
    """The key it cosigns with."""
    site: str
    """What the hub calls the place."""

    @property
    def repository(self) -> str:
        """The address of its trust repository."""
        return f"{self.url}/{REPOSITORY}"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    url: str = Field(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?$", max_length=500)
    pin: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    hub_key: str = Field(pattern=r"^[A-Za-z0-9+/]{43}=$")
    site: str = Field(max_length=80)


def read_membership(state: Path) -> Membership | None:
    """Read which hub was joined, None before. Raises MembershipError."""
    path = state / NAME
    try:
        with path.open("rb") as file:
            found = _File.model_validate_json(file.read(_MAX))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        words = error.strerror if isinstance(error, OSError) else f"{error.error_count()} fields do not hold"
        raise MembershipError(f"{path} cannot be used ({words}); enrol this appliance again") from error
    try:
        witness = Ed25519PublicKey.from_public_bytes(b64decode(found.hub_key, validate=True))
    except ValueError as error:
        raise MembershipError(f"{path} holds no key of a hub ({error}); enrol this appliance again") from error
    return Membership(found.url, None if found.pin is None else bytes.fromhex(found.pin), witness, found.site)


def write_membership(state: Path, membership: Membership) -> None:
    """Keep which hub was joined. Raises OSError."""
    fields = {
        "url": membership.url,
        "pin": None if membership.pin is None else membership.pin.hex(),
        "hub_key": b64encode(membership.witness.public_bytes_raw()).decode(),
        "site": membership.site,
    }
    _File.model_validate(fields)
    replace_file(state / NAME, json.dumps(fields, ensure_ascii=False, indent=1).encode() + b"\n", mode=0o600)


class MembershipFile:
    """The file, read again only when it is another one: whoever enrols does so beside a running engine."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._stamp: tuple[int, int, int] | None = None
        self._found: Membership | None = None

    def current(self) -> Membership | None:
        """Return which hub is joined now. Raises MembershipError, once for each state of the file."""
        try:
            status = (self._state / NAME).stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        except OSError:
            stamp = None
        if stamp != self._stamp:
            self._stamp, self._found = stamp, None
            self._found = read_membership(self._state)
        return self._found
