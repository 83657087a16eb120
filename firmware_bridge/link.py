"""The framed link between the host and the gate controller: frames, messages, and the controller's end of a session.

This one file runs on the host and, unchanged, on the controller under MicroPython: it imports `binascii` and
`struct`, and uses nothing that MicroPython lacks. All times are milliseconds that never decrease, given by the caller.

Frame: 0x00, COBS( seq u8 | type u8 | body | CRC-32 of all before it, little-endian ), 0x00. The zero before it keeps a
frame from being lost with a damaged end of the one before; readers do without it. Other numbers are big-endian. Every
command's body begins with the session's number, so that what is left over from an earlier session does nothing:

    HELLO      session u32, version u8               opens a session
    HEARTBEAT  session u32                           nothing else to say
    OPEN       session u32, token u32, pulse u16 ms  opens the barrier; token: what the host opens it for
    LIGHT      session u32, light u8                 what the lamp shows
    SETTINGS   session u32, flags u8, held u16 s     how the gate is wired, and that reports are wanted

An answer has the command's seq, its type | 0x80, and the body: session u32 (the command's), status u8, version u8.
Unasked the controller sends reports, only within a session and only after its SETTINGS. They are not answered: a
STATE is whole and comes again each second, a SAMPLE is followed by a newer one.

    STATE      session u32, boot u16, door u8, presses u8, forcings u8, probe u8, release u8
    SAMPLE     session u32, object i16, ambient i16  centi-degrees Celsius

A command that a controller does not know is answered BAD_BODY, a report that a host does not know is dropped: new
ones may be added. `VERSION` changes when one of these changes.

The host has one command under way at a time and sends it again until it is answered. The next command has the next
seq (mod 256). Within a session the controller therefore does exactly the next seq; the same and the 127 before it
are repeats, answered and not done again; anything else is out of order and refused.
"""

import binascii
import struct

VERSION = 1
RELEASE = 1
"""Number of the firmware that this file belongs to; a controller tells it in every STATE."""

HELLO = 0x01
HEARTBEAT = 0x02
OPEN = 0x03
LIGHT = 0x04
SETTINGS = 0x05
STATE = 0x41
SAMPLE = 0x42
ANSWER = 0x80

DONE = 0
REPEATED = 1
NO_SESSION = 2
BAD_VERSION = 3
BAD_BODY = 4
OUT_OF_ORDER = 5
OLD_SESSION = 6

HOLDS = 0x01
"""The relay holds the gate shut while it has current; without the flag it opens it."""
FAIL_SAFE = 0x02
"""Without a session the gate is open; without the flag it is shut."""
DOOR_CONTACT = 0x04
"""A contact tells whether the door is shut."""
SAMPLES = 0x08
"""The host wants the thermometer's readings."""
HANDS_OFF = 0x10
"""The host wants nothing of the gate, which stays as it is without one: whatever else is said of it is not taken."""
KNOWN_FLAGS = 0x1F

DOOR_UNKNOWN = 0
"""No contact is fitted."""
DOOR_SHUT = 1
DOOR_OPEN = 2
DOOR_HELD = 3
"""Open for longer than SETTINGS allows."""
DOOR_FORCED = 4
"""Opened though nothing let it; until it is shut again."""
DOORS = 5

PROBE_OFF = 0
PROBE_GOOD = 1
PROBE_ABSENT = 2
"""Nothing answers on its wires."""
PROBE_CHECKSUM = 3
"""What it answers arrives damaged."""
PROBE_FAULT = 4
"""It says itself that its reading is none."""
PROBES = 5

SHORTEST_PULSE_MS = 50
LONGEST_PULSE_MS = 10000
LIGHTS = 6
"""Idle, measuring, pass, refer, stop, out of service, in this order."""
OUT_OF_SERVICE = 5
HEARTBEAT_LOST_MS = 2000
"""Without a valid command for so long the controller ends the session and makes itself safe."""
MAX_FRAME = 64
"""Bytes between two zeros; more is noise."""
SESSIONS_REMEMBERED = 16


def cobs_encode(data: bytes) -> bytes:
    """Consistent overhead byte stuffing (Cheshire and Baker 1999): `data` without any 0x00."""
    out = bytearray(1)
    code_at = 0
    code = 1
    for byte in data:
        if code == 0xFF:
            out[code_at] = code
            code_at = len(out)
            out.append(0)
            code = 1
        if byte:
            out.append(byte)
            code += 1
        else:
            out[code_at] = code
            code_at = len(out)
            out.append(0)
            code = 1
    out[code_at] = code
    return bytes(out)


def cobs_decode(data: bytes) -> "bytes | None":
    """Return the bytes that were encoded, or None when `data` is no encoding."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        end = at + code
        if code == 0 or end > len(data) or 0 in data[at + 1 : end]:
            return None
        out.extend(data[at + 1 : end])
        at = end
        if code != 0xFF and at < len(data):
            out.append(0)
    return bytes(out) if data else None


def frame(seq: int, kind: int, body: bytes) -> bytes:
    """One frame between its zeros."""
    plain = bytes((seq, kind)) + body
    return b"\x00" + cobs_encode(plain + struct.pack("<I", binascii.crc32(plain) & 0xFFFFFFFF)) + b"\x00"


def read_frame(encoded: bytes) -> "tuple[int, int, bytes] | None":
    """(seq, type, body) of what stood between two zeros, or None when it is no intact frame."""
    plain = cobs_decode(encoded)
    if plain is None or len(plain) < 6:
        return None
    if binascii.crc32(plain[:-4]) & 0xFFFFFFFF != struct.unpack("<I", plain[-4:])[0]:
        return None
    return plain[0], plain[1], plain[2:-4]


class FrameReader:
    """Cuts a stream into frames; holds at most `MAX_FRAME` bytes, whatever comes."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._overflow = False
        self.bad = 0
        """Pieces that were no frame."""

    def feed(self, data: bytes) -> "list[tuple[int, int, bytes]]":
        """Return the intact frames that `data` completes, as (seq, type, body)."""
        frames = []
        for byte in data:
            if byte:
                if len(self._held) >= MAX_FRAME:
                    self._overflow = True
                    self._held = bytearray()
                if not self._overflow:
                    self._held.append(byte)
                continue
            read = None if self._overflow else read_frame(bytes(self._held))
            if read is not None:
                frames.append(read)
            elif self._held or self._overflow:
                self.bad += 1
            self._held = bytearray()
            self._overflow = False
        return frames


def hello(session: int) -> bytes:
    """Body of HELLO."""
    return struct.pack(">IB", session, VERSION)


def heartbeat(session: int) -> bytes:
    """Body of HEARTBEAT."""
    return struct.pack(">I", session)


def open_gate(session: int, token: int, pulse_ms: int) -> bytes:
    """Body of OPEN."""
    return struct.pack(">IIH", session, token, pulse_ms)


def show_light(session: int, light: int) -> bytes:
    """Body of LIGHT."""
    return struct.pack(">IB", session, light)


def settings(session: int, flags: int, held_s: int) -> bytes:
    """Body of SETTINGS: some of the flags above, and the seconds a door may stand open."""
    return struct.pack(">IBH", session, flags, held_s)


def answer(session: int, status: int) -> bytes:
    """Body of every answer."""
    return struct.pack(">IBB", session, status, VERSION)


def read_answer(body: bytes) -> "tuple[int, int, int] | None":
    """(session, status, version) of an answer's body, or None."""
    if len(body) != 6:
        return None
    session, status, version = struct.unpack(">IBB", body)
    return session, status, version


def state(session: int, boot: int, door: int, presses: int, forcings: int, probe: int) -> bytes:  # noqa: PLR0917
    """Body of STATE. `boot` is drawn anew at each start; presses of the button and forcings count mod 256 from then."""
    return struct.pack(">IHBBBBB", session, boot, door, presses & 0xFF, forcings & 0xFF, probe, RELEASE)


def read_state(body: bytes) -> "tuple[int, int, int, int, int, int, int] | None":
    """(session, boot, door, presses, forcings, probe, release) of a STATE's body, or None."""
    if len(body) != 11:
        return None
    session, boot, door, presses, forcings, probe, release = struct.unpack(">IHBBBBB", body)
    if door >= DOORS or probe >= PROBES:
        return None
    return session, boot, door, presses, forcings, probe, release


def sample(session: int, object_centi: int, ambient_centi: int) -> bytes:
    """Body of SAMPLE; what lies beyond its numbers becomes their end."""
    return struct.pack(">Ihh", session, _int16(object_centi), _int16(ambient_centi))


def read_sample(body: bytes) -> "tuple[int, int, int] | None":
    """(session, object, ambient) of a SAMPLE's body, or None."""
    if len(body) != 8:
        return None
    session, object_centi, ambient_centi = struct.unpack(">Ihh", body)
    return session, object_centi, ambient_centi


def _int16(value: int) -> int:
    return max(-32768, min(32767, value))


class Machine:
    """What the controller moves; the firmware and the emulator each have their own."""

    def open_gate(self, token: int, pulse_ms: int) -> None:
        """Begin a pulse of the barrier, which the machine ends by itself."""
        raise NotImplementedError

    def show_light(self, light: int) -> None:
        """Show one of the `LIGHTS`."""
        raise NotImplementedError

    def configure(self, flags: int, held_s: int) -> bool:  # noqa: ARG002  a machine of its own makes use of them
        """Take settings; False when this machine has none."""
        return False

    def make_safe(self) -> None:
        """Leave the gate as the settings say, shut where none were given, and the lamp "out of service"."""
        raise NotImplementedError


class Responder:
    """The controller's end: sessions, repeats, refusals, and the loss of the heartbeat."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._reader = FrameReader()
        self.session = 0
        """Number of the open session; 0: none."""
        self.reporting = False
        """Whether the host of this session wants reports."""
        self._report = 0
        self._used = []  # type: list[int]
        self._seq = 0
        self._status = DONE
        self._heard_ms = 0

    def receive(self, data: bytes, now_ms: int) -> bytes:
        """Take in bytes from the host, do what they command, and return the bytes to answer with."""
        out = b""
        for seq, kind, body in self._reader.feed(data):
            if kind & ANSWER or len(body) < 4:
                continue
            session = struct.unpack(">I", body[:4])[0]
            if kind == HELLO:
                status = self._hello(seq, session, body, now_ms)
            else:
                status = self._command(seq, kind, session, body, now_ms)
            out += frame(seq, kind | ANSWER, answer(session, status))
        return out

    def report(self, kind: int, body: bytes) -> bytes:
        """Return the frame of a report of this session; nothing where none is wanted."""
        if not (self.session and self.reporting):
            return b""
        self._report = (self._report + 1) & 0xFF
        return frame(self._report, kind, body)

    def tick(self, now_ms: int) -> None:
        """End the session when the host has been silent for too long."""
        if self.session and now_ms - self._heard_ms > HEARTBEAT_LOST_MS:
            self.end()

    def end(self) -> None:
        """End the session and make the machine safe."""
        self.session = 0
        self.reporting = False
        self._machine.make_safe()

    def _hello(self, seq: int, session: int, body: bytes, now_ms: int) -> int:
        if len(body) != 5 or session == 0:
            return BAD_BODY
        if body[4] != VERSION:
            return BAD_VERSION
        if session == self.session and seq == self._seq:
            self._heard_ms = now_ms
            return DONE
        if session in self._used:  # the open one too: a host that restarts and draws its number begins none within it
            return OLD_SESSION
        self._used = self._used[-SESSIONS_REMEMBERED + 1 :] + [session]  # noqa: RUF005  MicroPython has no unpacking
        self.session = session
        self.reporting = False
        self._seq = seq
        self._status = DONE
        self._heard_ms = now_ms
        return DONE

    def _command(self, seq: int, kind: int, session: int, body: bytes, now_ms: int) -> int:
        if not self.session or session != self.session:
            return NO_SESSION
        self._heard_ms = now_ms
        behind = (self._seq - seq) & 0xFF
        if behind == 0:
            return self._status
        if behind < 128:
            return REPEATED
        if behind != 255:
            return OUT_OF_ORDER
        self._seq = seq
        self._status = self._do(kind, body)
        return self._status

    def _do(self, kind: int, body: bytes) -> int:
        if kind == HEARTBEAT and len(body) == 4:
            return DONE
        if kind == OPEN and len(body) == 10:
            token, pulse_ms = struct.unpack(">IH", body[4:])
            if SHORTEST_PULSE_MS <= pulse_ms <= LONGEST_PULSE_MS:
                self._machine.open_gate(token, pulse_ms)
                return DONE
        if kind == LIGHT and len(body) == 5 and body[4] < LIGHTS:
            self._machine.show_light(body[4])
            return DONE
        if kind == SETTINGS and len(body) == 7:
            flags, held_s = struct.unpack(">BH", body[4:])
            if not flags & ~KNOWN_FLAGS and self._machine.configure(flags, held_s):
                self.reporting = True
                return DONE
        return BAD_BODY
