"""What a credential of another issuer means at a site: the policy's rows, and the rule sets they name. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from keys.business_rules import NOTHING_IN_FORCE, Circumstances, FailedRule
from keys.countries import alpha_2
from keys.facts import Fact
from keys.reasons import Reason
from keys.verdict import Colour, Verdict
from scanner.policy_model import ForeignWord
from scanner.policy_rules import ForeignRow, Rules

if TYPE_CHECKING:
    from scanner.policy import Site

_LATEST: Final = "9999-99-99"
"""Later than every day; of a date that is told in part, its end stands for what is not told."""
_COLOURS: Final = {
    ForeignWord.YELLOW: Reason.COLOUR_YELLOW,
    ForeignWord.ORANGE: Reason.COLOUR_ORANGE,
    ForeignWord.RED: Reason.COLOUR_RED,
    ForeignWord.GREY: Reason.NOT_ACTIVATED,
}


def foreign_reasons(verdict: Verdict, site: Site, rules: Rules) -> Iterator[Reason]:
    """Yield what speaks against a proved foreign credential: nobody takes it here, a rule, or the colour it counts as.

    What was not proved has its reason already; a credential whose status is not known may still be of a kind that is
    not taken here at all.
    """
    if not verdict.valid and verdict.reason is not Reason.STATUS_UNKNOWN:
        return
    row = row_of(verdict, rules)
    word = ForeignWord.REFER if row is None else row.cells[site.kind]
    # A genuine card may be about something else altogether: nothing in it is what anything here is decided by.
    if word is ForeignWord.REFER or (verdict.statement is not None and not verdict.statement.facts):
        yield Reason.NOT_ACCEPTED_HERE
        return
    if verdict.statement is not None and _ends_in_a_positive_test(verdict.statement.facts):
        yield Reason.NOT_ACCEPTED_HERE
    if failed_rule(verdict, site, rules) is not None:
        yield Reason.RULE_NOT_MET
    if word in _COLOURS:
        yield _COLOURS[word]


def _ends_in_a_positive_test(facts: Sequence[Fact]) -> bool:
    """Whether the newest that a credential tells is a positive test; one whose day is not told may be the newest."""
    positive = [fact.on + _LATEST[len(fact.on) :] for fact in facts if fact.positive]
    others = [fact.on for fact in facts if not fact.positive]
    return bool(positive) and max(positive) >= max(others, default="")


def row_of(verdict: Verdict, rules: Rules) -> ForeignRow | None:
    """Return the first row of the policy that is about such a credential."""
    return next((row for row in rules.foreign if row.names(verdict.format, verdict.issuer)), None)


def colour_of(verdict: Verdict, site: Site, rules: Rules) -> Colour | None:
    """Return the colour of ours that a credential counts as at a site; None where it does not count as one."""
    row = row_of(verdict, rules)
    word = None if row is None else row.cells[site.kind]
    return Colour[word.name] if word is not None and word.name in Colour.__members__ else None


def failed_rule(verdict: Verdict, site: Site, rules: Rules) -> FailedRule | None:
    """Return the first rule that a credential does not meet; None where it meets them all, or none is asked for.

    A row that names a rule set which is not to be had is met by nobody.
    """
    row = row_of(verdict, rules)
    if row is None or not row.rules or verdict.statement is None or verdict.judged_at is None:
        return None
    rule_set = rules.rule_sets.get(row.rules)
    if rule_set is None:
        return FailedRule(NOTHING_IN_FORCE, {})
    issuer = verdict.issuer or ""
    around = Circumstances(
        at=verdict.judged_at,
        country=site.home[:2],
        issuer=alpha_2(issuer),
        issued_at=verdict.issued_at,
        expires_at=verdict.expires_at,
        kid=verdict.kid,
    )
    return rule_set.failed(verdict.statement, around)
