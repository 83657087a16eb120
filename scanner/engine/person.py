"""The person before a lane, as far as the lane knows; and the rules by which a measurement belongs to one."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_bridge.values import Measurement
from keys.reasons import Reason
from keys.verdict import Verdict
from scanner.engine.by_hand import Form
from scanner.engine.report import PassageReport
from scanner.engine.vision import CodeSeen
from scanner.values import Decision, GuardStep, Outcome, Recollection

HELD_S = 5.0
"""A measurement taken before the code serves it within this time."""


@dataclass(slots=True)
class Person:
    """One person's passage in progress. Dropped as a whole when the lane forgets: nothing personal stays."""

    seen: CodeSeen
    recollection: Recollection
    at: int
    """Seconds since 1970 UTC at which the code was read."""
    decision: Decision
    """Of the code alone at first, of everything in the end."""
    measurement: Measurement | None = None
    first_high: Measurement | None = None
    """The first measurement, where it was high: it is kept should there be no second."""
    last_seen: float = 0.0
    """Monotonic seconds at which the code was last in view."""
    ready_at: float = 0.0
    """Monotonic seconds at which the last thing the decision needed was known."""
    seq: int | None = None
    committed_at: float | None = None
    overridden: Reason | None = None
    form: Form | None = None
    """Whoever showed no code, and was registered by staff."""
    staff: str | None = None
    """Who typed the temperature, or registered the person."""

    @property
    def verdict(self) -> Verdict:
        """What the proof says of the code."""
        return self.seen.verdict

    @property
    def beside(self) -> Verdict | None:
        """What the proof says of the credential that counts together with this one."""
        return None if self.seen.beside is None else self.seen.beside.verdict

    @property
    def who(self) -> str:
        """What tells this person's code from another's."""
        return self.seen.who

    @property
    def holder(self) -> str:
        """What tells one person of a vehicle from another, whichever of several credentials was shown."""
        statement = self.verdict.statement
        if statement is None or not statement.person.same_as(statement.person):  # too little is told of whose it is
            return self.who
        return " ".join((*statement.person.words, statement.person.born))

    @property
    def outcome(self) -> Outcome:
        """What becomes of the person, after staff's word where they gave it."""
        match self.overridden:
            case Reason.OVERRIDE_ADMIT:
                return Outcome.PASS
            case Reason.OVERRIDE_REFUSE:
                return Outcome.STOP
            case _:
                return self.decision.outcome

    def unrecorded(self, *, attended: bool) -> Decision:
        """Return what becomes of the decision when the log cannot take it: never a pass."""
        return Decision(
            max(self.decision.outcome, Outcome.REFER),
            (*self.decision.reasons, Reason.LOG_UNAVAILABLE),
            GuardStep.DECIDE if attended else GuardStep.STAFFED_LANE,
            self.decision.policy_version,
        )

    def report(self, lane: str, gate_at: float | None) -> PassageReport:
        """Return what the engine's caller is told; `gate_at`: monotonic seconds of the gate's command, if any."""
        return PassageReport(
            lane=lane,
            seq=self.seq,
            at=self.at,
            outcome=self.decision.outcome,
            reasons=self.decision.reasons,
            colour=self.verdict.colour,
            temperature_centi=self.measurement.result_centi if self.measurement else None,
            frame_ns=_ns(self.seen.frame_at),
            ready_ns=_ns(self.ready_at),
            committed_ns=None if self.committed_at is None else _ns(self.committed_at),
            gate_ns=None if gate_at is None else _ns(gate_at),
            override=self.overridden,
            by_hand=self.form is not None,
        )


class Presences:
    """Whose forehead is being measured: one unbroken presence serves one code only.

    A measurement is held for `HELD_S` or until its presence ends. A presence that stood before the thermometer while
    a passage was decided belongs to that passage's code: it is spent for every other one.
    """

    def __init__(self) -> None:
        self.present: int | None = None
        self._held: Measurement | None = None
        self._spent: int = -1
        self._spent_by: str | None = None

    def began(self, presence: int) -> None:
        """Somebody stepped before the thermometer."""
        self.present = presence
        self._held = None

    def ended(self) -> None:
        """Nobody stands there any more, or the thermometer was lost."""
        self.present = None
        self._held = None

    def settled(self, measurement: Measurement) -> None:
        """Hold a finished measurement for whoever's code it may serve."""
        self._held = measurement

    def discard(self) -> None:
        """Drop the held measurement: the next one is wanted."""
        self._held = None

    def spend(self, who: str) -> None:
        """Let the presence of this moment belong to `who`, unless it belongs to somebody already."""
        if self.present is not None and self.present > self._spent:
            self._spent, self._spent_by = self.present, who

    def serves(self, presence: int, who: str) -> bool:
        """Whether a measurement of `presence` may count for `who`."""
        return presence > self._spent or (presence == self._spent and who == self._spent_by)

    def take(self, who: str, at: float) -> Measurement | None:
        """Return the held measurement if it may serve `who` at monotonic `at`; it is then gone."""
        held = self._held
        if held is None or at - held.at > HELD_S or not self.serves(held.presence, who):
            return None
        self._held = None
        return held


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
