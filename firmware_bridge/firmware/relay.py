"""The relay that lets people through, and its own timing.

Two things are said of a gate. What its relay does while it has current: it opens, or it holds shut, as a magnetic lock
does. And what becomes of it without a host: it is shut (secure), or open (safe), as a fire exit must be.

Without power no relay has current, and neither has this one while the Pico starts, after its watchdog has bitten, and
until a first host has said how it is wired. So a fire exit's relay holds: everything that can be lost then opens it.
"""

OPENS_WITHIN_MS = 3000
"""A door that opens so long after a pulse still opens because of it: arms are slow, and people push late."""


class Coil:
    """Whatever energises the relay."""

    def coil(self, on: bool) -> None:
        """Switch the current."""
        raise NotImplementedError


class Relay:
    """One relay. Times are milliseconds that never decrease."""

    def __init__(self, coil: Coil) -> None:
        self._coil = coil
        self._holds = False
        self._fail_safe = False
        self._wired = False
        """Whether a host has ever said how."""
        self._serving = False
        self._ends_ms = None  # type: int | None
        self._passable_ms = None  # type: int | None
        self.on = False
        """Whether the coil is energised."""
        coil.coil(False)

    def serve(self, holds: bool, fail_safe: bool) -> None:
        """Note that a host is there, and how the gate is wired."""
        self._holds = holds
        self._fail_safe = fail_safe
        self._apply(serving=True)

    def pulse(self, pulse_ms: int, now_ms: int) -> None:
        """Let somebody through for so long; a pulse that runs is lengthened, never shortened."""
        ends_ms = now_ms + pulse_ms
        if self._ends_ms is None or ends_ms > self._ends_ms:
            self._ends_ms = ends_ms
        self._passable_ms = self._ends_ms + OPENS_WITHIN_MS
        self._apply(serving=True)

    def tick(self, now_ms: int) -> None:
        """End a pulse whose time is over."""
        if self._ends_ms is not None and now_ms >= self._ends_ms:
            self._ends_ms = None
            self._apply(serving=True)

    def release(self) -> None:
        """End everything, for want of a host: the gate becomes what its wiring says."""
        self._ends_ms = None
        self._apply(serving=False)

    @property
    def pulsing(self) -> bool:
        """Whether a pulse runs."""
        return self._ends_ms is not None

    def passable(self, now_ms: int) -> bool:
        """Whether a door that opens now was let: during a pulse, soon after one, or open for want of a host."""
        return (self._passable_ms is not None and now_ms <= self._passable_ms) or (
            self._fail_safe and not self._serving
        )

    def _apply(self, serving: bool) -> None:
        self._wired = self._wired or serving
        self._serving = serving
        opened = self.pulsing if serving else self._fail_safe
        on = self._wired and opened is not self._holds
        if on is not self.on:
            self.on = on
            self._coil.coil(on)
