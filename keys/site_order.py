"""What an authority orders of one appliance: where it stands, which hub it serves, how long it keeps what, or its end.

A TOML file, published as the target `fleet/<device id>.toml` and believed only as such (`keys.update.fleet`): a hub can
carry it, and can neither loosen nor erase a gate. Read strictly: an unknown key might be a restriction.
"""

from __future__ import annotations

import re
import tomllib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

VERSION: Final = 1
MAX_BYTES: Final = 16 << 10
MAX_DAYS: Final = 3650
_DEVICE: Final = re.compile(r"[0-9a-f]{32}")
_HEX_32: Final = re.compile(r"[0-9a-f]{64}")
_URL: Final = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*[^\s/?#])?")
_TEXT_MAX: Final = 80


class SiteOrderError(ValueError):
    """The file is no order. The message names the key."""


@dataclass(frozen=True, slots=True)
class HubOrder:
    """Which hub the appliance serves."""

    url: str
    """Without a slash at the end."""
    pin: bytes | None
    """SHA-256 of the key in its certificate, 32 bytes."""
    key: bytes
    """The Ed25519 key it cosigns with, 32 bytes."""


@dataclass(frozen=True, slots=True)
class RetireOrder:
    """The appliance is to hand in its log and erase itself."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SiteOrder:
    """One appliance's order."""

    device: str
    """Its id, 32 hexadecimal digits."""
    issued_at: int
    """Seconds since 1970 UTC."""
    site: str | None = None
    """What the place is called."""
    hub: HubOrder | None = None
    sealed_days: int | None = None
    """The longest that sealed parts stay after the hub acknowledged them."""
    entries_days: int | None = None
    """The longest that entries stay, likewise."""
    retire: RetireOrder | None = None


def read_site_order(data: bytes, device: str) -> SiteOrder:
    """Read the order for the appliance with this id. Raises SiteOrderError: another's, or faulty."""
    if len(data) > MAX_BYTES:
        raise SiteOrderError(f"an order has at most {MAX_BYTES} bytes")
    try:
        top = _Table(tomllib.loads(data.decode("utf-8")), "")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SiteOrderError(f"an order is TOML: {error}") from None
    if top.number("version", VERSION) != VERSION:
        raise SiteOrderError("version: an order of another version; update this software")
    found = top.text("device")
    if not _DEVICE.fullmatch(found) or found != device:
        raise SiteOrderError(f"device: it is for {found!r}, not for {device}")
    issued_at = top.number("issued_at", (1 << 62) - 1)
    site, hub = top.table("site"), top.table("hub")
    retention, retire = top.table("retention"), top.table("retire")
    order = SiteOrder(
        device=found,
        issued_at=issued_at,
        site=None if site is None else site.text("name"),
        hub=None if hub is None else _hub(hub),
        sealed_days=None if retention is None else retention.number("sealed_days", MAX_DAYS),
        entries_days=None if retention is None else retention.number("entries_days", MAX_DAYS),
        retire=None if retire is None else RetireOrder(retire.text("by"), retire.text("reason")),
    )
    for table in (top, site, hub, retention, retire):
        if table is not None:
            table.check_empty()
    return order


def _hub(table: _Table) -> HubOrder:
    url = table.text("url", 500)
    if not _URL.fullmatch(url):
        raise SiteOrderError("hub.url: no http or https address")
    pin = table.text("pin") if table.has("pin") else None
    if pin is not None and not _HEX_32.fullmatch(pin):
        raise SiteOrderError("hub.pin: a SHA-256 has 64 hexadecimal digits")
    try:
        key = b64decode(table.text("key"), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SiteOrderError("hub.key: 32 bytes in base64")
    return HubOrder(url, None if pin is None else bytes.fromhex(pin), key)


class _Table:
    """A table of the file, emptied as it is read."""

    def __init__(self, fields: Mapping[str, object], name: str) -> None:
        self._fields = dict(fields)
        self._name = name

    def has(self, key: str) -> bool:
        return key in self._fields

    def text(self, key: str, limit: int = _TEXT_MAX) -> str:
        value = self._fields.pop(key, None)
        if type(value) is not str or not value.strip() or len(value) > limit or not value.isprintable():
            raise SiteOrderError(f"{self._name}{key}: a line of at most {limit} characters")
        return value

    def number(self, key: str, limit: int) -> int:
        value = self._fields.pop(key, None)
        if type(value) is not int or not 0 <= value <= limit:
            raise SiteOrderError(f"{self._name}{key}: a number from 0 to {limit}")
        return value

    def table(self, key: str) -> _Table | None:
        if key not in self._fields:
            return None
        value = self._fields.pop(key)
        if type(value) is not dict:
            raise SiteOrderError(f"{key}: a table")
        return _Table(value, f"{key}.")

    def check_empty(self) -> None:
        """Raise SiteOrderError for what nobody has read."""
        if self._fields:
            raise SiteOrderError(f"{self._name}{min(self._fields)}: nobody knows this key")
