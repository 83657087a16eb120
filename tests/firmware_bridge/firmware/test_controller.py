"""The controller put together, on a board in memory: sounds, alarms, reports, and the loss of the host."""

import struct

import pytest

from firmware_bridge import link
from firmware_bridge.firmware import buzzer
from firmware_bridge.firmware.controller import SAMPLE_MS, SIREN_MS, STATE_MS, Board, Controller
from firmware_bridge.firmware.mlx90614 import Bus, crc8

S = 0xC0FFEE42
BOOT = 0xB007


class Desk(Board, Bus):
    """A board on a desk."""

    def __init__(self) -> None:
        self.energised = False
        self.tones: list[int] = []
        self.pressed = False
        self.opened = False
        self.damage: Exception | int | None = None
        self.buses = 0
        self.object_word = 0x3C94

    def coil(self, on: bool) -> None:
        self.energised = on

    def tone(self, hertz: int) -> None:
        self.tones.append(hertz)

    def pixels(self, grb: bytearray) -> None:
        self.picture = bytes(grb)

    def button(self) -> bool:
        return self.pressed

    def door_open(self) -> bool:
        return self.opened

    def bus(self) -> Bus:
        self.buses += 1
        return self

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        if isinstance(self.damage, Exception):
            raise self.damage
        low, high = struct.pack("<H", self.object_word if register == 7 else 0x3A2A)
        good = crc8(bytes((address << 1, register, address << 1 | 1, low, high)))
        return bytes((low, high, good ^ (self.damage or 0)))


class Gate:
    """A controller with its host and its time."""

    def __init__(self, flags: int = link.DOOR_CONTACT | link.SAMPLES, held_s: int = 10) -> None:
        self.desk = Desk()
        self.controller = Controller(self.desk, BOOT)
        self.now = 0
        self.seq = 0
        self.reports: list[tuple[int, bytes]] = []
        self.turns(100)
        self.say(link.HELLO, link.hello(S))
        self.flags, self.held_s = flags, held_s
        self.say(link.SETTINGS, link.settings(S, flags, held_s))

    def say(self, kind: int, body: bytes) -> int:
        self.seq += 1
        answers = link.FrameReader().feed(self.controller.receive(link.frame(self.seq, kind, body), self.now))
        ((_, _, answer),) = answers
        return answer[4]

    def turns(self, milliseconds: int) -> "Gate":
        for _ in range(0, milliseconds, 5):
            self.now += 5
            for _, kind, body in link.FrameReader().feed(self.controller.turn(self.now)):
                self.reports.append((kind, body))
        return self

    def alive(self, milliseconds: int) -> "Gate":
        """Let time pass with a host that is there."""
        for _ in range(0, milliseconds, 500):
            self.say(link.HEARTBEAT, link.heartbeat(S))
            self.turns(500)
        return self

    def states(self) -> list[tuple[int, ...]]:
        read = [link.read_state(body) for kind, body in self.reports if kind == link.STATE]
        return [state for state in read if state is not None]

    def samples(self) -> list[tuple[int, ...]]:
        read = [link.read_sample(body) for kind, body in self.reports if kind == link.SAMPLE]
        return [sample for sample in read if sample is not None]


def test_a_result_is_heard_as_its_light_begins_and_not_again():
    gate = Gate(0)
    gate.say(link.LIGHT, link.show_light(S, 2))
    gate.turns(500)
    gate.say(link.LIGHT, link.show_light(S, 2))
    gate.turns(500)
    assert [hertz for hertz in gate.desk.tones if hertz] == [hertz for hertz, _ in buzzer.PASS]


@pytest.mark.parametrize("light", [0, 1])
def test_waiting_and_measuring_are_silent(light):
    gate = Gate(0)
    gate.say(link.LIGHT, link.show_light(S, light))
    assert not any(gate.turns(500).desk.tones)


def test_nothing_is_heard_when_power_comes():
    desk = Desk()
    controller = Controller(desk, BOOT)
    for now in range(0, 3000, 5):
        controller.turn(now)
    assert not any(desk.tones)
    assert not desk.energised


def test_a_press_is_heard_and_told_at_once():
    gate = Gate().alive(500)
    gate.reports.clear()
    gate.desk.pressed = True
    gate.turns(50)
    assert [state[3] for state in gate.states()] == [1]
    assert gate.desk.tones[-1] == buzzer.CALLED[0][0]


def test_a_press_without_a_host_is_heard_and_told_when_it_is_back():
    gate = Gate().turns(3000)
    gate.desk.pressed = True
    gate.turns(500)
    gate.say(link.HELLO, link.hello(S + 1))
    gate.reports.clear()
    gate.say(link.SETTINGS, link.settings(S + 1, gate.flags, gate.held_s))
    gate.turns(10)
    assert gate.states()[0][:2] == (S + 1, BOOT)
    assert gate.states()[0][3] == 1


def test_the_state_is_told_once_a_second_when_nothing_changes():
    gate = Gate(link.DOOR_CONTACT).alive(500)
    gate.reports.clear()
    gate.alive(10 * STATE_MS)
    assert len(gate.reports) == 10


def test_readings_come_ten_times_a_second_and_only_where_they_are_wanted():
    assert len(Gate().alive(2000).samples()) == 2000 // SAMPLE_MS
    assert Gate(0).alive(2000).samples() == []
    assert Gate().alive(500).samples()[0] == (S, 3701, 2465)


@pytest.mark.parametrize(
    ("damage", "word", "probe"),
    [
        (OSError(5), 0x3C94, link.PROBE_ABSENT),
        (1, 0x3C94, link.PROBE_CHECKSUM),
        (None, 0xBC94, link.PROBE_FAULT),
    ],
)
def test_a_thermometer_that_gives_no_reading_is_told_why_and_gives_none(damage, word, probe):
    gate = Gate().alive(500)
    gate.desk.damage, gate.desk.object_word = damage, word
    gate.alive(500)
    gate.reports.clear()
    gate.alive(1000)
    assert gate.samples() == []
    assert {state[5] for state in gate.states()} == {probe}
    gate.desk.damage, gate.desk.object_word = None, 0x3C94
    gate.alive(500)
    assert gate.states()[-1][5] == link.PROBE_GOOD
    assert gate.samples()


def test_a_bus_that_gave_nothing_is_made_anew():
    gate = Gate().alive(500)
    assert gate.desk.buses == 1
    gate.desk.damage = OSError(110)
    gate.alive(1000)
    assert gate.desk.buses == 10


def test_a_forced_door_sounds_the_siren_for_a_minute_and_is_then_only_reminded_of():
    gate = Gate().alive(500)
    gate.desk.opened = True
    gate.alive(1000)
    assert gate.states()[-1][2:5] == (link.DOOR_FORCED, 0, 1)
    assert gate.desk.tones[-1] in {hertz for hertz, _ in buzzer.FORCED}
    gate.alive(SIREN_MS)
    gate.desk.tones.clear()
    gate.alive(2000)
    assert {hertz for hertz in gate.desk.tones if hertz} == {hertz for hertz, _ in buzzer.HELD if hertz}
    gate.desk.opened = False
    gate.alive(500)
    gate.desk.tones.clear()
    gate.alive(3000)
    assert not any(gate.desk.tones)


def test_a_door_that_opens_after_an_opening_is_not_forced_and_chirps_when_held():
    gate = Gate(held_s=2).alive(500)
    gate.say(link.OPEN, link.open_gate(S, 1, 500))
    gate.turns(200)
    gate.desk.opened = True
    gate.alive(2000)
    assert gate.states()[-1][2] == link.DOOR_OPEN
    gate.alive(5000)
    assert gate.states()[-1][2:5] == (link.DOOR_HELD, 0, 0)
    assert buzzer.HELD[0][0] in gate.desk.tones


@pytest.mark.parametrize("flags", [0, link.HOLDS | link.FAIL_SAFE])
def test_a_lost_host_takes_the_current_and_the_light(flags):
    gate = Gate(flags)
    gate.say(link.LIGHT, link.show_light(S, 0))
    gate.alive(500)
    assert gate.desk.energised is bool(flags)
    gate.say(link.OPEN, link.open_gate(S, 1, 10_000))
    assert gate.desk.energised is not bool(flags)
    gate.turns(link.HEARTBEAT_LOST_MS + 100)
    assert not gate.desk.energised
    assert gate.controller.lamp.light == link.OUT_OF_SERVICE
    assert gate.controller.session == 0
    gate.reports.clear()
    assert gate.turns(5000).reports == []


@pytest.mark.parametrize("flags", [0, link.HOLDS, link.FAIL_SAFE, link.HOLDS | link.FAIL_SAFE])
def test_a_host_that_keeps_its_hands_off_leaves_the_gate_as_it_is_without_one(flags):
    gate = Gate(flags | link.DOOR_CONTACT).turns(link.HEARTBEAT_LOST_MS + 100)
    before = gate.desk.energised
    gate.say(link.HELLO, link.hello(S + 1))
    gate.say(link.SETTINGS, link.settings(S + 1, link.HANDS_OFF | link.SAMPLES, 0))
    gate.turns(500)
    assert gate.desk.energised is before
    assert gate.samples()[-1][0] == S + 1
    assert gate.states()[-1][2] == link.DOOR_SHUT
    gate.turns(link.HEARTBEAT_LOST_MS + 100)
    assert gate.desk.energised is before


def test_a_fail_safe_door_that_opens_without_a_host_is_not_forced():
    gate = Gate(link.HOLDS | link.FAIL_SAFE | link.DOOR_CONTACT).alive(500)
    gate.turns(link.HEARTBEAT_LOST_MS + 100)
    gate.desk.opened = True
    gate.turns(1000)
    assert gate.controller.door.state == link.DOOR_OPEN


def test_a_fail_secure_door_that_opens_without_a_host_is_forced_and_told_later():
    gate = Gate(link.DOOR_CONTACT).alive(500)
    gate.turns(link.HEARTBEAT_LOST_MS + 100)
    gate.desk.opened = True
    gate.turns(1000)
    gate.desk.opened = False
    gate.turns(1000)
    gate.say(link.HELLO, link.hello(S + 1))
    gate.say(link.SETTINGS, link.settings(S + 1, gate.flags, gate.held_s))
    gate.turns(10)
    assert gate.states()[-1][2:5] == (link.DOOR_SHUT, 0, 1)
