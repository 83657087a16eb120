"""Code readers: the published bytes, what comes of a disturbed line, and both kinds on real ptys."""

import logging
import random
import struct
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import gm65, keyboard
from firmware_bridge.emulator import VirtualReader
from firmware_bridge.reader import ANSWER_S, NONSENSE, UNANSWERED, CodeReader
from firmware_bridge.reader_driver import MAX_TEXT, Heard
from firmware_bridge.readers import READERS, line_of
from firmware_bridge.values import LinkState, Scan
from tests.firmware_bridge.bench import Loop, Script, eventually

TEXT = "JKM1:NCF/%$ .Z+*-:7"
CODES = st.text(alphabet=[chr(code) for code in range(32, 127)], min_size=1, max_size=60)
every_reader = pytest.mark.parametrize("model", READERS)


def said(model: str, text: str) -> bytes:
    return keyboard.key_events(text) if model == "keyboard" else text.encode() + b"\r"


def heard(model: str, *pieces: bytes, pause: float = 0.01) -> list[str | Heard]:
    parser = READERS[model].parser()
    found = [one for n, piece in enumerate(pieces) for one in parser.feed(piece, n * pause)]
    return [one.text if isinstance(one, Scan) else one for one in found]


def test_the_gm65_s_trigger_and_its_answer_are_the_published_ones():
    assert bytes.fromhex("7E000801000201ABCD") == gm65.TRIGGER
    assert bytes.fromhex("02000001003331") == gm65.TAKEN


@every_reader
@given(texts=st.lists(CODES, min_size=1, max_size=4), data=st.data())
def test_texts_are_read_however_the_reads_fall(model, texts, data):
    stream = b"".join(said(model, text) for text in texts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert heard(model, *pieces) == texts


@given(CODES, st.data())
def test_the_answer_to_a_trigger_is_told_apart_wherever_it_stands(text, data):
    stream = said("gm65", text)
    at = data.draw(st.integers(0, len(stream)))
    cut = data.draw(st.integers(0, len(stream) + 7))
    mixed = stream[:at] + gm65.TAKEN + stream[at:]
    found = heard("gm65", mixed[:cut], mixed[cut:])
    assert sorted(found, key=str) == sorted([Heard.TRIGGER_TAKEN, text], key=str)


@every_reader
@given(pieces=st.lists(st.binary(max_size=80), max_size=20))
def test_no_bytes_make_a_parser_raise(model, pieces):
    heard(model, *pieces)


@every_reader
def test_an_endless_text_is_dropped_in_constant_memory_and_the_next_is_read(model):
    parser = READERS[model].parser()
    long = said(model, "A" * 1000)[: -1 if model == "gm65" else -4 * keyboard.EVENT.size]
    found = []
    for turn in range(20):
        found += parser.feed(long, turn / 100)
        assert len(parser._held) <= MAX_TEXT
    *dropped, last = found + parser.feed(said(model, "") + said(model, TEXT), 0.21)
    assert set(dropped) == {Heard.NONSENSE}
    assert last == Scan(TEXT, 0.21)


@every_reader
def test_a_text_that_was_cut_short_is_never_joined_with_the_next(model):
    half = said(model, TEXT)[: 8 if model == "gm65" else 8 * 2 * keyboard.EVENT.size]
    assert heard(model, half, said(model, "NEXT"), pause=1.5) == [Heard.NONSENSE, "NEXT"]


@pytest.mark.parametrize("noise", [b"\xff\xfe\x80\r", b"JKM1:\x00AB\r", b"\x1b[A\r"])
def test_what_is_plainly_no_text_is_nonsense(noise):
    assert heard("gm65", noise + said("gm65", TEXT)) == [Heard.NONSENSE, TEXT]


def test_a_text_in_chinese_is_a_text():
    assert heard("gm65", "健康码\r\n".encode()) == ["健康码"]


def test_a_key_under_control_or_one_without_a_character_makes_no_text():
    press = lambda code: b"".join(keyboard.EVENT.pack(0, 0, keyboard.KEY, code, value) for value in (1, 0))  # noqa: E731
    control = keyboard.EVENT.pack(0, 0, keyboard.KEY, 29, 1)
    release = keyboard.EVENT.pack(0, 0, keyboard.KEY, 29, 0)
    assert heard("keyboard", control + press(30) + release + press(28)) == [Heard.NONSENSE]
    assert heard("keyboard", press(59) + said("keyboard", "A")) == [Heard.NONSENSE]


def test_events_that_the_kernel_dropped_make_no_text():
    whole = said("keyboard", TEXT)
    dropped = keyboard.EVENT.pack(0, 0, keyboard.SYN, keyboard.DROPPED, 0)
    half = len(whole) // 48 * 24
    assert heard("keyboard", whole[:half] + dropped + whole[half:]) == [Heard.NONSENSE]


def test_a_held_key_types_once():
    repeat = keyboard.EVENT.pack(0, 0, keyboard.KEY, 30, 2)
    assert heard("keyboard", keyboard.EVENT.pack(0, 0, 1, 30, 1) + repeat * 5 + said("keyboard", "B")) == ["aB"]


def test_events_are_as_the_kernel_lays_them_out():
    assert struct.calcsize("l") * 2 + 8 == keyboard.EVENT.size


# --- on a real pty ----------------------------------------------------------------------------------------------------


class Bench(Loop):
    """A reader's loop on a line, with what it reported."""

    def __init__(self, path, model: str, *, triggers: bool = False) -> None:
        self.scans: list[Scan] = []
        self.states: list[tuple[LinkState, str]] = []
        self.wanted = True
        line = line_of(READERS[model], str(path), None, "reader")
        line._jitter = random.Random(1)
        self.reader = CodeReader(
            line,
            READERS[model],
            self.scans.append,
            lambda state, detail: self.states.append((state, detail)),
            triggers=triggers,
            wanted=lambda: self.wanted,
        )
        super().__init__(self.reader.run, line)

    def await_state(self, state: LinkState) -> str:
        eventually(lambda: bool(self.states) and self.states[-1][0] is state, f"state {state}")
        return self.states[-1][1]

    def await_texts(self, *texts: str) -> None:
        eventually(lambda: len(self.scans) >= len(texts), "a text")
        assert [scan.text for scan in self.scans] == list(texts)


@pytest.fixture
def device(tmp_path, model):
    with VirtualReader(tmp_path / "reader", model=model) as device:
        yield device


@every_reader
def test_what_is_scanned_is_read_and_dated(device, model):
    with Bench(device.link, model) as bench:
        bench.await_state(LinkState.UP)
        before = time.monotonic()
        device.scan(TEXT)
        device.scan("HC1:6BF")
        bench.await_texts(TEXT, "HC1:6BF")
        assert before < bench.scans[0].at <= time.monotonic()


@every_reader
def test_an_unplugged_reader_is_lost_and_reads_again_when_plugged_in(device, model, caplog):
    caplog.set_level(logging.INFO, logger="firmware_bridge")
    with Bench(device.link, model) as bench:
        bench.await_state(LinkState.UP)
        device.unplug()
        assert "unplugged or failed" in bench.await_state(LinkState.LOST)
        device.replug()
        bench.await_state(LinkState.UP)
        device.scan(TEXT)
        bench.await_texts(TEXT)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


@every_reader
def test_garbage_between_texts_costs_no_later_text(device, model):
    with Bench(device.link, model) as bench:
        bench.await_state(LinkState.UP)
        device.garbage(30)
        time.sleep(1.1 if model == "keyboard" else 0.6)
        device.scan(TEXT)
        eventually(lambda: bool(bench.scans) and bench.scans[-1].text == TEXT)


def test_what_waited_in_the_line_before_it_was_opened_is_nobody_s_code(tmp_path):
    script = Script(tmp_path / "reader")
    script.say(b"OLD\r")
    with Bench(script.link, "gm65") as bench:
        bench.await_state(LinkState.UP)
        time.sleep(0.1)
        script.say(b"NEW\r")
        bench.await_texts("NEW")
    script.close()


def test_a_reader_that_waits_is_triggered_while_a_code_is_wanted(tmp_path):
    with VirtualReader(tmp_path / "reader", waits=True) as device, Bench(device.link, "gm65", triggers=True) as bench:
        bench.await_state(LinkState.UP)
        device.scan(TEXT)
        bench.await_texts(TEXT)
        eventually(lambda: device.triggers == 2, "the trigger for the next code")
        bench.wanted = False
        device.scan("SECOND")  # it is looking already
        eventually(lambda: len(bench.scans) == 2)
        time.sleep(0.5)
        assert device.triggers == 2
        device.scan("THIRD")
        time.sleep(0.2)
        assert len(bench.scans) == 2
        bench.wanted = True
        eventually(lambda: len(bench.scans) == 3)


def test_something_that_speaks_without_end_before_a_serial_reader_is_said_to_be_no_text(tmp_path):
    """As a thermometer that was plugged in there: not one of its bytes need be a carriage return."""
    with closing(Script(tmp_path / "s")) as script, Bench(script.link, "gm65") as bench:
        bench.await_state(LinkState.UP)
        for _ in range(NONSENSE):
            script.say(b"\x5a" * 4000)
            script.say(b"\x5a" * 1000)
        assert "sends what is no text" in bench.await_state(LinkState.LOST)


def test_a_reader_that_does_not_answer_its_trigger_is_lost_in_words_and_found(tmp_path, monkeypatch):
    monkeypatch.setattr("firmware_bridge.reader.ANSWER_S", 0.2)
    with VirtualReader(tmp_path / "reader", waits=True) as device, Bench(device.link, "gm65", triggers=True) as bench:
        bench.await_state(LinkState.UP)
        device.silence()
        device.scan("LOST")
        bench.reader._trigger_at = 0.0
        assert "does not answer its trigger" in bench.await_state(LinkState.LOST)
        device.silence(0)
        began = time.monotonic()
        bench.await_state(LinkState.UP)
        assert time.monotonic() - began < UNANSWERED * ANSWER_S + 1.0


def test_another_speed_is_told_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr("firmware_bridge.gm65.GAP_S", 0.2)
    with VirtualReader(tmp_path / "reader", baud=115200) as device, Bench(device.link, "gm65") as bench:
        bench.await_state(LinkState.UP)
        for _ in range(5):
            device.scan(TEXT)
            time.sleep(0.25)
            if bench.states[-1][0] is LinkState.LOST:
                break
        assert "sends what is no text" in bench.states[-1][1]
        assert bench.scans == []


@every_reader
def test_a_missing_reader_and_a_file_are_told_in_words(tmp_path, model):
    (tmp_path / "file").touch()
    with Bench(tmp_path / "none", model) as bench:
        assert "is the device plugged in?" in bench.await_state(LinkState.LOST)
    with Bench(tmp_path / "file", model) as bench:
        words = "is not an input device" if model == "keyboard" else "is not a serial port"
        assert words in bench.await_state(LinkState.LOST)


def test_a_device_that_is_neither_a_keyboard_nor_a_terminal_is_none():
    with Bench(Path("/dev/null"), "keyboard") as bench:
        assert "is not an input device" in bench.await_state(LinkState.LOST)


@every_reader
def test_the_loop_ends_soon_after_it_is_told_to_and_leaks_nothing(device, model):
    def descriptors() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = descriptors()
    with Bench(device.link, model) as bench:
        bench.await_state(LinkState.UP)
        assert bench.end() <= 0.3
    assert descriptors() == before


def test_a_text_that_no_key_types_is_refused(tmp_path):
    with (
        VirtualReader(tmp_path / "reader", model="keyboard") as device,
        pytest.raises(ValueError, match="no key types"),
    ):
        device.scan("健康码")
