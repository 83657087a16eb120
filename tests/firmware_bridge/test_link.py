"""The framed link: messages, and the controller's end of a session."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import link
from firmware_bridge.values import Light

S = 0xC0FFEE42


class Recorder(link.Machine):
    """A machine that remembers."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.lights: list[int] = []
        self.safe = 0

    def open_gate(self, token: int, pulse_ms: int) -> None:
        self.opened.append(token)

    def show_light(self, light: int) -> None:
        self.lights.append(light)

    def make_safe(self) -> None:
        self.safe += 1


class Bench:
    """A responder with its machine."""

    def __init__(self) -> None:
        self.machine = Recorder()
        self.responder = link.Responder(self.machine)

    def say(self, seq: int, kind: int, body: bytes, now_ms: int = 0) -> int | None:
        """The status answered, or None for no answer; checks that the answer belongs to the command."""
        frames = link.FrameReader().feed(self.responder.receive(link.frame(seq, kind, body), now_ms))
        if not frames:
            return None
        ((answer_seq, answer_kind, answer_body),) = frames
        read = link.read_answer(answer_body)
        assert read is not None
        session, status, version = read
        assert (answer_seq, answer_kind, session, version) == (
            seq,
            kind | link.ANSWER,
            int.from_bytes(body[:4], "big"),
            link.VERSION,
        )
        return status

    def greet(self, session: int = S, seq: int = 0) -> "Bench":
        assert self.say(seq, link.HELLO, link.hello(session)) == link.DONE
        return self

    def open(self, seq: int, token: int, session: int = S) -> int | None:
        return self.say(seq, link.OPEN, link.open_gate(session, token, 500))


def test_a_gate_command_outside_a_session_is_refused():
    bench = Bench()
    assert bench.open(1, 7) == link.NO_SESSION
    assert bench.machine.opened == []


def test_a_gate_command_of_another_session_is_refused():
    bench = Bench().greet()
    assert bench.open(1, 7, session=S + 1) == link.NO_SESSION
    assert bench.machine.opened == []


def test_a_gate_command_in_a_session_opens_with_its_token():
    bench = Bench().greet()
    assert bench.open(1, 7) == link.DONE
    assert bench.machine.opened == [7]


def test_a_repeat_is_acknowledged_and_not_done_again():
    bench = Bench().greet()
    assert [bench.open(1, 7) for _ in range(4)] == [link.DONE] * 4
    assert bench.machine.opened == [7]


def test_an_older_repeat_is_not_done_again():
    bench = Bench().greet()
    for seq in range(1, 100):
        bench.open(seq, seq)
    assert [bench.open(seq, seq) for seq in (1, 50, 98)] == [link.REPEATED] * 3
    assert bench.machine.opened == list(range(1, 100))


def test_a_refused_command_is_refused_again_when_repeated():
    bench = Bench().greet()
    assert [bench.say(1, link.OPEN, link.open_gate(S, 7, 49)) for _ in range(2)] == [link.BAD_BODY] * 2
    assert bench.machine.opened == []


def test_a_command_that_skips_one_is_refused():
    bench = Bench().greet()
    assert bench.open(2, 7) == link.OUT_OF_ORDER
    assert bench.open(1, 6) == link.DONE
    assert bench.machine.opened == [6]


def test_sequence_numbers_wrap():
    bench = Bench().greet(seq=250)
    for number in range(600):
        assert bench.open((251 + number) & 0xFF, number) == link.DONE
    assert bench.machine.opened == list(range(600))


def test_a_new_session_takes_a_seq_already_used_for_new():
    bench = Bench().greet()
    bench.open(1, 7)
    bench.greet(session=S + 1)
    assert bench.open(1, 8, session=S + 1) == link.DONE
    assert bench.machine.opened == [7, 8]


def test_a_repeated_greeting_does_not_make_old_commands_new():
    bench = Bench().greet()
    assert bench.say(0, link.HELLO, link.hello(S)) == link.DONE
    bench.open(1, 7)
    assert bench.say(0, link.HELLO, link.hello(S)) == link.OLD_SESSION
    assert bench.open(1, 7) == link.DONE
    assert bench.machine.opened == [7]


@pytest.mark.parametrize("commands", range(4))
@pytest.mark.parametrize("hello_seq", range(4))
def test_a_restarted_host_that_draws_the_open_sessions_number_has_no_command_taken_for_a_repeat(commands, hello_seq):
    """It is refused, and draws another; or nothing was said in that session, or its next seq is the controller's."""
    bench = Bench().greet()
    for seq in range(1, commands + 1):
        bench.open(seq, seq)
    session = S
    if bench.say(hello_seq, link.HELLO, link.hello(S)) != link.DONE:
        session = S + 1
        assert bench.say(hello_seq, link.HELLO, link.hello(session)) == link.DONE
    assert bench.open(hello_seq + 1, 99, session) == link.DONE
    assert bench.machine.opened[-1] == 99


def test_a_greeting_of_an_earlier_session_does_not_bring_it_back():
    bench = Bench().greet()
    bench.open(1, 7)
    bench.greet(session=S + 1)
    assert bench.say(0, link.HELLO, link.hello(S)) == link.OLD_SESSION
    assert bench.open(1, 7) == link.NO_SESSION
    assert bench.machine.opened == [7]


def test_a_host_of_another_version_gets_no_session():
    bench = Bench()
    assert bench.say(0, link.HELLO, S.to_bytes(4, "big") + b"\x02") == link.BAD_VERSION
    assert bench.open(1, 7) == link.NO_SESSION


def test_a_lost_heartbeat_ends_the_session_and_makes_the_machine_safe():
    bench = Bench().greet()
    assert bench.say(1, link.HEARTBEAT, link.heartbeat(S), 1500) == link.DONE
    bench.responder.tick(3500)
    assert bench.machine.safe == 0
    bench.responder.tick(3501)
    assert bench.machine.safe == 1
    assert bench.say(2, link.OPEN, link.open_gate(S, 7, 500), 3502) == link.NO_SESSION
    assert bench.machine.opened == []


def test_commands_of_another_session_keep_no_session_alive():
    bench = Bench().greet()
    bench.say(1, link.HEARTBEAT, link.heartbeat(S + 1), 1500)
    bench.responder.tick(2001)
    assert bench.machine.safe == 1


@pytest.mark.parametrize("pulse_ms", [0, link.SHORTEST_PULSE_MS - 1, link.LONGEST_PULSE_MS + 1, 65535])
def test_a_pulse_outside_the_limits_is_refused(pulse_ms):
    bench = Bench().greet()
    assert bench.say(1, link.OPEN, link.open_gate(S, 7, pulse_ms)) == link.BAD_BODY
    assert bench.machine.opened == []


@pytest.mark.parametrize("body", [b"", b"\x00\x00\x00"])
def test_a_command_without_a_session_number_is_not_answered(body):
    assert Bench().greet().say(1, link.OPEN, body) is None


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_no_bytes_make_the_controller_raise_or_open(pieces):
    bench = Bench().greet()
    for piece in pieces:
        bench.responder.receive(piece + b"\x00", 0)
    assert bench.machine.opened == []


def test_every_light_of_the_scanner_has_a_number_on_the_link():
    assert len(Light) == link.LIGHTS
    assert list(Light)[link.OUT_OF_SERVICE] is Light.OUT_OF_SERVICE


class Wired(Recorder):
    """A machine that takes settings."""

    def __init__(self) -> None:
        super().__init__()
        self.settings: list[tuple[int, int]] = []

    def configure(self, flags: int, held_s: int) -> bool:
        self.settings.append((flags, held_s))
        return True


class WiredBench(Bench):
    """A responder with such a machine."""

    def __init__(self) -> None:
        self.machine: Wired = Wired()
        self.responder = link.Responder(self.machine)

    def settle(self, seq: int = 1, session: int = S) -> "WiredBench":
        assert self.say(seq, link.SETTINGS, link.settings(session, link.FAIL_SAFE, 20)) == link.DONE
        return self

    def report(self) -> bytes:
        return self.responder.report(link.STATE, link.state(S, 7, link.DOOR_SHUT, 1, 2, link.PROBE_GOOD))


def wired(session: int = S) -> WiredBench:
    bench = WiredBench()
    bench.greet(session)
    return bench


def test_settings_and_reports_are_byte_for_byte_as_documented():
    assert link.settings(S, link.FAIL_SAFE | link.SAMPLES, 300) == bytes.fromhex("c0ffee42 0a 012c")
    assert link.state(S, 0xBEEF, link.DOOR_HELD, 3, 4, link.PROBE_ABSENT) == bytes.fromhex(
        "c0ffee42 beef 03 03 04 02 01"
    )
    assert link.sample(S, 3650, -150) == bytes.fromhex("c0ffee42 0e42 ff6a")


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 0xFFFF),
    st.integers(0, link.DOORS - 1),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, link.PROBES - 1),
)
def test_a_state_is_read_as_it_was_told(session, boot, door, presses, forcings, probe):
    told = link.state(session, boot, door, presses, forcings, probe)
    assert link.read_state(told) == (session, boot, door, presses % 256, forcings % 256, probe, link.RELEASE)


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_a_sample_is_read_as_it_was_told_or_ends_where_its_numbers_end(object_centi, ambient_centi):
    read = link.read_sample(link.sample(S, object_centi, ambient_centi))
    assert read == (S, *(max(-32768, min(32767, value)) for value in (object_centi, ambient_centi)))


@given(st.binary(max_size=16))
def test_reading_a_report_never_raises_and_never_believes_a_number_it_does_not_know(body):
    state = link.read_state(body)
    assert state is None or (state[2] < link.DOORS and state[5] < link.PROBES)
    link.read_sample(body)


def test_settings_reach_the_machine_once_however_often_they_are_repeated():
    bench = wired().settle().settle()
    assert bench.machine.settings == [(link.FAIL_SAFE, 20)]


def test_settings_this_firmware_does_not_know_are_refused_and_change_nothing():
    bench = wired()
    assert bench.say(1, link.SETTINGS, link.settings(S, 0x80, 20)) == link.BAD_BODY
    assert bench.say(2, link.SETTINGS, link.settings(S, 0, 20) + b"\x00") == link.BAD_BODY
    assert bench.machine.settings == []
    assert bench.report() == b""


def test_a_machine_without_settings_refuses_them():
    assert Bench().greet().say(1, link.SETTINGS, link.settings(S, 0, 0)) == link.BAD_BODY


def test_a_command_of_a_later_link_is_refused_and_the_session_goes_on():
    bench = Bench().greet()
    assert bench.say(1, 0x3F, link.heartbeat(S)) == link.BAD_BODY
    assert bench.open(2, 7) == link.DONE


def test_nothing_is_reported_before_settings_nor_after_the_session():
    bench = WiredBench()
    assert bench.report() == b""
    bench.greet()
    assert bench.report() == b""
    bench.settle()
    assert link.FrameReader().feed(bench.report())[0][1] == link.STATE
    bench.responder.end()
    assert bench.report() == b""


def test_nothing_is_reported_to_a_new_host_before_its_own_settings():
    bench = wired().settle()
    bench.greet(S + 1)
    assert bench.report() == b""


def test_a_report_is_no_answer_to_any_command():
    for kind in (link.STATE, link.SAMPLE):
        assert not kind & link.ANSWER
        assert kind not in (link.HELLO, link.HEARTBEAT, link.OPEN, link.LIGHT, link.SETTINGS)


def test_the_link_stays_within_what_micropython_has():
    """One file runs on both sides: two imports, and none of the syntax that MicroPython lacks."""
    tree = ast.parse(Path(link.__file__).read_text(encoding="utf-8"))
    imported = {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for name in node.names
    }
    assert imported == {"binascii", "struct"}
    missing = (
        ast.Match,
        ast.NamedExpr,
        ast.AsyncFunctionDef,
        ast.TypeAlias if hasattr(ast, "TypeAlias") else ast.Match,
    )
    assert not any(isinstance(node, missing) for node in ast.walk(tree))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert not any(node.decorator_list or node.keywords for node in classes)
