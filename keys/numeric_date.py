"""Times as codes and files carry them: NumericDate, seconds since 1970 UTC (RFC 7519 section 2, RFC 8392 section 2)."""

from __future__ import annotations

from typing import Final, TypeGuard

LAST_SECOND: Final = 253_402_300_799
"""Of the year 9999, the last that can be shown. What lies beyond is no time in seconds: mostly it is milliseconds."""


def is_whole_second(value: object) -> TypeGuard[int]:
    """Whether `value` is a time in whole seconds, or a duration."""
    return type(value) is int and 0 <= value <= LAST_SECOND


def is_numeric_date(value: object) -> TypeGuard[int | float]:
    """Whether `value` is a time in seconds, with a fraction or without."""
    return (type(value) is int or type(value) is float) and 0 <= value <= LAST_SECOND
