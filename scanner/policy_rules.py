"""The rules in force: one table, reason × site kind → outcome, with the limits that go with it. Pure.

Rules are read from TOML (`policy_default.toml` shows the shape) and may be tightened, never loosened, by the site's
own configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum, unique
from types import MappingProxyType

from keys.business_rules import RuleSet
from keys.reasons import Reason
from keys.verdict import Carrier, CodeFormat, Colour
from scanner.config.model import FreshnessSection, TemperatureSection
from scanner.config.problems import ConfigError
from scanner.config.reader import Document, read
from scanner.policy_model import CarrierWord, ForeignSection, ForeignWord, OutcomeWord, PolicyFile, check
from scanner.values import GuardStep, Outcome, Role, SiteKind, TemperatureRule

HOUR = 3600
EVERY_ISSUER = "*"
HOME_ISSUER = "home"


class PolicyError(ConfigError):
    """A policy file cannot be used; `problems` says what, where, and what to write instead."""


class LooserError(Exception):
    """The configuration asks for less than the policy; `loosened` lists each key."""

    def __init__(self, loosened: tuple[Loosened, ...]) -> None:
        self.loosened = loosened
        super().__init__("; ".join(f"{'.'.join(item.path)}: {item.wanted}, got {item.got}" for item in loosened))


@dataclass(frozen=True, slots=True)
class Loosened:
    """One key of the configuration that would loosen the policy."""

    path: tuple[str, str]
    wanted: str
    got: str


@dataclass(frozen=True, slots=True)
class Tightened:
    """One value that the configuration made stricter."""

    path: tuple[str, str]
    before: str
    after: str


@unique
class OverrideNeed(StrEnum):
    """What it takes to admit somebody against a decision."""

    PIN = "pin"
    """The PIN of whoever is on shift."""
    SUPERVISOR = "supervisor"
    """A supervisor's PIN besides."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """One cell of the table."""

    outcome: Outcome
    guard: GuardStep
    ignored: bool = False
    """As if nothing had been shown. `outcome` then holds only where the lane cannot ignore it."""


@dataclass(frozen=True, slots=True)
class Times:
    """Times of a passage, in seconds."""

    same_scan_s: int
    already_passed_s: int
    pass_clears_s: int
    kiosk_clears_s: int
    remeasure_after_s: int


@dataclass(frozen=True, slots=True)
class ForeignRow:
    """What proved credentials of some issuers mean."""

    formats: frozenset[CodeFormat]
    issuers: frozenset[str]
    rules: str
    """Name of the rule set to be met besides; empty: none."""
    cells: Mapping[SiteKind, ForeignWord]

    def names(self, code_format: CodeFormat | None, issuer: str | None) -> bool:
        """Whether the row is about such credentials."""
        return code_format in self.formats and (EVERY_ISSUER in self.issuers or issuer in self.issuers)


@dataclass(frozen=True, slots=True)
class Rules:
    """A whole policy. Temperatures in hundredths of °C, ages in seconds."""

    version: str
    source: str
    issuer: str | None
    issued_at: int | None
    table: Mapping[tuple[Reason, SiteKind], Treatment]
    weight: tuple[Reason, ...]
    """Every judged reason, heaviest first."""
    overrides: Mapping[Reason, Role]
    """Whose PIN admits in spite of a reason."""
    static: Mapping[SiteKind, frozenset[Carrier]]
    """Carriers whose copyable codes pass as they are."""
    temperature: Mapping[SiteKind, TemperatureRule]
    limit_centi: int
    accept_module_estimate: bool
    warn_after: int
    refer_after: int
    times: Times
    formats: frozenset[CodeFormat]
    issuers: frozenset[str]
    foreign: tuple[ForeignRow, ...] = ()
    """What credentials of other issuers mean; the first row that fits counts."""
    recognised: Mapping[str, Mapping[Colour, Colour]] = field(default_factory=lambda: MappingProxyType({}))
    """Other region → its colour → the colour it counts as here."""
    rule_sets: Mapping[str, RuleSet] = field(default_factory=lambda: MappingProxyType({}))
    """Business rules by name, as they were published beside the policy."""
    tightened: tuple[Tightened, ...] = ()


def read_document(data: bytes, source: str) -> Document[PolicyFile]:
    """Read and check a policy file, keeping where each key stands.

    Raises PolicyError: with every fault found.
    """
    try:
        document = read(PolicyFile, data, source)
    except ConfigError as error:
        raise PolicyError(error.problems) from None
    problems = sorted(check(document), key=lambda problem: (problem.line or 0, problem.key))
    if problems:
        raise PolicyError(problems)
    return document


def read_rules(data: bytes, source: str) -> Rules:
    """Read a policy file; `source` names it in faults and explanations.

    Raises PolicyError: with every fault found.
    """
    policy = read_document(data, source).model
    rows = {Reason[name]: row for name, row in policy.rule.items()}
    table = {(reason, kind): _treatment(row.cell(kind)) for reason, row in rows.items() for kind in SiteKind}
    passage = policy.passage
    return Rules(
        version=policy.version,
        source=source,
        issuer=policy.issuer,
        issued_at=policy.issued_at,
        table=MappingProxyType(table),
        weight=tuple(rows),
        overrides=MappingProxyType({reason: row.override for reason, row in rows.items()}),
        static=MappingProxyType(_static(policy)),
        temperature=MappingProxyType(_temperature(policy)),
        limit_centi=policy.temperature.limit_centi,
        accept_module_estimate=policy.temperature.accept_module_estimate,
        warn_after=policy.freshness.warn_after_hours * HOUR,
        refer_after=policy.freshness.refer_after_hours * HOUR,
        times=Times(
            same_scan_s=passage.same_scan_s,
            already_passed_s=passage.already_passed_s,
            pass_clears_s=passage.pass_clears_s,
            kiosk_clears_s=passage.kiosk_clears_s,
            remeasure_after_s=policy.temperature.remeasure_after_s,
        ),
        formats=frozenset(policy.accept.formats),
        issuers=frozenset(policy.accept.issuers),
        foreign=tuple(_foreign_row(row) for row in policy.foreign),
        recognised=MappingProxyType(_recognised(policy)),
    )


def _foreign_row(row: ForeignSection) -> ForeignRow:
    cells = MappingProxyType({kind: row.cell(kind) for kind in SiteKind})
    return ForeignRow(frozenset(row.formats), frozenset(row.issuers), row.rules, cells)


def _recognised(policy: PolicyFile) -> dict[str, Mapping[Colour, Colour]]:
    found: dict[str, Mapping[Colour, Colour]] = {}
    for row in policy.recognised:
        words = {colour: getattr(row, colour.name.lower()) for colour in Colour}
        here = MappingProxyType({colour: Colour[word.name] for colour, word in words.items()})
        found.update(dict.fromkeys(row.issuers, here))
    return found


def _treatment(cell: tuple[OutcomeWord, GuardStep]) -> Treatment:
    word, step = cell
    if word is OutcomeWord.IGNORE:
        return Treatment(Outcome.REFER, GuardStep.DECIDE, ignored=True)
    return Treatment(Outcome[word.name], step)


def _static(policy: PolicyFile) -> dict[SiteKind, frozenset[Carrier]]:
    def carriers(words: tuple[CarrierWord, ...]) -> frozenset[Carrier]:
        return frozenset(Carrier[word.name] for word in words)

    return {
        SiteKind.RESIDENTIAL: carriers(policy.static.residential),
        SiteKind.WORKPLACE: carriers(policy.static.workplace),
        SiteKind.HIGHWAY: carriers(policy.static.highway),
        SiteKind.SUBWAY: carriers(policy.static.subway),
        SiteKind.PUBLIC_VENUE: carriers(policy.static.public_venue),
    }


def _temperature(policy: PolicyFile) -> dict[SiteKind, TemperatureRule]:
    return {
        SiteKind.RESIDENTIAL: policy.temperature.residential,
        SiteKind.WORKPLACE: policy.temperature.workplace,
        SiteKind.HIGHWAY: policy.temperature.highway,
        SiteKind.SUBWAY: policy.temperature.subway,
        SiteKind.PUBLIC_VENUE: policy.temperature.public_venue,
    }


_STRICTNESS = (TemperatureRule.OFF, TemperatureRule.RECORDED, TemperatureRule.REQUIRED)


def tighten(rules: Rules, kind: SiteKind, temperature: TemperatureSection, freshness: FreshnessSection) -> Rules:
    """Return the rules with what a site's configuration makes stricter for its own kind.

    Raises LooserError: a value would loosen the policy.
    """
    stricter_rules, looser = _stricter(rules, kind, temperature, freshness)
    if looser:
        raise LooserError(looser)
    return stricter_rules


def stricter(rules: Rules, kind: SiteKind, temperature: TemperatureSection, freshness: FreshnessSection) -> Rules:
    """Return the stricter of rules and configuration, value by value: what holds until the region's policy is read."""
    return _stricter(rules, kind, temperature, freshness)[0]


def _stricter(
    rules: Rules, kind: SiteKind, temperature: TemperatureSection, freshness: FreshnessSection
) -> tuple[Rules, tuple[Loosened, ...]]:
    looser: list[Loosened] = []
    tighter: list[Tightened] = []
    if temperature.rule is not None:
        before = rules.temperature[kind]
        path = ("temperature", "rule")
        if _STRICTNESS.index(temperature.rule) < _STRICTNESS.index(before):
            allowed = _STRICTNESS[_STRICTNESS.index(before) :]
            wanted = " or ".join(f'"{rule}"' for rule in allowed)
            looser.append(Loosened(path, f"{wanted}, as the policy says or stricter", f'"{temperature.rule}"'))
        elif temperature.rule is not before:
            tighter.append(Tightened(path, before, temperature.rule))
            changed = MappingProxyType({**rules.temperature, kind: temperature.rule})
            rules = replace(rules, temperature=changed)
    if temperature.limit_centi is not None:
        path, limit = ("temperature", "limit_centi"), temperature.limit_centi
        if limit > rules.limit_centi:
            looser.append(Loosened(path, f"at most {rules.limit_centi}, the policy's limit", str(limit)))
        elif limit < rules.limit_centi:
            tighter.append(Tightened(path, str(rules.limit_centi), str(limit)))
            rules = replace(rules, limit_centi=limit)
    if freshness.refer_after_hours is not None:
        path, hours = ("freshness", "refer_after_hours"), freshness.refer_after_hours
        allowed_hours = rules.refer_after // HOUR
        if hours > allowed_hours:
            looser.append(Loosened(path, f"at most {allowed_hours}, the policy's limit", str(hours)))
        elif hours < allowed_hours:
            tighter.append(Tightened(path, str(allowed_hours), str(hours)))
            rules = replace(rules, refer_after=hours * HOUR, warn_after=min(rules.warn_after, hours * HOUR))
    return replace(rules, tightened=tuple(tighter)), tuple(looser)
