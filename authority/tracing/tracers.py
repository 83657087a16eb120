"""Who may ask: people with a name and a password of their own, beside the passphrase that nobody who traces needs."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

from authority.errors import RequestError
from authority.records import Order
from authority.tracing.index import Index

STRETCH_LOG2: Final = 15
"""scrypt's cost: 32 MiB and a tenth of a second a guess."""
LEAST: Final = 10
"""Characters of a password."""
MISTAKES: Final = 5
BLOCK_S: Final = 60
"""How long whoever asks has to wait after so many wrong passwords for a name in a row, and after each further one."""
_NAME: Final = re.compile(r"[\w][\w .-]{0,63}")


class Tracers:
    """The people, and who of them mistyped lately. Not for several threads."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._mistakes: dict[tuple[str, int], tuple[int, int]] = {}
        """Name and system user who asked → mistakes in a row, and until when (seconds) that user has to wait."""

    def put(self, name: str, password: str, order: Order, now: int) -> None:
        """Let somebody ask, or give them another password. Raises RequestError; the order is written down first."""
        if not _NAME.fullmatch(name):
            raise RequestError("A tracer's name has 1 to 64 letters, digits, blanks, '.' and '-'.")
        if not LEAST <= len(password) <= 1024:
            raise RequestError(f"A tracer's password has at least {LEAST} characters.")
        salt = secrets.token_bytes(16)
        self._index.note(now, order, f"tracer {name} may ask")
        self._index.put_tracer(name, salt, STRETCH_LOG2, _hash(password, salt, STRETCH_LOG2))

    def remove(self, name: str, order: Order, now: int) -> None:
        """Let somebody ask no more. Raises RequestError when there is nobody of that name."""
        self._index.note(now, order, f"tracer {name} may not ask any more")
        if not self._index.remove_tracer(name):
            raise RequestError(f"There is no tracer {name!r}.")

    def admit(self, name: str, password: str, now: int, *, asker: int) -> bool:
        """Whether this is the person's password; as slow for a name that nobody has.

        `asker`: the system user who asks. Mistakes are counted by both, so that nobody keeps anybody else's name
        blocked.
        """
        mistakes, blocked = self._mistakes.get((name, asker), (0, 0))
        if blocked > now + BLOCK_S:  # the clock was ahead then
            blocked = 0
        found = self._index.tracer(name)
        salt, cost, wanted = found if found is not None else (bytes(16), STRETCH_LOG2, b"")
        right = hmac.compare_digest(_hash(password[:1024], salt, cost), wanted)
        if blocked > now or not right:
            if found is not None and blocked <= now:
                mistakes += 1
                self._mistakes[name, asker] = (mistakes, now + BLOCK_S if mistakes >= MISTAKES else 0)
            return False
        self._mistakes.pop((name, asker), None)
        return True


def _hash(password: str, salt: bytes, cost_log2: int) -> bytes:
    cost = 1 << cost_log2
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=8, p=1, maxmem=2048 * cost, dklen=32
    )
