"""A barrier on a bought relay, pure: what to send when, so that it opens for a pulse and is shut otherwise.

A relay board knows neither sessions nor tokens nor a heartbeat. What keeps people safe nonetheless: the relay is put
to rest whenever the line opens, and again every second; the end of a pulse is sent until it is answered, where there
are answers; an opening is never kept for later. What no program can do: a host that is killed in the middle of a pulse
leaves the relay as it is, until the next one starts.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, StrEnum, auto, unique

from firmware_bridge.modbus_rtu import QUIET_S
from firmware_bridge.opening import GateCommanded, GateConfirmed, GateEvent, GateFailed, GateFault, Opening
from firmware_bridge.relay_boards import Board, Reply
from firmware_bridge.values import Light

ANSWER_S = 0.15
"""Ten times what an answer takes at 9600 baud."""
SENDS = 3
"""Times a command is sent before it has failed: half a second in all."""
AGAIN_S = 1.0
"""How often the relay is asked how it stands, or put to rest again where it cannot be asked."""
RETRY_S = 0.25
"""How soon a board that does not answer is tried again."""
SPEECH = 24
"""Bytes from a board that never speaks, until another device is taken to hang there."""
SPEECH_S = 3.0
"""A silence after which that is forgotten."""
GRACE_S = 0.3
"""After the end of a pulse that the board times, before it is put to rest."""


@unique
class Energised(StrEnum):
    """What the relay does to the gate while it is on: how it is wired."""

    OPENS = "opens"
    HOLDS = "holds"
    """It holds the gate shut, as with a magnetic lock: without power it opens."""


@unique
class Fail(StrEnum):
    """What becomes of the gate when the engine stops."""

    SECURE = "secure"
    """It is shut."""
    SAFE = "safe"
    """It is open, as a fire exit must be."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """How a gate hangs on its relay."""

    energised: Energised = Energised.OPENS
    fail: Fail = Fail.SECURE

    def on(self, *, opened: bool) -> bool:
        """Whether the relay is on while the gate is open, or shut."""
        return opened is (self.energised is Energised.OPENS)


class _Kind(Enum):
    REST = auto()
    """Shut the gate."""
    OPEN = auto()
    ASK = auto()


_STATES = frozenset((Reply.IS_ON, Reply.IS_OFF))


@dataclass(slots=True)
class _Command:
    """The command under way."""

    kind: _Kind
    encoded: bytes
    answers: frozenset[Reply]
    """What it is answered with, unless it is refused. Answers to other commands have come late."""
    send_at: float
    sends: int = 0
    opening: Opening | None = None


class RelayTalk:
    """One host and one relay. All times are monotonic seconds and never decrease."""

    def __init__(self, board: Board, wiring: Wiring, *, hands_off: bool = False) -> None:
        """`hands_off`: switch nothing, only ask how the relay stands; a board that cannot tell counts as up."""
        self.detail = ""
        self._board = board
        self._wiring = wiring
        self._hands_off = hands_off
        self._connected = False
        self._up = False
        self._command: _Command | None = None
        self._openings: deque[Opening] = deque()
        self._events: list[GateEvent] = []
        self._rest_at: float | None = None
        """When the gate is to be shut; None: it is, as far as anybody knows."""
        self._last_sent = 0.0
        self._quiet_until = 0.0
        self._speech = 0
        """Bytes from a board that never speaks."""
        self._spoke_at = 0.0
        self._tells = True
        """Whether the board tells how its relay stands: a few know commands only, and refuse the question."""

    @property
    def up(self) -> bool:
        """Whether the line is open and the board, where it can, has answered."""
        return self._connected and self._up and self._speech <= SPEECH

    def connect(self, now: float) -> None:
        """Put the relay to rest, now that the line is open: nobody knows how it was left."""
        self._fail_all(GateFault.LOST)
        self._connected = True
        self._up = False
        self._speech = 0
        self.detail = ""
        self._rest_at = now
        self._last_sent = now - AGAIN_S
        if self._hands_off:
            self._rest_at = None
            self._up = not self._board.ask()

    def disconnect(self) -> None:
        """Fail whatever is not confirmed, now that the line is lost."""
        self._connected = self._up = False
        self._fail_all(GateFault.LOST)

    def open(self, opening: Opening) -> None:
        """Order an opening; its outcome is an event, exactly one."""
        if self.up and not self._hands_off:
            self._openings.append(opening)
        else:
            self._events.append(GateFailed(opening.token, GateFault.NOT_CONNECTED))

    def light(self, light: Light) -> None:
        """Do nothing: a relay has no lamp."""

    def events(self) -> list[GateEvent]:
        """Return what has happened since the last call."""
        events, self._events = self._events, []
        return events

    def due(self, now: float) -> bytes:
        """Return the bytes to send now; empty when there is nothing to say."""
        if self._speech and now - self._spoke_at > SPEECH_S:
            self._speech = 0
            self.detail = ""
        if not self._connected or now < self._quiet_until:
            return b""
        command = self._command
        if command is not None and now < command.send_at:
            return b""
        if command is not None and command.sends >= SENDS:
            self._give_up(command, now)
        if self._command is None:
            self._command = self._next(now)
        return b"" if self._command is None else self._command.encoded

    def sent(self, now: float) -> None:
        """Take note that the command has left. Where there are no answers, this is all that is ever known."""
        command = self._command
        if command is None:
            return
        command.sends += 1
        command.send_at = now + ANSWER_S
        self._last_sent = now
        if self._board.silent:
            self._command = None
            self._done(command, now)

    def next_at(self) -> float | None:
        """When `due` has something to do if nothing happens before; None while there is no line."""
        if not self._connected:
            return None
        if self._command is not None:
            at = self._command.send_at
        elif self._openings:
            at = self._quiet_until
        else:
            at = self._last_sent + AGAIN_S
            at = at if self._rest_at is None else min(at, self._rest_at)
        return max(at, self._quiet_until)

    def receive(self, data: bytes, now: float) -> bool:
        """Take in what the board sent; whether an answer to the command under way was in it."""
        if self._board.silent:
            self._listen(len(data), now)
        heard = False
        for reply in self._board.feed(data):
            command = self._command
            if command is not None and (reply in command.answers or reply is Reply.REFUSED):
                heard = True
                self._command = None
                self._quiet_until = now + QUIET_S
                self._answered(command, reply, now)
        return heard

    def _listen(self, count: int, now: float) -> None:
        """Notice that something speaks where nothing should: an order to it would open nobody knows what."""
        self._spoke_at = now
        self._speech += count
        if self._speech > SPEECH:
            self.detail = "something speaks at the relay's port, which this kind of relay never does: another device?"
            self._fail_all(GateFault.NOT_CONNECTED)

    def farewell(self) -> bytes:
        """Return what leaves the gate as it is to be while no engine runs."""
        if self._hands_off or not self._connected:
            return b""
        return self._board.switch(on=self._wiring.on(opened=self._wiring.fail is Fail.SAFE))

    def _answered(self, command: _Command, reply: Reply, now: float) -> None:
        if reply is Reply.REFUSED and command.kind is _Kind.ASK:
            self._tells = False
            self._up = True  # a refusal is an answer, too
            return
        if reply is Reply.REFUSED:
            self.detail = f"the relay refuses: {self._board.complaint}"
            self._up = False
            if command.opening is not None:
                self._events.append(GateFailed(command.opening.token, GateFault.REFUSED))
            if command.kind is _Kind.REST:
                self._rest_at = now + RETRY_S
            return
        self.detail = ""
        self._done(command, now)
        is_open = reply in _STATES and (reply is Reply.IS_ON) is self._wiring.on(opened=True)
        if is_open and self._rest_at is None and not self._hands_off:
            self._rest_at = now  # somebody else has switched it, or it has started anew

    def _done(self, command: _Command, now: float) -> None:
        """Take note that a command has been carried out, as far as this board lets anybody know."""
        opening = command.opening
        if opening is None:
            self._up = True
            self._rest_at = None if command.kind is _Kind.REST else self._rest_at
            return
        latency = (now - opening.ordered_at) * 1000.0
        event = GateCommanded if self._board.silent else GateConfirmed
        self._events.append(event(opening.token, latency))
        self._shut_after(opening, now)

    def _shut_after(self, opening: Opening, now: float) -> None:
        grace = GRACE_S if self._board.pulse(opening.pulse_ms) else 0.0
        self._rest_at = max(self._rest_at or 0.0, now + opening.pulse_ms / 1000.0 + grace)

    def _give_up(self, command: _Command, now: float) -> None:
        """Nobody answers: say so once, and keep trying to put the relay to rest."""
        self._command = None
        self._up = False
        self.detail = "the relay does not answer"
        if command.opening is not None:
            self._events.append(GateFailed(command.opening.token, GateFault.NO_ANSWER))
            self.detail += ": the gate may stand open"
        self._fail_all(GateFault.NOT_CONNECTED)
        self._quiet_until = now + RETRY_S
        if not self._hands_off:
            self._rest_at = now

    def _fail_all(self, why: GateFault) -> None:
        """Fail what is under way for `why`, and what was never sent as not connected."""
        command, self._command = self._command, None
        if command is not None and command.opening is not None:
            self._events.append(GateFailed(command.opening.token, why))
        self._events += [GateFailed(opening.token, GateFault.NOT_CONNECTED) for opening in self._openings]
        self._openings.clear()

    def _next(self, now: float) -> _Command | None:
        if self._openings:
            return self._opening(self._openings.popleft(), now)
        if self._rest_at is not None and now >= self._rest_at:
            return self._switching(_Kind.REST, now, opened=False)
        if now - self._last_sent < AGAIN_S:
            return None
        if (question := self._board.ask()) and (self._tells or self._hands_off):
            return _Command(_Kind.ASK, question, _STATES, now)
        if self._rest_at is None and not self._hands_off:
            return self._switching(_Kind.REST, now, opened=False)
        return None

    def _opening(self, opening: Opening, now: float) -> _Command:
        if pulse := self._board.pulse(opening.pulse_ms):
            return _Command(_Kind.OPEN, pulse, frozenset((Reply.PULSED,)), now, opening=opening)
        command = self._switching(_Kind.OPEN, now, opened=True)
        command.opening = opening
        return command

    def _switching(self, kind: _Kind, now: float, *, opened: bool) -> _Command:
        on = self._wiring.on(opened=opened)
        answer = Reply.SWITCHED_ON if on else Reply.SWITCHED_OFF
        return _Command(kind, self._board.switch(on=on), frozenset((answer,)), now)
