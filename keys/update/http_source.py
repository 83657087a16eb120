"""A repository over HTTP(S), read as from a stranger: bounded in size and in time, redirected nowhere.

Plain `http` is taken too. TUF signs everything, its own metadata included, so whoever reads along or changes what is on
the line can withhold an update, and can do no more.
"""

from __future__ import annotations

import contextlib
import http.client
import zlib
from typing import Final

from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.response import HTTPResponse

from keys.errors import FetchError, NotThereError, UpdateCause
from keys.http_line import Patience, open_line, words_of

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

    def __init__(
        self,
        url: str,
        *,
        pin: bytes | None = None,
        silence_s: float = SILENCE_S,
        grace_s: float = GRACE_S,
        floor: int = FLOOR,
    ) -> None:
        """Connect to nothing yet. `pin`: the server's key; `floor` in bytes a second.

        Raises FetchError: no URL of a kind we read.
        """
        try:
            self._line, self._base = open_line(url, silence_s, pin)
        except ValueError as error:
            raise FetchError(UpdateCause.UNREACHABLE, str(error)) from None
        self._name = url.rstrip("/")
        self._grace_s = grace_s
        self._floor = floor
        self._requests = 0
        self._received = 0

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
        patience = Patience(self._line, self._grace_s)
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

    def _read(self, response: HTTPResponse, limit: int, patience: Patience) -> bytes:
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
        return FetchError(UpdateCause.UNREACHABLE, f"{self._name} cannot be read: {words_of(error)}")


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
