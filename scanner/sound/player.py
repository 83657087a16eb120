"""Plays pieces, one at a time, in a thread of its own: `play` returns at once, whatever becomes of the sound.

A program of the system does the playing (`programs`). It is killed when a newer piece cuts its sound off, and when it
takes longer than its sound: then it hangs. A device that is missing, busy or hanging is a `Fault`: logged once, said by
`fault`, and what should have been heard goes to `unplayed` instead, for a bell. Every few seconds silence is played
until that works again, which is logged once, too.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import threading
import time
from collections.abc import Callable
from enum import Enum, auto, unique
from typing import Final

from scanner.sound import SoundError
from scanner.sound.clip import Clip
from scanner.sound.programs import HANGS_S, NO_PROGRAM, TRIAL, Fault, FaultKind, Play, Program, find
from scanner.sound.rendering import prepare, render, render_tones
from scanner.sound.turns import Piece, Turns

_log = logging.getLogger(__name__)

AGAIN_S: Final = 10.0
"""How often a lost device is tried."""
UNPROVED_S: Final = 6.0
"""After so much sound that was cut off, one is heard to its end: or a device that hangs would never be noticed."""
KILLED_S: Final = 1.0
"""How long a killed program may take to be gone."""


@unique
class _End(Enum):
    PLAYED = auto()
    CUT = auto()
    FAILED = auto()


class Player:
    """Plays what it is given, once it has been started.

    Args:
        device: the sound device's name; None: the system's default.
        percent: how loud it may be now, 0 to 100; asked in the player's thread.
        unplayed: called in the player's thread with each piece that nobody could hear.
        path: where to look for the programs; None: the PATH.

    """

    def __init__(
        self,
        device: str | None,
        *,
        percent: Callable[[], int],
        unplayed: Callable[[Piece], None],
        path: str | None = None,
    ) -> None:
        self._device = device
        self._path = path
        self._percent = percent
        self._unplayed = unplayed
        self._turns = Turns()
        self._lock = threading.Lock()
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        self._ending = threading.Event()
        self._fault: Fault | None = None
        self._proved: str | None = None
        self._tried_at = 0.0
        self._unproved_s = 0.0
        self._lost: Play | None = None
        self._mute: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)

    @property
    def fault(self) -> Fault | None:
        """Why nothing is heard now; None: sound works, as far as is known."""
        return self._fault

    @property
    def worked(self) -> bool:
        """Whether anything was ever heard: what never worked is not lost."""
        return self._proved is not None

    def start(self) -> None:
        """Begin: silence is tried first, so that a missing device is known before anybody is waited for."""
        self._thread.start()

    def play(self, piece: Piece) -> None:
        """Let a piece be heard when its turn comes. Never waits."""
        if self._ending.is_set():
            return
        with self._lock:
            self._turns.add(piece, time.monotonic())
        self._wake_up()

    def close(self) -> None:
        """End, and fall silent."""
        if self._ending.is_set():
            return
        self._ending.set()
        self._wake_up()
        if self._thread.is_alive():
            self._thread.join(2 * KILLED_S)

    def _wake_up(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full of calls that wake it as well
            os.write(self._wake, b"\0")

    # The thread

    def _run(self) -> None:
        try:
            self._try()
            prepare(self._percent())
            while not self._ending.is_set():
                piece = self._take()
                if piece is not None:
                    self._hear(piece)
                elif self._fault is not None and time.monotonic() >= self._tried_at + AGAIN_S:
                    self._try()
                else:
                    self._wait()
        except Exception:
            # The supervised edge: without sound the screen goes on, and says so.
            _log.exception("the sound has ended by a fault")
            self._fault = Fault(FaultKind.FAILED, "the player has ended by a fault; restart the screen")
            while not self._ending.is_set():
                self._sleep(None)
                self._ring()

    def _take(self) -> Piece | None:
        with self._lock:
            return self._turns.take(time.monotonic())

    def _wait(self) -> None:
        self._sleep(None if self._fault is None else max(0.0, self._tried_at + AGAIN_S - time.monotonic()))

    def _sleep(self, seconds: float | None) -> None:
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        poll.poll(None if seconds is None else seconds * 1000)
        self._calm()

    def _calm(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)

    def _try(self) -> None:
        """Find out whether sound works, by playing nothing."""
        self._tried_at = time.monotonic()
        self._through(TRIAL, None)
        self._tried_at = time.monotonic()

    def _hear(self, piece: Piece) -> None:
        if self._fault is None and self._through(self._rendered(piece), piece) is not _End.FAILED:
            return
        self._unplayed(piece)

    def _rendered(self, piece: Piece) -> Clip:
        percent = self._percent()
        try:
            return render(piece, percent)
        except SoundError as error:
            if str(error) not in self._mute:
                self._mute.add(str(error))
                _log.error("a prompt cannot be spoken, install the product again: %s", error)
            return render_tones(piece, percent)

    def _through(self, sound: Clip, piece: Piece | None) -> _End:
        """Play it by the first program that can."""
        fault: Fault | None = None
        found = sorted(find(self._device, self._path), key=lambda program: program.name != self._proved)
        for program in found:
            ended, failure = self._by(program, sound, piece)
            if ended is not _End.FAILED:
                if ended is _End.PLAYED:
                    self._works(program)
                return ended
            fault = fault or failure
        self._fails(fault or NO_PROGRAM)
        return _End.FAILED

    def _by(self, program: Program, sound: Clip, piece: Piece | None) -> tuple[_End, Fault | None]:
        if self._lost is not None:
            if self._lost.alive:
                return _End.FAILED, Fault(FaultKind.HANGS, "a program that was killed still holds the device")
            self._lost.close()
            self._lost = None
        try:
            play = Play(program, sound)
        except OSError as error:
            return _End.FAILED, Fault(FaultKind.FAILED, f"{program.name}: {error.strerror}")
        begun = time.monotonic()
        done = self._watch(play, begun + sound.seconds + HANGS_S, piece)
        if done is _End.PLAYED:
            failure = play.failure()
            play.close()
            self._unproved_s = 0.0
            if failure is None:
                return _End.PLAYED, None
            return _End.FAILED, Fault(FaultKind.FAILED, f"{program.name}: {failure}")
        self._silence(play)
        if done is _End.CUT:
            self._unproved_s += time.monotonic() - begun
            return _End.CUT, None
        self._unproved_s = 0.0
        return _End.FAILED, Fault(FaultKind.HANGS, f"{program.name}: it hangs")

    def _watch(self, play: Play, deadline: float, piece: Piece | None) -> _End:
        """Wait until it ends, is cut off, or has taken too long."""
        poll = select.poll()
        poll.register(play.ended, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return _End.FAILED
            if any(fd == play.ended for fd, _ in poll.poll(left * 1000)):
                return _End.PLAYED
            self._calm()
            if self._ending.is_set():
                return _End.CUT
            if self._fault is not None:
                self._ring()
            elif piece is not None and self._unproved_s < UNPROVED_S:
                with self._lock:
                    if self._turns.cut(piece.announcement, time.monotonic()):
                        return _End.CUT

    def _ring(self) -> None:
        """While a lost device is tried, nobody waits for the outcome."""
        while (piece := self._take()) is not None:
            self._unplayed(piece)

    def _silence(self, play: Play) -> None:
        play.kill()
        poll = select.poll()
        poll.register(play.ended, select.POLLIN)
        if poll.poll(KILLED_S * 1000):
            play.failure()
            play.close()
        else:
            self._lost = play

    def _works(self, program: Program) -> None:
        if self._fault is not None:
            _log.warning("sound works again, by %s", program.name)
        self._fault, self._proved = None, program.name

    def _fails(self, fault: Fault) -> None:
        if self._fault is None:
            _log.warning("no sound, the bell rings instead: %s", fault.detail)
        self._fault = fault
        self._tried_at = time.monotonic()
