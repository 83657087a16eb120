"""What it means that the hub knows another head of our log than we thought. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, unique

Root = Callable[[int], bytes]
"""Gives the root over our first entries, for any number of them that we can still prove."""


@unique
class Breach(Enum):
    """Why the hub's history and ours cannot both be true."""

    FORKED = "the hub holds other entries than this log has under the same numbers"
    CUT = "the hub holds more entries than this log has: the end of the log was lost or cut off"
    LOST = "the hub has lost entries that it had acknowledged, and that were erased here since"
    NOT_TAKEN = "the hub knows this log as it is and refuses what follows: the entries do not give the signed tree"


@dataclass(frozen=True, slots=True)
class GoOn:
    """The histories agree: send from here."""

    start: int
    forgotten: int
    """How many entries the hub had acknowledged and does not have any more; they are sent again."""


def compare(
    known_size: int, known_root: bytes, *, size: int, pruned: int, durable: int, root: Root, sent_from: int | None
) -> GoOn | Breach:
    """Judge the hub's word that it has `known_size` entries with `known_root`.

    Our log has `size` entries, of which the first `pruned` are gone; the hub has acknowledged `durable`. `sent_from`:
    it has just refused an upload that began there; None: it was only asked.
    """
    if known_size > size:
        return Breach.CUT
    if known_size < pruned:
        return Breach.LOST
    if root(known_size) != known_root:
        return Breach.FORKED
    if sent_from is not None and known_size == sent_from:
        return Breach.NOT_TAKEN
    return GoOn(known_size, max(0, durable - known_size))
