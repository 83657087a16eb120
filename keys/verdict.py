"""What the verifier says of one text: a `Verdict`, and the closed vocabularies in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique
from typing import Final, NamedTuple

from keys.facts import Statement
from keys.reasons import Reason


@unique
class CodeFormat(StrEnum):
    """The code families this appliance reads, by their prefix."""

    JKM1 = "JKM1"
    """Health code, static."""
    JKP1 = "JKP1"
    """Health code, shown live by the holder's phone."""
    HC1 = "HC1"
    """EU Digital COVID Certificate."""
    SHC = "SHC"
    """SMART Health Card, in one code or several."""
    NZCP = "NZCP"
    """New Zealand COVID Pass."""
    VDS_NC = "VDS-NC"
    """ICAO visible digital seal for non-constrained environments: proof of vaccination or test."""

    __hash__ = str.__hash__
    """As the text that it is and is equal to; an Enum's own runs in Python, for every look-up."""


FOREIGN: Final = frozenset(CodeFormat) - {CodeFormat.JKM1, CodeFormat.JKP1}
"""Families of other issuers: `keys.families` has what reads each."""


@unique
class Colour(IntEnum):
    """Health code colours, numbered as in the code's payload."""

    GREEN = 0
    YELLOW = 1
    ORANGE = 2
    RED = 3
    GREY = 4
    """Applied for, not yet activated."""


@unique
class Carrier(IntEnum):
    """What a code is carried on."""

    PHONE = 0
    PAPER = 1
    CARD = 2


@unique
class DocumentType(IntEnum):
    """Identity documents a code may be tied to."""

    RESIDENT_ID = 1
    PASSPORT = 2
    HK_MACAO_PERMIT = 3
    TAIWAN_PERMIT = 4
    FOREIGN_PERMANENT_RESIDENCE = 5
    OTHER = 9


@unique
class Group(IntEnum):
    """Groups of people a site may have rules for."""

    COURIER = 1
    MEDICAL_STAFF = 2
    DRIVER = 3
    STUDENT = 4
    MINOR_WITH_GUARDIAN = 5


@dataclass(frozen=True, slots=True)
class CodeIdentity:
    """Which code this is, for its whole life: a refresh keeps it, a re-issue changes it."""

    issuer: str
    uri: str
    index: int

    def __str__(self) -> str:
        return f"{self.issuer}/{self.uri}/{self.index}"


@dataclass(frozen=True, slots=True)
class Document:
    """The tail of the holder's identity document."""

    type: DocumentType
    tail: str
    """The last two characters."""


@dataclass(frozen=True, slots=True)
class StatusEvidence:
    """What a verified status list said: kept in the journal as evidence."""

    uri: str
    issued_at: int
    """The list's `iat`, seconds since 1970 UTC."""
    value: int
    """The raw entry, 0 to 255."""


class Verdict(NamedTuple):
    """The outcome of the proof of one text. A tuple, because one is made for every code.

    Until the signature has been verified only `format`, `issuer` and `kid` are set, and they are what the
    code claims. Everything else is set only from signed bytes.
    """

    reason: Reason | None
    """None: the code is proved, current and not revoked. Otherwise the first step that failed."""
    format: CodeFormat | None = None
    issuer: str | None = None
    kid: bytes | None = None
    """8 bytes."""
    identity: CodeIdentity | None = None
    colour: Colour | None = None
    """The colour in force now: from the status list, or the code where the code is newer."""
    colour_reason: int | None = None
    colour_until: int | None = None
    """Day number since 1970 on which the colour is due to end."""
    name: str | None = None
    """Masked: surname and stars."""
    document: Document | None = None
    carrier: Carrier | None = None
    region: str | None = None
    """GB/T 2260 prefix the code is restricted to; None: the whole issuing region."""
    group: Group | None = None
    issued_at: int | None = None
    expires_at: int | None = None
    holder_bound: bool = False
    """The code names a holder's key: only a presentation by that key counts."""
    presented_at: int | None = None
    """When the holder's phone made the presentation; None for a static code."""
    status: StatusEvidence | None = None
    statement: Statement | None = None
    """What a foreign credential says; None for a health code of ours."""
    judged_at: int | None = None
    """Of a foreign credential: when it was proved, which is when business rules are to be judged by."""

    @property
    def valid(self) -> bool:
        """Whether every step of the proof held."""
        return self.reason is None

    def days_left(self, now: int) -> int | None:
        """Whole days until expiry at `now` (seconds since 1970), None where there is no expiry."""
        return None if self.expires_at is None else (self.expires_at - now) // 86_400
