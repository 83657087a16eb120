"""The real firmware under a real MicroPython on a pty, driven by the host's real code; its pins are a file's lines."""

import itertools
import time

import pytest

from firmware_bridge import link
from firmware_bridge.emulator.pico import InterpretedPico, interpreter_missing
from firmware_bridge.emulator.pico_machine import RESET_STATUS
from firmware_bridge.firmware import buzzer, wiring
from firmware_bridge.firmware.lamp import LIGHTS, draw
from firmware_bridge.gate import GateConfirmed, GateFailed
from firmware_bridge.opening import GateFault
from firmware_bridge.reports import GateSettings
from firmware_bridge.values import Door, Light, LinkState
from tests.firmware_bridge.bench import eventually
from tests.firmware_bridge.controller_bench import ControllerBench

pytestmark = pytest.mark.skipif(bool(interpreter_missing()), reason=f"no MicroPython here: {interpreter_missing()}")

PLAIN = GateSettings()
FIRE_EXIT = GateSettings(holds=True, fail_safe=True)
WATCHED = GateSettings(door_held_s=1, samples=True)
LOST_S = link.HEARTBEAT_LOST_MS / 1000


@pytest.fixture
def host(pico, request):
    with ControllerBench(pico.link, getattr(request, "param", PLAIN)) as host:
        yield host.await_up()


def picture(light: Light, number: int = 0) -> bytes:
    colour, pictures = LIGHTS[list(Light).index(light)]
    return bytes(draw(pictures[number], colour))


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
        eventually(lambda: bool(pico.seen("tone")))  # it has its pins, and looks at the button next
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
