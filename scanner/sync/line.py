"""The line to a hub: one HTTP(S) connection, bounded in size and time, redirected nowhere; its refusals as errors.

Errors of the hub are problem details (RFC 9457).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from keys.http_line import Patience, open_line, words_of
from keys.merkle import HASH_SIZE
from scanner.sync.errors import (
    HubBusyError,
    HubDoubtedError,
    HubRefusedError,
    HubUnreachableError,
    OtherHistoryError,
    TooLargeError,
)
from scanner.sync.wire import MAX_ANSWER

SILENCE_S: Final = 20.0
"""How long nothing at all may come; how long connecting may take."""
GRACE_S: Final = 30.0
"""What any exchange may take, besides what its bytes take."""
FLOOR: Final = 2048
"""Bytes a second that a line must carry."""
_ACCEPT: Final = "application/cbor, application/json, application/problem+json"
_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_AGENT: Final = "checkpoint-appliance"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Problem:
    """What we read of problem details (RFC 9457)."""

    words: str
    known_size: int | None = None
    known_root: bytes | None = None


class HubLine:
    """A hub at the end of a line, believed in nothing but its certificate's key. Not for several threads."""

    def __init__(
        self, url: str, pin: bytes | None, *, now: Callable[[], float], silence_s: float, grace_s: float
    ) -> None:
        """Connect to nothing yet. Raises HubUnreachableError: no address of a kind we use."""
        try:
            self._line, self.base = open_line(url, silence_s, pin)
        except ValueError as error:
            raise HubUnreachableError(str(error)) from None
        self._url = url
        self._now = now
        self._grace_s = grace_s
        self.sent = 0
        """Bytes of bodies so far, as they went over the line."""
        self.time: int | None = None
        """The hub's clock at its last answer, seconds since 1970 UTC; None where it did not say."""

    def close(self) -> None:
        """Close the connection; the next exchange opens another."""
        self._line.close()

    def exchange(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send and receive once; on a kept connection that was closed meanwhile, once more.

        `path` is the whole path, `base` included. Returns an answer that says yes; raises HubError.
        """
        fields = {"User-Agent": _AGENT, "Accept": _ACCEPT, **(headers or {})}
        self.sent += len(body or b"")
        patience = Patience(self._line, self._grace_s + len(body or b"") / FLOOR)
        try:
            with patience:
                answer = self._ask(method, path, body, fields)
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            self._line.close()
            words = "it takes too long" if patience.ended else words_of(error)
            raise HubUnreachableError(f"{self._url} cannot be reached: {words}") from None
        if patience.ended:
            self._line.close()
            raise HubUnreachableError(f"{self._url} cannot be reached: it takes too long")
        return self._good(answer)

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        kept = self._line.sock is not None
        try:
            response = self._once(method, path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            if not kept:
                raise
            self._line.close()
            response = self._once(method, path, body, headers)
        content = _read(response)
        fields = {name.lower(): value for name, value in response.headers.items()}
        if response.length_remaining or not fields.keys() & {"content-length", "transfer-encoding"}:
            raise ConnectionError("the answer was cut short")
        return Answer(response.status, fields, content)

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> BaseHTTPResponse:
        self._line.request(method, path, body=body, headers=headers, preload_content=False, decode_content=False)
        return self._line.getresponse()

    def _good(self, answer: Answer) -> Answer:
        """Return an answer that says yes; turn every other into its error."""
        status = answer.status
        self.time = _seconds_of(answer.headers.get("date"))
        if status in {http.HTTPStatus.OK, http.HTTPStatus.CREATED}:
            return answer
        problem = _problem(answer)
        words = f"{self._url} answers {status}: {problem.words}"
        if status == http.HTTPStatus.CONFLICT and problem.known_size is not None and problem.known_root is not None:
            raise OtherHistoryError(words, problem.known_size, problem.known_root)
        if status == http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise TooLargeError(words, status)
        if status in {http.HTTPStatus.TOO_MANY_REQUESTS, http.HTTPStatus.SERVICE_UNAVAILABLE}:
            now = self._now() if self.time is None else self.time
            raise HubBusyError(words, _retry_after(answer.headers.get("retry-after"), now))
        if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or status == http.HTTPStatus.REQUEST_TIMEOUT:
            raise HubUnreachableError(words)
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise HubRefusedError(words, status)
        raise HubDoubtedError(f"{words}: nobody asked for that")


def _read(response: BaseHTTPResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := response.read1(1 << 16):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER:
            raise ConnectionError(f"it sends more than {MAX_ANSWER} bytes, which is all that an answer may have")
    return b"".join(parts)


def _problem(answer: Answer) -> _Problem:
    """Read problem details as far as they are any; strangers' words are bounded."""
    try:
        fields = json.loads(answer.body)
    except (ValueError, RecursionError):
        return _Problem("it does not say why")
    if type(fields) is not dict:
        return _Problem("it does not say why")
    words = ". ".join(str(fields[name]) for name in ("title", "detail") if type(fields.get(name)) is str)
    size, text = fields.get("known_size"), fields.get("known_root")
    root: bytes | None = None
    if type(text) is str:
        with contextlib.suppress(ValueError):
            root = bytes.fromhex(text)
    if type(size) is not int or not 0 <= size < 1 << 63 or root is None or len(root) != HASH_SIZE:
        return _Problem(words[:300] or "it does not say why")
    return _Problem(words[:300] or "another history", size, root)


def _retry_after(value: str | None, now: float) -> float:
    """Return the seconds that the hub asks to be left alone: a number or a date (RFC 9110 section 10.2.3).

    `now`: by the clock that the date is of, which is the hub's where it tells its time.
    """
    if value is not None and _SECONDS.fullmatch(value.strip()):
        return float(value)
    until = _seconds_of(value)
    return 0.0 if until is None else max(0.0, until - now)


def _seconds_of(value: str | None) -> int | None:
    """Read an HTTP date (RFC 9110 section 5.6.7) as seconds since 1970 UTC; None for what is none."""
    try:
        return None if value is None else int(parsedate_to_datetime(value).timestamp())
    except (ValueError, OverflowError):  # the latter of numbers that no calendar has
        return None
