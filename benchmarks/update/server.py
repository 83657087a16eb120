"""A file server on loopback, in a thread of its own, that counts every byte it sends: headers too.

It compresses what is JSON for whoever takes that, as any web server can be told to; lists and bundles are compressed.
"""

from __future__ import annotations

import gzip
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path


class CountingServer(http.server.ThreadingHTTPServer):
    """Serves one folder."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.compresses = True
        self.sent = 0
        """Bytes, of all answers so far."""
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "static"
    sys_version = ""
    disable_nagle_algorithm = True
    server: CountingServer

    def do_GET(self) -> None:
        """Answer with a file, or with nothing."""
        file = self.server.folder / self.path.lstrip("/")
        found = file.is_file()
        content = file.read_bytes() if found else b""
        self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "application/octet-stream")
        if self.server.compresses and file.suffix == ".json" and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        head = b"".join(self._headers_buffer) + b"\r\n"
        self._headers_buffer: list[bytes] = []
        self.wfile.write(head + content)
        self.server.sent += len(head) + len(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[CountingServer]:
    """Serve `folder` as long as the context lasts."""
    with CountingServer(folder) as server:
        thread = threading.Thread(target=partial(server.serve_forever, 0.01), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
