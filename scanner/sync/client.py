"""The hub as an enrolled appliance meets it: what it has of the log, and handing over more.

Every request carries `Checkpoint-Proof`: the time, and the device's signature of it with method and path. An upload
proves itself besides: its head is signed by the device.
"""

from __future__ import annotations

import gzip
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from scanner.journal.device import Device
from scanner.sync.errors import HubDoubtedError
from scanner.sync.line import GRACE_S, SILENCE_S, HubLine
from scanner.sync.membership import Membership
from scanner.sync.wire import KnownHead, Receipt, WireError, decode_known, decode_receipt

COMPRESS: Final = 1024
"""Bytes from which a body is compressed."""


class HubClient:
    """The hub as one appliance meets it. Not for several threads."""

    def __init__(
        self,
        membership: Membership,
        device: Device,
        *,
        now: Callable[[], float] = time.time,
        silence_s: float = SILENCE_S,
        grace_s: float = GRACE_S,
    ) -> None:
        """Connect to nothing yet. Raises HubUnreachableError: no address of a kind we use."""
        self._line = HubLine(membership.url, membership.pin, now=now, silence_s=silence_s, grace_s=grace_s)
        self._url = membership.url
        self._device = device
        self._now = now

    @property
    def sent(self) -> int:
        """Bytes of bodies so far, as they went over the line."""
        return self._line.sent

    @property
    def time(self) -> int | None:
        """The hub's clock at its last answer, seconds since 1970 UTC; None where it did not say."""
        return self._line.time

    def close(self) -> None:
        """Close the connection; the next exchange opens another."""
        self._line.close()

    def known(self) -> KnownHead:
        """Ask how much of this log the hub has. Raises HubError."""
        path = self._path("head")
        answer = self._line.exchange("GET", path, headers={"Checkpoint-Proof": self._proof("GET", path)})
        try:
            return decode_known(answer.body)
        except WireError as error:
            raise HubDoubtedError(f"{self._url} does not say what it knows of this log: {error}") from None

    def upload(self, body: bytes) -> Receipt:
        """Hand over an upload. Raises HubError."""
        path = self._path("log")
        headers = {"Content-Type": "application/cbor", "Checkpoint-Proof": self._proof("POST", path)}
        if len(body) >= COMPRESS:
            body = gzip.compress(body, 6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        answer = self._line.exchange("POST", path, body, headers)
        try:
            return decode_receipt(answer.body)
        except WireError as error:
            raise HubDoubtedError(f"{self._url} answers with something that is no receipt: {error}") from None

    def _path(self, what: str) -> str:
        return f"{self._line.base}/v1/devices/{self._device.id.hex()}/{what}"

    def _proof(self, method: str, path: str) -> str:
        """Return what proves that this device asks, now."""
        seconds = int(self._now())
        text = f"checkpoint request\n{method}\n{path}\n{seconds}".encode()
        return f"{seconds}:{urlsafe_b64encode(self._device.key.sign(text)).decode().rstrip('=')}"
