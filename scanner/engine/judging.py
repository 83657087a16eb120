"""What becomes of the person before a lane: the proof, the memory and the measurement put before the policy in force.

Not thread-safe: everything here happens in the lane's own thread.
"""

from __future__ import annotations

from dataclasses import replace

from firmware_bridge.values import Measurement
from keys.facts import combined
from keys.reasons import Reason
from keys.verdict import Verdict
from scanner import policy
from scanner.engine import by_hand
from scanner.engine.by_hand import Form
from scanner.engine.party import Parties
from scanner.engine.person import Person
from scanner.engine.ports import Services
from scanner.engine.vision import CodeSeen
from scanner.memory import Memory
from scanner.policy import Site
from scanner.values import Company, Decision, GuardStep, Outcome, Recollection, SiteKind, TemperatureRule

TEMPERATURE_REASONS = frozenset({Reason.TEMPERATURE_HIGH, Reason.TEMPERATURE_UNMEASURABLE, Reason.THERMOMETER_ABSENT})


class Judging:
    """One lane's decisions. Times are monotonic seconds."""

    def __init__(self, site: Site, services: Services, memory: Memory, parties: Parties) -> None:
        self._site = site
        self._parties = parties
        self._services = services
        self._memory = memory

    def meet(self, seen: CodeSeen, at: float) -> Person:
        """Return the person whose code was read, judged by the code alone."""
        recollection = self._memory.recollect(seen.verdict, at, None if seen.beside is None else seen.beside.verdict)
        freshness = self._services.freshness(seen.verdict.issuer)
        rules = self._services.rules()
        decision = policy.judge_code(seen.verdict, freshness, recollection, self._site, rules, self._company())
        person = Person(seen, recollection, self._services.now(), decision, last_seen=at)
        person.ready_at = seen.decided_at
        return person

    def _company(self) -> Company:
        if self._parties.checking is not None:
            return Company.PARTY
        vehicles = self._site.attended and self._site.kind is SiteKind.HIGHWAY
        return Company.UNKNOWN if vehicles else Company.NONE_EXPECTED

    def lacks_vehicle(self) -> bool:
        """Whether people come in vehicles here, and none has been written down."""
        return self._company() is Company.UNKNOWN

    def lacks_a_rule(self, seen: CodeSeen) -> bool:
        """Whether a business rule that is not met is all that speaks against a code."""
        freshness = self._services.freshness(seen.verdict.issuer)
        rules = self._services.rules()
        decision = policy.judge_code(seen.verdict, freshness, Recollection(), self._site, rules)
        return decision.reasons == (Reason.RULE_NOT_MET,)

    def register(self, form: Form, at: float) -> Person:
        """Return the person whom staff registered without a code."""
        decision = policy.judge_by_hand(None, False, self._site, self._services.rules())
        person = Person(by_hand.sighting(at), Recollection(), self._services.now(), decision, last_seen=at)
        person.ready_at, person.form, person.staff = at, form, form.staff
        return person

    def admits_by_hand(self) -> bool:
        """Whether the rules let staff here admit people without a code at all."""
        rules = self._services.rules()
        return self._site.attended and rules.table[Reason.MANUAL_ENTRY, self._site.kind].outcome is not Outcome.STOP

    def activated(self, person: Person, at: float) -> Decision | str:
        """Return what an activation of the person's grey code makes of the decision, or the locale key of why not.

        Staff have compared the document, which also settles a copyable code; everything else still counts, as it was
        decided and as it is now: the code may have ended while its holder stood there.
        """
        now = replace(person)
        self.prove_again(now)
        self.complete(now, person.measurement, at, thermometer_up=True)
        reasons = {*person.decision.reasons, *now.decision.reasons}
        if Reason.NOT_ACTIVATED not in reasons:
            return "activation.not_grey"
        left = reasons - {Reason.NOT_ACTIVATED, Reason.STATIC_COPY}
        if left & TEMPERATURE_REASONS:
            return "activation.temperature"
        if left:
            return "activation.other_reasons"
        if person.decision.guard is not GuardStep.ACTIVATE:
            return "activation.not_grey"
        return Decision(Outcome.PASS, (), GuardStep.NOTHING, person.decision.policy_version)

    def temperature_rule(self, person: Person) -> TemperatureRule:
        """Return whether this person's temperature is wanted."""
        if person.form is not None:
            return self._services.rules().temperature[self._site.kind]
        return policy.temperature_rule(person.decision, self._site, self._services.rules())

    def is_high(self, measurement: Measurement) -> bool:
        """Whether a measurement is above the limit in force."""
        return policy.is_high(measurement, self._services.rules())

    def complete(self, person: Person, measurement: Measurement | None, at: float, *, thermometer_up: bool) -> None:
        """Complete the person's decision with what was measured."""
        person.measurement = measurement
        if person.form is not None:
            rules = self._services.rules()
            person.decision = policy.judge_by_hand(measurement, thermometer_up, self._site, rules)
            return
        # Another lane's gate may have opened for this code while its temperature was taken.
        person.recollection = self._memory.recollect(person.verdict, at, person.beside)
        person.decision = policy.judge(
            person.verdict,
            measurement,
            thermometer_up,
            self._services.freshness(person.verdict.issuer),
            person.recollection,
            self._site,
            self._services.rules(),
            self._company(),
        )

    def prove_again(self, person: Person) -> None:
        """Judge from here on by what the proof says of the code now: it may have ended since it was read."""
        if person.form is not None:
            return
        if person.verdict.reason is Reason.IDENTITY_MISMATCH:
            return
        verdict, beside = self._services.verify(person.seen.text), person.seen.beside
        if beside is not None:
            beside = replace(beside, verdict=self._services.verify(beside.text))
            verdict = _together(verdict, beside.verdict)
        if verdict.reason is not Reason.PRESENTATION_EXPIRED:  # it was shown live when it was read
            person.seen = replace(person.seen, verdict=verdict, beside=beside)


def _together(verdict: Verdict, beside: Verdict) -> Verdict:
    """Return what two credentials of one person come to, proved anew: one that holds no more takes both with it."""
    if verdict.statement is None or beside.statement is None:
        return verdict._replace(reason=verdict.reason or beside.reason)
    statement = combined(beside.statement, verdict.statement)
    return verdict._replace(reason=verdict.reason or beside.reason, statement=statement)
