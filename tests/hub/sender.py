"""A gate that hands its log over stubbornly: whatever breaks, it asks where the hub is and goes on from there."""

from __future__ import annotations

import json
import random
import time

import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from urllib3.exceptions import HTTPError

from keys import cbor
from keys.cosignature import read_cosigned
from tests.hub.gate import Gate, packed
from tests.hub.serving import CBOR


class LostError(Exception):
    """The hub has less than it had acknowledged under its cosignature."""


class Sender:
    """Sends one gate's log; remembers what the hub acknowledged."""

    def __init__(self, gate: Gate, witness: Ed25519PublicKey, chance: random.Random) -> None:
        self.gate = gate
        self.acknowledged = 0
        self._witness = witness
        self._chance = chance
        self._bodies: dict[tuple[int, int], bytes] = {}

    def attempt(self, urls: list[str], most: int) -> int | None:
        """One upload to one of the hubs; returns the status, None where the line broke."""
        url = self._chance.choice(urls)
        first = self.acknowledged
        end = min(len(self.gate.log), first + self._chance.randint(1, most))
        if end == first:
            return 200
        body = self._bodies.setdefault((first, end), packed(self.gate.upload(first, end)))
        line = urllib3.PoolManager(retries=False, timeout=10.0)
        try:
            answer = line.request(
                "POST",
                f"{url}/v1/devices/{self.gate.id.hex()}/log",
                body=body,
                headers=CBOR | {"Content-Encoding": "gzip"},
            )
        except HTTPError:
            return None
        finally:
            line.clear()
        if answer.status == 200:
            self._believe(answer.data)
        elif answer.status == 409:
            self._go_on(answer.data)
        return answer.status

    def _believe(self, content: bytes) -> None:
        receipt = cbor.decode(content)
        assert isinstance(receipt, dict)
        head = read_cosigned(str(receipt[2]), self.gate.key.public_key(), self._witness).head
        assert head.root == self.gate.root(head.size)
        durable_to = receipt[1]
        assert isinstance(durable_to, int)
        assert head.size <= durable_to
        if durable_to < self.acknowledged:
            raise LostError(f"{durable_to} after {self.acknowledged}")
        self.acknowledged = durable_to

    def _go_on(self, content: bytes) -> None:
        known = json.loads(content)
        assert known["known_root"] == self.gate.root(known["known_size"]).hex()
        if known["known_size"] < self.acknowledged:
            raise LostError(f"{known['known_size']} after {self.acknowledged}")
        self.acknowledged = known["known_size"]

    def deliver(self, urls: list[str], *, seconds: float = 60.0) -> None:
        """Go on until everything is acknowledged."""
        deadline = time.monotonic() + seconds
        while self.acknowledged < len(self.gate.log):
            assert time.monotonic() < deadline, (self.acknowledged, len(self.gate.log))
            if self.attempt(urls, 400) != 200:
                time.sleep(0.02)
