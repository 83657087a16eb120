"""The hub's logs over HTTP(S), by a credential of our own: bounded in size and time, redirected nowhere."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from authority.errors import HubLineError, LogError
from keys import cbor
from keys.errors import CborError
from keys.http_line import Patience, is_loopback, open_line, words_of
from keys.tree_head import MAX_NOTE

SILENCE_S: Final = 30.0
"""How long nothing at all may come."""
ANSWER_S: Final = 120.0
"""How long one answer may take in all."""
_MOST: Final = 16 << 20
"""Bytes of one answer."""


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
    first: int
    """Number of the first of them."""
    roots: bytes | None = None
    """The tree before them as the hub says that it was, where those asked for are erased; else None."""


class HubLine:
    """One hub. Not for several threads."""

    def __init__(self, url: str, credential: str, pin: bytes | None = None) -> None:
        """Connect to nothing yet. Raises HubLineError: no address, one that anybody could listen to, no credential.

        `pin`: as in `keys.http_line`, 32 bytes; else the hub's certificate is one that this machine trusts.
        """
        try:
            self._line, self._base = open_line(url, SILENCE_S, pin)
        except ValueError as error:
            raise HubLineError(f"{error}; a hub's is like https://hub.example.org") from None
        if not isinstance(self._line, HTTPSConnection) and not is_loopback(self._line.host):
            raise HubLineError(f"{url}: beyond this machine the credential goes by https only")
        if not re.fullmatch(r"[A-Za-z0-9_-]{20,200}", credential):
            raise HubLineError("the credential is not one of a hub; make one: checkpoint hub credential NAME")
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {credential}", "User-Agent": "checkpoint-authority"}

    def logs(self) -> Iterator[HandedLog]:
        """Yield every log of the hub. Raises HubLineError."""
        after, more = 0, True
        while more:
            try:
                found = _Logs.model_validate(json.loads(self._get(f"/v1/authority/logs?after={after}")))
            except (ValueError, RecursionError) as error:
                raise HubLineError(f"{self._url} answers with something else than a list of logs") from error
            more = found.more and bool(found.logs)
            for one in found.logs:
                after = max(after + 1, one.number)
                key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(one.public_key))
                yield HandedLog(bytes.fromhex(one.device), key, one.site, one.size, one.head)

    def entries(self, device: bytes, first: int) -> HandedEntries:
        """Fetch entries of a log from number `first` on, or from later on where the hub has erased those.

        Raises HubLineError; LogError: it is about this log alone.
        """
        path = f"/v1/authority/logs/{device.hex()}"
        status, body = self._answer(f"{path}?from={first}")
        if status == http.HTTPStatus.GONE:
            words = f"{self._url} has erased entries from {first} on before they were taken in here"
            raise LogError(f"{words}; nothing of this log can be proved any more")
        if status != http.HTTPStatus.OK:
            raise LogError(f"{self._url} refuses {path}: status {status}")
        try:
            found = cbor.decode(body, limit=_MOST)
        except CborError as error:
            raise LogError(f"{self._url} answers with something else than entries: {error.detail}") from error
        if type(found) is not dict or found.keys() - {6} != {1, 2, 5}:
            raise LogError(f"{self._url} answers with something else than entries from {first} on")
        begin, roots = found[1], found.get(6)
        if type(begin) is not int or (roots is not None and type(roots) is not bytes):
            raise LogError(f"{self._url} answers with something else than entries from {first} on")
        if not (begin == first if roots is None else first < begin < 1 << 62):
            raise LogError(f"{self._url} answers with something else than entries from {first} on")
        entries, sealed = _all_bytes(found[2]), _all_bytes(found[5])
        if len(entries) != len(sealed):
            raise LogError(f"{self._url} hands over {len(entries)} entries and {len(sealed)} sealed parts")
        return HandedEntries(entries, sealed, begin, roots)

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _get(self, path: str) -> bytes:
        status, body = self._answer(path)
        if status != http.HTTPStatus.OK:
            raise HubLineError(f"{self._url} refuses {path.partition('?')[0]}: status {status}")
        return body

    def _answer(self, path: str) -> tuple[int, bytes]:
        """Ask once, within ANSWER_S in all: a byte now and then keeps nobody waiting."""
        patience = Patience(self._line, ANSWER_S)
        try:
            with patience:
                return self._ask(self._base + path)
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            self._line.close()
            words = "it takes too long" if patience.ended else words_of(error)
            raise HubLineError(f"{self._url} cannot be reached: {words}") from error

    def _ask(self, path: str) -> tuple[int, bytes]:
        kept = self._line.sock is not None
        try:
            answer = self._once(path)
        except (http.client.RemoteDisconnected, ConnectionError):
            if not kept:
                raise
            self._line.close()  # it was closed meanwhile, between two rounds
            answer = self._once(path)
        body = bytearray()
        while part := answer.read1(1 << 16):
            body += part
            if len(body) > _MOST:
                raise HubLineError(f"{self._url} answers without end")
        if answer.length_remaining:
            raise ConnectionError("the answer was cut short")
        return answer.status, bytes(body)

    def _once(self, path: str) -> BaseHTTPResponse:
        self._line.request("GET", path, headers=self._headers, preload_content=False, decode_content=False)
        return self._line.getresponse()


def _all_bytes(value: cbor.Value) -> tuple[bytes, ...]:
    if type(value) is not list:
        raise LogError("the hub answers with something else than entries")
    found = tuple(one for one in value if type(one) is bytes)
    if len(found) != len(value):
        raise LogError("the hub answers with something else than entries")
    return found
