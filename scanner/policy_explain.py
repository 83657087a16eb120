"""The rules in force, value by value, and where each one stands. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from keys.reasons import Reason
from scanner.config import Configuration, Document
from scanner.config.lines import KeyPath
from scanner.config.reader import dotted
from scanner.policy_model import PolicyFile
from scanner.policy_rules import Rules, read_document
from scanner.policy_source import PolicyInForce
from scanner.values import Outcome, SiteKind

_WORDS = {Outcome.PASS: "pass", Outcome.REFER: "refer", Outcome.STOP: "stop"}


@dataclass(frozen=True, slots=True)
class Value:
    """One value in force."""

    key: str
    value: str
    source: str
    """File and line."""
    replaces: str | None = None
    """What the policy says where the configuration is stricter."""


@dataclass(frozen=True, slots=True)
class Row:
    """One reason of the table."""

    reason: Reason
    cells: tuple[str, ...]
    """One a site kind, such as "refer: decide"."""
    override: str
    source: str


def rows(force: PolicyInForce) -> tuple[Row, ...]:
    """Return the table, heaviest reason first."""
    rules = force.rules
    document = read_document(force.data, rules.source)
    return tuple(
        Row(
            reason,
            tuple(_cell(rules, reason, kind) for kind in SiteKind),
            rules.overrides[reason].value,
            _place(document, ("rule", reason.value)),
        )
        for reason in rules.weight
    )


def values(force: PolicyInForce, configuration: Document[Configuration]) -> Iterator[Value]:
    """Yield every limit in force at the configured site."""
    rules = force.rules
    kind = configuration.model.site.kind
    document = read_document(force.data, rules.source)
    tightened = {item.path: item for item in rules.tightened}

    def value(path: tuple[str, str], text: str, setting: tuple[str, str] | None = None) -> Value:
        stricter = tightened.get(setting) if setting is not None else None
        if stricter is not None and setting is not None:
            return Value(".".join(path), text, _place(configuration, setting), stricter.before)
        return Value(dotted(path), text, _place(document, path))

    yield Value("version", rules.version, _place(document, ("version",)))
    yield value(("temperature", kind.value), rules.temperature[kind].value, ("temperature", "rule"))
    yield value(("temperature", "limit_centi"), str(rules.limit_centi), ("temperature", "limit_centi"))
    yield value(("temperature", "remeasure_after_s"), str(rules.times.remeasure_after_s))
    estimate = "true" if rules.accept_module_estimate else "false"
    yield value(("temperature", "accept_module_estimate"), estimate)
    yield value(("freshness", "warn_after_hours"), str(rules.warn_after // 3600))
    hours = str(rules.refer_after // 3600)
    yield value(("freshness", "refer_after_hours"), hours, ("freshness", "refer_after_hours"))
    yield value(("passage", "same_scan_s"), str(rules.times.same_scan_s))
    yield value(("passage", "already_passed_s"), str(rules.times.already_passed_s))
    yield value(("passage", "pass_clears_s"), str(rules.times.pass_clears_s))
    yield value(("passage", "kiosk_clears_s"), str(rules.times.kiosk_clears_s))
    yield value(("accept", "formats"), ", ".join(sorted(rules.formats)))
    yield value(("accept", "issuers"), ", ".join(sorted(rules.issuers)))
    carriers = sorted(carrier.name.lower() for carrier in rules.static[kind])
    yield value(("static", kind.value), ", ".join(carriers) or "none")
    for number, row in enumerate(rules.foreign):
        named = f"{', '.join(sorted(row.formats))} of {', '.join(sorted(row.issuers))}"
        needed = f", meeting {row.rules}" if row.rules else ""
        place = _place(document, ("foreign", number))
        yield Value(f"foreign.{number + 1}", f"{named}: {row.cells[kind]}{needed}", place)
    for issuer, colours in rules.recognised.items():
        counts = ", ".join(f"{there.name.lower()} as {here.name.lower()}" for there, here in colours.items())
        yield Value(f"recognised.{issuer}", counts, _place(document, ("recognised",)))


def _cell(rules: Rules, reason: Reason, kind: SiteKind) -> str:
    treatment = rules.table[reason, kind]
    return "ignore" if treatment.ignored else f"{_WORDS[treatment.outcome]}: {treatment.guard}"


def _place(document: Document[Configuration] | Document[PolicyFile], path: KeyPath) -> str:
    line = document.line_of(path)
    return document.file if line is None else f"{document.file}:{line}"
