"""Which device hangs at a port, found out on real ptys: no relay moves, no gate opens."""

import threading

import pytest
import serial

from firmware_bridge import probe as probing
from firmware_bridge.emulator import VirtualController, VirtualReader, VirtualRelay, VirtualThermometer
from firmware_bridge.probe import Answer, Probe, probe
from tests.firmware_bridge.bench import Script


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(probing, "LISTEN_S", 0.4)
    monkeypatch.setattr(probing, "ANSWER_S", 0.08)


@pytest.mark.parametrize("model", ["gy-mcu90614", "gy-614v3", "lu90614", "heimann-idc50", "modbus"])
def test_each_thermometer_is_recognised_at_the_speed_it_is_sold_with(tmp_path, model):
    baud = 115200 if model == "heimann-idc50" else 9600
    rate = 8.0 if model == "heimann-idc50" else None
    with VirtualThermometer(tmp_path / "t", model=model, baud=baud, rate_hz=rate) as device:
        answer = probe(str(device.link)).answer
    assert answer is not None
    assert (answer.part, answer.driver, answer.baud) == ("thermometer", model, baud)


def test_a_module_that_was_left_in_query_mode_is_recognised_by_asking(tmp_path):
    with VirtualThermometer(tmp_path / "t", baud=115200) as device:
        with serial.Serial(str(device.link), 115200) as port:
            port.write(bytes.fromhex("A515BA"))
            port.timeout = 0.3
            port.read(1000)
        assert probe(str(device.link), ask=False).answer is None
        found = probe(str(device.link)).answer
    assert found is not None
    assert (found.driver, found.baud) == ("gy-mcu90614", 115200)


def test_the_gate_controller_is_greeted_and_opens_nothing(tmp_path):
    with VirtualController(tmp_path / "g") as device:
        assert probe(str(device.link)).answer == Answer("gate", "controller", 9600, "it speaks version 1 of the link")
        assert device.openings == ()


@pytest.mark.parametrize(("model", "driver"), [("modbus", "modbus"), ("lcus", None)])
def test_no_question_switches_a_relay_and_one_that_answers_is_recognised(tmp_path, model, driver):
    with VirtualRelay(tmp_path / "r", model=model) as device:
        answer = probe(str(device.link)).answer
        assert device.switched == ()
    assert (answer.driver if answer else None) == driver


def test_a_triggered_reader_is_recognised(tmp_path):
    with VirtualReader(tmp_path / "r", waits=True) as device:
        answer = probe(str(device.link)).answer
    assert answer is not None
    assert (answer.part, answer.driver) == ("reader", "gm65")


@pytest.mark.parametrize("speaks", [True, False])
def test_what_nobody_understands_is_told_from_silence(tmp_path, speaks):
    script = Script(tmp_path / "s")
    ended = threading.Event()

    def ring() -> None:
        while speaks and not ended.wait(0.05):
            script.say(b"RING\r\n")

    modem = threading.Thread(target=ring)
    modem.start()
    found = probe(str(script.link), ask=False)
    ended.set()
    modem.join()
    script.close()
    assert found == Probe(str(script.link), None, "", speaks)


def test_a_port_in_use_is_told_and_nothing_is_asked(tmp_path):
    with (
        VirtualThermometer(tmp_path / "t") as device,
        serial.Serial(str(device.link), 9600, exclusive=True),
    ):
        found = probe(str(device.link))
    assert found.answer is None
    assert "in use by another program" in found.trouble


def test_a_port_that_is_not_there_is_told(tmp_path):
    assert "is the device plugged in?" in probe(str(tmp_path / "none")).trouble
