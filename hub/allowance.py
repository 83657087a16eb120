"""How much one appliance may hand in on one day: a stolen key, or a box gone mad, must not fill the hub's disk; pure.

Counted in entries of ordinary size, by day of arrival (UTC, the hub's clock). What is beyond the allowance is not
refused for good: the appliance keeps it and comes back, so that a backlog larger than that takes some days.
"""

from __future__ import annotations

from hub.values import Intake

ENTRIES_A_DAY = 2_000_000
"""A backlog of a million entries with their sealed parts drains at once; a gate writes some thousands a day."""
ENTRY_BYTES = 1_024
"""More than an ordinary entry has, with its sealed part; bytes beyond count as further entries."""
LEAST = 10_000
"""Entries a day that may be asked for: more than the largest single upload counts as."""
RETRY_MOST_S, RETRY_LEAST_S = 3_600, 60
_DAY_MS = 86_400_000


def after(before: Intake, now_ms: int, entries: int, size: int) -> Intake:
    """Count an upload of `size` bytes, inflated, that brings so many new entries."""
    day = now_ms // _DAY_MS
    so_far = before.many if before.day == day else 0
    return Intake(day, so_far + max(entries, size // ENTRY_BYTES))


def retry_after(now_ms: int) -> int:
    """Return in how many seconds to come back: on the next day, or within the hour, should the allowance grow."""
    left = (_DAY_MS - now_ms % _DAY_MS) // 1000
    return max(RETRY_LEAST_S, min(left, RETRY_MOST_S))
