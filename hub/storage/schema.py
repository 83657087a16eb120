"""The hub's tables as migrations, in the words of PostgreSQL; `sqlite` translates the three types.

Bytes of the log stand in `entry` and `sealed`, apart so that retention can take one and leave the other; in PostgreSQL
these two are partitioned by day of arrival. Everything else is small. `device.size` is the high-water mark: rows of the
log exist exactly below it, because both are written in one transaction that compares the mark first. `mark` keeps a
frontier per accepted head, so that the tree can be gone on with from there; the counts of `tally` are kept up to date
by the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.errors import DamagedError
from hub.storage.session import Session, text


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; once published it never changes."""

    name: str
    tables: tuple[str, ...]
    """`CREATE TABLE` statements; SQLite adds STRICT."""
    then: tuple[str, ...] = ()
    """What follows: `CREATE INDEX` statements, and what carries rows over from tables that it replaces."""


PARTITIONED = ("entry", "sealed")
"""Tables that PostgreSQL keeps a partition a day of."""

MIGRATIONS = (
    Migration(
        "begin",
        (
            """CREATE TABLE site (number bigint PRIMARY KEY, name text NOT NULL UNIQUE)""",
            """CREATE TABLE device (
                number bigint PRIMARY KEY, id bytea NOT NULL UNIQUE, public_key bytea NOT NULL,
                site bigint NOT NULL, lanes text NOT NULL, standing text NOT NULL, software text NOT NULL,
                enrolled_ms bigint NOT NULL, seen_ms bigint, size bigint NOT NULL, frontier bytea NOT NULL,
                root bytea NOT NULL, head text NOT NULL, entry_ms bigint, lists_ms bigint)""",
            """CREATE TABLE entry (
                device bigint NOT NULL, seq bigint NOT NULL, day bigint NOT NULL, time_ms bigint NOT NULL,
                kind bigint NOT NULL, body bytea NOT NULL, PRIMARY KEY (device, seq, day))""",
            """CREATE TABLE sealed (
                device bigint NOT NULL, seq bigint NOT NULL, day bigint NOT NULL, part bytea NOT NULL,
                PRIMARY KEY (device, seq, day))""",
            """CREATE TABLE mark (
                device bigint NOT NULL, size bigint NOT NULL, frontier bytea NOT NULL, root bytea NOT NULL,
                PRIMARY KEY (device, size))""",
            """CREATE TABLE tally (
                scope bigint NOT NULL, owner bigint NOT NULL, hour bigint NOT NULL, measure text NOT NULL,
                many bigint NOT NULL, PRIMARY KEY (scope, owner, hour, measure))""",
            """CREATE TABLE trouble (
                device bigint NOT NULL, code text NOT NULL, since_ms bigint NOT NULL, PRIMARY KEY (device, code))""",
            """CREATE TABLE alarm (
                number bigint PRIMARY KEY, device bigint, kind text NOT NULL, first_ms bigint NOT NULL,
                last_ms bigint NOT NULL, many bigint NOT NULL, detail text NOT NULL, evidence bytea NOT NULL,
                settled_by text, settled_ms bigint)""",
            """CREATE TABLE invitation (
                token_hash bytea PRIMARY KEY, site text NOT NULL, lanes text NOT NULL, expires_ms bigint NOT NULL,
                made_by text NOT NULL, used_by bytea)""",
            """CREATE TABLE person (
                name text PRIMARY KEY, role text NOT NULL, password text NOT NULL, failures bigint NOT NULL,
                blocked_ms bigint NOT NULL, language text NOT NULL)""",
            """CREATE TABLE login (
                token_hash bytea PRIMARY KEY, person text NOT NULL, expires_ms bigint NOT NULL,
                seen_ms bigint NOT NULL)""",
            """CREATE TABLE audit (
                number bigint PRIMARY KEY, time_ms bigint NOT NULL, person text NOT NULL, deed text NOT NULL,
                subject text NOT NULL, reason text NOT NULL)""",
            """CREATE TABLE erasure (
                number bigint PRIMARY KEY, time_ms bigint NOT NULL, what text NOT NULL, before_ms bigint NOT NULL,
                many bigint NOT NULL)""",
            """CREATE TABLE credential (
                token_hash bytea PRIMARY KEY, name text NOT NULL UNIQUE, made_ms bigint NOT NULL)""",
        ),
        (
            "CREATE INDEX device_site ON device (site)",
            "CREATE INDEX device_seen ON device (standing, seen_ms)",
            "CREATE INDEX tally_measure ON tally (scope, measure, hour)",
            "CREATE INDEX alarm_open ON alarm (settled_ms, last_ms)",
        ),
    ),
    Migration(
        "lanes and zones",
        (
            """CREATE TABLE degraded (
                device bigint NOT NULL, lane text NOT NULL, code text NOT NULL, since_ms bigint NOT NULL,
                PRIMARY KEY (device, lane, code))""",
            """CREATE TABLE site_zone (site bigint PRIMARY KEY, timezone text NOT NULL)""",
        ),
        (
            "INSERT INTO degraded (device, lane, code, since_ms) SELECT device, '', code, since_ms FROM trouble",
            "DROP TABLE trouble",
        ),
    ),
    Migration(
        "clocks, guesses, allowances",
        (
            """CREATE TABLE last_turn (one bigint PRIMARY KEY, time_ms bigint NOT NULL)""",
            """CREATE TABLE guess (
                person text NOT NULL, source text NOT NULL, failures bigint NOT NULL, blocked_ms bigint NOT NULL,
                last_ms bigint NOT NULL, PRIMARY KEY (person, source))""",
            """CREATE TABLE browser (
                token_hash bytea PRIMARY KEY, person text NOT NULL, last_ms bigint NOT NULL)""",
        ),
        (
            "ALTER TABLE device ADD COLUMN intake_day integer NOT NULL DEFAULT 0",
            "ALTER TABLE device ADD COLUMN intake integer NOT NULL DEFAULT 0",
        ),
    ),
    Migration(
        "several first addresses",
        ("""CREATE TABLE first_address (token_hash bytea PRIMARY KEY, made_ms bigint NOT NULL)""",),
        ("DELETE FROM credential WHERE name = 'first administrator'",),
    ),
)


def missing(session: Session) -> tuple[Migration, ...]:
    """List the migrations still to apply, where the table `migration` exists.

    Raises DamagedError: newer software has written here.
    """
    applied = {text(row[0]) for row in session.rows("SELECT name FROM migration")}
    newer = applied - {one.name for one in MIGRATIONS}
    if newer:
        raise DamagedError(f"newer software has written this storage ({', '.join(sorted(newer))}); update this hub")
    return tuple(one for one in MIGRATIONS if one.name not in applied)
