"""One row of the benchmark table, as `checkpoint bench --json` prints it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, and what it was compared with in the same run."""

    name: str
    """Dotted and stable, such as `verify.jkm1`."""
    value: float
    unit: str
    reference: str | None = None
    """What `value` is compared with, in words."""
    ratio: float | None = None
    """`value` over the reference."""
    limit: float | None = None
    """The largest ratio, or value where there is no ratio, that is well."""
    ok: bool | None = None
    """Whether it is within the limit; None where there is none."""
