"""Every thermometer driver's parser: published frames, and laws over damage, for all of them alike."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.devices.streams import EVERY, NAMES, driver, false_measurements, module, play, recover
from firmware_bridge import gy_614v3, heimann_idc50, lu90614, modbus_thermometer
from firmware_bridge.drivers import DRIVERS, driver_of
from firmware_bridge.emulator.modules import MODULES, with_crc
from firmware_bridge.emulator.series import FOREHEAD, SERIES
from firmware_bridge.framing import REACH, FrameParser
from firmware_bridge.modbus_thermometer import Register
from firmware_bridge.values import Method, Sample

ESTIMATE = Method.MODULE_ESTIMATE
VECTORS = [
    ("gy-614v3", "A4030707620D0C09B00E4239", 3340, 2480, Method.INFRARED),
    ("lu90614", "FEAC281E00000000F0", 4030, None, ESTIMATE),
    ("lu90614", "FEAA281E00000000EE", 4030, None, Method.INFRARED),
    ("lu90614", "FEAC24320000000000", 3650, None, ESTIMATE),
    ("lu90614", "FEAC250500000000D4", 3705, None, ESTIMATE),
    ("heimann-idc50", "AA5506240730", 3670, None, ESTIMATE),
    ("heimann-idc50", "AA550625032D", 3730, None, ESTIMATE),
    ("modbus", "010302016D7839", 3650, None, Method.INFRARED),
]
"""Frames of the makers' sheets, and such with a checksum computed by hand."""

every_driver = pytest.mark.parametrize("name", NAMES)
every_thermometer = pytest.mark.parametrize("name", EVERY)


def readings(samples: list[Sample]) -> list[tuple[int, int | None, Method]]:
    return [(sample.object_centi, sample.ambient_centi, sample.method) for sample in samples]


@pytest.mark.parametrize(("name", "frame", "object_centi", "ambient_centi", "method"), VECTORS)
def test_each_published_frame_is_read(name, frame, object_centi, ambient_centi, method):
    found = driver(name).parser().feed(bytes.fromhex(frame) * 2, 1.0)
    assert readings(found) == [(object_centi, ambient_centi, method)] * 2


@pytest.mark.parametrize(
    ("written", "frame"),
    [
        (gy_614v3.write_frame(3340, 2480, 3650, 98), "A4030707620D0C09B00E4239"),
        (lu90614.write_frame(3650, ESTIMATE), "FEAC24320000000000"),
        (lu90614.write_frame(4030), "FEAA281E00000000EE"),
        (heimann_idc50.write_frame(3730), "AA550625032D"),
        (with_crc(bytes.fromhex("010302016D")), "010302016D7839"),
    ],
)
def test_each_published_frame_is_what_the_emulator_writes(written, frame):
    assert written == bytes.fromhex(frame)


@pytest.mark.parametrize(
    ("command", "published"),
    [
        (gy_614v3.QUERY_MODE, "A4060301AE"),
        (lu90614.BODY_MODE, "FAC5BF"),
        (lu90614.OBJECT_MODE, "FAC6C0"),
        (lu90614.MEASURE, "FACAC4"),
        (driver("modbus").ask, "010300000001840A"),
    ],
)
def test_commands_are_the_published_ones(command, published):
    assert command == bytes.fromhex(published)


def test_every_driver_has_an_emulator_and_its_own_name():
    assert set(MODULES) == set(NAMES)
    assert all(driver_of(name, Register()).name == name for name in NAMES)


@every_driver
def test_no_bytes_make_a_parser_raise_or_keep_much(name):
    chance = random.Random(1)
    parser = driver(name).parser()
    frame = module(name).frame(3650, 2480)
    for number in range(400):
        parser.feed(
            chance.choice([frame[: chance.randrange(len(frame))], chance.randbytes(30), frame[:3]]), number / 50
        )
    if isinstance(parser, FrameParser):
        assert len(parser._unread) < len(frame)
        assert len(parser._pending) <= REACH
    else:
        assert len(parser._reader._unread) < 8


@every_driver
@given(garbage=st.binary(max_size=60), centi=st.integers(10, 120))
def test_any_garbage_is_followed_by_frames_that_are_read(name, garbage, centi):
    frame = module(name).frame(centi * 100, 2480)
    assert (
        readings(driver(name).parser().feed(garbage + frame * 3, 1.0))[-2:]
        == [
            (
                centi * 100,
                2480 if name.startswith("gy-") else None,
                driver(name).parser().feed(frame * 2, 1.0)[0].method,
            )
        ]
        * 2
    )


@pytest.mark.parametrize("seed", range(4))
@every_thermometer
def test_with_a_twentieth_of_all_bytes_damaged_99_percent_of_intact_frames_are_read_from_any_offset(name, seed):
    recovery = recover(name, seed)
    assert recovery.intact > 750
    assert recovery.read >= 0.99 * recovery.intact
    # A one-byte sum lets pass one in some thousand; the settling holds those, as the next test says.
    assert recovery.false <= 2


@pytest.mark.parametrize("seed", range(4))
@every_thermometer
def test_no_damaged_frame_of_such_a_stream_becomes_a_measurement(name, seed):
    measured, false = false_measurements(name, seed)
    assert measured > 120
    assert false == 0


@pytest.mark.parametrize("scene", SERIES)
@every_thermometer
def test_what_stands_before_a_module_is_measured_in_time_or_not_at_all(name, scene):
    """People who come up, tremble, wear glasses, come from the cold or a hot car; the sun; nobody."""
    series = SERIES[scene]
    for seed in range(10):
        outcome = play(name, scene, seed)
        if series.expected is None:
            assert outcome.results == ()
            continue
        assert outcome.presences == 1
        assert outcome.ready_s is not None
        assert outcome.ready_s <= (2.5 if driver(name).rate_hz <= 2 else 1.5)
        lowest = 40 if scene == "tremble" and driver(name).rate_hz <= 2 else 20  # it sees a sway as stillness
        assert -lowest <= outcome.results[0] - series.expected <= 15


def test_a_scene_that_is_to_be_measured_is_somebody_standing_still():
    for series in SERIES.values():
        assert (series.still_at is None) or series.still_at < series.length_s - 3
    assert SERIES["steps in"].expected == FOREHEAD


# --- what only one of them has ---------------------------------------------------------------------------------------


def test_an_emissivity_that_cannot_be_is_a_damaged_frame():
    frame = gy_614v3.write_frame(3340, 2480, 3650, emissivity=0)
    assert gy_614v3.Parser().feed(frame * 3, 1.0) == []


def test_the_gy_614v3_s_answers_to_commands_are_no_readings():
    answers = gy_614v3.TEN_A_SECOND + gy_614v3.CONTINUOUS_MODE
    frame = gy_614v3.write_frame(3340, 2480, 3650)
    assert len(gy_614v3.Parser().feed(answers + frame * 2 + answers + frame * 2, 1.0)) == 4


@pytest.mark.parametrize("frame", ["FEAA286400000000 34", "FEAA281E00010000EF", "FEAB281E00000000EF"])
def test_hundredths_above_99_other_reserved_bytes_and_other_kinds_are_damaged_frames_of_the_lu90614(frame):
    assert lu90614.Parser().feed(bytes.fromhex(frame) * 3, 1.0) == []


def test_ten_tenths_are_a_damaged_frame_of_the_idc50():
    assert heimann_idc50.Parser().feed(bytes.fromhex("AA5506240A33") * 3, 1.0) == []


def test_a_sum_that_is_right_by_chance_and_comes_once_is_no_reading():
    once = heimann_idc50.write_frame(3650)
    assert heimann_idc50.Parser().feed(b"\x00" * 7 + once + b"\x00" * 50, 1.0) == []


def modbus(data: str, register: Register = Register()) -> tuple[list[int], str]:  # noqa: B008  it is frozen
    parser = modbus_thermometer.driver(register).parser()
    return [sample.object_centi for sample in parser.feed(bytes.fromhex(data), 1.0)], parser.complaint


def test_a_modbus_device_that_refuses_is_told_in_words():
    assert modbus("018302C0F1") == (
        [],
        "the thermometer refuses to give register 0: it has no such register or coil",
    )


def test_a_refusal_is_forgotten_when_a_reading_comes():
    assert modbus("018302C0F1010302016D7839") == ([3650], "")


@pytest.mark.parametrize(
    ("body", "register", "expected"),
    [
        ("0304020E42", Register(unit=3, function=4, centi_per_count=1), [3650]),
        ("010302FFF6", Register(), [-100]),
        ("010302FFF6", Register(signed=False, centi_per_count=1), []),
        ("01030200FF", Register(unit=2), []),
        ("01040200FF", Register(function=3), []),
        ("0103040E420000", Register(), []),
    ],
    ids=["input register", "signed", "unsigned and beyond every face", "another unit", "another function", "two"],
)
def test_a_register_means_what_the_configuration_says(body, register, expected):
    assert modbus(with_crc(bytes.fromhex(body)).hex(), register)[0] == expected


def test_a_register_with_an_impossible_temperature_asks_for_the_scale():
    assert modbus(with_crc(bytes.fromhex("0103020E42")).hex()) == (
        [],
        "the thermometer says 365 °C: is it the right register and scale?",
    )


def test_our_own_question_that_the_adapter_echoes_is_no_answer():
    assert modbus("010300000001840A" * 3 + "010302016D7839") == ([3650], "")


def test_every_other_driver_is_there_without_pymodbus():
    assert set(DRIVERS) == set(NAMES) - {"modbus"}


def test_a_slow_modbus_device_is_asked_as_often_as_it_measures_and_fewer_readings_are_waited_for():
    slow = modbus_thermometer.driver(Register(every_s=0.5))
    assert (slow.ask_every_s, slow.rate_hz) == (0.5, 2.0)
    assert (slow.rule.agreeing, slow.rule.window, slow.rule.span_s) == (3, 4, 2.0)
    assert slow.rule.gap_s > 2 * slow.ask_every_s
    quick = modbus_thermometer.driver(Register())
    assert (quick.rule.agreeing, quick.rule.window, quick.rule.span_s) == (4, 5, 1.5)
