"""Appliances that come back together: each with its own key, connection and backlog, patient as the protocol asks."""

from __future__ import annotations

import asyncio
import gzip
import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.hub.gates import BusyGate

_PATIENCE_SECONDS = 300.0


@dataclass(slots=True)
class Account:
    """What came of it."""

    acknowledged: int = 0
    """Uploads that the hub made durable."""
    sent_away: int = 0
    """How often it said to come back later."""
    broken: int = 0
    """Connections that failed."""


async def come_back(port: int, gates: Sequence[BusyGate], backlog: int) -> Account:
    """Let all gates hand in their backlog of so many entries, all beginning at once."""
    account = Account()
    bodies = [gzip.compress(gate.upload(backlog), 1) for gate in gates]
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await asyncio.gather(*(_hand_in(port, gate, body, account) for gate, body in zip(gates, bodies, strict=True)))
    return account


async def _hand_in(port: int, gate: BusyGate, body: bytes, account: Account) -> None:
    path = f"/v1/devices/{gate.id.hex()}/log"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/cbor\r\n"
        f"Checkpoint-Proof: {gate.proof(path)}\r\n"
        f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head + body)
            answer = await reader.read()
            writer.close()
        except OSError:
            answer = b""
        status = answer.split(b" ", 2)[1:2]
        if status == [b"200"]:
            account.acknowledged += 1
            return
        if status == [b"503"]:
            account.sent_away += 1
            wait = float(_header(answer, b"retry-after") or 5)
        elif not status:
            account.broken += 1
            wait = 1.0
        else:
            raise RuntimeError(f"the hub refuses a gate: {answer[:400]!r}")
        await asyncio.sleep(wait * random.uniform(1.0, 1.5))  # noqa: S311 - spreads load, guards nothing


def _header(answer: bytes, name: bytes) -> bytes | None:
    for line in answer.split(b"\r\n\r\n", 1)[0].split(b"\r\n")[1:]:
        if line.lower().startswith(name + b":"):
            return line.split(b":", 1)[1].strip()
    return None
