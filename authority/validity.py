"""How long a code may live: a phone's until the next local midnight, paper and cards up to 180 days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from authority.errors import RequestError
from keys.verdict import Carrier

PAPER_DAYS: Final = 180
PAPER_SECONDS: Final = PAPER_DAYS * 86_400

PHONE_SECONDS: Final = 25 * 3600
"""A phone's code never outlives the longest local day (25 hours where summer time ends)."""


def next_midnight(at: int, zone: ZoneInfo) -> int:
    """Return the first local midnight after `at`, both in epoch seconds."""
    tomorrow = datetime.fromtimestamp(at, zone).date() + timedelta(days=1)
    return int(datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).timestamp())


def default_expiry(carrier: Carrier, issued_at: int, zone: ZoneInfo) -> int:
    """Return when a code issued at `issued_at` expires if nobody says otherwise."""
    if carrier is Carrier.PHONE:
        return next_midnight(issued_at, zone)
    return issued_at + PAPER_SECONDS


def check_period(carrier: Carrier, issued_at: int, not_before: int | None, expires_at: int) -> None:
    """Raise RequestError unless the period is in order and not longer than the carrier allows."""
    if issued_at < 0:
        raise RequestError("The time of issue lies before 1970.")
    begins = issued_at if not_before is None else not_before
    if begins < 0 or expires_at <= begins or expires_at <= issued_at:
        raise RequestError("The code would expire before it begins; give a later expiry.")
    longest, words = (
        (PHONE_SECONDS, "a phone's code lives until the next midnight")
        if carrier is Carrier.PHONE
        else (PAPER_SECONDS, f"paper and cards live up to {PAPER_DAYS} days")
    )
    if expires_at - issued_at > longest:
        raise RequestError(f"The code would live too long: {words}.")
