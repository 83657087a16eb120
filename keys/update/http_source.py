"""A repository over HTTP(S), read as from a stranger: bounded in size and in time, redirected nowhere.

Plain `http` is taken too. TUF signs everything, its own metadata included, so whoever reads along or changes what is on
the line can withhold an update, and can do no more.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
import zlib
from typing import Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError, ReadTimeoutError
from urllib3.response import HTTPResponse
from urllib3.util import parse_url

from keys.errors import FetchError, NotThereError, UpdateCause

SILENCE_S: Final = 15.0
"""How long nothing at all may come; how long connecting may take."""
GRACE_S: Final = 20.0
"""What any answer may take, besides the floor."""
FLOOR: Final = 2048
"""Bytes a second that a line must carry; a poor mobile one does 5,000."""
_NOT_THERE: Final = frozenset((403, 404, 410))
"""403 too: some stores answer it for a file that is not there to somebody who may not list."""
_REDIRECTS: Final = range(300, 400)
_OK: Final = 200
_CHUNK: Final = 1 << 16
_GZIP: Final = 16 + zlib.MAX_WBITS
_HEADERS: Final = {"User-Agent": "checkpoint-update", "Accept-Encoding": "gzip", "Connection": "keep-alive"}


class HttpSource:
    """A repository below a URL. One connection, kept for all its files. Not for several threads."""

    def __init__(self, url: str, *, silence_s: float = SILENCE_S, grace_s: float = GRACE_S, floor: int = FLOOR) -> None:
        """Connect to nothing yet. `floor` in bytes a second. Raises FetchError: no URL of a kind we read."""
        try:
            parsed = parse_url(url)
        except LocationParseError:
            raise FetchError(UpdateCause.UNREACHABLE, f"{url} is no URL") from None
        if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.query or parsed.fragment or parsed.auth:
            words = f"{url} is no http:// or https:// address of a repository, without user, query or fragment"
            raise FetchError(UpdateCause.UNREACHABLE, words)
        self._name = url.rstrip("/")
        self._base = (parsed.path or "").rstrip("/")
        self._grace_s = grace_s
        self._floor = floor
        self._requests = 0
        self._received = 0
        host = parsed.host.strip("[]")
        if parsed.scheme == "https":
            self._line: HTTPConnection = HTTPSConnection(
                host, parsed.port or 443, timeout=silence_s, cert_reqs="CERT_REQUIRED"
            )
        else:
            self._line = HTTPConnection(host, parsed.port or 80, timeout=silence_s)

    @property
    def name(self) -> str:
        """The URL."""
        return self._name

    @property
    def requests(self) -> int:
        """How many files were asked for so far."""
        return self._requests

    @property
    def received(self) -> int:
        """How many bytes of bodies came so far, compressed where they were."""
        return self._received

    def close(self) -> None:
        """Close the connection; the next file opens another."""
        self._line.close()

    def fetch(self, path: str, limit: int) -> bytes:
        """Return a file; see `Source.fetch`."""
        self._requests += 1
        url = f"{self._base}/{path}"
        patience = _Patience(self._line, self._grace_s)
        try:
            with patience:
                response = self._ask(url)
                self._check(response, path, limit)
                content = _inflated(self._read(response, limit, patience), response, limit)
        except NotThereError:
            raise
        except FetchError:
            self._line.close()
            raise
        except (HTTPError, http.client.HTTPException, OSError) as error:
            self._line.close()
            raise self._failed(path, error, cut=patience.ended) from None
        if patience.ended:
            # Cut among the headers, an answer looks like one that has no content.
            self._line.close()
            raise self._too_slow(path)
        return content

    def _ask(self, url: str) -> HTTPResponse:
        """Ask on the kept connection; once more where that was closed meanwhile."""
        kept = self._line.sock is not None
        try:
            return self._answer(url)
        except (http.client.RemoteDisconnected, ConnectionError):
            if not kept:
                raise
            self._line.close()
            return self._answer(url)

    def _answer(self, url: str) -> HTTPResponse:
        self._line.request("GET", url, headers=_HEADERS, preload_content=False, decode_content=False)
        return self._line.getresponse()

    def _check(self, response: HTTPResponse, path: str, limit: int) -> None:
        """Refuse every answer but the file, before any of it is read."""
        if response.status in _NOT_THERE:
            self._skip(response)
            raise NotThereError(f"{self._name} holds no {path} (it answers {response.status})")
        if response.status in _REDIRECTS:
            words = f"{self._name} sends us elsewhere for {path}: not followed; give the address itself"
            raise FetchError(UpdateCause.WRONG_CONTENT, words)
        if response.status != _OK:
            words = f"{self._name} answers {response.status} for {path}; try again later"
            raise FetchError(UpdateCause.UNREACHABLE, words)
        if response.length_remaining is not None and response.length_remaining > limit:
            raise self._too_large(path, limit)

    def _skip(self, response: HTTPResponse) -> None:
        """Read a short page that says no, so that the connection can be kept; leave a long one."""
        length = response.length_remaining
        if length is not None and length <= _CHUNK:
            with contextlib.suppress(HTTPError, http.client.HTTPException, OSError):
                response.read(_CHUNK)
                return
        self._line.close()

    def _read(self, response: HTTPResponse, limit: int, patience: _Patience) -> bytes:
        parts: list[bytes] = []
        size = 0
        while part := response.read1(_CHUNK):
            parts.append(part)
            size += len(part)
            self._received += len(part)
            if size > limit:
                raise self._too_large(response.url or "a file", limit)
            patience.extend(len(part) / self._floor)
        return b"".join(parts)

    def _too_large(self, path: str, limit: int) -> FetchError:
        words = f"{self._name} sends more than {limit} bytes for {path}, which is all that it may have"
        return FetchError(UpdateCause.ENDLESS_DATA, words)

    def _too_slow(self, path: str) -> FetchError:
        words = f"{self._name} sends {path} too slowly (less than {self._floor} bytes a second): given up"
        return FetchError(UpdateCause.SLOW_RETRIEVAL, words)

    def _failed(self, path: str, error: Exception, *, cut: bool) -> FetchError:
        if cut:
            return self._too_slow(path)
        if isinstance(error, TimeoutError | ReadTimeoutError):
            words = f"{self._name} has sent nothing of {path} for {self._line.timeout:g} seconds: given up"
            return FetchError(UpdateCause.SLOW_RETRIEVAL, words)
        return FetchError(UpdateCause.UNREACHABLE, f"{self._name} cannot be read: {_words(error)}")


class _Patience:
    """Cuts a connection off when an answer takes too long in all. A byte now and then meets no time-out, but this."""

    def __init__(self, line: HTTPConnection, seconds: float) -> None:
        self._line = line
        self._until = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._over = False
        self.ended = False
        """Whether it has cut the connection."""

    def extend(self, seconds: float) -> None:
        """Allow more, because something came."""
        self._until += seconds

    def __enter__(self) -> None:
        self._wait()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over = True
            if self._timer is not None:
                self._timer.cancel()

    def _wait(self) -> None:
        with self._lock:
            if self._over:
                return
            left = self._until - time.monotonic()
            if left > 0:
                self._timer = threading.Timer(left, self._wait)
                self._timer.daemon = True
                self._timer.start()
                return
            self.ended = True
            line = self._line.sock
        if line is not None:
            with contextlib.suppress(OSError):
                # The plain socket's: shutting TLS down in order would wait for the very peer that keeps us waiting.
                socket.socket.shutdown(line, socket.SHUT_RDWR)


def _inflated(content: bytes, response: HTTPResponse, limit: int) -> bytes:
    """Undo the gzip that we offered to take, within `limit`."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return content
    if encoding not in {"gzip", "x-gzip"}:
        raise FetchError(UpdateCause.WRONG_CONTENT, f"an answer encoded as {encoding!r}, for which nobody asked")
    inflater = zlib.decompressobj(_GZIP)
    try:
        inflated = inflater.decompress(content, limit + 1)
    except zlib.error as error:
        raise FetchError(UpdateCause.WRONG_CONTENT, f"an answer that is no gzip, though it says so: {error}") from None
    if len(inflated) > limit:
        words = f"an answer that inflates to more than {limit} bytes, which is all that the file may have"
        raise FetchError(UpdateCause.ENDLESS_DATA, words)
    if not inflater.eof:
        raise FetchError(UpdateCause.WRONG_CONTENT, "an answer whose gzip is cut short")
    return inflated


def _words(error: Exception) -> str:
    """Return an error of the line in the words of its cause, without the objects that urllib3 prints along."""
    words = str(error)
    return words.rpartition(">: ")[2] if ">: " in words else words or type(error).__name__
