"""Appliances and their logs in the storage: who they are, what they handed in, where their trees stand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from hub.storage.session import Session, SqlRow, binary, integer, maybe_integer, maybe_text, text
from hub.values import (
    EMPTY_FRONTIER,
    Appliance,
    Batch,
    Count,
    Frontier,
    Intake,
    Invitation,
    SealedPart,
    Site,
    Standing,
    StandingTrouble,
)
from keys.merkle import EMPTY_ROOT

MARKS = 64
"""How many earlier states of a tree are kept, besides the newest: most uploads that overlap go back a few batches."""
MARK_STEP = 4_096
"""Of states older than those, the first in every so many entries is kept for good: what came long ago may come again,
by stick, and is compared from the nearest one."""
NAMES_AN_HOUR = 64
"""Guards, and causes of overrides, counted by name in an hour of a site: no appliance can invent rows without end."""
_OTHERS = {"guard": "-/{}", "cause": "OTHER"}
TROUBLES = 64
"""Degradations kept of one appliance, the newest: more than there are, and no page without end."""
_DAY_MS = 86_400_000
_COLUMNS = """d.number, d.id, d.public_key, d.site, s.name, d.lanes, d.standing, d.software, d.enrolled_ms, d.seen_ms,
    d.size, d.frontier, d.root, d.head, d.entry_ms, d.lists_ms, z.timezone, d.intake_day, d.intake"""
_FROM = "FROM device d JOIN site s ON s.number = d.site LEFT JOIN site_zone z ON z.site = d.site"
_SITE = "SELECT s.number, s.name, z.timezone FROM site s LEFT JOIN site_zone z ON z.site = s.number"


def find(session: Session, device: bytes) -> Appliance | None:
    """Find an appliance by its id, 16 bytes."""
    rows = session.rows(f"SELECT {_COLUMNS} {_FROM} WHERE d.id = ?", device)
    return _appliance(rows[0]) if rows else None


def by_numbers(session: Session, numbers: Sequence[int]) -> list[Appliance]:
    """Find appliances by the hub's own numbers; returns them in that order, without those that are not there."""
    if not numbers:
        return []
    marks = ", ".join("?" * len(numbers))
    rows = session.rows(f"SELECT {_COLUMNS} {_FROM} WHERE d.number IN ({marks})", *numbers)
    found = {one.number: one for one in map(_appliance, rows)}
    return [found[number] for number in numbers if number in found]


def listed(session: Session, after: int, limit: int) -> list[Appliance]:
    """List appliances by number, those after `after`."""
    query = f"SELECT {_COLUMNS} {_FROM} WHERE d.number > ? ORDER BY d.number LIMIT ?"
    return [_appliance(row) for row in session.rows(query, after, limit)]


def latest(session: Session, limit: int) -> list[Appliance]:
    """List the appliances that were enrolled last, the newest first."""
    rows = session.rows("SELECT number FROM device ORDER BY enrolled_ms DESC, number DESC LIMIT ?", limit)
    return by_numbers(session, [integer(row[0]) for row in rows])


def enrol(
    session: Session,
    device: bytes,
    public_key: bytes,
    invitation: Invitation,
    *,
    software: str,
    now_ms: int,
    timezone: str | None = None,
) -> Appliance:
    """Add an appliance that was invited; one that is there already keeps its log and moves to the new site.

    `timezone`: of the site, as the appliance has it; None: it does not say.
    """
    # First of all: of one that enrols twice at once, the second finds itself there.
    number = session.next_number("device")
    site = site_called(session, invitation.site)
    if timezone is not None:
        session.run(
            """INSERT INTO site_zone (site, timezone) VALUES (?, ?)
                ON CONFLICT (site) DO UPDATE SET timezone = excluded.timezone""",
            site.number, timezone,
        )  # fmt: skip
    lanes = json.dumps(list(invitation.lanes))
    if (
        session.run(
            "UPDATE device SET site = ?, lanes = ?, software = ? WHERE id = ?", site.number, lanes, software, device
        )
        == 0
    ):
        session.run(
            """INSERT INTO device (number, id, public_key, site, lanes, standing, software, enrolled_ms, size, frontier,
                root, head) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, '')""",
            number, device, public_key, site.number, lanes, Standing.ACTIVE, software, now_ms,
            b"", EMPTY_ROOT,
        )  # fmt: skip
    session.run("UPDATE invitation SET used_by = ? WHERE token_hash = ?", device, invitation.token_hash)
    found = find(session, device)
    if found is None:
        raise LookupError("an appliance that was just added is not there")
    return found


def site_called(session: Session, name: str) -> Site:
    """Find the site of that name, or add it."""
    query = "SELECT number FROM site WHERE name = ?"
    known = session.rows(query, name)
    if known:
        return Site(integer(known[0][0]), name)
    number = session.next_number("site")
    known = session.rows(query, name)  # again: somebody may have added it while this one waited for its turn
    if known:
        return Site(integer(known[0][0]), name)
    session.run("INSERT INTO site (number, name) VALUES (?, ?)", number, name)
    return Site(number, name)


def site_named(session: Session, name: str) -> Site | None:
    """Find a site by its name, or by how it begins; None too for what cannot be a name."""
    if not name.isprintable():
        return None
    rows = session.rows(f"{_SITE} WHERE s.name = ?", name) or session.rows(
        f"{_SITE} WHERE substr(s.name, 1, ?) = ? ORDER BY s.name LIMIT 1", len(name), name
    )
    return _site(rows[0]) if rows else None


def sites(session: Session, limit: int) -> list[Site]:
    """List sites by name, the first `limit` of them."""
    return [_site(row) for row in session.rows(f"{_SITE} ORDER BY s.name LIMIT ?", limit)]


def set_standing(session: Session, device: bytes, standing: Standing) -> bool:
    """Change where an appliance stands; False when there is none of that id, or its key was revoked: that stays."""
    changed = "UPDATE device SET standing = ? WHERE id = ? AND standing <> ?"
    return session.run(changed, standing, device, Standing.REVOKED) == 1


def seen(session: Session, number: int, now_ms: int) -> None:
    """Note that an appliance was heard of."""
    session.run("UPDATE device SET seen_ms = ? WHERE number = ?", now_ms, number)


def nearest_mark(session: Session, number: int, size: int) -> Frontier:
    """Return the newest kept state of an appliance's tree that has at most `size` entries."""
    rows = session.rows(
        "SELECT size, frontier FROM mark WHERE device = ? AND size <= ? ORDER BY size DESC LIMIT 1", number, size
    )
    return Frontier(integer(rows[0][0]), binary(rows[0][1])) if rows else EMPTY_FRONTIER


def next_mark(session: Session, number: int, size: int) -> Frontier | None:
    """Return the oldest kept state of an appliance's tree of at least `size` entries whose next entry is there."""
    rows = session.rows(
        """SELECT m.size, m.frontier FROM mark m JOIN entry e ON e.device = m.device AND e.seq = m.size
            WHERE m.device = ? AND m.size >= ? ORDER BY m.size LIMIT 1""",
        number, size,
    )  # fmt: skip
    return Frontier(integer(rows[0][0]), binary(rows[0][1])) if rows else None


def next_root(session: Session, number: int, size: int) -> tuple[int, bytes] | None:
    """Return the oldest kept state of an appliance's tree of at least `size` entries, as size and root."""
    rows = session.rows(
        "SELECT size, root FROM mark WHERE device = ? AND size >= ? ORDER BY size LIMIT 1", number, size
    )
    return (integer(rows[0][0]), binary(rows[0][1])) if rows else None


def bodies(session: Session, number: int, start: int, stop: int) -> list[tuple[int, bytes]]:
    """Read entries `start` up to, not including, `stop`, each with its number; those that retention left."""
    rows = session.rows(
        "SELECT seq, body FROM entry WHERE device = ? AND seq >= ? AND seq < ? ORDER BY seq", number, start, stop
    )
    return [(integer(seq), binary(body)) for seq, body in rows]


def sealed_parts(session: Session, number: int, start: int, stop: int) -> list[SealedPart]:
    """Read the sealed parts of entries `start` up to, not including, `stop`."""
    rows = session.rows(
        "SELECT seq, part FROM sealed WHERE device = ? AND seq >= ? AND seq < ? ORDER BY seq", number, start, stop
    )
    return [SealedPart(integer(seq), binary(part)) for seq, part in rows]


def append(session: Session, batch: Batch) -> bool:
    """Store a batch, all of it or nothing; False when the appliance's log has moved on since the batch was judged.

    The high-water mark is compared and set first: whoever comes second waits for the row and finds it changed.
    """
    appliance = batch.appliance
    moved = session.run(
        """UPDATE device SET size = ?, frontier = ?, root = ?, head = ?, seen_ms = ?,
            entry_ms = coalesce(?, entry_ms), lists_ms = coalesce(?, lists_ms), software = coalesce(?, software),
            standing = ?, intake_day = ?, intake = ?
            WHERE number = ? AND size = ? AND root = ? AND standing = ?""",
        batch.frontier.size, batch.frontier.roots, batch.root, batch.head, batch.arrived_ms,
        batch.entry_ms, batch.lists_ms, batch.software, batch.standing, batch.intake.day, batch.intake.many,
        appliance.number, appliance.frontier.size, appliance.root, Standing.ACTIVE,
    )  # fmt: skip
    if moved == 0:
        return False
    session.put_log(appliance.number, batch.day, batch.entries, batch.sealed)
    session.run(
        "INSERT INTO mark (device, size, frontier, root) VALUES (?, ?, ?, ?)",
        appliance.number, batch.frontier.size, batch.frontier.roots, batch.root,
    )  # fmt: skip
    _thin_marks(session, appliance.number)
    _count(session, batch)
    if batch.begins_anew:
        session.run("DELETE FROM degraded WHERE device = ?", appliance.number)
    for one in batch.troubles:
        if one.began:
            session.run(
                """INSERT INTO degraded (device, lane, code, since_ms) VALUES (?, ?, ?, ?)
                    ON CONFLICT (device, lane, code) DO UPDATE SET since_ms = excluded.since_ms""",
                appliance.number, one.lane, one.code, one.time_ms,
            )  # fmt: skip
        else:
            session.run(
                "DELETE FROM degraded WHERE device = ? AND lane = ? AND code = ?",
                appliance.number, one.lane, one.code,
            )  # fmt: skip
    if batch.troubles:
        session.run(
            """DELETE FROM degraded WHERE device = ? AND (lane, code) NOT IN
                (SELECT lane, code FROM degraded WHERE device = ? ORDER BY since_ms DESC, lane, code LIMIT ?)""",
            appliance.number, appliance.number, TROUBLES,
        )  # fmt: skip
    return True


def _thin_marks(session: Session, number: int) -> None:
    """Let the state that is not one of the newest any more go, unless it is the first of its step."""
    rows = session.rows("SELECT size FROM mark WHERE device = ? ORDER BY size DESC LIMIT 2 OFFSET ?", number, MARKS)
    sizes = [integer(row[0]) for row in rows]
    if len(sizes) == 2 and sizes[0] // MARK_STEP == sizes[1] // MARK_STEP:
        session.run("DELETE FROM mark WHERE device = ? AND size = ?", number, sizes[0])


def _count(session: Session, batch: Batch) -> None:
    """Add the batch's counts, in one order for everybody, so that two hubs never wait for each other in a circle."""
    found = sorted((int(one.scope), one.owner, one.hour, one.measure, one.many) for one in _bounded(session, batch))
    rows: list[SqlRow] = [*found]
    session.many(
        """INSERT INTO tally (scope, owner, hour, measure, many) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (scope, owner, hour, measure) DO UPDATE SET many = tally.many + excluded.many""",
        rows,
    )


def _bounded(session: Session, batch: Batch) -> list[Count]:
    """Return the batch's counts; names that only its entries know are counted as others once an hour has many."""
    known: dict[tuple[int, int, int, str], set[str]] = {}
    found = []
    for one in batch.counts:
        kind, _, name = one.measure.partition("/")
        if kind not in _OTHERS:
            found.append(one)
            continue
        key = int(one.scope), one.owner, one.hour, kind
        if key not in known:
            rows = session.rows(
                "SELECT measure FROM tally WHERE scope = ? AND owner = ? AND hour = ? AND substr(measure, 1, ?) = ?",
                *key[:3], len(kind) + 1, f"{kind}/",
            )  # fmt: skip
            known[key] = {text(row[0]) for row in rows}
        too_many = one.measure not in known[key] and len(known[key]) >= NAMES_AN_HOUR
        other = f"{kind}/{_OTHERS[kind].format(name.rpartition('/')[2])}"
        counted = replace(one, measure=other) if too_many else one
        known[key].add(counted.measure)
        found.append(counted)
    return found


def invite(session: Session, invitation: Invitation) -> None:
    """Keep a token; those that expired a day ago go."""
    session.run("DELETE FROM invitation WHERE expires_ms < ?", invitation.expires_ms - _DAY_MS)
    session.run(
        "INSERT INTO invitation (token_hash, site, lanes, expires_ms, made_by) VALUES (?, ?, ?, ?, ?)",
        invitation.token_hash, invitation.site, json.dumps(list(invitation.lanes)), invitation.expires_ms,
        invitation.made_by,
    )  # fmt: skip


def invitation(session: Session, token_hash: bytes) -> tuple[Invitation, bytes | None] | None:
    """Find a token by its hash, and the id of the appliance that used it; the row is held until the block ends."""
    if session.run("UPDATE invitation SET made_by = made_by WHERE token_hash = ?", token_hash) == 0:
        return None
    (row,) = session.rows(
        "SELECT site, lanes, expires_ms, made_by, used_by FROM invitation WHERE token_hash = ?", token_hash
    )
    found = Invitation(token_hash, text(row[0]), _lanes(row[1]), integer(row[2]), text(row[3]))
    return found, None if row[4] is None else binary(row[4])


def troubles(session: Session, numbers: Sequence[int]) -> list[StandingTrouble]:
    """List what is degraded at these appliances."""
    if not numbers:
        return []
    marks = ", ".join("?" * len(numbers))
    rows = session.rows(
        f"SELECT device, lane, code, since_ms FROM degraded WHERE device IN ({marks}) ORDER BY device, code, lane",  # noqa: S608 - marks
        *numbers,
    )
    return [StandingTrouble(integer(row[0]), text(row[1]), text(row[2]), integer(row[3])) for row in rows]


def _site(row: SqlRow) -> Site:
    return Site(integer(row[0]), text(row[1]), maybe_text(row[2]))


def _appliance(row: SqlRow) -> Appliance:
    return Appliance(
        number=integer(row[0]),
        id=binary(row[1]),
        public_key=binary(row[2]),
        site=Site(integer(row[3]), text(row[4]), maybe_text(row[16])),
        lanes=_lanes(row[5]),
        standing=Standing(text(row[6])),
        software=text(row[7]),
        enrolled_ms=integer(row[8]),
        seen_ms=maybe_integer(row[9]),
        frontier=Frontier(integer(row[10]), binary(row[11])),
        root=binary(row[12]),
        head=text(row[13]),
        entry_ms=maybe_integer(row[14]),
        lists_ms=maybe_integer(row[15]),
        intake=Intake(integer(row[17]), integer(row[18])),
    )


def _lanes(value: object) -> tuple[str, ...]:
    return tuple(json.loads(str(value)))
