"""The framed link between the host and the gate controller: frames, messages, and the controller's end of a session.

This one file runs on the host and, unchanged, on the controller under MicroPython: it imports `binascii` and
`struct`, and uses nothing that MicroPython lacks. All times are milliseconds, given by the caller.

Frame: COBS( seq u8 | type u8 | body | CRC-32 of all before it, little-endian ), then 0x00. Other numbers are
big-endian. Every command's body begins with the session's number, so that what is left over from an earlier session
does nothing:

    HELLO      session u32, version u8               opens a session
    HEARTBEAT  session u32                           nothing else to say
    OPEN       session u32, token u32, pulse u16 ms  opens the barrier; token: what the host opens it for
    LIGHT      session u32, light u8                 what the lamp shows

An answer has the command's seq, its type | 0x80, and the body: session u32 (the command's), status u8, version u8.
The controller sends nothing but answers.

The host has one command under way at a time and sends it again until it is answered. The next command has the next
seq (mod 256). Within a session the controller therefore does exactly the next seq; the same and the 127 before it
are repeats, answered and not done again; anything else is out of order and refused.
"""

import binascii
import struct

VERSION = 1

HELLO = 0x01
HEARTBEAT = 0x02
OPEN = 0x03
LIGHT = 0x04
ANSWER = 0x80

DONE = 0
REPEATED = 1
NO_SESSION = 2
BAD_VERSION = 3
BAD_BODY = 4
OUT_OF_ORDER = 5
OLD_SESSION = 6

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
    """One frame with its closing zero."""
    plain = bytes((seq, kind)) + body
    return cobs_encode(plain + struct.pack("<I", binascii.crc32(plain) & 0xFFFFFFFF)) + b"\x00"


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


def answer(session: int, status: int) -> bytes:
    """Body of every answer."""
    return struct.pack(">IBB", session, status, VERSION)


def read_answer(body: bytes) -> "tuple[int, int, int] | None":
    """(session, status, version) of an answer's body, or None."""
    if len(body) != 6:
        return None
    session, status, version = struct.unpack(">IBB", body)
    return session, status, version


class Machine:
    """What the controller moves; the firmware and the emulator each have their own."""

    def open_gate(self, token: int, pulse_ms: int) -> None:
        """Begin a pulse of the barrier, which the machine ends by itself."""
        raise NotImplementedError

    def show_light(self, light: int) -> None:
        """Show one of the `LIGHTS`."""
        raise NotImplementedError

    def make_safe(self) -> None:
        """Barrier closed, lamp "out of service": the host is gone."""
        raise NotImplementedError


class Responder:
    """The controller's end: sessions, repeats, refusals, and the loss of the heartbeat."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._reader = FrameReader()
        self.session = 0
        """Number of the open session; 0: none."""
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

    def tick(self, now_ms: int) -> None:
        """End the session when the host has been silent for too long."""
        if self.session and now_ms - self._heard_ms > HEARTBEAT_LOST_MS:
            self.end()

    def end(self) -> None:
        """End the session and make the machine safe."""
        self.session = 0
        self._machine.make_safe()

    def _hello(self, seq: int, session: int, body: bytes, now_ms: int) -> int:
        if len(body) != 5 or session == 0:
            return BAD_BODY
        if body[4] != VERSION:
            return BAD_VERSION
        if session == self.session:
            self._heard_ms = now_ms
            return DONE
        if session in self._used:
            return OLD_SESSION
        self._used = self._used[-SESSIONS_REMEMBERED + 1 :] + [session]  # noqa: RUF005  MicroPython has no unpacking
        self.session = session
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
        return BAD_BODY
