"""The shape of a policy file: strict, every key required."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from keys.reasons import Reason, ReasonKind
from keys.verdict import FOREIGN, CodeFormat
from scanner.config.model import Issuer, Section
from scanner.config.problems import Problem
from scanner.config.reader import Document, near
from scanner.values import GuardStep, Role, SiteKind, TemperatureRule


@unique
class OutcomeWord(StrEnum):
    """What a cell of the table says."""

    PASS = "pass"
    REFER = "refer"
    STOP = "stop"
    IGNORE = "ignore"


@unique
class CarrierWord(StrEnum):
    """What a copyable code is carried on."""

    PHONE = "phone"
    PAPER = "paper"
    CARD = "card"


Cell = tuple[OutcomeWord, GuardStep]
Carriers = tuple[CarrierWord, ...]


class RuleSection(Section):
    """One row of the table: a reason, by site kind."""

    override: Role
    residential: Cell
    workplace: Cell
    highway: Cell
    subway: Cell
    public_venue: Cell

    def cell(self, kind: SiteKind) -> Cell:
        """Return the cell of a site kind."""
        return {
            SiteKind.RESIDENTIAL: self.residential,
            SiteKind.WORKPLACE: self.workplace,
            SiteKind.HIGHWAY: self.highway,
            SiteKind.SUBWAY: self.subway,
            SiteKind.PUBLIC_VENUE: self.public_venue,
        }[kind]


class TemperatureTable(Section):
    """Whether a temperature is needed, by site kind, and its limit."""

    residential: TemperatureRule
    workplace: TemperatureRule
    highway: TemperatureRule
    subway: TemperatureRule
    public_venue: TemperatureRule
    limit_centi: int = Field(ge=3600, le=3800)
    remeasure_after_s: int = Field(ge=1, le=600)
    accept_module_estimate: bool


class FreshnessTable(Section):
    """Ages of the status lists, in hours."""

    warn_after_hours: int = Field(ge=1, le=168)
    refer_after_hours: int = Field(ge=1, le=168)


class PassageTable(Section):
    """Times of a passage, in seconds."""

    same_scan_s: int = Field(ge=1, le=60)
    already_passed_s: int = Field(ge=1, le=3600)
    pass_clears_s: int = Field(ge=1, le=60)
    kiosk_clears_s: int = Field(ge=1, le=300)


class AcceptTable(Section):
    """Which formats and issuers a site takes."""

    formats: tuple[CodeFormat, ...] = Field(min_length=1)
    issuers: tuple[Issuer | Literal["*", "home"], ...] = Field(min_length=1)


class StaticTable(Section):
    """Carriers whose copyable codes pass as they are, by site kind."""

    residential: Carriers
    workplace: Carriers
    highway: Carriers
    subway: Carriers
    public_venue: Carriers


@unique
class ForeignWord(StrEnum):
    """What a proved credential of another issuer means at a site: a pass as it is, a colour, or staff's word."""

    ACCEPT = "accept"
    REFER = "refer"
    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    GREY = "grey"


@unique
class ColourWord(StrEnum):
    """Our colours."""

    GREEN = "green"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"
    GREY = "grey"


if TYPE_CHECKING:
    ForeignFormat: TypeAlias = CodeFormat
else:  # a choice among what the registry names, which no type checker can know
    ForeignFormat = Literal[tuple(sorted(FOREIGN))]
ForeignIssuer = Annotated[str, Field(pattern=r"^(\*|[!-~]{1,200})$")]
RuleSetName = Annotated[str, Field(pattern=r"^[a-z0-9-]{0,32}$")]


class ForeignSection(Section):
    """What credentials of some issuers mean, by site kind. The first row that names format and issuer counts."""

    formats: tuple[ForeignFormat, ...] = Field(min_length=1)
    issuers: tuple[ForeignIssuer, ...] = Field(min_length=1)
    """As the family names them: FR, JPN, https://…, did:web:…; "*" for every trusted one."""
    rules: RuleSetName
    """Name of the rule set that must be met besides; empty: none."""
    residential: ForeignWord
    workplace: ForeignWord
    highway: ForeignWord
    subway: ForeignWord
    public_venue: ForeignWord

    def cell(self, kind: SiteKind) -> ForeignWord:
        """Return what they mean at a site kind."""
        word: ForeignWord = getattr(self, kind.value)
        return word


class RecognisedSection(Section):
    """What another region's colours count as here."""

    issuers: tuple[Issuer, ...] = Field(min_length=1)
    green: ColourWord
    yellow: ColourWord
    orange: ColourWord
    red: ColourWord
    grey: ColourWord


class PolicyFile(Section):
    """The whole file."""

    format: Literal[1]
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,32}$")]
    issuer: Issuer | None = None
    """Whose policy it is; the built-in one is nobody's."""
    issued_at: Annotated[int, Field(ge=0, le=4102444800)] | None = None
    """Seconds since 1970 UTC."""
    temperature: TemperatureTable
    freshness: FreshnessTable
    passage: PassageTable
    accept: AcceptTable
    static: StaticTable
    foreign: tuple[ForeignSection, ...] = ()
    """Credentials of other issuers; none: all of them are NOT_ACCEPTED_HERE."""
    recognised: tuple[RecognisedSection, ...] = ()
    """Other regions' colours; a region that is not named has ours."""
    rule: dict[str, RuleSection]


JUDGED = frozenset(reason for reason in Reason if reason.kind is not ReasonKind.GUARD) | {Reason.MANUAL_ENTRY}
"""The reasons that need a row. What staff did is not judged by it."""
MAY_PASS = frozenset({Reason.COLOUR_YELLOW, Reason.OUT_OF_REGION, Reason.ALREADY_PASSED, Reason.STATIC_COPY})
"""A policy may let these pass. A code that is not proved, or a missing temperature, never passes by a rule."""
MAY_BE_IGNORED = frozenset({Reason.NOT_A_CODE, Reason.MALFORMED, Reason.UNSUPPORTED_FORMAT, Reason.CODE_INCOMPLETE})
STEPS_OF_A_PASS = frozenset({GuardStep.NOTHING, GuardStep.GIVE_NOTICE})


def check(document: Document[PolicyFile]) -> Iterator[Problem]:
    """Yield what the shape alone cannot tell: missing and unknown reasons, and cells that no policy may hold."""
    policy = document.model
    known = [reason.value for reason in Reason if reason in JUDGED]
    for name in policy.rule:
        if name not in known:
            yield document.problem(("rule", name), "a reason code", f'the unknown "{name}"', near(name, known))
    for name in known:
        if name not in policy.rule:
            yield document.problem(("rule", name), "a row for every reason", "nothing; the row is missing")
    for name, row in policy.rule.items():
        if name in known:
            yield from _check_row(document, Reason[name], row)
    if policy.freshness.warn_after_hours > policy.freshness.refer_after_hours:
        wanted = f"at most refer_after_hours, {policy.freshness.refer_after_hours}"
        yield document.problem(("freshness", "warn_after_hours"), wanted, str(policy.freshness.warn_after_hours))


def _check_row(document: Document[PolicyFile], reason: Reason, row: RuleSection) -> Iterator[Problem]:
    for kind in SiteKind:
        word, step = row.cell(kind)
        path = ("rule", reason.value, kind.value)
        if word is OutcomeWord.PASS and reason not in MAY_PASS:
            yield document.problem(path, f'"refer" or "stop", for {reason.value} never passes', '"pass"')
        elif word is OutcomeWord.IGNORE and reason not in MAY_BE_IGNORED:
            yield document.problem(path, f'"refer" or "stop", for {reason.value} is never ignored', '"ignore"')
        elif word is OutcomeWord.PASS and step not in STEPS_OF_A_PASS:
            yield document.problem(path, 'with "pass", the step "nothing" or "give_notice"', f'"{step}"')
        elif word is OutcomeWord.IGNORE and step is not GuardStep.NOTHING:
            yield document.problem(path, 'with "ignore", the step "nothing"', f'"{step}"')
        elif word in (OutcomeWord.REFER, OutcomeWord.STOP) and step in STEPS_OF_A_PASS:
            yield document.problem(path, f'with "{word}", a step that tells staff what to do', f'"{step}"')
