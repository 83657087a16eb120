"""Who is on shift, what the shift came to, and who may look at the supervisor's screens. Thread-safe.

A shift begins and ends with an entry of the log; only when the log has it does it count. A restart of the engine ends
it: nobody knows who stands there then.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scanner.control.duty import HandOver, ShiftView, Unlocked
from scanner.engine import people_records, records
from scanner.engine.inputs import Reaction
from scanner.engine.report import PassageReport
from scanner.journal.entry import EntryDraft
from scanner.staff import Staff, StaffError
from scanner.values import Outcome, Role

UNLOCKED_S: Final = 600
"""For how long a supervisor's PIN opens the supervisor's screens."""
MOST_UNLOCKED: Final = 16


@dataclass(slots=True)
class _Counts:
    passed: int = 0
    referred: int = 0
    stopped: int = 0
    overrides: int = 0
    by_hand: int = 0


class Duty:
    """The shift of one appliance."""

    def __init__(
        self,
        staff: Staff,
        *,
        now: Callable[[], int],
        stamp: Callable[[], records.Stamp],
        written: Callable[[EntryDraft], bool],
        matters: Callable[[], tuple[str, ...]],
        head: Callable[[], str],
    ) -> None:
        """`now`: seconds since 1970 UTC.

        `written` gives a draft to the log and waits: True once it is durable. `matters`: what the next guard must know
        of, `head`: the signed tree head, as `HandOver` says.
        """
        self._staff = staff
        self._now = now
        self._stamp = stamp
        self._written = written
        self._matters = matters
        self._head = head
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        """Held while a shift changes: two people cannot come at once."""
        self._shift: ShiftView | None = None
        self._counts = _Counts()
        self._unlocked: dict[str, tuple[float, str]] = {}
        """By token: monotonic time at which it ends, and the supervisor's staff number."""

    @property
    def shift(self) -> ShiftView | None:
        """Who is on shift."""
        with self._lock:
            return self._shift

    @property
    def number(self) -> str | None:
        """Staff number of whoever is on shift."""
        shift = self.shift
        return None if shift is None else shift.staff

    def count(self, report: PassageReport) -> None:
        """Note a passage that was decided about."""
        with self._lock:
            counts = self._counts
            if report.override is not None:
                counts.overrides += 1
                return
            counts.passed += report.outcome is Outcome.PASS
            counts.referred += report.outcome is Outcome.REFER
            counts.stopped += report.outcome is Outcome.STOP
            counts.by_hand += report.by_hand and report.outcome is Outcome.PASS

    def sign_on(self, number: str, pin: str) -> Reaction:
        """Begin a shift, and end the one before it. Returns its hand-over, or a locale key of why not."""
        with self._changing:
            before = self.shift
            if before is not None and before.staff == number:
                return "shift.same"
            try:
                role = self._staff.check(number, pin, time.monotonic())
            except StaffError as error:
                return error.key
            over = self.hand_over()
            if before is not None and not self._written(
                people_records.shift(before.staff, began=False, stamp=self._stamp())
            ):
                return "entry.log"
            self._begin(None)
            if not self._written(people_records.shift(number, began=True, stamp=self._stamp())):
                return "entry.log"
            self._begin(ShiftView(staff=number, role=role, since=self._now()))
            return over

    def sign_off(self, number: str, pin: str) -> Reaction:
        """End the shift with nobody coming: by whoever is on it, or a supervisor. Returns its hand-over, or why not."""
        with self._changing:
            before = self.shift
            if before is None:
                return "shift.nobody"
            try:
                role = self._staff.check(number, pin, time.monotonic())
            except StaffError as error:
                return error.key
            if number != before.staff and role is not Role.SUPERVISOR:
                return "override.supervisor_needed"
            over = self.hand_over()
            if not self._written(people_records.shift(before.staff, began=False, stamp=self._stamp())):
                return "entry.log"
            self._begin(None)
            return over

    def _begin(self, shift: ShiftView | None) -> None:
        with self._lock:
            self._shift, self._counts = shift, _Counts()

    def hand_over(self) -> HandOver:
        """Return what one guard tells the next, as it stands now."""
        matters, head = self._matters(), self._head()
        with self._lock:
            counts = self._counts
            return HandOver(
                shift=self._shift,
                now=self._now(),
                passed=counts.passed,
                referred=counts.referred,
                stopped=counts.stopped,
                overrides=counts.overrides,
                by_hand=counts.by_hand,
                open=matters,
                head=head,
            )

    def unlock(self, number: str, pin: str) -> Reaction:
        """Open the supervisor's screens. Returns the token they need, or a locale key of why not."""
        try:
            role = self._staff.check(number, pin, time.monotonic())
        except StaffError as error:
            return error.key
        if role is not Role.SUPERVISOR:
            return "unlock.supervisor"
        token = secrets.token_urlsafe(24)
        with self._lock:
            while len(self._unlocked) >= MOST_UNLOCKED:
                self._unlocked.pop(next(iter(self._unlocked)))
            self._unlocked[token] = time.monotonic() + UNLOCKED_S, number
        return Unlocked(token=token, until=self._now() + UNLOCKED_S)

    def unlocked_by(self, token: str) -> str | None:
        """Return the staff number of the supervisor whose screens a token opens now; None: it opens nothing."""
        now = time.monotonic()
        with self._lock:
            self._unlocked = {one: held for one, held in self._unlocked.items() if held[0] > now}
            fits = [of for one, (_, of) in self._unlocked.items() if hmac.compare_digest(one.encode(), token.encode())]
        return fits[0] if fits else None

    def lock(self, token: str) -> None:
        """Let a token count no more."""
        with self._lock:
            self._unlocked.pop(token, None)
