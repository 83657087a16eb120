"""Delta bundles: what became of every list since the last publication, and since the first one of the day.

Whoever has the lists of an earlier publication fetches only what changed. Bundles from each publication to the next are
kept for two days, those from day to day for a week, and are published again as they were signed. A day begins at local
midnight.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from keys.cose import SigningKey
from keys.issuer import list_uri
from keys.status_delta import MAX_BUNDLE_BYTES, DeltaBundle, ListChange, diff, write_delta

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_ITEM_BYTES: Final = 256
"""More than an item of a bundle takes besides its changes."""


@unique
class Since(StrEnum):
    """Which earlier publication a bundle begins with."""

    LAST = "last"
    DAY = "day"
    """The first one of the newest local day that had any."""


KEPT: Final[Mapping[Since, int]] = {Since.LAST: 48 * _HOUR, Since.DAY: 7 * _DAY}
"""Seconds that a bundle is published."""


@dataclass(frozen=True, slots=True)
class Base:
    """The lists of an earlier publication."""

    iat: int
    arrays: Mapping[int, bytes] = field(repr=False)
    """List number to packed array."""


@dataclass(frozen=True, slots=True)
class KeptBundle:
    """A signed bundle. It leads from the publication of `base_iat` to that of `iat`, seconds since 1970."""

    base_iat: int
    iat: int
    content: bytes = field(repr=False)

    @property
    def file_name(self) -> str:
        """What it is called beside the lists."""
        return f"{self.base_iat}-{self.iat}.delta"


class BundleTable:
    """Bases and bundles in the register's file; the caller holds a transaction where something is written."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def base(self, since: Since) -> Base | None:
        """Return the lists that a bundle begins with; None before the first publication."""
        rows = self._db.execute("SELECT list, iat, packed FROM base_array WHERE kind = ?", (since,)).fetchall()
        if not rows:
            return None
        return Base(rows[0][1], {number: bytes(packed) for number, _, packed in rows})

    def keep_base(self, since: Since, base: Base) -> None:
        """Let the next bundle begin with `base`."""
        self._db.execute("DELETE FROM base_array WHERE kind = ?", (since,))
        self._db.executemany(
            "INSERT INTO base_array (kind, list, iat, packed) VALUES (?, ?, ?, ?)",
            ((since, number, base.iat, packed) for number, packed in base.arrays.items()),
        )

    def keep(self, bundle: KeptBundle, kid: bytes, until: int) -> None:
        """Keep a bundle signed with `kid` for publications up to the time `until`."""
        self._db.execute(
            "INSERT OR REPLACE INTO bundle (base_iat, iat, kept_until, kid, content) VALUES (?, ?, ?, ?, ?)",
            (bundle.base_iat, bundle.iat, until, kid, bundle.content),
        )

    def drop(self, now: int, believed: Collection[bytes]) -> None:
        """Forget the bundles whose time is over, and those whose key no gate believes any more."""
        self._db.execute("DELETE FROM bundle WHERE kept_until < ?", (now,))
        for (kid,) in self._db.execute("SELECT DISTINCT kid FROM bundle").fetchall():
            if kid not in believed:
                self._db.execute("DELETE FROM bundle WHERE kid = ?", (kid,))

    def kept(self) -> tuple[KeptBundle, ...]:
        """Return the bundles that are published, in the order of their times."""
        rows = self._db.execute("SELECT base_iat, iat, content FROM bundle ORDER BY iat, base_iat")
        return tuple(KeptBundle(*row) for row in rows)


def is_due(base: Base | None, since: Since, at: int, zone: ZoneInfo) -> bool:
    """Whether a publication at `at` begins a new base: each one does, but only the first of a local day its day's."""
    if base is None or since is Since.LAST:
        return True
    return datetime.fromtimestamp(base.iat, zone).date() < datetime.fromtimestamp(at, zone).date()


def make_bundle(
    issuer: str, base: Base, new: Base, private_key: SigningKey, *, lifetime: int, ttl: int
) -> KeptBundle | None:
    """Sign what leads from `base` to `new`, an item for every list that there was; None where it would be too large.

    A list opened since is not in it and is fetched whole. `lifetime` and `ttl` are those of the lists, in seconds.
    """
    changes = []
    for number, before in base.arrays.items():
        after = new.arrays[number]
        changes.append(
            ListChange(
                uri=list_uri(issuer, number),
                base_iat=base.iat,
                base_sha256=sha256(before).digest(),
                iat=new.iat,
                exp=new.iat + lifetime,
                ttl=ttl,
                sha256=sha256(after).digest(),
                changes=diff(before, after),
            )
        )
    if sum(len(change.changes) + _ITEM_BYTES for change in changes) > MAX_BUNDLE_BYTES:
        return None
    return KeptBundle(base.iat, new.iat, write_delta(private_key, DeltaBundle(issuer, tuple(changes))))
