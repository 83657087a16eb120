"""The real firmware under a real MicroPython on a pty, driven by the host's real code; its pins are a file's lines."""

import itertools
import random
import time

import pytest
import serial

from firmware_bridge import link
from firmware_bridge.emulator.pico import InterpretedPico, flash_files, interpreter_missing
from firmware_bridge.emulator.pico_machine import RESET_STATUS
from firmware_bridge.firmware import buzzer, wiring
from firmware_bridge.firmware.lamp import LIGHTS, draw
from firmware_bridge.gate import GateConfirmed, GateFailed
from firmware_bridge.opening import GateFault
from firmware_bridge.reports import GateSettings
from firmware_bridge.values import Door, Light, LinkState
from tests.firmware_bridge.bench import PATIENCE_S, eventually
from tests.firmware_bridge.controller_bench import ControllerBench

pytestmark = pytest.mark.skipif(bool(interpreter_missing()), reason=f"no MicroPython here: {interpreter_missing()}")

PLAIN = GateSettings()
FIRE_EXIT = GateSettings(holds=True, fail_safe=True)
WATCHED = GateSettings(door_held_s=1, samples=True)
LOST_S = link.HEARTBEAT_LOST_MS / 1000


@pytest.fixture
def pico(tmp_path):
    pico = InterpretedPico(tmp_path / "gate", tmp_path / "pico")
    pico.door(is_open=False)
    with pico:
        yield pico


@pytest.fixture
def host(pico, request):
    with ControllerBench(pico.link, getattr(request, "param", PLAIN)) as host:
        yield host.await_up()


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


def picture(light: Light, number: int = 0) -> bytes:
    colour, pictures = LIGHTS[list(Light).index(light)]
    return bytes(draw(pictures[number], colour))


def open_frame(seq: int, session: int, token: int = 1, pulse_ms: int = 50) -> bytes:
    return link.frame(seq, link.OPEN, link.open_gate(session, token, pulse_ms))


def hello_frame(seq: int, session: int) -> bytes:
    return link.frame(seq, link.HELLO, link.hello(session))


def test_it_starts_with_no_current_dark_ears_and_a_lamp_that_says_out_of_service(pico):
    eventually(lambda: bool(pico.pixels))
    assert pico.seen("level", wiring.RELAY)[0][1] == ("0",)
    assert pico.seen()[0][1][:2] == ("level", str(wiring.RELAY)), "before anything else"
    assert not pico.energised
    assert pico.pixels == picture(Light.OUT_OF_SERVICE)
    assert [rest for _, rest in pico.seen("tone")] == [("0",)]
    assert [rest for _, rest in pico.seen("interrupts")] == [("-1",)]
    assert [rest for _, rest in pico.seen("watchdog")] == [(str(link.HEARTBEAT_LOST_MS),)]


def test_an_opening_is_confirmed_and_ends_by_itself(pico, host):
    assert isinstance(host.open(4711, pulse_ms=200), GateConfirmed)
    assert pico.energised
    eventually(lambda: not pico.energised)
    (on, _), (off, _) = pico.seen("level", wiring.RELAY)[-2:]
    assert 200 <= off - on <= 300


def test_lights_are_shapes_and_results_are_heard(pico, host):
    for light, melody in ((Light.PASS, buzzer.PASS), (Light.REFER, buzzer.REFER), (Light.STOP, buzzer.STOP)):
        heard = len(pico.seen("tone"))
        host.gate.light(light)
        eventually(lambda light=light: pico.pixels == picture(light))
        tones = [hertz for hertz, _ in melody]
        eventually(lambda heard=heard, tones=tones: len(pico.seen("tone")) >= heard + len(tones))
        assert [int(rest[0]) for _, rest in pico.seen("tone")][heard:][: len(tones)] == tones


@pytest.mark.parametrize("host", [FIRE_EXIT], indirect=True)
def test_a_fire_exit_is_held_by_current_and_opened_by_taking_it(pico, host):
    eventually(lambda: pico.energised)
    assert isinstance(host.open(1, pulse_ms=200), GateConfirmed)
    assert not pico.energised
    eventually(lambda: pico.energised)


@pytest.mark.parametrize("settings", [PLAIN, FIRE_EXIT])
def test_a_host_that_is_gone_leaves_no_current_and_out_of_service(pico, settings):
    with ControllerBench(pico.link, settings) as host:
        host.await_up()
        host.gate.light(Light.IDLE)
        eventually(lambda: pico.pixels == picture(Light.IDLE))
        host.open(1, pulse_ms=10_000)
        assert pico.energised is not settings.holds
    began = time.monotonic()
    eventually(lambda: pico.pixels == picture(Light.OUT_OF_SERVICE))
    assert LOST_S - 1.0 < time.monotonic() - began < LOST_S + 1.0
    assert not pico.energised


@pytest.mark.parametrize("settings", [PLAIN, FIRE_EXIT])
def test_a_loss_of_power_takes_the_current_and_the_gate_serves_again_when_it_is_back(pico, settings):
    with ControllerBench(pico.link, settings) as host:
        host.await_up()
        host.gate.light(Light.PASS)
        pico.cut()
        assert not pico.energised
        eventually(lambda: host.state is LinkState.LOST)
        assert host.open(1) == GateFailed(1, GateFault.NOT_CONNECTED)
        pico.power()
        eventually(lambda: host.state is LinkState.UP)
        eventually(lambda: pico.pixels == picture(Light.PASS))
        assert pico.energised is settings.holds
        assert isinstance(host.open(2), GateConfirmed)


def test_an_error_that_nothing_foresaw_takes_the_current_and_starts_it_anew(pico):
    with ControllerBench(pico.link, WATCHED) as host:
        host.await_up().open(1, pulse_ms=10_000)
        assert pico.energised
        pico.feel("probe", "broken")
        eventually(lambda: pico.status is not None)
        assert pico.status == RESET_STATUS
        told = [rest for _, rest in pico.seen() if rest[0] in {"level", "reset"}]
        assert told[-2:] == [("level", str(wiring.RELAY), "0"), ("reset",)]
        pico.feel("probe", "good")
        pico.reset()
        eventually(lambda: isinstance(host.open(len(host.events) + 1), GateConfirmed))


def test_a_program_that_hangs_starves_its_watchdog_and_the_gate_is_lost(pico):
    with ControllerBench(pico.link, WATCHED) as host:
        host.await_up()
        pico.feel("probe", "stuck")
        eventually(lambda: host.state is LinkState.LOST)
        fed = len(pico.seen("fed"))
        time.sleep(0.5)
        assert len(pico.seen("fed")) == fed
        pico.feel("probe", "good")
        pico.reset()  # as the watchdog does
        assert not pico.energised
        eventually(lambda: host.state is LinkState.UP)


def test_a_served_watchdog_is_fed_all_the_time(pico, host):
    host.gate.light(Light.MEASURING)
    for token in range(100):
        host.open(token, pulse_ms=50)
    eventually(lambda: len(pico.seen("fed")) > 5)
    assert pico.seen("bitten") == []
    at = [when for when, _ in pico.seen("fed")]
    assert max(b - a for a, b in itertools.pairwise(at)) < link.HEARTBEAT_LOST_MS / 2


def test_the_button_held_as_power_comes_leaves_the_pico_to_whoever_updates_it(tmp_path):
    pico = InterpretedPico(tmp_path / "gate", tmp_path / "pico")
    pico.press()
    with pico:
        time.sleep(0.3)
        assert pico.status is None
        pico.press(False)
        eventually(lambda: pico.status is not None)
        assert pico.status == 0
        assert pico.seen("watchdog") == []
        assert not pico.energised
        assert pico.pixels == bytes(192)


STUCK = """
from firmware_bridge.firmware import board, program
program.STUCK_MS = 200
print(program.is_to_be_updated(board.Pico()))
"""


@pytest.mark.parametrize("pressed", [True, False])
def test_a_button_that_is_stuck_keeps_no_gate_from_serving(tmp_path, pressed):
    pico = InterpretedPico(tmp_path / "gate", tmp_path / "pico")
    pico.press(pressed)
    with pico:
        assert pico.script(STUCK) == "False\n"


@pytest.mark.parametrize("host", [WATCHED], indirect=True)
def test_the_button_calls_staff(pico, host):
    pico.press()
    eventually(lambda: host.calls == 1)
    pico.press(False)
    eventually(lambda: len(pico.seen("tone")) > len(buzzer.CALLED))
    assert [int(rest[0]) for _, rest in pico.seen("tone")][1:4] == [hertz for hertz, _ in buzzer.CALLED]
    pico.press()
    eventually(lambda: host.calls == 2)


@pytest.mark.parametrize("host", [WATCHED], indirect=True)
def test_a_door_is_told_as_it_is_and_not_anew_by_a_controller_that_restarts(pico, host):
    host.await_door(Door.SHUT)
    host.open(1, pulse_ms=100)
    pico.door(is_open=True)
    host.await_door(Door.OPEN)
    pico.reset()
    eventually(lambda: isinstance(host.open(len(host.events) + 1), GateConfirmed))
    assert host.doors == [Door.SHUT, Door.OPEN]
    pico.door(is_open=False)
    host.await_door(Door.SHUT)


def test_a_door_that_is_found_and_stays_open_is_held_and_heard(tmp_path):
    pico = InterpretedPico(tmp_path / "gate", tmp_path / "pico")
    pico.door(is_open=True)
    with pico, ControllerBench(pico.link, WATCHED) as host:
        host.await_door(Door.HELD)
        eventually(lambda: int(pico.seen("tone")[-1][1][0]) == buzzer.HELD[0][0])
    assert host.doors == [Door.OPEN, Door.HELD]


@pytest.mark.parametrize("host", [WATCHED], indirect=True)
def test_a_forced_door_is_told_and_heard(pico, host):
    host.await_door(Door.SHUT)
    pico.door(is_open=True)
    host.await_door(Door.FORCED)
    eventually(lambda: int(pico.seen("tone")[-1][1][0]) in {hertz for hertz, _ in buzzer.FORCED})
    pico.door(is_open=False)
    host.await_door(Door.SHUT)
    eventually(lambda: int(pico.seen("tone")[-1][1][0]) == 0)


@pytest.mark.parametrize("host", [WATCHED], indirect=True)
def test_somebody_before_the_sensor_is_measured(pico, host):
    eventually(lambda: host.thermometer_state is LinkState.UP)
    began = time.monotonic()
    for step in range(60):
        pico.feel("temperature", 3650 + step % 3 * 2, 2480)
        if host.results:
            break
        time.sleep(0.05)
    assert host.results[0] == pytest.approx(3652, abs=3)
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("host", [WATCHED], indirect=True)
@pytest.mark.parametrize(
    ("probe", "words"), [("absent", "no MLX90614 answers"), ("checksum", "damaged"), ("fault", "replace it")]
)
def test_a_sensor_without_readings_is_lost_in_words_and_the_gate_works_on(pico, host, probe, words):
    eventually(lambda: host.thermometer_state is LinkState.UP)
    pico.feel("probe", probe)
    eventually(lambda: host.thermometer_state is LinkState.LOST)
    assert words in host.thermometer_states[-1][1]
    assert isinstance(host.open(1), GateConfirmed)
    pico.feel("probe", "good")
    eventually(lambda: host.thermometer_state is LinkState.UP)


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
