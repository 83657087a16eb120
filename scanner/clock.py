"""The appliance's time, and whether there is evidence that it is right.

A box without a clock battery wakes up with the time of its shutdown. So its time is untrusted until there is
evidence since boot: a hardware clock, NTP, a time signed by the home authority that is newer than anything known, or
a supervisor who confirms the time shown. Besides, there is a floor below which the time cannot be right: the newest
of the build date, the times the home authority signed, and the journal's times written while trusted. A time from a
code or a presentation never comes near it: whoever shows a code must not be able to set the clock.

What a signed time proves. An authority's signature over time S proves that it is S or later, no more. So:

- every signed time raises the floor;
- it is evidence only where S is later than both the floor and the time believed so far: then the clock was behind,
  it is moved ahead to S, and S is the best anybody here knows. Lists already on the box prove nothing after a night
  in a cupboard, because the floor remembers them;
- where the clock is ahead of S already, S says nothing about how far: the clock stays untrusted;
- where something better vouches for the time and S is minutes ahead of it, the authority's clock is fast: the floor
  remembers S, and neither the time nor the trust in it changes. Phones show their codes by the right time.

What remains: the clock is behind by as long as the signed bytes travelled. A stick that lay a week in a drawer makes a
box a week late, and what it carries look fresh. The screen shows the time; NTP or a supervisor corrects it.

A step (the wall clock moved against the steady one by more than 2 s) takes back every evidence but what still holds,
and ends a move ahead: whoever stepped the clock had a reason, and the probes are asked again. From the step on, not
from when it is noticed: until then nothing vouches for the time.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.files import replace_file
from scanner.values import ClockTrust

if TYPE_CHECKING:
    from typing import Any

LOG = logging.getLogger(__name__)

BUILD_TIME = 1_795_219_200
"""2026-11-21 00:00 UTC: this software cannot run before it was written. Raised with each release."""
LATEST = 4_102_444_800
"""2100-01-01: a later time is a fault, and as a floor it would stop the clock for good."""
STEP_S = 2.0
FAST_S = 300
"""How far an authority's clock may be ahead of ours (docs/formats.md)."""
SAVE_EVERY_S = 60
"""A floor raised by less is kept in memory: a card must not be worn out by its own clock."""
FILE_NAME = "clock.json"


class ClockError(Exception):
    """A time cannot be accepted or confirmed; the text says why, `key` names the words for staff in the locale."""

    key = "clock.refused"


@unique
class EvidenceKind(StrEnum):
    """What vouches for the time since boot, as the journal and the screen name it."""

    HARDWARE_CLOCK = "hardware_clock"
    NTP = "ntp"
    SIGNED_TIME = "signed_time"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why the time is believed."""

    kind: EvidenceKind
    source: str
    """Which device, list or staff number."""

    def __str__(self) -> str:
        return f"{self.kind} ({self.source})"


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The wall clock moved by itself. Milliseconds since 1970 UTC."""

    before_ms: int
    """The time that would have been without the step."""
    after_ms: int

    @property
    def by_ms(self) -> int:
        """How far it moved; negative: back."""
        return self.after_ms - self.before_ms


Probe = Callable[[float], Evidence | None]
"""Asks the system for evidence, given the wall clock's seconds now."""


@dataclass(frozen=True, slots=True)
class _Saved:
    """What the state folder remembers."""

    floor: int
    source: str
    boot: str | None
    evidence: Evidence | None
    offset: float
    """Wall minus steady clock when the evidence held, plus `ahead`: it holds again only where this has not changed."""
    ahead: float


class Clock:
    """The time, its floor and its evidence. Safe to use from several threads.

    `wall` gives seconds since 1970 UTC, `steady` seconds that no step touches and that count since boot, `boot` names
    this boot of the system so that evidence outlives a restart of the program but not of the box.
    """

    def __init__(
        self,
        folder: Path,
        *,
        probes: Sequence[Probe] = (),
        boot: str | None = None,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        build_time: int = BUILD_TIME,
    ) -> None:
        self._path = folder / FILE_NAME
        self._probes = tuple(probes)
        self._boot = boot
        self._wall = wall
        self._steady = steady
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        """Taken before `_lock`: one writes the file at a time, and the newest last."""
        self._ahead = 0.0
        self._evidence: Evidence | None = None
        self._floor = build_time
        self._floor_source = "build date"
        self._floor_is_fast_by = 0.0
        """How much of the floor is an authority's fast clock."""
        self._saved_floor = 0
        self._save_failed = False
        self._restore()
        self._baseline = self._wall() - self._steady()
        self._probe()

    def now(self) -> int:
        """Return the believed time, seconds since 1970 UTC."""
        return int(self._believed())

    def now_ms(self) -> int:
        """Return the believed time, milliseconds since 1970 UTC."""
        return int(self._believed() * 1000)

    @property
    def floor(self) -> int:
        """The time before which it cannot be, seconds since 1970 UTC."""
        with self._lock:
            return self._floor

    @property
    def floor_source(self) -> str:
        """What set the floor."""
        with self._lock:
            return self._floor_source

    @property
    def evidence(self) -> Evidence | None:
        """What vouches for the time since boot, None as long as nothing does."""
        with self._lock:
            return self._evidence

    def trust(self) -> ClockTrust:
        """Tell whether people may be judged by this time: there is evidence, and it is not before the floor."""
        with self._lock:
            # A correction too small to be a step must not refer anybody just after an entry raised the floor.
            return ClockTrust.TRUSTED if self._is_trusted() else ClockTrust.UNTRUSTED

    def raise_floor(self, seconds: int, source: str) -> None:
        """Note that it cannot be before `seconds`; a lower value changes nothing.

        For times of the journal: call it only with entries written while `trust()` was TRUSTED. Never with a time out
        of a code. Raises ClockError: no plausible time.
        """
        with self._lock:
            self._raise(seconds, source)
            is_due = self._floor - self._saved_floor >= SAVE_EVERY_S
        if is_due:
            self._save()

    def accept_signed_time(self, seconds: int, source: str) -> bool:
        """Take a time signed by the home authority (a list's `iat`, a timestamp); see the module for what it proves.

        Returns whether it became evidence. Raises ClockError: no plausible time.
        """
        with self._lock:
            ahead, rises = seconds - self._believed(), seconds > self._floor
            signed = self._evidence is not None and self._evidence.kind is EvidenceKind.SIGNED_TIME
            is_fast = 0 < ahead <= FAST_S and rises and not signed and self._is_trusted()
            is_news = ahead > 0 and rises and not is_fast
            self._raise(seconds, source)
            if is_fast:
                self._floor_is_fast_by = ahead
            if is_news:
                self._ahead = seconds - self._wall()
                self._baseline = self._wall() - self._steady()
                self._evidence = Evidence(EvidenceKind.SIGNED_TIME, source)
            is_due = self._floor > self._saved_floor or is_news
        if is_due:
            self._save()
        return is_news

    def confirm(self, staff: str) -> None:
        """Take a supervisor's word that the shown time is right; the caller has checked the PIN.

        Raises ClockError: the shown time is before the floor and cannot be right.
        """
        with self._lock:
            if self._believed() < self._floor:
                raise ClockError(
                    f"the clock shows {_utc(self._believed())}, but it is later than {_utc(self._floor)} already "
                    f"({self._floor_source}); set the clock first"
                )
            self._evidence = Evidence(EvidenceKind.SUPERVISOR, staff)
            self._baseline = self._wall() - self._steady()
        self._save()

    def poll(self) -> ClockStep | None:
        """Look for a step of the wall clock and, while there is no evidence, ask the probes. Call it every second."""
        with self._lock:
            drift = self._drift()
            if abs(drift) <= STEP_S:
                if self._evidence is None:
                    self._probe()
                return None
            after = self._wall()
            step = ClockStep(int((after - drift + self._ahead) * 1000), int(after * 1000))
            self._baseline += drift
            self._ahead = 0.0
            self._evidence = None
            self._probe()
        self._save()
        return step

    def _is_trusted(self) -> bool:
        earliest = self._floor - self._floor_is_fast_by - STEP_S
        return self._evidence is not None and abs(self._drift()) <= STEP_S and self._believed() >= earliest

    def _drift(self) -> float:
        """Return how far the wall clock has moved against the steady one since that was looked at, seconds."""
        return self._wall() - self._steady() - self._baseline

    def _believed(self) -> float:
        return self._wall() + self._ahead

    def _probe(self) -> None:
        if self._evidence is not None:
            return
        for probe in self._probes:
            found = probe(self._wall())
            if found is not None:
                self._evidence = found
                return

    def _raise(self, seconds: int, source: str) -> None:
        if not 0 <= seconds < LATEST:
            raise ClockError(f"{seconds} ({source}) is no plausible time")
        if seconds > self._floor:
            self._floor, self._floor_source, self._floor_is_fast_by = seconds, source, 0.0

    def _restore(self) -> None:
        saved = self._load()
        if saved is None:
            return
        self._saved_floor = saved.floor
        if saved.floor > self._floor:
            self._floor, self._floor_source = saved.floor, saved.source
        same_boot = self._boot is not None and saved.boot == self._boot
        if same_boot and abs(self._wall() - self._steady() - saved.offset) <= STEP_S:
            self._evidence, self._ahead = saved.evidence, saved.ahead

    def _load(self) -> _Saved | None:
        """Read the state file. A damaged one is as none: the floor is then lower, the clock never more trusted."""
        try:
            return _decode(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            LOG.warning("%s cannot be read (%s): the clock's floor starts from the build date", self._path, error)
            return None

    def _save(self) -> None:
        """Persist floor and evidence atomically; a folder that cannot be written costs only the memory of them.

        Call it without the clock's lock: a slow card must hold up nobody who asks for the time.
        """
        with self._saving:
            with self._lock:
                floor, evidence = self._floor, self._evidence
                fields = {
                    "floor": floor,
                    "source": self._floor_source,
                    "boot": self._boot,
                    "evidence": None if evidence is None else [evidence.kind.value, evidence.source],
                    "offset": self._baseline,
                    "ahead": self._ahead,
                }
            try:
                replace_file(self._path, json.dumps(fields).encode(), mode=0o600)
            except OSError as error:
                if not self._save_failed:
                    LOG.warning("the clock's floor cannot be kept in %s: %s", self._path, error.strerror)
                self._save_failed = True
            else:
                self._save_failed = False
                self._saved_floor = floor


def _decode(fields: Any) -> _Saved:  # Any: what JSON gives, checked here
    """Check what the file says; raises ValueError."""
    if type(fields) is not dict or type(fields.get("floor")) is not int or not 0 <= fields["floor"] < LATEST:
        raise ValueError("no floor in it")
    source, boot, evidence = str(fields.get("source")), fields.get("boot"), fields.get("evidence")
    offset, ahead = fields.get("offset"), fields.get("ahead")
    if type(evidence) is not list or len(evidence) != 2 or type(evidence[1]) is not str or type(boot) is not str:
        return _Saved(fields["floor"], source, None, None, 0.0, 0.0)
    if not isinstance(offset, float) or not isinstance(ahead, float):
        raise ValueError("evidence without its time")
    return _Saved(fields["floor"], source, boot, Evidence(EvidenceKind(evidence[0]), evidence[1]), offset, ahead)


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
