"""A hub on a real socket: uvicorn in a thread, and a client that keeps one connection."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import urllib3
import uvicorn

from hub import server
from hub.service import Parts, make_app, open_parts, wall_clock_ms
from hub.settings import Settings
from keys import cbor
from tests.hub.gate import Gate, packed

CBOR = {"Content-Type": "application/cbor"}


def repository(folder: Path) -> Path:
    """A folder that looks like a trust repository; the hub believes and checks nothing in it."""
    metadata = folder / "trust" / "metadata"
    if not metadata.is_dir():
        metadata.mkdir(parents=True)
        (metadata / "1.root.json").write_text(json.dumps({"signed": {"version": 1}, "filler": "x" * 600}))
        (metadata / "timestamp.json").write_text(json.dumps({"signed": {"version": 7}}))
        fleet = folder / "trust" / "targets" / "fleet"
        fleet.mkdir(parents=True)
        (fleet / "ab12.gate.toml").write_text('site = "west"\n')
    return folder / "trust"


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    def problem(self) -> dict[str, object]:
        assert self.headers["content-type"] == "application/problem+json", self.content
        found = json.loads(self.content)
        assert isinstance(found, dict)
        assert found["status"] == self.status
        return found

    def cbor(self) -> dict[int | str, cbor.Value]:
        assert self.headers["content-type"] == "application/cbor", self.content
        found = cbor.decode(self.content)
        assert isinstance(found, dict)
        return found


class Serving:
    """The running hub."""

    def __init__(self, folder: Path, database: str = "sqlite", clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self.settings = Settings(folder=str(folder / "hub"), repository=str(repository(folder)), database=database)
        self.parts: Parts = open_parts(self.settings, clock_ms)
        options = server.options(self.settings) | {"port": 0}
        self._server = uvicorn.Server(uvicorn.Config(make_app(self.parts), **options))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self.port: int = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._client = urllib3.PoolManager(retries=False, timeout=30.0)

    def close(self) -> None:
        self._client.clear()
        self._server.should_exit = True
        self._thread.join(timeout=20)

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        found = self._client.request(
            method, self.url + path, body=body, headers=headers, redirect=False, decode_content=False
        )
        return Answer(found.status, {name.lower(): found.headers[name] for name in found.headers}, found.data)

    def invite(self, site: str = "West gate") -> bytes:
        return self.parts.enrolment.invite(site, ("gate-1",), "test")

    def enrol(self, gate: Gate, token: bytes | None = None) -> Answer:
        body = json.dumps(gate.enrolment(self.invite() if token is None else token)).encode()
        return self.ask("POST", "/v1/enrolments", body, {"Content-Type": "application/json"})

    def upload(self, gate: Gate, body: bytes, *, gzip: bool = False, proof: str | None = None) -> Answer:
        path = f"/v1/devices/{gate.id.hex()}/log"
        headers = CBOR if proof is None else CBOR | {"Checkpoint-Proof": proof}
        if gzip:
            return self.ask("POST", path, packed(body), headers | {"Content-Encoding": "gzip"})
        return self.ask("POST", path, body, headers)
