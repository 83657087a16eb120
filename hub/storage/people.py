"""People of the hub's pages in the storage: who may log in, who is, and what they did."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, unique

from hub import passwords
from hub.storage import guesses
from hub.storage.session import Session, integer, text

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
IDLE_MS = 30 * 60_000
"""A login ends after so long without a page."""
LONGEST_MS = 10 * 3_600_000
"""A login ends after so long in any case: a shift."""
TOGETHER_MS = 600_000
"""Hubs of one storage that start within so long have each said an address for the first administrator that holds."""
TERMINAL = "command line"
"""Who did what was done at the hub's own machine; nobody can be called that."""


@unique
class Role(IntEnum):
    """What somebody may do; each may what those before it may."""

    VIEWER = 0
    """Look at the fleet and at counts."""
    OPERATOR = 1
    """Enrol appliances, settle alarms."""
    ADMINISTRATOR = 2
    """Revoke appliances, manage people, read the audit log."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may log in."""

    name: str
    role: Role
    language: str
    """Of the pages, such as `zh`; empty: the browser's."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A line of the audit log."""

    number: int
    time_ms: int
    person: str
    deed: str
    """A word of a closed list of the program."""
    subject: str
    reason: str


def first_token(session: Session, now_ms: int) -> str | None:
    """Make a token with which the first administrator is made; None once there is anybody.

    Those of earlier starts end with it, but for hubs that start together: each has said its own.
    """
    if session.rows("SELECT 1 FROM person LIMIT 1"):
        return None
    made = passwords.token()
    session.run(
        "DELETE FROM first_address WHERE made_ms NOT BETWEEN ? AND ?", now_ms - TOGETHER_MS, now_ms + TOGETHER_MS
    )
    session.run("INSERT INTO first_address (token_hash, made_ms) VALUES (?, ?)", passwords.token_hash(made), now_ms)
    return made


def is_first_token(session: Session, token: str) -> bool:
    """Whether this token makes the first administrator."""
    return bool(
        session.rows(
            "SELECT 1 FROM first_address WHERE token_hash = ? AND NOT EXISTS (SELECT 1 FROM person)",
            passwords.token_hash(token),
        )
    )


def spend_first_token(session: Session, token: str) -> bool:
    """Let no use of this or another follow; False when it is none, or somebody was quicker.

    Of two that come at once, one finds nothing left: the audit's next number is given out to one transaction at a time,
    and what the other reads afterwards is how the first left it.
    """
    session.next_number("audit")
    found = passwords.token_hash(token)
    spent = session.run(
        """DELETE FROM first_address WHERE EXISTS (SELECT 1 FROM first_address WHERE token_hash = ?)
            AND NOT EXISTS (SELECT 1 FROM person)""",
        found,
    )
    return spent > 0


def put_credential(session: Session, name: str, token: str, now_ms: int) -> None:
    """Keep a machine's credential, in the place of an earlier one of that name."""
    session.run("DELETE FROM credential WHERE name = ?", name)
    session.run(
        "INSERT INTO credential (token_hash, name, made_ms) VALUES (?, ?, ?)", passwords.token_hash(token), name, now_ms
    )


def is_credential(session: Session, token: str) -> bool:
    """Whether a token is a machine's credential."""
    return bool(session.rows("SELECT 1 FROM credential WHERE token_hash = ?", passwords.token_hash(token)))


def put(session: Session, name: str, role: Role, password: str) -> None:
    """Add somebody, or give them another role and password; whoever was logged in as them is not any more."""
    session.run(
        """INSERT INTO person (name, role, password, failures, blocked_ms, language) VALUES (?, ?, ?, 0, 0, '')
            ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password, failures = 0,
            blocked_ms = 0""",
        name, role.name, password,
    )  # fmt: skip
    session.run("DELETE FROM login WHERE person = ?", name)
    guesses.forget(session, name)


def remove(session: Session, name: str) -> bool:
    """Let somebody in no more; False when there is nobody of that name."""
    session.run("DELETE FROM login WHERE person = ?", name)
    guesses.forget(session, name)
    return session.run("DELETE FROM person WHERE name = ?", name) == 1


def is_last_administrator(session: Session, name: str) -> bool:
    """Whether nobody else could let people in any more; holds the administrators' rows until the block ends."""
    session.run("UPDATE person SET role = role WHERE role = ?", Role.ADMINISTRATOR.name)
    rows = session.rows("SELECT name FROM person WHERE role = ?", Role.ADMINISTRATOR.name)
    return [text(row[0]) for row in rows] == [name]


def everybody(session: Session) -> list[Person]:
    """List who may log in."""
    rows = session.rows("SELECT name, role, language FROM person ORDER BY name")
    return [Person(text(name), Role[text(role)], text(language)) for name, role, language in rows]


def stored_password(session: Session, name: str) -> str | None:
    """Return what is stored of a password."""
    rows = session.rows("SELECT password FROM person WHERE name = ?", name)
    return text(rows[0][0]) if rows else None


def log_in(session: Session, name: str, now_ms: int) -> str:
    """Begin a login; returns its token."""
    made = passwords.token()
    session.run(
        "INSERT INTO login (token_hash, person, expires_ms, seen_ms) VALUES (?, ?, ?, ?)",
        passwords.token_hash(made), name, now_ms + LONGEST_MS, now_ms,
    )  # fmt: skip
    return made


def log_out(session: Session, token: str) -> None:
    """End a login."""
    session.run("DELETE FROM login WHERE token_hash = ?", passwords.token_hash(token))


def logged_in(session: Session, token: str, now_ms: int) -> tuple[Person, bool] | None:
    """Tell whose login a token is, and whether it is time to note that it was used; None: nobody's, or over."""
    rows = session.rows(
        """SELECT p.name, p.role, p.language, l.expires_ms, l.seen_ms FROM login l JOIN person p ON p.name = l.person
            WHERE l.token_hash = ?""",
        passwords.token_hash(token),
    )
    if not rows:
        return None
    name, role, language, expires, seen = rows[0]
    if now_ms >= integer(expires) or abs(now_ms - integer(seen)) > IDLE_MS:  # or it was seen when the clock was ahead
        return None
    return Person(text(name), Role[text(role)], text(language)), now_ms - integer(seen) > 60_000


def used(session: Session, token: str, now_ms: int) -> None:
    """Note that a login is in use."""
    session.run("UPDATE login SET seen_ms = ? WHERE token_hash = ?", now_ms, passwords.token_hash(token))


def set_language(session: Session, name: str, language: str) -> None:
    """Remember which language somebody reads."""
    session.run("UPDATE person SET language = ? WHERE name = ?", language, name)


def note(session: Session, now_ms: int, person: str, deed: str, *, subject: str, reason: str = "") -> None:
    """Write a line of the audit log."""
    session.run(
        """INSERT INTO audit (number, time_ms, person, deed, subject, reason)
            VALUES (?, ?, ?, ?, ?, ?)""",
        session.next_number("audit"), now_ms, person, deed, subject, reason,
    )  # fmt: skip


def deeds(session: Session, before: int, limit: int) -> list[Deed]:
    """List the audit log, the newest first, those with numbers below `before`."""
    rows = session.rows(
        """SELECT number, time_ms, person, deed, subject, reason FROM audit WHERE number < ?
            ORDER BY number DESC LIMIT ?""",
        before, limit,
    )  # fmt: skip
    return [
        Deed(integer(number), integer(time), text(person), text(deed), text(subject), text(reason))
        for number, time, person, deed, subject, reason in rows
    ]
