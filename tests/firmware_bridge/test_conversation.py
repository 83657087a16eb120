"""The host's end of the gate link against the controller's, over lines that lose, repeat, delay and damage frames."""

import heapq
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge import link
from firmware_bridge.conversation import (
    HEARTBEAT_S,
    RESEND_S,
    SENDS,
    Conversation,
    GateConfirmed,
    GateEvent,
    GateFailed,
    GateFault,
    Opening,
)
from firmware_bridge.reports import DoorChanged, GateSettings
from firmware_bridge.values import Door, Light
from tests.firmware_bridge.test_link import Recorder

STEP_S = 0.01


class BadLine:
    """Two ends and what the line between them does to each frame, in simulated time."""

    def __init__(self, chance: random.Random, badness: float = 0.0) -> None:
        self.chance = chance
        self.badness = badness
        self.machine = Recorder()
        self.responder = link.Responder(self.machine)
        self.host = Conversation(chance)
        self.now = 1000.0
        self.events: list[GateEvent] = []
        self.sent_to_controller: list[bytes] = []
        self._flying: list[tuple[float, int, bool, bytes]] = []
        self._count = 0
        self.host.connect(self.now)

    def run(self, seconds: float) -> "BadLine":
        until = self.now + seconds
        while self.now < until:
            self.now += STEP_S
            data = self.host.due(self.now)
            if data:
                self.sent_to_controller.append(data)
                self._send(data, to_host=False)
            self.responder.tick(round(self.now * 1000))
            while self._flying and self._flying[0][0] <= self.now:
                _, _, to_host, data = heapq.heappop(self._flying)
                if to_host:
                    self.host.receive(data, self.now)
                else:
                    self._send(self.responder.receive(data, round(self.now * 1000)), to_host=True)
            self.events += self.host.events()
        return self

    def open(self, token: int) -> None:
        self.host.open(Opening(token, 500, self.now))

    def restart_host(self) -> None:
        """The host dies without a word and another takes its place; frames under way arrive nevertheless."""
        self.events += self.host.events()
        self.host = Conversation(self.chance)
        self.host.connect(self.now)

    def restart_controller(self) -> None:
        """Power is lost for a moment, and with it what the line held."""
        self._flying.clear()
        self.responder = link.Responder(self.machine)

    def confirmed(self) -> list[int]:
        return [event.token for event in self.events if isinstance(event, GateConfirmed)]

    def failed(self) -> dict[int, GateFault]:
        return {event.token: event.why for event in self.events if isinstance(event, GateFailed)}

    def _send(self, data: bytes, *, to_host: bool) -> None:
        for piece in data.split(b"\x00")[:-1]:
            for copy in self._fate(piece + b"\x00"):
                delay = self.chance.uniform(0.0, 3.0) if self.chance.random() < self.badness else 0.002
                self._count += 1
                heapq.heappush(self._flying, (self.now + delay, self._count, to_host, copy))

    def _fate(self, frame: bytes) -> list[bytes]:
        roll = self.chance.random()
        if roll < self.badness:
            return []
        if roll < 2 * self.badness:
            return [frame, frame]
        if roll < 3 * self.badness:
            damaged = bytearray(frame)
            damaged[self.chance.randrange(len(damaged))] ^= self.chance.randrange(1, 256)
            return [bytes(damaged)]
        return [frame]


def good_line() -> BadLine:
    return BadLine(random.Random(1)).run(0.1)


@settings(max_examples=120, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([0.02, 0.1, 0.2, 0.3]),
    st.lists(st.sampled_from(["open", "open", "open", "wait", "host", "controller", "light"]), max_size=30),
)
def test_lost_repeated_reordered_and_damaged_frames_never_open_twice_and_nothing_false_is_reported(seed, badness, acts):
    line = BadLine(random.Random(seed), badness)
    ordered: list[int] = []
    orphans: set[int] = set()
    for act in acts:
        if act == "open":
            ordered.append(len(ordered))
            line.open(ordered[-1])
        elif act == "light":
            line.host.light(line.chance.choice(list(Light)))
        elif act == "host":
            line.run(STEP_S)
            orphans |= set(ordered) - set(line.confirmed()) - set(line.failed())
            line.restart_host()
        elif act == "controller":
            line.restart_controller()
        line.run(line.chance.choice([0.02, 0.1, 0.6, 2.5]))
    line.badness = 0.0
    line.run(4.0)

    opened = line.machine.opened
    assert len(opened) == len(set(opened)), "a token opened twice"
    reported = [event.token for event in line.events]
    assert len(reported) == len(set(reported)), "a token was reported twice"
    assert set(ordered) - orphans <= set(reported), "an order of a living host was never reported"
    assert set(line.confirmed()) <= set(opened), "confirmed without opening"
    surely_not = {token for token, why in line.failed().items() if why in (GateFault.NOT_CONNECTED, GateFault.REFUSED)}
    assert not surely_not & set(opened), "opened in spite of a certain failure"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.1, 0.3]))
def test_nothing_left_over_from_a_dead_host_opens_once_its_successor_has_a_session(seed, badness):
    line = BadLine(random.Random(seed), badness).run(3.0)
    for token in range(20):
        line.open(token)
        line.run(line.chance.choice([0.01, 0.05]))
    line.restart_host()
    while not line.host.up:
        line.run(STEP_S)
    before = len(line.machine.opened)
    line.run(5.0)
    assert line.machine.opened[before:] == []


def test_an_opening_is_confirmed_with_its_latency():
    line = good_line()
    line.open(77)
    line.run(0.1)
    (event,) = line.events
    assert isinstance(event, GateConfirmed)
    assert event.token == 77
    assert 0 < event.latency_ms <= 30
    assert line.machine.opened == [77]


def test_openings_are_done_in_order():
    line = good_line()
    for token in range(300):
        line.open(token)
    line.run(10.0)
    assert line.machine.opened == line.confirmed() == list(range(300))


def test_a_lost_answer_is_asked_for_again_and_nothing_opens_twice():
    line = good_line()
    line.open(1)
    line.badness = 0.0
    data = line.host.due(line.now)
    line.responder.receive(data, round(line.now * 1000))  # its answer is lost
    line.run(RESEND_S + 0.05)
    assert line.machine.opened == line.confirmed() == [1]


def test_an_opening_without_a_session_fails_at_once_and_is_not_kept_for_later():
    line = BadLine(random.Random(1))
    line.open(1)
    line.run(1.0)
    assert line.failed() == {1: GateFault.NOT_CONNECTED}
    assert line.machine.opened == []


def test_an_opening_that_is_never_answered_fails_within_a_second():
    line = good_line()
    line.badness = 1.0
    line.open(1)
    line.open(2)
    line.run(SENDS * RESEND_S + 0.1)
    assert line.failed() == {1: GateFault.NO_ANSWER, 2: GateFault.NOT_CONNECTED}
    assert not line.host.up
    assert "does not answer" in line.host.detail


def test_a_lost_line_fails_what_is_under_way():
    line = good_line()
    line.open(1)
    line.host.due(line.now)
    line.open(2)
    line.host.disconnect()
    line.events += line.host.events()
    assert line.failed() == {1: GateFault.LOST, 2: GateFault.NOT_CONNECTED}


def test_a_restarted_hosts_first_command_is_never_taken_for_a_repeat():
    line = good_line()
    for token in range(5):
        line.restart_host()
        line.run(0.1)
        line.open(token)
        line.run(0.1)
    assert line.machine.opened == line.confirmed() == list(range(5))


def test_a_restarted_controller_is_greeted_anew():
    line = good_line()
    line.restart_controller()
    line.run(HEARTBEAT_S + 0.3)
    assert line.host.up
    line.open(1)
    line.run(0.1)
    assert line.confirmed() == [1]


def test_an_opening_refused_by_a_restarted_controller_is_not_tried_again():
    line = good_line()
    line.restart_controller()
    line.open(1)
    line.run(0.5)
    assert line.failed() == {1: GateFault.REFUSED}
    assert line.machine.opened == []


def test_the_lamp_is_set_once_and_again_in_every_new_session():
    line = good_line()
    line.host.light(Light.PASS)
    line.run(2.0)
    assert line.machine.lights == [link_number(Light.PASS)]
    line.restart_controller()
    line.run(2.0)
    assert line.machine.lights == [link_number(Light.PASS)] * 2


def link_number(light: Light) -> int:
    return list(Light).index(light)


def test_only_the_newest_of_several_lamps_is_sent():
    line = good_line()
    for light in Light:
        line.host.light(light)
    line.run(1.0)
    assert line.machine.lights == [link.OUT_OF_SERVICE]


def test_a_heartbeat_keeps_the_session_for_minutes():
    line = good_line()
    session = line.responder.session
    line.run(120.0)
    assert line.responder.session == session != 0
    assert len(line.sent_to_controller) == pytest.approx(240, abs=10)


def test_a_controller_of_another_version_is_named():
    host = Conversation(random.Random(1))
    host.connect(0.0)
    ((seq, _, body),) = link.FrameReader().feed(host.due(0.0))
    refusal = body[:4] + bytes((link.BAD_VERSION, 9))
    host.receive(link.frame(seq, link.HELLO | link.ANSWER, refusal), 0.01)
    assert not host.up
    assert "speaks version 9 of the link, not 1" in host.detail
    assert host.due(0.02) == b""
    assert host.due(1.0) != b""


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_no_bytes_make_the_host_raise_or_believe(pieces):
    host = Conversation(random.Random(1))
    host.connect(0.0)
    host.due(0.0)
    for piece in pieces:
        host.receive(piece + b"\x00", 0.01)
    assert not host.up
    assert host.events() == []


def test_an_answer_of_another_session_confirms_nothing():
    line = good_line()
    line.open(1)
    ((seq, kind, body),) = link.FrameReader().feed(line.host.due(line.now))
    other = (int.from_bytes(body[:4], "big") ^ 1).to_bytes(4, "big")
    assert not line.host.receive(link.frame(seq, kind | link.ANSWER, other + bytes((link.DONE, 1))), line.now)
    assert line.host.events() == []


class Wired(Recorder):
    """A machine that takes settings, with a firmware that can be older or newer."""

    def __init__(self, known_flags: int = link.KNOWN_FLAGS) -> None:
        super().__init__()
        self.known_flags = known_flags
        self.settings: list[tuple[int, int]] = []

    def configure(self, flags: int, held_s: int) -> bool:
        self.settings.append((flags, held_s))
        return not flags & ~self.known_flags


PLAIN = GateSettings()


def line_with(machine: Recorder, settings: GateSettings = PLAIN, badness: float = 0.0) -> BadLine:
    line = BadLine(random.Random(1), badness)
    line.machine = machine
    line.responder = link.Responder(machine)
    line.host = Conversation(line.chance, settings)
    line.host.connect(line.now)
    return line


FIRE_EXIT = GateSettings(holds=True, fail_safe=True, door_held_s=30)
FIRE_EXIT_FLAGS = link.HOLDS | link.FAIL_SAFE | link.DOOR_CONTACT


def test_a_gate_is_served_only_when_its_controller_knows_how_it_is_wired():
    line = line_with(Wired(), FIRE_EXIT)
    while not line.machine.settings:
        assert not line.host.up
        line.run(STEP_S)
    line.run(2 * STEP_S)
    assert line.host.up
    assert line.machine.settings == [(FIRE_EXIT_FLAGS, 30)]


def test_settings_are_told_again_in_every_new_session():
    line = line_with(Wired(), FIRE_EXIT).run(0.2)
    line.restart_controller()
    line.run(1.5)
    assert line.host.up
    assert line.machine.settings == [(FIRE_EXIT_FLAGS, 30)] * 2


def test_settings_are_told_through_a_bad_line():
    line = line_with(Wired(), FIRE_EXIT, badness=0.2)
    line.run(10.0)
    line.badness = 0.0
    line.run(4.0)
    assert line.host.up
    assert set(line.machine.settings) == {(FIRE_EXIT_FLAGS, 30)}


@pytest.mark.parametrize("machine", [Recorder(), Wired(known_flags=link.SAMPLES)])
def test_firmware_too_old_for_what_is_configured_opens_no_gate_and_is_named(machine):
    line = line_with(machine, FIRE_EXIT).run(2.0)
    assert not line.host.up
    assert "too old for what is configured" in line.host.detail
    line.open(1)
    line.run(1.0)
    assert line.failed() == {1: GateFault.NOT_CONNECTED}
    assert machine.opened == []


def test_firmware_without_settings_serves_a_gate_that_needs_none():
    line = line_with(Recorder()).run(0.5)
    assert line.host.up
    line.open(1)
    line.run(0.1)
    assert line.machine.opened == [1]


def test_words_on_old_firmware_stand_until_it_is_newer():
    """They do not come and go with every greeting."""
    line = line_with(Recorder(), FIRE_EXIT).run(1.0)
    for _ in range(200):
        line.run(STEP_S)
        assert "too old" in line.host.detail
    line.machine = Wired()
    line.responder = link.Responder(line.machine)
    line.run(1.0)
    assert line.host.up
    assert line.host.detail == ""


def test_what_a_controller_tells_before_its_session_is_not_believed():
    line = line_with(Wired(), FIRE_EXIT)
    stale = link.frame(1, link.STATE, link.state(line.host._session, 1, link.DOOR_FORCED, 1, 1, link.PROBE_OFF))
    line.host.receive(stale, line.now)
    assert line.host.news() == []
    line.run(0.5)
    line.host.receive(stale, line.now)
    assert line.host.news() == [DoorChanged(Door.FORCED)]


def test_reports_are_answers_to_nothing():
    line = line_with(Wired(), FIRE_EXIT).run(0.5)
    line.open(1)
    ((seq, _, _),) = link.FrameReader().feed(line.host.due(line.now))
    for kind in (link.STATE, link.SAMPLE):
        assert not line.host.receive(link.frame(seq, kind, link.sample(line.host._session, 3650, 2480)), line.now)
    assert line.host.events() == []
