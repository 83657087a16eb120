"""What becomes of the person before a lane: the proof, the memory and the measurement put before the policy in force.

Not thread-safe: everything here happens in the lane's own thread.
"""

from __future__ import annotations

from dataclasses import replace

from firmware_bridge.values import Measurement
from keys.reasons import Reason
from scanner import policy
from scanner.engine.person import Person
from scanner.engine.ports import Services
from scanner.engine.vision import CodeSeen
from scanner.memory import Memory
from scanner.policy import Site
from scanner.values import TemperatureRule


class Judging:
    """One lane's decisions. Times are monotonic seconds."""

    def __init__(self, site: Site, services: Services, memory: Memory) -> None:
        self._site = site
        self._services = services
        self._memory = memory

    def meet(self, seen: CodeSeen, at: float) -> Person:
        """Return the person whose code was read, judged by the code alone."""
        recollection = self._memory.recollect(seen.verdict, at)
        freshness = self._services.freshness(seen.verdict.issuer)
        decision = policy.judge_code(seen.verdict, freshness, recollection, self._site, self._services.rules())
        person = Person(seen, recollection, self._services.now(), decision, last_seen=at)
        person.ready_at = seen.decided_at
        return person

    def temperature_rule(self, person: Person) -> TemperatureRule:
        """Return whether this person's temperature is wanted."""
        return policy.temperature_rule(person.decision, self._site, self._services.rules())

    def is_high(self, measurement: Measurement) -> bool:
        """Whether a measurement is above the limit in force."""
        return policy.is_high(measurement, self._services.rules())

    def complete(self, person: Person, measurement: Measurement | None, at: float, *, thermometer_up: bool) -> None:
        """Complete the person's decision with what was measured."""
        person.measurement = measurement
        # Another lane's gate may have opened for this code while its temperature was taken.
        person.recollection = self._memory.recollect(person.verdict, at)
        person.decision = policy.judge(
            person.verdict,
            measurement,
            thermometer_up,
            self._services.freshness(person.verdict.issuer),
            person.recollection,
            self._site,
            self._services.rules(),
        )

    def prove_again(self, person: Person) -> None:
        """Judge from here on by what the proof says of the code now: it may have ended since it was read."""
        verdict = self._services.verify(person.seen.text)
        if verdict.reason is not Reason.PRESENTATION_EXPIRED:  # it was shown live when it was read
            person.seen = replace(person.seen, verdict=verdict)
