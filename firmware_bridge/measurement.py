"""From raw samples to a person's temperature: pure, every time an argument, every number an integer of centi-°C.

A presence is an unbroken stay of somebody before the thermometer. It begins with some samples above 30 °C in a row
and ends when the object has been clearly colder for a moment, or when the samples stop: behind a silence anybody may
stand. Within a presence one measurement is made, and one more after each `again()`.

No sample from before a gap, from before `again()` or from before the presence is ever part of a result.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from firmware_bridge.values import Measurement, Sample, Unmeasurable

PRESENT_CENTI = 3000
"""An object above this is taken for a person."""
ABSENT_CENTI = 2950
"""An object below this is not: half a degree lower, so that noise at the threshold is not two people."""
LOWEST_CENTI = 3500
"""A lower result is a cold face, glasses or a distance too great."""
HIGHEST_CENTI = 4200
"""A higher result is no person."""
AMBIENT_LOWEST_CENTI = 1600
AMBIENT_HIGHEST_CENTI = 3500
"""Outside these the module itself is not to be believed."""


@dataclass(frozen=True, slots=True)
class SettlingRule:
    """When samples agree. Times are seconds, temperatures centi-°C."""

    window: int
    """Consecutive samples looked at."""
    agreeing: int
    """How many of them must lie within `spread_centi` of each other."""
    spread_centi: int
    span_s: float
    """Longest time from the first to the last of the samples that agree."""
    begin_samples: int = 2
    """Consecutive samples above 30 °C that begin a presence: one alone may be a damaged frame."""
    end_s: float = 0.25
    """How long the object must be cold until the person has left: longer than a nod, shorter than people change."""
    gap_s: float = 0.5
    """A longer pause between samples makes those before it worthless."""
    silence_s: float = 1.0
    """A longer pause ends the presence."""
    unsteady_s: float = 4.0
    """After so long without agreement the result is `UNSTEADY`."""
    patience_s: float = 1.5
    """How long samples that agree on too low a temperature are taken for somebody who still comes nearer."""


@dataclass(frozen=True, slots=True)
class Offsets:
    """What is added to a raw median, centi-°C."""

    device_centi: int = 0
    """The device's own error, from a blackbody or a reference thermometer."""
    site_centi: int = 0
    """From skin to body, from some people measured with a contact thermometer here."""


@dataclass(frozen=True, slots=True)
class PresenceBegan:
    """Somebody stands before the thermometer. Presences are numbered from 1, without gaps."""

    presence: int
    at: float


@dataclass(frozen=True, slots=True)
class PresenceEnded:
    """Nobody stands there any more, or nobody can know."""

    presence: int
    at: float


@dataclass(frozen=True, slots=True)
class Settled:
    """The one measurement of a presence, or of a call of `again()`."""

    measurement: Measurement


MeasurementEvent = PresenceBegan | PresenceEnded | Settled


class Settling:
    """Follows one thermometer's samples."""

    def __init__(self, rule: SettlingRule, offsets: Offsets, device: str) -> None:
        self._rule = rule
        self._offsets = offsets
        self._device = device
        self._presence = 0
        self._present = False
        self._armed_at: float | None = None
        """Since when a measurement is being tried for; None: it has been given."""
        self._window: deque[Sample] = deque(maxlen=rule.window)
        self._last_at: float | None = None
        self._warm = 0
        """Consecutive samples above the threshold while nobody is present."""
        self._cold_since: float | None = None

    def correct(self, offsets: Offsets) -> None:
        """Add other offsets from the next measurement on. Any thread may call it."""
        self._offsets = offsets

    @property
    def presence(self) -> int | None:
        """Number of the presence that goes on, or None."""
        return self._presence if self._present else None

    def push(self, sample: Sample) -> tuple[MeasurementEvent, ...]:
        """Take in the next sample; `sample.at` never decreases."""
        events = list(self.tick(sample.at))
        if self._last_at is not None and sample.at - self._last_at > self._rule.gap_s:
            self._break()
        self._last_at = sample.at
        self._window.append(sample)
        if not self._present:
            events += self._await_person(sample)
        else:
            events += self._follow_person(sample)
        if self._present:
            events += self._measure(sample.at)
        return tuple(events)

    def tick(self, now: float) -> tuple[MeasurementEvent, ...]:
        """Let time pass without a sample: a silence ends the presence. `now` is monotonic seconds."""
        if self._last_at is None or now - self._last_at <= self._rule.silence_s:
            return ()
        self._break()
        return self._leave(now)

    def again(self) -> None:
        """Measure the same person once more, from samples to come alone. Without a presence nothing changes."""
        if self._present:
            self._window.clear()
            self._armed_at = self._last_at

    def interrupt(self, now: float) -> tuple[MeasurementEvent, ...]:
        """Forget everything up to `now`, because the line or the thread was held up: who stands there is unknown."""
        self._break()
        self._last_at = None
        return self._leave(now)

    def _break(self) -> None:
        self._window.clear()
        self._warm = 0

    def _await_person(self, sample: Sample) -> list[MeasurementEvent]:
        self._warm = self._warm + 1 if sample.object_centi > PRESENT_CENTI else 0
        if self._warm < self._rule.begin_samples:
            return []
        while len(self._window) > self._warm:
            self._window.popleft()
        self._warm = 0
        self._present = True
        self._presence += 1
        self._armed_at = sample.at
        self._cold_since = None
        return [PresenceBegan(self._presence, sample.at)]

    def _follow_person(self, sample: Sample) -> list[MeasurementEvent]:
        if sample.object_centi >= ABSENT_CENTI:
            self._cold_since = None
            return []
        if self._cold_since is None:
            self._cold_since = sample.at
        if sample.at - self._cold_since < self._rule.end_s:
            return []
        return list(self._leave(sample.at))

    def _leave(self, now: float) -> tuple[MeasurementEvent, ...]:
        if not self._present:
            return ()
        self._present = False
        self._armed_at = None
        self._cold_since = None
        self._window.clear()
        return (PresenceEnded(self._presence, now),)

    def _measure(self, now: float) -> list[MeasurementEvent]:
        if self._armed_at is None:
            return []
        agreeing = self._agreeing()
        if agreeing:
            measurement = self._result(agreeing)
            waited = now - self._armed_at
            if measurement.why_not is not Unmeasurable.TOO_LOW or waited >= self._rule.patience_s:
                self._armed_at = None
                return [Settled(measurement)]
        elif now - self._armed_at >= self._rule.unsteady_s:
            self._armed_at = None
            return [Settled(self._unsteady())]
        return []

    def _agreeing(self) -> list[Sample]:
        """Return the largest group of samples in the window that agree, or none. Only warm samples are a person's.

        All are of the newest one's method: a surface and an estimate of the body have nothing to agree on.
        """
        rule, method = self._rule, self._window[-1].method
        warm = sorted(
            (s for s in self._window if s.object_centi > PRESENT_CENTI and s.method is method),
            key=lambda s: s.object_centi,
        )
        for size in range(len(warm), rule.agreeing - 1, -1):
            for start in range(len(warm) - size + 1):
                group = warm[start : start + size]
                times = [sample.at for sample in group]
                if _spread(group) <= rule.spread_centi and max(times) - min(times) <= rule.span_s:
                    return group
        return []

    def _result(self, group: list[Sample]) -> Measurement:
        """Return the measurement that a group of agreeing samples, sorted by temperature, makes."""
        raw = _median([sample.object_centi for sample in group])
        ambients = [sample.ambient_centi for sample in group if sample.ambient_centi is not None]
        ambient = _median(ambients) if ambients else None
        result = raw + self._offsets.device_centi + self._offsets.site_centi
        why_not = _implausible(result, ambient)
        return Measurement(
            result_centi=None if why_not else result,
            why_not=why_not,
            raw_centi=raw,
            ambient_centi=ambient,
            device_offset_centi=self._offsets.device_centi,
            site_offset_centi=self._offsets.site_centi,
            spread_centi=_spread(group),
            method=group[0].method,
            device=self._device,
            at=max(sample.at for sample in group),
            presence=self._presence,
        )

    def _unsteady(self) -> Measurement:
        samples = list(self._window)
        return Measurement(
            result_centi=None,
            why_not=Unmeasurable.UNSTEADY,
            raw_centi=None,
            ambient_centi=samples[-1].ambient_centi,
            device_offset_centi=self._offsets.device_centi,
            site_offset_centi=self._offsets.site_centi,
            spread_centi=_spread(samples),
            method=samples[-1].method,
            device=self._device,
            at=samples[-1].at,
            presence=self._presence,
        )


class Stuckness:
    """Notices a module that repeats one value: living skin never reads the same for seconds.

    Only warm readings are judged, because a wall may well be still. A stuck warm value would otherwise give every
    visitor the same normal temperature.
    """

    def __init__(self, limit_s: float = 5.0) -> None:
        self._limit_s = limit_s
        self._since: Sample | None = None

    def stuck(self, sample: Sample) -> bool:
        """Whether readings have been the same, object and ambient, for the limit's seconds up to this sample."""
        since = self._since
        same = since is not None and (since.object_centi, since.ambient_centi) == (
            sample.object_centi,
            sample.ambient_centi,
        )
        if since is None or not same or sample.object_centi <= PRESENT_CENTI:
            self._since = sample
            return False
        return sample.at - since.at >= self._limit_s

    def forget(self) -> None:
        """Start anew, after a loss of the line."""
        self._since = None


def _implausible(result: int, ambient: int | None) -> Unmeasurable | None:
    """Why a settled result is no person's temperature, or None when it may be."""
    if ambient is not None and not AMBIENT_LOWEST_CENTI <= ambient <= AMBIENT_HIGHEST_CENTI:
        return Unmeasurable.AMBIENT
    if result < LOWEST_CENTI:
        return Unmeasurable.TOO_LOW
    if result > HIGHEST_CENTI:
        return Unmeasurable.TOO_HIGH
    return None


def _spread(samples: list[Sample]) -> int:
    objects = [sample.object_centi for sample in samples]
    return max(objects) - min(objects)


def _median(values: list[int]) -> int:
    """Return the middle value; of two middle ones their mean, rounded to the warmer side, where the limit is."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return -(-(ordered[middle - 1] + ordered[middle]) // 2)
