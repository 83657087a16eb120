"""What became of an update."""

from __future__ import annotations

from dataclasses import dataclass

from keys.errors import UpdateCause


@dataclass(frozen=True, slots=True)
class Refused:
    """A region whose newest publication was refused. What was held of it stays in force, if that still holds."""

    issuer: str
    cause: UpdateCause
    words: str

    def __str__(self) -> str:
        return f"{self.issuer}: {self.words}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an update that was not refused as a whole."""

    source: str
    home: str
    """The region whose policy and signed time count."""
    changed: bool
    """Whether another generation is in force now."""
    generation: str
    requests: int
    bytes: int
    """Content received, as it went over the wire."""
    lists: tuple[tuple[str, str, int], ...]
    """Lists that came into force: issuer, uri, `iat`."""
    signed_time: int | None
    """`published_at` of the home region, seconds since 1970; None where its newest publication was refused."""
    refused: tuple[Refused, ...]
    """Regions that were refused, in the order that they are carried in."""
    problems: tuple[str, ...]
    """What else does not hold of the generation in force now, each in words."""

    @property
    def home_refused(self) -> Refused | None:
        """The home region's refusal; None where its newest publication is in force."""
        return next((each for each in self.refused if each.issuer == self.home), None)
