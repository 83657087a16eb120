"""The gate controller put together: what the host commands, what is felt at the gate, and what is told of it."""

from firmware_bridge import link
from firmware_bridge.firmware import buzzer
from firmware_bridge.firmware.buzzer import Buzzer, Piezo
from firmware_bridge.firmware.contacts import Button, Door
from firmware_bridge.firmware.lamp import Lamp, Panel
from firmware_bridge.firmware.mlx90614 import Bus, ChecksumError, Mlx90614, SensorFaultError
from firmware_bridge.firmware.relay import Coil, Relay

SAMPLE_MS = 100
"""The sensor has a new reading about so often."""
STATE_MS = 1000
"""A STATE goes out at every change, and so often without one."""
SIREN_MS = 60000
"""After so long a forced door is only reminded of: neighbours sleep."""

PASS = 2
REFER = 3
STOP = 4
MELODIES = {PASS: buzzer.PASS, REFER: buzzer.REFER, STOP: buzzer.STOP, link.OUT_OF_SERVICE: buzzer.OUT_OF_SERVICE}
"""What is heard as a light begins, by its number on the link."""


class Board(Coil, Panel, Piezo):
    """What hangs on the pins: `board.Pico` has it in hardware, the emulator in memory."""

    def button(self) -> bool:
        """Whether the button is pressed at this moment."""
        raise NotImplementedError

    def door_open(self) -> bool:
        """Whether the door's contact is open at this moment."""
        raise NotImplementedError

    def bus(self) -> Bus:
        """Return the thermometer's bus, made anew: one that hangs may work again."""
        raise NotImplementedError


class Controller(link.Machine):
    """All of it. Times are milliseconds that never decrease; `boot` is a number from 0 to 65535, new at each start."""

    def __init__(self, board: Board, boot: int) -> None:
        self._board = board
        self._boot = boot
        self._now_ms = 0
        self.relay = Relay(board)
        self.lamp = Lamp(board, link.OUT_OF_SERVICE)
        self.door = Door()
        self._buzzer = Buzzer(board)
        self._button = Button()
        self._responder = link.Responder(self)
        self._sampling = False
        self._sensor = None  # type: Mlx90614 | None
        self._probe = link.PROBE_OFF
        self._sample_due_ms = 0
        self._told = None  # type: tuple[int, ...] | None
        self._told_ms = 0
        self._forced_ms = 0

    @property
    def session(self) -> int:
        """Number of the open session; 0: none."""
        return self._responder.session

    def receive(self, data: bytes, now_ms: int) -> bytes:
        """Do what the host commands, and return the bytes to answer with."""
        self._now_ms = now_ms
        return self._responder.receive(data, now_ms)

    def turn(self, now_ms: int) -> bytes:
        """Do what is due, some hundred times a second; returns the reports to send, which may be lost."""
        self._now_ms = now_ms
        self._responder.tick(now_ms)
        self.relay.tick(now_ms)
        if self._button.tick(self._board.button(), now_ms):
            self._buzzer.play(buzzer.CALLED)
        self.door.tick(self._board.door_open(), self.relay.passable(now_ms), now_ms)
        self._buzzer.alarm(self._alarm(now_ms))
        self._buzzer.tick(now_ms)
        self.lamp.tick(now_ms)
        if not self._responder.reporting:
            self._told = None
            return b""
        return self._measure(now_ms) + self._tell(now_ms)

    # --- link.Machine ---------------------------------------------------------------------------------------------

    def open_gate(self, token: int, pulse_ms: int) -> None:  # noqa: ARG002  the host alone makes use of the token
        """Begin a pulse."""
        self.relay.pulse(pulse_ms, self._now_ms)

    def show_light(self, light: int) -> None:
        """Show a light, and let its melody be heard."""
        if self.lamp.show(light) and light in MELODIES:
            self._buzzer.play(MELODIES[light])

    def configure(self, flags: int, held_s: int) -> bool:
        """Take how the gate is wired."""
        if not flags & link.HANDS_OFF:
            self.relay.serve(holds=bool(flags & link.HOLDS), fail_safe=bool(flags & link.FAIL_SAFE))
            self.door.fit(bool(flags & link.DOOR_CONTACT), held_s)
        self._sampling = bool(flags & link.SAMPLES)
        self._probe = link.PROBE_ABSENT if self._sampling else link.PROBE_OFF
        self._sample_due_ms = self._now_ms
        return True

    def make_safe(self) -> None:
        """Leave the gate as it is wired to be left, and show that nobody is served."""
        self.relay.release()
        self.show_light(link.OUT_OF_SERVICE)

    # --- what is told ---------------------------------------------------------------------------------------------

    def _alarm(self, now_ms: int) -> "tuple[tuple[int, int], ...]":
        if self.door.state != link.DOOR_FORCED:
            self._forced_ms = now_ms
            return buzzer.HELD if self.door.state == link.DOOR_HELD else ()
        return buzzer.FORCED if now_ms - self._forced_ms < SIREN_MS else buzzer.HELD

    def _measure(self, now_ms: int) -> bytes:
        if not self._sampling or now_ms < self._sample_due_ms:
            return b""
        self._sample_due_ms = now_ms + SAMPLE_MS
        if self._sensor is None:
            self._sensor = Mlx90614(self._board.bus())
        try:
            object_centi, ambient_centi = self._sensor.read()
        except OSError:
            self._sensor = None
            self._probe = link.PROBE_ABSENT
        except ChecksumError:
            self._probe = link.PROBE_CHECKSUM
        except SensorFaultError:
            self._probe = link.PROBE_FAULT
        else:
            self._probe = link.PROBE_GOOD
            return self._responder.report(link.SAMPLE, link.sample(self.session, object_centi, ambient_centi))
        return b""

    def _tell(self, now_ms: int) -> bytes:
        state = (self._boot, self.door.state, self._button.presses, self.door.forcings, self._probe)
        if state == self._told and now_ms - self._told_ms < STATE_MS:
            return b""
        self._told, self._told_ms = state, now_ms
        return self._responder.report(link.STATE, link.state(self.session, *state))
