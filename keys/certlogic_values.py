"""Values of CertLogic: JSON's, without fractions, and date-times; their truth, their equality, their dates. Pure.

An integer is a number without a fraction, however it is written: 2.0 is 2, as in JavaScript. Equality is JavaScript's
on texts, numbers, booleans and null; lists, objects and date-times are equal to nothing. A date of month or year stands
for its last day; a date-time is moved as ECMAScript's `Date` moves it.
"""

from __future__ import annotations

import calendar
import datetime
import re
from typing import Final, NamedTuple, TypeAlias

from keys.errors import KeysError

MAX_INTEGER: Final = 1 << 53
DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:Z|([+-])(\d{1,2}):?(\d{2})?)?", re.ASCII
)


class CertLogicError(KeysError):
    """An expression is none, or cannot be evaluated with these data."""


class Moment(NamedTuple):
    """A date-time. A type of its own, so that no number and no text passes for one."""

    at: datetime.datetime


Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | Moment | None"


def truth(value: Value) -> bool:
    """Return whether a value is truthy or falsy ("Truthy and falsy values"). Raises CertLogicError for neither."""
    if type(value) is bool:
        return value
    if value is None:
        return False
    if type(value) is Moment or (type(value) is float and not value.is_integer()):
        raise CertLogicError("a date-time or a fraction is neither truthy nor falsy")
    return bool(value)


def is_equal(left: Value, right: Value) -> bool:
    """Whether two values are equal without coercion: `true` is not 1."""
    kind = _KIND.get(type(left))
    return kind is not None and kind is _KIND.get(type(right)) and left == right


_KIND: Final[dict[type, type]] = {str: str, int: int, float: int, bool: bool, type(None): type(None)}
"""Type of a value that can be equal to another → what it is compared as."""


def integer(value: Value) -> int:
    """Return an integer operand. Raises CertLogicError for anything else."""
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise CertLogicError("an operand that is no integer")
    return value


def moment_of(value: Value) -> datetime.datetime:
    """Return a date-time operand. Raises CertLogicError for anything else."""
    if type(value) is not Moment:
        raise CertLogicError("an operand that is no date-time")
    return value.at


def shift(moment: datetime.datetime, amount: int, unit: str) -> datetime.datetime:
    """Return `moment` moved by `amount` units, as ECMAScript's `Date` does: a day that a month lacks is of the next."""
    try:
        if unit == "day":
            return moment + datetime.timedelta(days=amount)
        if unit == "hour":
            return moment + datetime.timedelta(hours=amount)
        months = moment.year * 12 + moment.month - 1 + (amount if unit == "month" else 12 * amount)
        first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
        return first + datetime.timedelta(days=moment.day - 1)
    except (ValueError, OverflowError):
        raise CertLogicError("a date beyond the years 1 to 9999") from None


def read_date(text: str) -> datetime.datetime:
    """Return midnight of a date, of the last day that a partial one allows. Raises CertLogicError."""
    found = DATE.fullmatch(text)
    if found is None:
        raise CertLogicError(f"{text[:40]!r} is no date")
    year, month = int(found[1]), int(found[2] or 12)
    try:
        day = int(found[3] or calendar.monthrange(year, month)[1])
        return datetime.datetime(year, month, day, tzinfo=datetime.UTC)
    except ValueError:  # of which calendar.IllegalMonthError is one
        raise CertLogicError(f"{text!r} is no date there ever was") from None


def read_date_time(text: str) -> datetime.datetime:
    """Return a date-time in UTC; one without an offset is UTC, and digits beyond milliseconds do not count."""
    found = _MOMENT.fullmatch(text) if len(text) <= 64 else None
    if found is None:
        raise CertLogicError(f"{text[:40]!r} is no date-time")
    fraction = (found[5] or "")[:3].ljust(3, "0")
    offset = datetime.timedelta(hours=int(found[7] or 0), minutes=int(found[8] or 0))
    try:
        local = read_date(found[1]).replace(
            hour=int(found[2]), minute=int(found[3]), second=int(found[4]), microsecond=1000 * int(fraction)
        )
        return local + offset if found[6] == "-" else local - offset
    except (ValueError, OverflowError):
        raise CertLogicError(f"{text!r} is no time there ever was") from None
