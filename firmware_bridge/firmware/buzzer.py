"""The buzzer: what it plays for each result and each alarm, distinct in number, length and pitch of its tones.

One tone for pass, two for refer, three for stop, as on the guard's screen, and each lower and longer than the one
before, so that half a pattern is enough. Alarms repeat, and give way to results.
"""

PAUSE = 0
"""Hz of silence."""

PASS = ((2400, 120),)
REFER = ((1200, 200), (PAUSE, 100), (1200, 200))
STOP = ((600, 350), (PAUSE, 120), (600, 350), (PAUSE, 120), (600, 350))
OUT_OF_SERVICE = ((900, 250), (600, 250), (400, 500))
"""Falls."""
CALLED = ((1000, 80), (1600, 80), (2500, 120))
"""Rises: staff have been called."""
HELD = ((1500, 60), (2000, 60), (PAUSE, 1500))
"""A chirp: please shut the door."""
FORCED = ((2800, 200), (1400, 200))
"""A siren."""


class Piezo:
    """Whatever makes the tone."""

    def tone(self, hertz: int) -> None:
        """Sound, or fall silent at 0."""
        raise NotImplementedError


class Buzzer:
    """Plays one melody at a time. Times are milliseconds that never decrease."""

    def __init__(self, piezo: Piezo) -> None:
        self._piezo = piezo
        self._sounding = PAUSE
        self._once = ()  # type: tuple[tuple[int, int], ...]
        self._alarm = ()  # type: tuple[tuple[int, int], ...]
        self._note = 0
        self._ends_ms = None  # type: int | None

    def play(self, melody: "tuple[tuple[int, int], ...]") -> None:
        """Play this once, from the next tick on, instead of what plays now."""
        self._once = melody
        self._begin()

    def alarm(self, melody: "tuple[tuple[int, int], ...]") -> None:
        """Repeat this whenever nothing else plays; empty: no alarm."""
        if melody == self._alarm:
            return
        self._alarm = melody
        if not self._once:
            self._begin()

    def tick(self, now_ms: int) -> None:
        """Sound what is due."""
        if self._ends_ms is not None and now_ms < self._ends_ms:
            return
        if self._ends_ms is not None:
            self._note += 1
            if self._note == len(self._once or self._alarm):
                self._once = ()
                self._note = 0
        notes = self._once or self._alarm
        if not notes:
            self._ends_ms = None
            self._sound(PAUSE)
            return
        hertz, length_ms = notes[self._note]
        self._ends_ms = now_ms + length_ms
        self._sound(hertz)

    def _begin(self) -> None:
        self._note = 0
        self._ends_ms = None

    def _sound(self, hertz: int) -> None:
        if hertz != self._sounding:
            self._sounding = hertz
            self._piezo.tone(hertz)
