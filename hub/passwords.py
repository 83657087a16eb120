"""Passwords and tokens of people: scrypt (RFC 7914) for what is remembered, SHA-256 for what is random anyway."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import scrypt, sha256
from threading import BoundedSemaphore, Lock

from hub.errors import Problem, RefusalError

STRETCH_LOG2 = 15
"""scrypt's cost: 32 MiB and a tenth of a second."""
LEAST_LETTERS = 10
MOST_LETTERS = 128
_STORED = re.compile(r"scrypt:(?P<cost>[0-9]{1,2}):(?P<salt>[A-Za-z0-9+/=]{24}):(?P<hash>[A-Za-z0-9+/=]{44})")
_AT_ONCE = BoundedSemaphore(2)
"""Each takes 32 MiB: many logins at once wait for each other instead of taking the hub's memory."""
_WAITING = BoundedSemaphore(8)
"""More do not wait, but are sent away: strangers at the login must not hold the threads that uploads need."""
EACH_WAITING = 3
"""Of these, so many of one asker: whoever knocks without end keeps nobody else from the login."""
_askers: Counter[str] = Counter()
_askers_lock = Lock()


def stretched(password: str) -> str:
    """Return what is stored of a password. Raises RefusalError: too many are waiting."""
    salt = secrets.token_bytes(16)
    with _turn():
        found = _hash(password, salt, STRETCH_LOG2)
    return f"scrypt:{STRETCH_LOG2}:{b64encode(salt).decode()}:{b64encode(found).decode()}"


def holds(password: str, stored: str | None, asker: str) -> bool:
    """Whether a password is the stored one; as slow where nothing is stored, so that names cannot be found out.

    `asker`: the network that it came from. Raises RefusalError: too many are waiting, or too many of the same asker.
    """
    match = _STORED.fullmatch(stored or "")
    with _only_some_of(asker), _turn():
        if match is None:
            _hash(password, bytes(16), STRETCH_LOG2)
            return False
        found = _hash(password, b64decode(match["salt"]), int(match["cost"]))
    return hmac.compare_digest(found, b64decode(match["hash"]))


def acceptable(password: str) -> bool:
    """Whether it is long enough to be a password, and not so long that hashing it is an attack."""
    return LEAST_LETTERS <= len(password) <= MOST_LETTERS and len(set(password)) > 3


def token() -> str:
    """Make a random token, as text for an address or a cookie."""
    return secrets.token_urlsafe(32)


def token_hash(text: str) -> bytes:
    """Return what is stored of a token, 32 bytes."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def form_token(session_token: str) -> str:
    """Return what a form must send back to show that it is ours: it follows from the session's token."""
    return hmac.digest(session_token.encode("utf-8", "surrogatepass"), b"checkpoint form", "sha256").hex()


@contextmanager
def _only_some_of(asker: str) -> Iterator[None]:
    """Hold one of an asker's places for the block. Raises RefusalError when there is none."""
    with _askers_lock:
        if _askers[asker] >= EACH_WAITING:
            raise _too_many()
        _askers[asker] += 1
    try:
        yield
    finally:
        with _askers_lock:
            _askers[asker] -= 1
            if not _askers[asker]:
                del _askers[asker]


@contextmanager
def _turn() -> Iterator[None]:
    """Wait for a turn at the processor. Raises RefusalError: too many wait already."""
    if not _WAITING.acquire(blocking=False):
        raise _too_many()
    try:
        with _AT_ONCE:
            yield
    finally:
        _WAITING.release()


def _too_many() -> RefusalError:
    return RefusalError(503, Problem.BUSY, "too many passwords are being checked; try again", retry_after=5)


def _hash(password: str, salt: bytes, cost_log2: int) -> bytes:
    return scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=1 << cost_log2,
        r=8,
        p=1,
        maxmem=(1 << cost_log2) * 1024 + (1 << 20),
        dklen=32,
    )
