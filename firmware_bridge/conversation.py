"""The host's end of the gate link, pure: what to send when, and what the answers mean.

One command is under way at a time and is sent again until answered. What cannot be confirmed fails, exactly once,
and the session is given up: behind a new random number the controller can take nothing for a repeat, and refuses
whatever is left over from before. An opening is never kept for later: whoever asked for it has moved on.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

from firmware_bridge import link
from firmware_bridge.opening import GateConfirmed, GateEvent, GateFailed, GateFault, Opening
from firmware_bridge.reports import GateSettings, ReportEvent, Reports
from firmware_bridge.values import Light

__all__ = ["Conversation", "GateConfirmed", "GateEvent", "GateFailed", "GateFault", "Opening"]

RESEND_S = 0.08
"""Ten times what an answer takes on USB, garbage collection on the controller included."""
SENDS = 6
"""Times a command is sent before it has failed: half a second in all."""
HELLO_AGAIN_S = 0.25
HEARTBEAT_S = 0.5
"""A quarter of what the controller bears."""

DEFAULT_SETTINGS = GateSettings()

LIGHT_NUMBERS: dict[Light, int] = {light: number for number, light in enumerate(Light)}


@dataclass(slots=True)
class _Command:
    """The command under way."""

    seq: int
    kind: int
    encoded: bytes
    send_at: float
    sends: int = 0
    opening: Opening | None = None
    light: Light | None = None


class Conversation:
    """One host talking to one controller. All times are monotonic seconds and never decrease."""

    def __init__(self, numbers: random.Random, settings: GateSettings = DEFAULT_SETTINGS) -> None:
        self.detail = ""
        """In words, why there is no session."""
        self.reports = Reports()
        self._numbers = numbers
        self._settings = settings
        self._reader = link.FrameReader()
        self._connected = False
        self._settled = False
        """Whether there is a session, and the controller knows how the gate is wired or needs not to."""
        self._session = 0
        self._command: _Command | None = None
        self._seq = 0
        self._last_sent = 0.0
        self._openings: deque[Opening] = deque()
        self._wanted_light: Light | None = None
        self._shown_light: Light | None = None
        self._events: list[GateEvent] = []
        self._news: list[ReportEvent] = []

    @property
    def up(self) -> bool:
        """Whether a session is open, in which gates open."""
        return self._connected and self._settled

    def connect(self, now: float) -> None:
        """Greet, now that the line is open."""
        self._fail_all(GateFault.LOST)
        self._connected = True
        self.detail = ""
        self._reader = link.FrameReader()
        self._greet(now)

    def disconnect(self) -> None:
        """Fail whatever is not confirmed, now that the line is lost."""
        self._connected = False
        self._fail_all(GateFault.LOST)

    def open(self, opening: Opening) -> None:
        """Order an opening; its outcome is an event, exactly one."""
        if self.up:
            self._openings.append(opening)
        else:
            self._events.append(GateFailed(opening.token, GateFault.NOT_CONNECTED))

    def light(self, light: Light) -> None:
        """Set what the lamp shows from now on, through every new session."""
        self._wanted_light = light

    def events(self) -> list[GateEvent]:
        """Return what has happened since the last call."""
        events, self._events = self._events, []
        return events

    def news(self) -> list[ReportEvent]:
        """Return what the controller has told unasked since the last call."""
        news, self._news = self._news, []
        return news

    def due(self, now: float) -> bytes:
        """Return the bytes to send now; empty when there is nothing to say."""
        if not self._connected:
            return b""
        command = self._command
        if command is not None and now < command.send_at:
            return b""
        if command is not None and command.kind != link.HELLO and command.sends >= SENDS:
            self._give_up("the gate controller does not answer", GateFault.NO_ANSWER, now)
            command = self._command
        if command is None:
            command = self._command = self._next(now)
        if command is None:
            return b""
        command.sends += 1
        command.send_at = now + (HELLO_AGAIN_S if command.kind == link.HELLO else RESEND_S)
        self._last_sent = now
        return command.encoded

    def sent(self, now: float) -> None:
        """Take note that what was due has been written: only the answer counts here."""

    def farewell(self) -> bytes:
        """Return nothing to say at the end: the controller makes itself safe when the heartbeat is gone."""
        return b""

    def next_at(self) -> float | None:
        """When `due` has something to do if nothing happens before; None while there is no line."""
        if not self._connected:
            return None
        return self._command.send_at if self._command is not None else self._last_sent + HEARTBEAT_S

    def receive(self, data: bytes, now: float) -> bool:
        """Take in what the controller sent; whether an answer to the command under way was in it."""
        heard = False
        for seq, kind, body in self._reader.feed(data):
            if kind == link.STATE and self.up:
                self._news += self.reports.take(body, self._session)
                continue
            read = link.read_answer(body)
            command = self._command
            if read is None or command is None or (seq, kind) != (command.seq, command.kind | link.ANSWER):
                continue
            session, status, version = read
            if session != self._session:
                continue
            heard = True
            self._answered(command, status, version, now)
        return heard

    def _answered(self, command: _Command, status: int, version: int, now: float) -> None:
        self._command = None
        if command.kind == link.HELLO:
            self._hello_answered(status, version, now)
        elif command.kind == link.SETTINGS and status in (link.DONE, link.BAD_BODY):
            self._settings_answered(status == link.DONE, now)
        elif status == link.DONE:
            if command.opening is not None:
                latency = (now - command.opening.ordered_at) * 1000.0
                self._events.append(GateConfirmed(command.opening.token, latency))
            if command.light is not None:
                self._shown_light = command.light
        elif status == link.BAD_BODY:
            if command.opening is not None:
                self._events.append(GateFailed(command.opening.token, GateFault.REFUSED))
            if command.light is not None:
                self._shown_light = command.light
        else:
            if command.opening is not None:
                # Sent twice and refused at last: the first one may have been done before the controller restarted.
                why = GateFault.REFUSED if command.sends == 1 else GateFault.NO_ANSWER
                self._events.append(GateFailed(command.opening.token, why))
            self._give_up("the gate controller has restarted", GateFault.NOT_CONNECTED, now)

    def _hello_answered(self, status: int, version: int, now: float) -> None:
        if status == link.DONE:
            return
        if status == link.BAD_VERSION:
            self.detail = f"the gate controller speaks version {version} of the link, not {link.VERSION}: update it"
        self._greet_later(now)

    def _settings_answered(self, taken: bool, now: float) -> None:
        """Serve; with firmware that knows no settings only where it needs none."""
        if taken or self._settings == DEFAULT_SETTINGS:
            self._settled = True
            self.detail = ""
            return
        self.detail = "the gate controller's firmware is too old for what is configured of the gate: update it"
        self._greet_later(now)

    def _greet_later(self, now: float) -> None:
        self._greet(now)
        if self._command is not None:
            self._command.send_at = now + HELLO_AGAIN_S

    def _give_up(self, detail: str, why: GateFault, now: float) -> None:
        self.detail = detail
        self._fail_all(why)
        self._greet(now)

    def _fail_all(self, why: GateFault) -> None:
        """Fail what is under way for `why`, and what was never sent as not connected."""
        command, self._command = self._command, None
        self._settled = False
        self._shown_light = None
        if command is not None and command.opening is not None:
            self._events.append(GateFailed(command.opening.token, why))
        self._events += [GateFailed(opening.token, GateFault.NOT_CONNECTED) for opening in self._openings]
        self._openings.clear()

    def _greet(self, now: float) -> None:
        self._settled = False
        self._session = self._numbers.randrange(1, 2**32)
        self._command = self._make(link.HELLO, link.hello(self._session), now)

    def _next(self, now: float) -> _Command | None:
        if not self._settled:
            body = link.settings(self._session, self._settings.flags, self._settings.door_held_s or 0)
            return self._make(link.SETTINGS, body, now)
        if self._openings:
            opening = self._openings.popleft()
            body = link.open_gate(self._session, opening.token, opening.pulse_ms)
            return self._make(link.OPEN, body, now, opening=opening)
        light = self._wanted_light
        if light is not None and light is not self._shown_light:
            body = link.show_light(self._session, LIGHT_NUMBERS[light])
            return self._make(link.LIGHT, body, now, light=light)
        if now - self._last_sent >= HEARTBEAT_S:
            return self._make(link.HEARTBEAT, link.heartbeat(self._session), now)
        return None

    def _make(
        self, kind: int, body: bytes, now: float, *, opening: Opening | None = None, light: Light | None = None
    ) -> _Command:
        self._seq = (self._seq + 1) & 0xFF
        encoded = link.frame(self._seq, kind, body)
        return _Command(self._seq, kind, encoded, send_at=now, opening=opening, light=light)
