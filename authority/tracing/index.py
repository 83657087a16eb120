"""The tracing store: one SQLite file for its owner alone; entries, parts still sealed, keyed tags, and what was asked.

An entry counts once it lies under a head that its appliance signed and that was proved here (`gate.proved`). What a
question was, who asked and why is written before the answer is read; triggers refuse to change or delete such a line.
Which appliances are the authority's own, and where they stand, is people's word (`vouched`), not the hub's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from authority.errors import FolderError
from authority.files import make_private_file, refuse_shared
from authority.records import Order
from authority.tracing.schema import bring_up

LEAP_MS: Final = 3 * 86_400_000
"""How far the clock may be beyond the last round before nothing is erased by it."""
_PLACED: Final = "gate g LEFT JOIN vouched v ON v.device = g.device"
_SIGHTING: Final = "s.gate, s.seq, s.time_ms, s.kind, s.body, s.sealed, s.tag"


@dataclass(frozen=True, slots=True)
class Gate:
    """How far one appliance's log was taken in."""

    number: int
    device: bytes
    site: str
    size: int
    roots: bytes
    """Of the perfect subtrees over `size` entries."""
    proved: int
    """Entries under a signed head that was proved."""
    proved_roots: bytes


@dataclass(frozen=True, slots=True)
class Sighting:
    """An entry that has a sealed part."""

    gate: int
    seq: int
    time_ms: int
    kind: int
    body: bytes
    sealed: bytes
    tag: bytes | None
    """None where the part does not open, or names no code."""


@dataclass(frozen=True, slots=True)
class Found:
    """A sighting, and where it was."""

    sighting: Sighting
    device: bytes
    site: str
    """As somebody vouched for it; else as the hub says."""
    vouched: bool
    """Whether somebody vouched for the appliance."""


@dataclass(frozen=True, slots=True)
class KnownGate:
    """An appliance that somebody vouched for, or whose log the hub has handed over."""

    device: bytes
    site: str
    """As in `Found`."""
    vouched: bool
    proved: int
    """Entries of its log that are proved."""
    waiting: int
    """Activations among them that nothing came of yet."""
    trouble: str | None
    """Why its log does not hold."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of answers goes on: after this entry."""

    time_ms: int
    gate: int
    seq: int


START: Final = Place(-1, -1, -1)


@dataclass(frozen=True, slots=True)
class Span:
    """From a time to before another, milliseconds since 1970."""

    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A line of the log of questions."""

    number: int
    at: int
    order: Order
    asked: str


class Index:
    """The open store. Not for several threads; one process takes in while others ask."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Index:
        """Open the store at `path`, made where there is none. Raises FolderError."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                make_private_file(path)
            refuse_shared(path)
            connection = sqlite3.connect(path, isolation_level=None, timeout=60)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
            if not bring_up(connection):
                raise FolderError(f"{path} was written by newer software; update this one.")
        except (OSError, sqlite3.Error) as error:
            raise FolderError(f"{path} cannot be opened as a tracing store: {error}") from error
        return cls(connection, path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the one writer's place; all inside becomes durable together or not at all. Raises FolderError."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise FolderError(f"{self._path} cannot be written ({error}); nothing was changed.") from error
            raise

    # --- taking in

    def gate(self, device: bytes, site: str) -> Gate:
        """Return how far a log was taken in; a new one begins at nothing."""
        self._db.execute(
            """INSERT INTO gate (device, site, size, roots, proved, proved_roots) VALUES (?, ?, 0, x'', 0, x'')
                ON CONFLICT (device) DO UPDATE SET site = excluded.site WHERE site <> excluded.site""",
            (device, site),
        )
        row = self._db.execute(
            "SELECT number, device, site, size, roots, proved, proved_roots FROM gate WHERE device = ?", (device,)
        ).fetchone()
        return Gate(*row)

    def put(self, gate: int, size: int, roots: bytes, sightings: Sequence[Sighting], came_ms: int) -> None:
        """Add entries that came now, and how far the log is taken in with them; in a transaction of the caller."""
        self._db.executemany(
            """INSERT OR REPLACE INTO sighting (gate, seq, time_ms, kind, body, sealed, tag, applied, came_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)""",
            [(gate, one.seq, one.time_ms, one.kind, one.body, one.sealed, one.tag, came_ms) for one in sightings],
        )
        self._db.execute("UPDATE gate SET size = ?, roots = ? WHERE number = ?", (size, roots, gate))

    def prove(self, gate: int) -> None:
        """Let everything taken in of a log count; in a transaction of the caller."""
        self._db.execute(
            """UPDATE gate SET proved = size, proved_roots = roots, trouble = CASE WHEN forked THEN trouble END
                WHERE number = ?""",
            (gate,),
        )

    def distrust(self, gate: int, why: str, *, forked: bool = False) -> None:
        """Forget what was taken in of a log and not proved, and say why; in a transaction of the caller.

        `forked`: its own signatures tell two histories. That stays until somebody vouches for it anew.
        """
        self._db.execute(
            "DELETE FROM sighting WHERE gate = ? AND seq >= (SELECT proved FROM gate WHERE number = ?)", (gate, gate)
        )
        self._db.execute(
            """UPDATE gate SET size = proved, roots = proved_roots, trouble = ?, forked = max(forked, ?)
                WHERE number = ?""",
            (why, forked, gate),
        )

    def waiting(self, kind: int, limit: int) -> list[Found]:
        """List proved entries of a kind that were not applied yet, of vouched appliances alone; oldest first.

        Gate by gate (CROSS JOIN keeps that order): what waits elsewhere may be much.
        """
        return self._found(
            f"""SELECT {_SIGHTING}, v.device, v.site, 1
                FROM vouched v CROSS JOIN gate g ON g.device = v.device CROSS JOIN sighting s ON s.gate = g.number
                WHERE s.kind = ? AND s.applied = 0 AND s.seq < g.proved AND NOT g.forked
                ORDER BY s.time_ms LIMIT ?""",  # noqa: S608
            (kind, limit),
        )

    def gates(self, kind: int) -> list[KnownGate]:
        """List the appliances, those first that nobody vouched for; `kind` is what may wait there."""
        rows = self._rows(
            f"""SELECT g.device, coalesce(v.site, g.site), v.site IS NOT NULL, g.proved, coalesce(w.many, 0), g.trouble
                FROM {_PLACED} LEFT JOIN (
                    SELECT s.gate, count(*) AS many FROM sighting s JOIN gate p ON p.number = s.gate
                    WHERE s.kind = ? AND s.applied = 0 AND s.seq < p.proved GROUP BY s.gate
                ) w ON w.gate = g.number
                UNION ALL SELECT device, site, 1, 0, 0, NULL FROM vouched WHERE device NOT IN (SELECT device FROM gate)
                ORDER BY 3, 2, 1""",  # noqa: S608 - a constant
            (kind,),
        )
        return [KnownGate(device, site, bool(vouched), *rest) for device, site, vouched, *rest in rows]

    def apply(self, gate: int, seq: int) -> None:
        """Note that an entry was applied; in a transaction of the caller."""
        self._db.execute("UPDATE sighting SET applied = 1 WHERE gate = ? AND seq = ?", (gate, seq))

    # --- vouching

    def vouch(self, device: bytes, site: str) -> None:
        """Take an appliance for the authority's own, standing at `site`; in a transaction of the caller."""
        self._db.execute("INSERT OR REPLACE INTO vouched VALUES (?, ?)", (device, site))

    def forgive(self, device: bytes) -> None:
        """Let the two histories that an appliance told stand against it no more; in a transaction of the caller."""
        self._db.execute("UPDATE gate SET forked = 0, trouble = NULL WHERE device = ? AND forked", (device,))

    def waiting_at(self, device: bytes, kind: int) -> int:
        """Count the proved entries of a kind, in one appliance's log, that `waiting` lists once it is vouched for."""
        ((many,),) = self._rows(
            """SELECT count(*) FROM gate g JOIN sighting s ON s.gate = g.number
                WHERE g.device = ? AND s.kind = ? AND s.applied = 0 AND s.seq < g.proved AND NOT g.forked""",
            (device, kind),
        )
        return int(many)

    def is_vouched(self, device: bytes) -> bool:
        """Whether somebody takes an appliance for the authority's own."""
        return bool(self._rows("SELECT 1 FROM vouched WHERE device = ?", (device,)))

    def disown(self, device: bytes) -> bool:
        """Take it for one's own no more; False when it was not. In a transaction of the caller."""
        return self._db.execute("DELETE FROM vouched WHERE device = ?", (device,)).rowcount == 1

    # --- asking

    def note(self, at: int, order: Order, asked: str) -> None:
        """Write down who asks or orders what and why; durable before the answer is read, or with what is ordered."""
        with self.transaction():
            self.note_also(at, order, asked)

    def note_also(self, at: int, order: Order, asked: str) -> None:
        """Do the same in a transaction of the caller."""
        self._db.execute(
            "INSERT INTO question (at, person, reason, asked) VALUES (?, ?, ?, ?)",
            (at, order.by, order.reason, asked),
        )

    def of_tag(self, tag: bytes, span: Span, after: Place, limit: int) -> list[Found]:
        """List proved sightings of a code, oldest first, after a place."""
        return self._sightings("s.tag = ?", tag, span, after=after, limit=limit)

    def of_site(self, site: str, span: Span, after: Place, limit: int) -> list[Found]:
        """List proved sightings at a site, oldest first, after a place."""
        there = f"s.gate IN (SELECT g.number FROM {_PLACED} WHERE coalesce(v.site, g.site) = ?)"  # noqa: S608
        return self._sightings(there, site, span, after=after, limit=limit)

    def asked(self) -> Iterator[Asked]:
        """Yield the log of questions, oldest first."""
        for number, at, person, reason, asked in self._rows("SELECT * FROM question ORDER BY number"):
            yield Asked(number, at, Order(by=person, reason=reason), asked)

    def put_tracer(self, name: str, salt: bytes, cost_log2: int, password: bytes) -> None:
        """Keep who may ask: what is stored of a password."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO tracer VALUES (?, ?, ?, ?)", (name, salt, cost_log2, password))

    def remove_tracer(self, name: str) -> bool:
        """Let somebody ask no more; False when there is nobody of that name."""
        with self.transaction():
            return self._db.execute("DELETE FROM tracer WHERE name = ?", (name,)).rowcount == 1

    def tracer(self, name: str) -> tuple[bytes, int, bytes] | None:
        """Return salt, cost and what is stored of a password; None for a name that nobody has."""
        rows = self._rows("SELECT salt, cost_log2, password FROM tracer WHERE name = ?", (name,))
        return rows[0] if rows else None

    # --- forgetting

    def leapt(self, now_ms: int) -> int:
        """Return how many days the clock is further than at the last round; 0, and it is noted, where it goes on.

        Erasing is for ever: a clock that is years ahead makes every sighting look old. Which of both it is, people say.
        """
        ((before_ms,),) = self._rows("SELECT time_ms FROM turn") or self._rows("SELECT max(time_ms) FROM sighting")
        if before_ms is not None and now_ms - before_ms > LEAP_MS:
            return int((now_ms - before_ms) // 86_400_000)
        self.believe(now_ms)
        return 0

    def believe(self, now_ms: int) -> None:
        """Take somebody's word that the clock is right."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO turn VALUES (1, ?)", (now_ms,))

    def erase(self, before_ms: int, at: int, waiting_kind: int) -> int:
        """Erase sightings older than `before_ms`, and keep a line that says how many; returns that.

        What still waits to be applied stays as long after it came: a gate hands in late what it did long ago.
        """
        with self.transaction():
            # Gate by gate, for that is how the index of times is.
            many = self._db.execute(
                """DELETE FROM sighting WHERE gate IN (SELECT number FROM gate) AND time_ms < ?
                    AND NOT (kind = ? AND applied = 0 AND came_ms >= ?)""",
                (before_ms, waiting_kind, before_ms),
            ).rowcount
            if many:
                self._db.execute("INSERT INTO erasure VALUES (?, ?, ?)", (at, before_ms, many))
        if many:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return many

    def _rows(self, query: str, values: tuple[int | str | bytes, ...] = ()) -> list[Any]:
        """Read rows, of the types that the strict tables have. Raises FolderError."""
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise FolderError(f"{self._path} cannot be read: {error}.") from error

    def _sightings(self, which: str, value: bytes | str, span: Span, *, after: Place, limit: int) -> list[Found]:
        return self._found(
            f"""SELECT {_SIGHTING}, g.device, coalesce(v.site, g.site), v.site IS NOT NULL
                FROM sighting s JOIN gate g ON g.number = s.gate LEFT JOIN vouched v ON v.device = g.device
                WHERE {which} AND s.seq < g.proved AND s.time_ms >= ? AND s.time_ms < ?
                AND (s.time_ms, s.gate, s.seq) > (?, ?, ?)
                ORDER BY s.time_ms, s.gate, s.seq LIMIT ?""",  # noqa: S608 - one of two constants
            (value, max(span.first_ms, after.time_ms), span.last_ms, after.time_ms, after.gate, after.seq, limit),
        )

    def _found(self, query: str, values: tuple[int | str | bytes, ...]) -> list[Found]:
        """Read sightings with device, site and whether somebody vouched, in this order."""
        return [Found(Sighting(*row[:7]), row[7], row[8], bool(row[9])) for row in self._rows(query, values)]
