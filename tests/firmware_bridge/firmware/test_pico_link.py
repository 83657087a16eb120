"""The link under a real MicroPython: what is repeated, reordered and damaged, and the same files on both sides."""

import random
import time

import pytest
import serial

from firmware_bridge import link
from firmware_bridge.emulator.pico import InterpretedPico, flash_files, interpreter_missing
from tests.firmware_bridge.bench import PATIENCE_S, eventually

pytestmark = pytest.mark.skipif(bool(interpreter_missing()), reason=f"no MicroPython here: {interpreter_missing()}")


class Bare:
    """A host that says byte for byte what a test wants said."""

    def __init__(self, pico: InterpretedPico) -> None:
        self.port = serial.Serial(str(pico.link), timeout=0.01)
        self.reader = link.FrameReader()
        self.answers: list[tuple[int, int, int]] = []

    def say(self, *frames: bytes) -> "Bare":
        self.port.write(b"".join(frames))
        return self

    def hear(self, count: int) -> list[tuple[int, int, int]]:
        """The next answers: seq, type and status."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.answers) < count:
            assert time.monotonic() < deadline, f"{len(self.answers)} of {count} answers"
            for seq, kind, body in self.reader.feed(self.port.read(4096)):
                if kind & link.ANSWER:
                    self.answers.append((seq, kind & ~link.ANSWER, body[4]))
        taken, self.answers = self.answers[:count], self.answers[count:]
        return taken


@pytest.fixture
def bare(pico):
    bare = Bare(pico)
    yield bare
    bare.port.close()


def open_frame(seq: int, session: int, token: int = 1, pulse_ms: int = 50) -> bytes:
    return link.frame(seq, link.OPEN, link.open_gate(session, token, pulse_ms))


def hello_frame(seq: int, session: int) -> bytes:
    return link.frame(seq, link.HELLO, link.hello(session))


# --- repeated, reordered, damaged -----------------------------------------------------------------------------------

S = 0xC0FFEE42


def test_a_repeated_opening_opens_once(pico, bare):
    bare.say(hello_frame(0, S)).hear(1)
    assert bare.say(open_frame(1, S)).hear(1) == [(1, link.OPEN, link.DONE)]
    eventually(lambda: pico.energisings == 1 and not pico.energised)
    bare.say(*[open_frame(1, S)] * 5)
    assert bare.hear(5) == [(1, link.OPEN, link.DONE)] * 5
    assert pico.energisings == 1


def test_a_reordered_opening_opens_once_and_only_in_its_turn(pico, bare):
    bare.say(hello_frame(0, S)).hear(1)
    assert bare.say(open_frame(2, S)).hear(1) == [(2, link.OPEN, link.OUT_OF_ORDER)]
    assert pico.energisings == 0
    bare.say(open_frame(1, S), open_frame(2, S), open_frame(1, S))
    assert [status for *_, status in bare.hear(3)] == [link.DONE, link.DONE, link.REPEATED]
    eventually(lambda: not pico.energised)
    bare.say(open_frame(1, S), open_frame(2, S))
    assert [status for *_, status in bare.hear(2)] == [link.REPEATED, link.DONE]
    assert pico.energisings == 1, "the second pulse lengthened the first, and nothing came after"


def test_a_restarted_hosts_first_command_is_never_taken_for_a_repeat(pico, bare):
    for number in range(5):
        bare.say(hello_frame(0, S + number), open_frame(1, S + number))
        assert [status for *_, status in bare.hear(2)] == [link.DONE, link.DONE]
        eventually(lambda number=number: pico.energisings == number + 1 and not pico.energised)


def test_what_a_dead_host_left_on_the_line_opens_nothing(pico, bare):
    bare.say(hello_frame(0, S)).hear(1)
    bare.say(hello_frame(9, S + 1), open_frame(1, S), hello_frame(0, S), open_frame(10, S + 1))
    assert [status for *_, status in bare.hear(4)] == [link.DONE, link.NO_SESSION, link.OLD_SESSION, link.DONE]
    assert pico.energisings == 1


def test_each_opening_opens_once_whatever_is_repeated_reordered_and_damaged_after_it(pico, bare):
    chance = random.Random(7)
    bare.say(hello_frame(0, S)).hear(1)
    for seq in range(1, 21):
        assert bare.say(open_frame(seq, S)).hear(1) == [(seq, link.OPEN, link.DONE)]
        eventually(lambda: not pico.energised)
        behind = [open_frame(chance.randrange(1, seq + 1), S, token=chance.randrange(100)) for _ in range(6)]
        ahead = [open_frame(seq + chance.randrange(2, 100), S) for _ in range(3)]
        strangers = [open_frame(seq + 1, S + 1), open_frame(seq + 1, 0)]
        broken = bytearray(open_frame(seq + 1, S))
        broken[chance.randrange(len(broken) - 1)] ^= 0x55
        frames = behind + ahead + strangers
        chance.shuffle(frames)
        bare.say(bytes(broken) + b"\x00", *frames)
        statuses = [status for *_, status in bare.hear(len(frames))]
        assert statuses.count(link.NO_SESSION) == len(strangers)
        assert statuses.count(link.OUT_OF_ORDER) == len(ahead)
        assert pico.energisings == seq


def test_noise_with_every_byte_in_it_neither_interrupts_nor_fills_it(pico, bare):
    chance = random.Random(3)
    for _ in range(8):
        bare.say(b"\x03\x04\x02\x01" + chance.randbytes(2000).replace(b"\x00", b"\x03"))
        time.sleep(0.05)
    bare.say(b"\x00", hello_frame(0, S))
    assert bare.hear(1) == [(0, link.HELLO, link.DONE)]
    assert pico.running
    assert pico.energisings == 0


def test_a_host_of_another_version_is_told_which_one_this_is(pico, bare):
    bare.say(link.frame(0, link.HELLO, S.to_bytes(4, "big") + bytes((link.VERSION + 1,))))
    assert bare.hear(1) == [(0, link.HELLO, link.BAD_VERSION)]


def test_thousands_of_commands_need_no_more_memory_than_a_pico_has(pico, bare):
    bare.say(hello_frame(0, S)).hear(1)
    settings = link.settings(S, link.KNOWN_FLAGS, 20)
    bare.say(link.frame(1, link.SETTINGS, settings)).hear(1)
    for start in range(2, 3002, 50):
        bare.say(*(link.frame(seq & 0xFF, link.HEARTBEAT, link.heartbeat(S)) for seq in range(start, start + 50)))
        assert {status for *_, status in bare.hear(50)} == {link.DONE}
    assert pico.running


# --- the same file on both sides ------------------------------------------------------------------------------------

DIFFERENTIAL = """
from firmware_bridge import link
import random
random.seed(1)
for number in range(300):
    data = bytes(random.getrandbits(8) % (256 if number % 3 else 3) for _ in range(number))
    encoded = link.cobs_encode(data)
    framed = link.frame(number & 255, 3, data)
    undone = link.cobs_decode(encoded) == data, link.read_frame(framed[1:-1])[2] == data
    print(data.hex(), encoded.hex(), framed.hex(), *undone)
print(link.settings(7, 5, 300).hex(), link.sample(7, -70000, 3650).hex(), link.state(7, 8, 3, 256, 5, 1).hex())
"""


def test_both_sides_write_the_same_bytes(tmp_path):
    with InterpretedPico(tmp_path / "gate", tmp_path / "pico") as pico:
        *lines, bodies = pico.script(DIFFERENTIAL).splitlines()
    assert len(lines) == 300
    for number, line in enumerate(lines):
        data, encoded, framed, decoded, read = line.split(" ")
        plain = bytes.fromhex(data)
        assert (encoded, framed) == (link.cobs_encode(plain).hex(), link.frame(number & 255, 3, plain).hex())
        assert (decoded, read) == ("True", "True")
    assert bodies == " ".join(
        body.hex() for body in (link.settings(7, 5, 300), link.sample(7, -70000, 3650), link.state(7, 8, 3, 256, 5, 1))
    )


CLOCK = """
from firmware_bridge.firmware import board

class Time:
    now = 0
    @staticmethod
    def ticks_ms():
        return Time.now % (1 << 30)
    @staticmethod
    def ticks_diff(end, start):
        return ((end - start + (1 << 29)) & ((1 << 30) - 1)) - (1 << 29)

board.time = Time
pico = board.Pico()
for Time.now in range(0, 5 << 30, 1 << 27):
    assert pico.now_ms() == Time.now
print("never begins anew")
"""


def test_its_milliseconds_go_on_when_the_picos_own_begin_anew(tmp_path):
    with InterpretedPico(tmp_path / "gate", tmp_path / "pico") as pico:
        assert pico.script(CLOCK) == "never begins anew\n"


SERPENTINE = """
from firmware_bridge.firmware import board, wiring
wiring.SERPENTINE = True
board.Pico().pixels(bytearray(range(192)))
"""


def test_a_panel_that_runs_to_and_fro_gets_every_second_row_turned_round(tmp_path):
    with InterpretedPico(tmp_path / "gate", tmp_path / "pico") as pico:
        pico.script(SERPENTINE)
        shown = pico.seen("pixels")[-1][1][0]
    pixels = [bytes.fromhex(shown)[at : at + 3] for at in range(0, 192, 3)]
    straight = [bytes(range(at, at + 3)) for at in range(0, 192, 3)]
    assert [pixels[row * 8 : row * 8 + 8][:: -1 if row % 2 else 1] for row in range(8)] == [
        straight[row * 8 : row * 8 + 8] for row in range(8)
    ]


def test_the_pico_gets_every_module_of_the_firmware_and_nothing_else():
    assert {"main.py", "firmware_bridge/link.py", "firmware_bridge/firmware/program.py"} <= set(flash_files())
    assert all(source.suffix == ".py" and source.is_file() for source in flash_files().values())
    assert sum(source.stat().st_size for source in flash_files().values()) < 64 * 1024
