"""What may be asked of the tracing store: where a code was seen, who passed a site; written down before it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from authority.records import Order
from authority.store import Authority
from authority.tracing.index import START, Found, Index, Place, Span
from authority.tracing.intake import opened, tag_of
from keys.verdict import CodeIdentity
from scanner.journal import entry as wire
from scanner.journal.entry import Entry
from scanner.journal.personal import Personal

PAGE: Final = 100
LONGEST_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer: an entry, where it was written, and who it was."""

    device: bytes
    """Whose log it stands in."""
    seq: int
    """Its number there."""
    site: str
    vouched: bool
    """Whether somebody vouched for the appliance, and said that it stands there; else both is the hub's word."""
    time_ms: int
    """When that was: by the appliance's clock, or when it came where that clock cannot be right."""
    entry: Entry
    personal: Personal | None
    """None where the part does not open any more."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some answers, oldest first."""

    seen: tuple[Seen, ...]
    after: Place | None
    """Where the next page begins; None when this is the last."""


class Desk:
    """Where questions are asked, with person and reason."""

    def __init__(self, authority: Authority, index: Index, now: Callable[[], int]) -> None:
        self._authority = authority
        self._index = index
        self._now = now

    def where_was(
        self, identity: CodeIdentity, span: Span, order: Order, *, after: Place = START, limit: int = PAGE
    ) -> Page:
        """Tell where a code was seen. Raises FolderError, and reads nothing, when the question cannot be noted."""
        self._note(order, f"code {identity}", span, after)
        tag = tag_of(self._authority.tracing_key(), identity)
        return self._page(self._index.of_tag(tag, span, after, limit + 1), limit)

    def who_passed(self, site: str, span: Span, order: Order, *, after: Place = START, limit: int = PAGE) -> Page:
        """Tell who passed a site. Raises FolderError, and reads nothing, when the question cannot be noted."""
        self._note(order, f"site {site}", span, after)
        return self._page(self._index.of_site(site, span, after, limit + 1), limit)

    def _note(self, order: Order, what: str, span: Span, after: Place) -> None:
        where = "" if after == START else f" after {after.time_ms}/{after.gate}/{after.seq}"
        self._index.note(self._now(), order, f"{what} from {span.first_ms} to {span.last_ms}{where}")

    def _page(self, rows: list[Found], limit: int) -> Page:
        seen = tuple(self._seen(row) for row in rows[:limit])
        if len(rows) <= limit:
            return Page(seen, None)
        last = rows[limit - 1].sighting
        return Page(seen, Place(last.time_ms, last.gate, last.seq))

    def _seen(self, found: Found) -> Seen:
        one = found.sighting
        personal = opened(self._authority, found.device, one.body, one.sealed)
        return Seen(found.device, one.seq, found.site, found.vouched, one.time_ms, wire.decode(one.body), personal)
