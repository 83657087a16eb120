"""Bought relays: what is sent when, and whole gates on real ptys through every fault of a line."""

import random
import time
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.emulator import VirtualRelay
from firmware_bridge.emulator.boards import BOARDS
from firmware_bridge.emulator.modules import with_crc
from firmware_bridge.opening import GateCommanded, GateConfirmed, GateEvent, GateFailed, GateFault, Opening
from firmware_bridge.relay import AGAIN_S, ANSWER_S, SENDS, Energised, Fail, RelayTalk, Wiring
from firmware_bridge.relay_boards import Board, LcusBoard, ModbusBoard
from firmware_bridge.values import LinkState
from tests.firmware_bridge.bench import GateBench, eventually

MAKE = {"lcus": LcusBoard, "modbus": ModbusBoard}
every_board = pytest.mark.parametrize("model", MAKE)
every_wiring = pytest.mark.parametrize(
    "wiring", [Wiring(energised, fail) for energised in Energised for fail in Fail], ids=str
)


# --- what is sent when, in simulated time -----------------------------------------------------------------------------


class Bench:
    """One talk and one board, with a line that may lose what is said either way."""

    def __init__(self, model: str, wiring: Wiring = Wiring(), *, board: Board | None = None, seed: int = 1) -> None:  # noqa: B008
        self.talk = RelayTalk(board or MAKE[model](), wiring)
        self.model = BOARDS[model]()
        self.wiring = wiring
        self.on = False
        self.pulse_ends = 0.0
        self.now = 1000.0
        self.chance = random.Random(seed)
        self.badness = 0.0
        self.events: list[GateEvent] = []
        self.opened_for = 0.0
        self.talk.connect(self.now)

    @property
    def is_open(self) -> bool:
        return self.on is self.wiring.on(opened=True)

    def run(self, seconds: float, step: float = 0.01) -> "Bench":
        until = self.now + seconds
        while self.now < until:
            self.now += step
            if data := self.talk.due(self.now):
                self.talk.sent(self.now)
                self._arrive(data)
            if self.pulse_ends and self.now >= self.pulse_ends:
                self.on, self.pulse_ends = False, 0.0
            self.opened_for += step if self.is_open else 0.0
            self.events += self.talk.events()
        return self

    def _arrive(self, data: bytes) -> None:
        if self.chance.random() < self.badness:
            return
        done = self.model.obey(data, lambda _: self.on)
        assert done is not None, data.hex()
        answer, switches, rest = done
        assert rest == b""
        for switch in switches:
            self.on = switch.on
            self.pulse_ends = self.now + switch.pulse_s if switch.pulse_s else 0.0
        if answer and self.chance.random() >= self.badness:
            self.talk.receive(answer, self.now)

    def open(self, token: int, pulse_ms: int = 500) -> None:
        self.talk.open(Opening(token, pulse_ms, self.now))


@every_wiring
@every_board
def test_the_gate_is_shut_when_the_line_opens_and_open_for_the_pulse(model, wiring):
    bench = Bench(model, wiring)
    bench.on = wiring.on(opened=True)
    bench.run(0.1)
    assert not bench.is_open
    assert bench.talk.up
    bench.open(1)
    bench.run(3.0)
    assert not bench.is_open
    assert bench.opened_for == pytest.approx(0.5, abs=0.06)
    assert [event.token for event in bench.events] == [1]


def test_a_board_that_never_answers_is_commanded_and_one_that_does_confirms():
    silent, answering = Bench("lcus").run(0.1), Bench("modbus").run(0.1)
    for bench in (silent, answering):
        bench.open(7)
        bench.run(0.1)
    assert [type(event) for event in silent.events] == [GateCommanded]
    assert [type(event) for event in answering.events] == [GateConfirmed]


def test_something_that_speaks_where_a_silent_relay_should_be_is_given_no_order_until_it_is_gone():
    bench = Bench("lcus").run(0.1)
    assert bench.talk.up
    for _ in range(40):
        bench.talk.receive(b"\x5a\x5a\x45\x04\x0e\x42\x09\xb0\x06", bench.now)
        bench.run(0.1)
    assert not bench.talk.up
    assert "another device" in bench.talk.detail
    bench.open(7)
    bench.run(0.5)
    assert bench.events == [GateFailed(7, GateFault.NOT_CONNECTED)]
    bench.run(4.0)
    assert (bench.talk.up, bench.talk.detail) == (True, "")


def test_a_second_order_lengthens_the_pulse_and_does_not_end_with_the_first():
    bench = Bench("modbus").run(0.1)
    bench.open(1)
    bench.run(0.4)
    bench.open(2)
    bench.run(0.4)
    assert bench.is_open
    bench.run(1.0)
    assert not bench.is_open
    assert [event.token for event in bench.events] == [1, 2]


def test_a_pulse_that_the_board_times_ends_without_the_host():
    bench = Bench("modbus", board=ModbusBoard(times_pulses=True)).run(0.1)
    bench.open(1)
    bench.run(0.2)
    assert bench.is_open
    bench.talk.disconnect()
    bench.run(0.5)
    assert not bench.is_open


def test_an_order_without_an_answer_fails_once_and_the_gate_is_shut_as_soon_as_it_can_be():
    bench = Bench("modbus").run(0.1)
    bench.on = True  # it obeyed, and its answers are lost
    bench.badness = 1.0
    bench.open(1)
    bench.open(2)
    bench.run(SENDS * ANSWER_S + 0.1)
    assert {event.token: event.why for event in bench.events if isinstance(event, GateFailed)} == {
        1: GateFault.NO_ANSWER,
        2: GateFault.NOT_CONNECTED,
    }
    assert not bench.talk.up
    assert bench.talk.detail == "the relay does not answer: the gate may stand open"
    bench.badness = 0.0
    bench.run(0.5)
    assert not bench.is_open
    assert bench.talk.up


def test_an_order_while_nobody_answers_fails_at_once_and_is_not_kept_for_later():
    bench = Bench("modbus")
    bench.badness = 1.0
    bench.run(1.0)
    bench.open(1)
    bench.badness = 0.0
    bench.run(2.0)
    assert bench.events == [GateFailed(1, GateFault.NOT_CONNECTED)]
    assert bench.opened_for == 0.0


def test_a_late_answer_to_an_earlier_command_confirms_nothing():
    bench = Bench("modbus").run(0.1)
    bench.badness = 1.0
    bench.open(1)
    bench.run(0.05)
    assert not bench.talk.receive(with_crc(bytes.fromhex("010500000000")), bench.now)
    assert not bench.talk.receive(with_crc(bytes.fromhex("01010101")), bench.now)
    assert bench.talk.events() == []
    assert bench.talk.receive(with_crc(bytes.fromhex("01050000FF00")), bench.now)
    assert [type(event) for event in bench.talk.events()] == [GateConfirmed]


def test_a_relay_that_somebody_else_switched_is_put_to_rest():
    bench = Bench("modbus").run(0.5)
    bench.on = True
    bench.run(AGAIN_S + 0.1)
    assert not bench.is_open


def test_a_board_that_cannot_be_asked_is_put_to_rest_every_second():
    bench = Bench("lcus").run(0.5)
    bench.on = True
    bench.run(AGAIN_S + 0.1)
    assert not bench.is_open


def test_a_board_that_does_not_tell_how_it_stands_is_put_to_rest_every_second_instead():
    bench = Bench("modbus")
    obey = bench.model.obey
    refusal = with_crc(b"\x01\x81\x01")
    bench.model.obey = lambda data, on: (refusal, (), b"") if data[1] == 1 else obey(data, on)
    bench.run(2.5)
    assert bench.talk.up
    bench.on = True
    bench.run(AGAIN_S + 0.1)
    assert not bench.is_open
    bench.open(1)
    bench.run(0.1)
    assert [type(event) for event in bench.events] == [GateConfirmed]


def test_a_refused_order_fails_in_words():
    bench = Bench("modbus", board=ModbusBoard(relay=9))
    bench.run(0.3)
    assert not bench.talk.up
    assert bench.talk.detail == "the relay refuses: it has no such register or coil"


@pytest.mark.parametrize(("fail", "is_open"), [(Fail.SECURE, False), (Fail.SAFE, True)])
@pytest.mark.parametrize("energised", Energised)
def test_the_farewell_leaves_the_gate_as_configured(fail, is_open, energised):
    bench = Bench("modbus", Wiring(energised, fail)).run(0.1)
    bench._arrive(bench.talk.farewell())
    assert bench.is_open is is_open


@every_board
def test_hands_off_switches_nothing(model):
    sent = []
    talk = RelayTalk(MAKE[model](), Wiring(), hands_off=True)
    talk.connect(0.0)
    for turn in range(300):
        if data := talk.due(turn / 100):
            sent.append(data)
            talk.sent(turn / 100)
            talk.receive(with_crc(b"\x01\x01\x01\x01"), turn / 100)  # it is on, whoever did that
    talk.open(Opening(1, 500, 3.0))
    assert talk.up
    assert set(sent) == ({ModbusBoard().ask()} if model == "modbus" else set())
    assert talk.farewell() == b""
    assert [type(event) for event in talk.events()] == [GateFailed]


@given(st.integers(0, 2**32), st.lists(st.sampled_from(["open", "wait", "lose", "heal", "replug"]), max_size=25))
def test_whatever_the_line_loses_each_order_has_one_outcome_and_the_gate_is_shut_in_the_end(seed, acts):
    bench = Bench("modbus", seed=seed).run(0.1)
    ordered = 0
    for act in acts:
        if act == "open":
            ordered += 1
            bench.open(ordered)
        elif act in ("lose", "heal"):
            bench.badness = 0.4 if act == "lose" else 0.0
        elif act == "replug":
            bench.talk.disconnect()
            bench.on = False
            bench.talk.connect(bench.now)
        bench.run(bench.chance.choice([0.02, 0.3, 1.0]))
    bench.badness = 0.0
    bench.run(5.0)
    assert sorted(event.token for event in bench.events) == list(range(1, ordered + 1))
    assert not bench.is_open
    assert bench.talk.up


# --- on a real pty ----------------------------------------------------------------------------------------------------


def talk(model: str, wiring: Wiring = Wiring()) -> partial[RelayTalk]:  # noqa: B008  it is frozen
    return partial(RelayTalk, MAKE[model](), wiring)


@pytest.fixture
def relay(tmp_path, model):
    with VirtualRelay(tmp_path / "relay", model=model, log=tmp_path / "log") as relay:
        yield relay


@every_board
def test_an_order_opens_the_gate_for_the_pulse(relay, model, tmp_path):
    with GateBench(relay.link, talk(model)) as bench:
        bench.await_state(LinkState.UP)
        event = bench.open(4711, pulse_ms=150)
        assert isinstance(event, GateCommanded if model == "lcus" else GateConfirmed)
        eventually(lambda: len(relay.switched) == 2)
    on, off = relay.switched
    assert (on.on, off.on) == (True, False)
    assert 0.13 < (off.at_ns - on.at_ns) / 1e9 < 0.5
    assert (tmp_path / "log").read_text().splitlines() == [f"{on.at_ns} 1 on", f"{off.at_ns} 1 off"]


@every_board
def test_an_unplugged_relay_is_lost_fails_orders_and_is_shut_when_plugged_in(relay, model):
    with GateBench(relay.link, talk(model)) as bench:
        bench.await_state(LinkState.UP)
        bench.open(1, pulse_ms=10_000)
        eventually(relay.is_on)
        relay.unplug()
        bench.await_state(LinkState.LOST)
        assert bench.open(2) == GateFailed(2, GateFault.NOT_CONNECTED)
        relay.replug()
        returned = time.monotonic()
        bench.await_state(LinkState.UP)
        assert time.monotonic() - returned < 2.0
        assert not relay.is_on()
        assert not isinstance(bench.open(3), GateFailed)


@every_board
@pytest.mark.parametrize(("fail", "left"), [(Fail.SECURE, False), (Fail.SAFE, True)])
def test_a_loop_that_ends_in_the_middle_of_a_pulse_leaves_the_gate_as_configured(relay, model, fail, left):
    with GateBench(relay.link, talk(model, Wiring(fail=fail))) as bench:
        bench.await_state(LinkState.UP)
        bench.open(1, pulse_ms=10_000)
        assert bench.end() <= 0.5
    eventually(lambda: relay.is_on() is left)


@pytest.mark.parametrize("model", ["modbus"])
def test_lost_answers_and_commands_are_sent_again(relay):
    with GateBench(relay.link, talk("modbus")) as bench:
        bench.await_state(LinkState.UP)
        relay.drop_answers(1)
        assert isinstance(bench.open(1), GateConfirmed)
        relay.ignore(1)
        assert isinstance(bench.open(2), GateConfirmed)
        eventually(lambda: not relay.is_on())


@pytest.mark.parametrize("model", ["modbus"])
def test_a_silent_relay_is_lost_in_words_and_returns(relay):
    with GateBench(relay.link, talk("modbus")) as bench:
        bench.await_state(LinkState.UP)
        relay.silence()
        bench.await_state(LinkState.LOST)
        assert bench.detail == "the relay does not answer"
        relay.silence(0)
        bench.await_state(LinkState.UP)


@pytest.mark.parametrize("model", ["modbus"])
def test_garbage_and_damaged_answers_confirm_nothing_false(relay):
    with GateBench(relay.link, talk("modbus")) as bench:
        bench.await_state(LinkState.UP)
        relay.wrong_checksums(0.5)
        for token in range(4):
            relay.garbage(60)
            bench.await_state(LinkState.UP)
            bench.open(token, pulse_ms=50)
            eventually(lambda: not relay.is_on())
        assert len(bench.confirmed) <= sum(one.on for one in relay.switched)
        assert len(bench.confirmed) + len(bench.failed) == 4


@pytest.mark.alone
@pytest.mark.parametrize("model", ["modbus"])
def test_an_order_is_acknowledged_within_5_ms_at_the_95th_percentile(relay):
    """In the best of five rounds: other programs share the processors, but a poll in the path would show in each."""
    with GateBench(relay.link, talk("modbus")) as bench:
        bench.await_state(LinkState.UP)
        rounds = []
        for start in range(0, 250, 50):
            for token in range(start, start + 50):
                bench.open(token, pulse_ms=50)
                time.sleep(0.006)
            latencies = [event.latency_ms for event in bench.events[start:] if isinstance(event, GateConfirmed)]
            assert len(latencies) == 50
            rounds.append(sorted(latencies)[47])
            if rounds[-1] <= 5.0:
                return
    assert min(rounds) <= 5.0
