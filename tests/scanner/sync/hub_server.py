"""A hub for tests: a real HTTP server on loopback that keeps the agreement of docs/formats.md, or breaks it as told."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from keys import cbor
from keys.cosignature import cosign
from keys.errors import TreeHeadError
from keys.merkle import EMPTY_ROOT, leaf_hash, root, verify_consistency
from keys.tree_head import read_head
from scanner.sync.membership import Membership
from scanner.sync.wire import Receipt, Upload, decode_upload, encode_receipt

LAST_S = 253_402_300_799
"""The last second that a date has room for."""
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(9, 41)))


@dataclass(slots=True)
class Answer:
    """What the hub says."""

    status: int
    body: bytes
    kind: str = "application/problem+json"
    headers: dict[str, str] = field(default_factory=dict)


def problem(status: int, title: str, **more: object) -> Answer:
    return Answer(status, json.dumps({"title": title, "status": status, **more}).encode())


class HonestHub:
    """One device's log at a hub that does what it should."""

    def __init__(self, device: Ed25519PublicKey) -> None:
        self.device = device
        self.entries: list[bytes] = []
        self.sealed: list[bytes] = []
        self.cosigned: str | None = None
        self.take_no_more = False
        """Whether uploads meet trouble of the hub's own."""
        self.uploads = 0
        self.questions = 0
        self.clock: Callable[[], float] = time.time
        self.lock = threading.Lock()

    def root(self, size: int) -> bytes:
        return root([leaf_hash(one) for one in self.entries[:size]])

    def conflict(self, why: str) -> Answer:
        size = len(self.entries)
        return problem(409, why, known_size=size, known_root=self.root(size).hex() if size else EMPTY_ROOT.hex())

    def known(self) -> Answer:
        self.questions += 1
        return Answer(200, cbor.encode({1: len(self.entries), 2: self.cosigned or ""}), "application/cbor")

    def take(self, upload: Upload) -> Answer:
        if self.take_no_more:
            return problem(500, "trouble")
        self.uploads += 1
        stop = upload.start + len(upload.entries)
        known = len(self.entries)
        try:
            head = read_head(upload.head, self.device)
        except TreeHeadError as error:
            return problem(401, "the head does not hold", detail=str(error))
        if upload.start > known:
            return self.conflict("there is a gap")
        if upload.entries[: known - upload.start] != tuple(self.entries[upload.start : stop]):
            return self.conflict("known entries are others")
        fresh = [*self.entries[: upload.start], *upload.entries]
        leaves = [leaf_hash(one) for one in (fresh if stop > known else self.entries)]
        if head.size != stop or root(leaves[:stop]) != head.root:
            return self.conflict("the entries do not give the head")
        if known == upload.start and not verify_consistency(
            known, stop, upload.proof, self.root(known) if known else EMPTY_ROOT, head.root
        ):
            return self.conflict("the consistency proof does not hold")
        if stop > known:
            self.entries.extend(upload.entries[known - upload.start :])
            self.sealed.extend(upload.sealed[known - upload.start :])
        self.cosigned = cosign(upload.head, "hub", WITNESS, int(self.clock()))
        receipt = Receipt(len(self.entries), self.cosigned, int(self.clock() * 1000))
        return Answer(200, encode_receipt(receipt), "application/cbor")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 10

    def __init__(self, served: Served, *arguments: Any) -> None:
        self.served = served
        super().__init__(*arguments)

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)

    def answer(self, body: bytes) -> None:
        with self.served.hub.lock:
            answer = self.served.respond(self.command, self.path, dict(self.headers), body)
        lines = [f"HTTP/1.1 {answer.status} X", f"Content-Type: {answer.kind}", f"Content-Length: {len(answer.body)}"]
        date = formatdate(min(self.served.hub.clock(), LAST_S), usegmt=True)
        headers = ({"Date": date} if self.served.dated else {}) | answer.headers
        lines += [f"{name}: {value}" for name, value in headers.items()]
        whole = "\r\n".join([*lines, "", ""]).encode() + answer.body
        cut = self.served.cut_after
        if cut is None:
            self.wfile.write(whole)
            return
        self.served.cut_after = None
        self.wfile.write(whole[:cut])
        self.close_connection = True


class Served:
    """The hub and what it is told to do otherwise."""

    def __init__(self, hub: HonestHub) -> None:
        self.hub = hub
        self.url = ""
        self.instead: list[Answer | Callable[[], Answer]] = []
        """Answers to the next requests; a function may do something first."""
        self.dated = True
        """Whether answers have a `Date` header."""
        self.cut_after: int | None = None
        """Bytes of the next answer after which the line breaks."""
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.enrol: Callable[[dict[str, str]], Answer] | None = None
        """Answers an enrolment's request."""
        self.repository: Path | None = None
        """The trust repository that is served besides."""

    def respond(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self.seen.append((method, path, headers))
        if self.instead:
            other = self.instead.pop(0)
            return other() if callable(other) else other
        if path == "/v1/enrolments" and self.enrol is not None:
            return self.enrol(json.loads(body))
        if path.startswith("/repository/") and self.repository is not None:
            file = self.repository / path.removeprefix("/repository/")
            return Answer(200, file.read_bytes(), "application/octet-stream") if file.is_file() else problem(404, "no")
        if method == "GET":
            return self.hub.known()
        return self.hub.take(decode_upload(body))

    def membership(self, pin: bytes | None = None, witness: Ed25519PublicKey | None = None) -> Membership:
        return Membership(self.url, pin, witness or WITNESS.public_key(), "East gate")


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Whoever hangs up has his reasons."""


@contextlib.contextmanager
def served(hub: HonestHub, certificate: Path | None = None) -> Iterator[Served]:
    """Serve a hub on loopback."""
    what = Served(hub)
    with _Server(("127.0.0.1", 0), partial(Handler, what)) as server:
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        what.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=partial(server.serve_forever, 0.01), daemon=True)
        thread.start()
        yield what
        server.shutdown()
