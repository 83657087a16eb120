"""What is not as it should be, now: one a cause and lane, said once when it comes and once when it goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Cause(StrEnum):
    """Everything that can be degraded; the words are in the locale under `degraded.<cause>`."""

    JOURNAL_FAILED = "journal_failed"
    JOURNAL_READONLY = "journal_readonly"
    JOURNAL_FULL = "journal_full"
    SEAL_KEY_MISSING = "seal_key_missing"
    CLOCK_UNTRUSTED = "clock_untrusted"
    KEYS_MISSING = "keys_missing"
    TRUST_REFUSED = "trust_refused"
    LISTS_MISSING = "lists_missing"
    LISTS_STALE = "lists_stale"
    LISTS_OLD = "lists_old"
    UPDATE_REFUSED = "update_refused"
    RETIRED = "retired"
    LOG_ALTERED = "log_altered"
    LOG_REFUSED = "log_refused"
    HUB_DOUBTED = "hub_doubted"
    LOG_WAITING = "log_waiting"
    HUB_UNREACHABLE = "hub_unreachable"
    HUB_UNDATED = "hub_undated"
    POLICY_DEFAULT = "policy_default"
    CAMERA_LOST = "camera_lost"
    CAMERA_POOR = "camera_poor"
    READER_LOST = "reader_lost"
    DECODER_FAILING = "decoder_failing"
    THERMOMETER_LOST = "thermometer_lost"
    GATE_LOST = "gate_lost"
    GATE_UNCONFIRMED = "gate_unconfirmed"
    """Somebody was let through, and the gate did not say that it opened."""
    DOOR_FORCED = "door_forced"
    DOOR_HELD = "door_held"
    STAFF_CALLED = "staff_called"
    """Somebody at the gate has pressed the button."""
    OFFSET_EXPIRED = "offset_expired"
    MEMORY_LOST = "memory_lost"
    CONTROL_UNAVAILABLE = "control_unavailable"


@dataclass(frozen=True, slots=True)
class Degradation:
    """One cause in force."""

    cause: Cause
    lane: str | None
    detail: str
    since: int
    """Seconds since 1970 UTC."""


class Degradations:
    """The set in force. Thread-safe; `changed` is called after every change, outside the lock."""

    def __init__(self, now: Callable[[], int], changed: Callable[[Degradation, bool], None]) -> None:
        self._now = now
        self._changed = changed
        self._lock = threading.Lock()
        self._active: dict[tuple[Cause, str | None], Degradation] = {}

    def set(self, cause: Cause, active: bool, *, lane: str | None = None, detail: str = "") -> None:
        """Put a cause in force, or lift it. Saying the same again changes nothing but the detail."""
        key = (cause, lane)
        with self._lock:
            before = self._active.get(key)
            after: Degradation | None
            if active:
                after = Degradation(cause, lane, detail, before.since if before else self._now())
                self._active[key] = after
            else:
                after = before
                self._active.pop(key, None)
        if after is None or (active and before is not None):
            return
        self._changed(after, active)

    def active(self) -> tuple[Degradation, ...]:
        """Return what is in force, gravest cause first."""
        order = list(Cause)
        with self._lock:
            return tuple(sorted(self._active.values(), key=lambda one: (order.index(one.cause), one.lane or "")))
