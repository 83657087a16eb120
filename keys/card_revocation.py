"""Revocation lists of SMART Health Cards: `crl/<kid>.json` (framework, "Revocation").

    {"kid": the key's, "method": "rid", "ctr": its version, "rids": ["rid", "rid.seconds", …]}

A rid revokes every card that bears it; with a time behind it, those that were issued before. A list is believed whole
or not at all: one entry that is no rid, and nothing is known of any card of its key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from keys import jwk
from keys.errors import JsonError, StatusListError
from keys.json_bounded import read_json

SUFFIX: Final = ".crl.json"
MAX_BYTES: Final = 8 << 20
_RID = re.compile(r"([A-Za-z0-9_-]{1,24})(?:\.(\d{1,12}))?", re.ASCII)
_ALWAYS: Final = 1 << 62
_REQUIRED: Final = {"kid", "method", "ctr", "rids"}


@dataclass(frozen=True, slots=True)
class CardRevocations:
    """One key's revoked cards."""

    kid: bytes
    version: int
    """`ctr`: at least the `crlVersion` that the key announces."""
    before: Mapping[str, int] = field(repr=False)
    """rid → cards issued before this time are revoked, seconds since 1970; every card where it has none."""

    def revokes(self, rid: str, issued_at: float) -> bool:
        """Whether a card with `rid`, issued at `issued_at`, is revoked."""
        return issued_at < self.before.get(rid, 0)


def read_card_revocations(data: bytes, *, source: str) -> CardRevocations:
    """Read a list; `source` names it in messages. Raises StatusListError."""
    try:
        document = read_json(data, limit=MAX_BYTES, depth=3)
    except JsonError as error:
        raise StatusListError(f"{source}: {error.detail}") from None
    if type(document) is not dict or not document.keys() >= _REQUIRED or document["method"] != "rid":
        raise StatusListError(f"{source}: it is no list of kid, method rid, ctr and rids")
    name, version, rids = document["kid"], document["ctr"], document["rids"]
    kid = jwk.read_base64url(name) if type(name) is str else None
    if not kid or type(version) is not int or version < 1 or type(rids) is not list:
        raise StatusListError(f"{source}: its kid, ctr or rids are none")
    before: dict[str, int] = {}
    for entry in rids:
        found = _RID.fullmatch(entry) if type(entry) is str else None
        if found is None:
            raise StatusListError(f"{source}: {entry!r:.60} is no rid, so nothing of the list is believed")
        rid, until = found[1], int(found[2]) if found[2] else _ALWAYS
        before[rid] = max(before.get(rid, 0), until)
    return CardRevocations(kid, version, before)
