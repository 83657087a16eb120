"""The hub's logs over HTTP(S), by a credential of our own: bounded in size and time, redirected nowhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from authority.errors import HubLineError
from keys import cbor
from keys.errors import CborError
from keys.tree_head import MAX_NOTE

_SECONDS: Final = Timeout(connect=15, read=60)
_MOST: Final = 16 << 20
"""Bytes of one answer."""
_URL: Final = re.compile(r"https?://[^/\s?#@]+")


class _Log(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    number: int = Field(ge=0, lt=1 << 62)
    device: str = Field(pattern=r"^[0-9a-f]{32}$")
    public_key: str = Field(pattern=r"^[0-9a-f]{64}$")
    site: str = Field(max_length=200)
    size: int = Field(ge=0, lt=1 << 62)
    head: str = Field(max_length=MAX_NOTE)


class _Logs(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    logs: list[_Log] = Field(max_length=10_000)
    more: bool


@dataclass(frozen=True, slots=True)
class HandedLog:
    """One appliance's log as the hub describes it; nothing of it is believed yet."""

    device: bytes
    """16 bytes."""
    public_key: Ed25519PublicKey
    site: str
    size: int
    head: str


@dataclass(frozen=True, slots=True)
class HandedEntries:
    """Entries in a row, and the sealed part of each; empty where there is none."""

    entries: tuple[bytes, ...]
    sealed: tuple[bytes, ...]


class HubLine:
    """One hub. Not for several threads."""

    def __init__(self, url: str, credential: str) -> None:
        """Connect to nothing yet. Raises HubLineError: no address, or no credential."""
        if not _URL.fullmatch(url.rstrip("/")):
            raise HubLineError(f"{url} is no address of a hub, such as https://hub.example.org")
        if not re.fullmatch(r"[A-Za-z0-9_-]{20,200}", credential):
            raise HubLineError("the credential is not one of a hub; make one: checkpoint hub credential NAME")
        self._url = url.rstrip("/")
        self._pool = PoolManager(num_pools=1, timeout=_SECONDS, retries=False)
        self._headers = {"Authorization": f"Bearer {credential}", "User-Agent": "checkpoint-authority"}

    def logs(self) -> Iterator[HandedLog]:
        """Yield every log of the hub. Raises HubLineError."""
        after, more = 0, True
        while more:
            try:
                found = _Logs.model_validate(json.loads(self._get(f"/v1/authority/logs?after={after}")))
            except (ValueError, ValidationError) as error:
                raise HubLineError(f"{self._url} answers with something else than a list of logs") from error
            more = found.more and bool(found.logs)
            for one in found.logs:
                after = max(after + 1, one.number)
                key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(one.public_key))
                yield HandedLog(bytes.fromhex(one.device), key, one.site, one.size, one.head)

    def entries(self, device: bytes, first: int) -> HandedEntries:
        """Fetch entries of a log from number `first` on. Raises HubLineError."""
        try:
            found = cbor.decode(self._get(f"/v1/authority/logs/{device.hex()}?from={first}"), limit=_MOST)
        except CborError as error:
            raise HubLineError(f"{self._url} answers with something else than entries: {error.detail}") from error
        if type(found) is not dict or found.keys() != {1, 2, 5} or found[1] != first:
            raise HubLineError(f"{self._url} answers with something else than entries from {first} on")
        entries, sealed = _all_bytes(found[2]), _all_bytes(found[5])
        if len(entries) != len(sealed):
            raise HubLineError(f"{self._url} hands over {len(entries)} entries and {len(sealed)} sealed parts")
        return HandedEntries(entries, sealed)

    def close(self) -> None:
        """Hang up."""
        self._pool.clear()

    def _get(self, path: str) -> bytes:
        try:
            answer = self._pool.request(
                "GET", self._url + path, headers=self._headers, redirect=False, preload_content=False
            )
            try:
                body = answer.read(_MOST + 1, decode_content=True)
            finally:
                answer.release_conn()
        except HTTPError as error:
            raise HubLineError(f"{self._url} cannot be reached: {error}") from error
        if answer.status != 200:
            raise HubLineError(f"{self._url} refuses {path.partition('?')[0]}: status {answer.status}")
        if len(body) > _MOST:
            raise HubLineError(f"{self._url} answers without end")
        return bytes(body)


def _all_bytes(value: cbor.Value) -> tuple[bytes, ...]:
    if type(value) is not list:
        raise HubLineError("the hub answers with something else than entries")
    found = tuple(one for one in value if type(one) is bytes)
    if len(found) != len(value):
        raise HubLineError("the hub answers with something else than entries")
    return found
