"""Guesses at passwords in the storage: who is let try a name's password, and who has to wait.

Whoever knows a name must not be able to lock its person out, and whoever has many addresses must not guess faster for
it. So wrong passwords are counted by name and source (OWASP, "Authentication Cheat Sheet" and "Slow Down Online
Guessing Attacks with Device Cookies"):

- a browser that its person has logged in with before shows a token and is a source of its own: nobody else's guesses
  count against it;
- every other browser is counted by its address, IPv6 by what a provider gives one customer;
- beyond that all strangers' wrong passwords for a name are counted together. Where they are many, each address has one
  try an hour. Nobody is ever kept out by others: an address that has not guessed wrong has its try.

Names that nobody has are never written down, so the storage is bounded by the people there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from hub import passwords
from hub.storage.session import Session, integer

FREE_FAILURES = 5
BLOCK_MS = 30_000
"""How long a source has to wait after the first failure too many; twice as long after each further one."""
BLOCK_MOST_MS = 15 * 60_000
STRANGERS_FAILURES = 60
"""Strangers' failures at one name, in STRANGERS_MS, beyond which each of them has one try in that time."""
STRANGERS_MS = 3_600_000
FORGET_MS = 86_400_000
"""A source that has not failed for so long begins anew."""
OVERTAKEN_MS = 60_000
"""By so much a try may be older than one that was judged before it: it waited for the processor or the storage."""
SOURCES = 4_096
"""Sources remembered of one name; of more, those go that failed longest ago."""
BROWSERS = 16
"""Browsers known of one person, those that logged in last."""
BROWSER_MS = 180 * 86_400_000
_IPV6_PREFIX = 56
_ALL_STRANGERS = "strangers"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a try comes from."""

    key: str
    known: bool
    """Whether its browser has logged in as this person before."""


@dataclass(frozen=True, slots=True)
class _Count:
    failures: int
    blocked_ms: int
    last_ms: int


def source_of(session: Session, name: str, address: str, browser: str, now_ms: int) -> Source:
    """Tell sources apart: by the browser's token where it is this person's, otherwise by the address."""
    found = passwords.token_hash(browser)
    rows = session.rows("SELECT last_ms FROM browser WHERE token_hash = ? AND person = ?", found, name)
    if rows and abs(now_ms - integer(rows[0][0])) <= BROWSER_MS:
        return Source(f"browser {found.hex()}", known=True)
    return Source(f"address {network_of(address)}", known=False)


def try_now(session: Session, name: str, source: Source, now_ms: int, *, right: bool) -> bool:
    """Count one try of a password; False when the source has to wait, and the try counts for nothing, right or wrong.

    The person's row is held until the block ends: of a hundred tries at once, each is judged after the one before it.
    """
    if session.run("UPDATE person SET failures = failures WHERE name = ?", name) == 0:
        return False
    before = _count(session, name, source.key, now_ms, FORGET_MS)
    if now_ms < before.blocked_ms:
        return False
    if right:
        return True
    failures, pressed = before.failures + 1, False
    if not source.known:
        strangers = _count(session, name, _ALL_STRANGERS, now_ms, STRANGERS_MS)
        pressed = strangers.failures >= STRANGERS_FAILURES
        begun_ms = strangers.last_ms if strangers.failures else now_ms
        _keep(session, name, _ALL_STRANGERS, _Count(strangers.failures + 1, 0, begun_ms))
    beyond = min(failures - FREE_FAILURES, 10)
    wait_ms = STRANGERS_MS if pressed else min(BLOCK_MS << beyond, BLOCK_MOST_MS) if beyond >= 0 else 0
    _keep(session, name, source.key, _Count(failures, now_ms + wait_ms, now_ms))
    if before.failures == 0:
        session.run(
            """DELETE FROM guess WHERE person = ? AND source <> ? AND source NOT IN
                (SELECT source FROM guess WHERE person = ? AND source <> ? ORDER BY last_ms DESC, source LIMIT ?)""",
            name, _ALL_STRANGERS, name, _ALL_STRANGERS, SOURCES,
        )  # fmt: skip
    return True


def succeeded(session: Session, name: str, source: Source, now_ms: int) -> str:
    """Forget the source's failures; returns a new token by which its browser is known from now on."""
    session.run("DELETE FROM guess WHERE person = ? AND source = ?", name, source.key)
    if source.known:
        session.run("DELETE FROM browser WHERE token_hash = ?", bytes.fromhex(source.key.removeprefix("browser ")))
    made = passwords.token()
    session.run(
        "INSERT INTO browser (token_hash, person, last_ms) VALUES (?, ?, ?)", passwords.token_hash(made), name, now_ms
    )
    session.run(
        """DELETE FROM browser WHERE person = ? AND token_hash NOT IN
            (SELECT token_hash FROM browser WHERE person = ? ORDER BY last_ms DESC, token_hash LIMIT ?)""",
        name, name, BROWSERS,
    )  # fmt: skip
    return made


def forget(session: Session, name: str) -> None:
    """Forget every source of a name, and the browsers that it is known by."""
    session.run("DELETE FROM guess WHERE person = ?", name)
    session.run("DELETE FROM browser WHERE person = ?", name)


def erase_old(session: Session, now_ms: int) -> None:
    """Forget what does not count any more."""
    session.run("DELETE FROM guess WHERE last_ms < ?", now_ms - FORGET_MS)
    session.run("DELETE FROM browser WHERE last_ms < ?", now_ms - BROWSER_MS)


def _count(session: Session, name: str, source: str, now_ms: int, counts_ms: int) -> _Count:
    """Read a source's count; one that is too old, or of a time to come, is none: then the clock was ahead.

    One that is ahead by a moment counts: of tries at the same time, a later one may have been judged first.
    """
    rows = session.rows("SELECT failures, blocked_ms, last_ms FROM guess WHERE person = ? AND source = ?", name, source)
    if rows:
        found = _Count(*map(integer, rows[0]))
        if -OVERTAKEN_MS <= now_ms - found.last_ms < counts_ms:
            return found
    return _Count(0, 0, now_ms)


def _keep(session: Session, name: str, source: str, count: _Count) -> None:
    session.run(
        """INSERT INTO guess (person, source, failures, blocked_ms, last_ms) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (person, source) DO UPDATE SET failures = excluded.failures,
            blocked_ms = excluded.blocked_ms, last_ms = excluded.last_ms""",
        name, source, count.failures, count.blocked_ms, count.last_ms,
    )  # fmt: skip


def network_of(address: str) -> str:
    """Name the network that counts as one: an IPv4 address, or what one customer has of IPv6."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(ip_network((found, _IPV6_PREFIX), strict=False)) if mapped is None else str(mapped)
