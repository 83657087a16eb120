"""Every fault of a configuration is named, with its line, in plain words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from scanner.config import ConfigError, Configuration, Problem, describe, load
from scanner.config.model import LaneSection
from scanner.config.reader import MAX_BYTES, read
from scanner.config.words import PATTERNS

ROOT = Path(__file__).parents[3]


def problems(tmp_path: Path, text: str | bytes) -> tuple[Problem, ...]:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    return caught.value.problems


def one(tmp_path: Path, text: str | bytes) -> Problem:
    found = problems(tmp_path, text)
    assert len(found) == 1, found
    return found[0]


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    assert load(path).site == Configuration().site


def test_the_shipped_file_says_exactly_the_defaults() -> None:
    text = (ROOT / "config.toml").read_bytes()
    assert read(Configuration, text, "config.toml").model == Configuration()


def sections(model: type[BaseModel], name: str) -> list[tuple[str, str]]:
    found = []
    for key, field in model.model_fields.items():
        inner = LaneSection if key == "lane" else field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += sections(inner, f"{name}.{key}" if name else key)
        else:
            found.append((name, key))
    return found


@pytest.mark.parametrize(("section", "key"), sections(Configuration, ""))
def test_the_shipped_file_holds_and_explains_every_key(section: str, key: str) -> None:
    lines = (ROOT / "config.toml").read_text("utf-8").splitlines()
    header = "[[lane]]" if section == "lane" else f"[{section}]"
    start = lines.index(header)
    end = next((at for at in range(start + 1, len(lines)) if lines[at].startswith("[")), len(lines))
    at = next(at for at in range(start, end) if re.match(rf"(# )?{key} = ", lines[at]))
    before = at - 1
    while re.match(r"(# )?[a-z_]+ = ", lines[before]):
        before -= 1
    assert lines[before].startswith("# ") or (section == "control" and lines[start - 1].startswith("# "))


def test_the_commented_out_keys_are_valid_when_set(tmp_path: Path) -> None:
    text = (ROOT / "config.toml").read_text("utf-8")
    path = tmp_path / "config.toml"
    path.write_text(re.sub(r"(?m)^# ([a-z_]+ = )", r"\1", text), "utf-8")
    found = load(path)
    assert found.temperature.limit_centi == 3730
    assert found.lane[0].thermometer.offset_expires == "2026-12-31"


def test_all_faults_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = '[site]\nnmae = "x"\nkind = "residental"\n[[lane]]\n[lane.camera]\nwidth = 1\n[[lane]]\nname = "Ü"\n'
    found = problems(tmp_path, text)
    assert [(problem.line, problem.key) for problem in found] == [
        (2, "site.nmae"),
        (3, "site.kind"),
        (6, "lane[1].camera.width"),
        (8, "lane[2].name"),
    ]
    assert found[0].suggestion == "name"
    assert found[1].suggestion == "residential"
    assert found[2].expected == "a whole number from 320 to 4096"
    assert found[2].got == "1"


@pytest.mark.parametrize(
    ("text", "line", "key", "expected", "got"),
    [
        ("[site]\nname = 3", 2, "site.name", "text in quotes of 1 to 40 characters", "3"),
        ("[[lane]]\ncamera = { mirror = 1 }", 2, "lane[1].camera.mirror", "true or false", "1"),
        ("lane = 3", 1, "lane", "one or more tables", "3"),
        ("lane = []", 1, "lane", "one or more tables", "an empty list"),
        ("site = 3", 1, "site", "a table", "3"),
        ("[trust]\nregions = ['CN-33', 'x']", 2, "trust.regions[2]", "an issuer such as CN-33", '"x"'),
        ("[temperature]\nlimit_centi = 3900", 2, "temperature.limit_centi", "a whole number from 3600 to 3800", "3900"),
        ("[temperature]\nlimit_centi = 37.3", 2, "temperature.limit_centi", "a whole number from 3600 to 3800", "37.3"),
        (
            "[[lane]]\nthermometer.timeout_s = nan",
            2,
            "lane[1].thermometer.timeout_s",
            "a number from 1.0 to 60.0",
            "nan",
        ),
        ("[[lane]]\ncamera.source = 1.5", 2, "lane[1].camera.source", "a whole number or text in quotes", "1.5"),
        ("[state]\nfolder = false", 2, "state.folder", "a path in quotes", "false"),
        ("[sound]\nday_volume = 101", 2, "sound.day_volume", "a whole number from 0 to 100", "101"),
        ("[sound]\nnight_to = '24:00'", 2, "sound.night_to", 'a time of day in quotes such as "22:00"', '"24:00"'),
        (
            "[sound]\ndevice = '-D default'",
            2,
            "sound.device",
            'the name of a sound device such as "plughw:CARD=Device"',
            '"-D default"',
        ),
        (
            "[sound]\nlanguages = ['en', 'xx']",
            2,
            "sound.languages[2]",
            "languages of en, zh_CN, zh_TW",
            '"xx"',
        ),
        (
            "[[lane]]\nthermometer.offset_expires = 2026-01-01",
            2,
            "lane[1].thermometer.offset_expires",
            'text; put the date or time in "quotes"',
            "2026-01-01",
        ),
        (
            "[[lane]]\nthermometer.offset_expires = '2026-02-30'",
            2,
            "lane[1].thermometer.offset_expires",
            'a date of the calendar such as "2026-12-31"',
            '"2026-02-30"',
        ),
    ],
)
def test_a_wrong_value_says_what_was_expected(
    tmp_path: Path, text: str, line: int, key: str, expected: str, got: str
) -> None:
    problem = one(tmp_path, text)
    assert (problem.line, problem.key, problem.expected, problem.got) == (line, key, expected, got)


def test_an_unknown_table_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    problem = one(tmp_path, "\n[tempreature]\nrule = 'off'")
    assert (problem.line, problem.suggestion) == (2, "temperature")


def test_an_unknown_time_zone_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    problem = one(tmp_path, "[site]\ntimezone = 'Asia/Shanghia'")
    assert (problem.line, problem.suggestion) == (2, "Asia/Shanghai")


@pytest.mark.parametrize("zone", ["Asia", "../../etc/passwd", "/etc/passwd", "", "x" * 5000, "a\\u0000b"])
def test_a_zone_that_is_no_zone_is_one_fault(tmp_path: Path, zone: str) -> None:
    assert one(tmp_path, f'[site]\ntimezone = "{zone}"').key == "site.timezone"


def test_an_unknown_language_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    problem = one(tmp_path, "[site]\nlanguage = 'zh_CH'")
    assert (problem.line, problem.suggestion) == (2, "zh_CN")


@pytest.mark.parametrize(
    ("first", "second", "key", "kind"),
    [
        ("name='a'\ncamera.source=0", "name='a'\ncamera.source=1", "lane[2].name", "name"),
        ("name='a'\ncamera.source='v'", "name='b'\ncamera.source='v'", "lane[2].camera.source", "camera"),
        (
            "name='a'\ncamera.source=0\nthermometer={driver='gy-mcu90614',port='p'}",
            "name='b'\ncamera.source=1\nthermometer={driver='gy-mcu90614',port='p'}",
            "lane[2].thermometer.port",
            "serial port",
        ),
        (
            "name='a'\ncamera.source=0\ngate={driver='controller',port='p'}",
            "name='b'\ncamera.source=1\ngate={driver='controller',port='p'}",
            "lane[2].gate.port",
            "serial port",
        ),
    ],
)
def test_two_lanes_cannot_share(tmp_path: Path, first: str, second: str, key: str, kind: str) -> None:
    problem = one(tmp_path, f"[[lane]]\n{first}\n[[lane]]\n{second}\n")
    assert problem.key == key
    assert problem.expected == f"a {kind} of its own"
    assert "lane[1]" in problem.got


def test_a_thermometer_and_a_gate_cannot_share_a_port(tmp_path: Path) -> None:
    text = "[[lane]]\nthermometer={driver='gy-mcu90614',port='p'}\ngate={driver='controller',port='p'}"
    assert one(tmp_path, text).key == "lane[1].gate.port"


def test_the_controllers_own_thermometer_shares_the_gates_port(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        "[[lane]]\nthermometer={driver='controller'}\ngate={driver='controller',port='p'}\n"
        "[[lane]]\nname='b'\ncamera.source=1\nthermometer={driver='controller'}\ngate={driver='controller',port='q'}\n"
    )
    assert [lane.thermometer.driver for lane in load(path).lane] == ["controller", "controller"]


@pytest.mark.parametrize("gate", ["none", "lcus"])
def test_the_controllers_own_thermometer_needs_the_controller(tmp_path: Path, gate: str) -> None:
    problem = one(tmp_path, f"[[lane]]\nthermometer={{driver='controller'}}\ngate={{driver='{gate}'}}")
    assert problem.key == "lane[1].thermometer.driver"
    assert 'a gate with driver = "controller"' in problem.expected


def test_a_bought_relay_has_no_door_contact(tmp_path: Path) -> None:
    assert one(tmp_path, "[[lane]]\ngate={driver='modbus',door_held_s=20}").key == "lane[1].gate.door_held_s"


def test_our_controller_can_be_wired_as_a_fire_exit(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[[lane]]\ngate={driver='controller',port='p',energised='holds',fail='safe',door_held_s=20}\n")
    gate = load(path).lane[0].gate
    assert (gate.energised, gate.fail, gate.door_held_s) == ("holds", "safe", 20)


def test_devices_that_are_not_used_may_have_the_same_port(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[[lane]]\nname='a'\n[[lane]]\nname='b'\ncamera.source=1\n")
    assert len(load(path).lane) == 2


@pytest.mark.parametrize("source", ["''", "-1"])
def test_a_camera_needs_a_source(tmp_path: Path, source: str) -> None:
    assert one(tmp_path, f"[[lane]]\ncamera.source = {source}").key == "lane[1].camera.source"


@pytest.mark.parametrize(("device", "driver"), [("thermometer", "gy-mcu90614"), ("gate", "controller")])
def test_a_device_in_use_needs_a_port(tmp_path: Path, device: str, driver: str) -> None:
    assert one(tmp_path, f"[[lane]]\n{device} = {{ driver = '{driver}', port = '' }}").key == f"lane[1].{device}.port"


@pytest.mark.parametrize(
    ("text", "line", "got"),
    [
        ("[site]\nname = 'x\n", 2, "expected"),
        ("a = 1\na = 2\n", 2, "overwrite"),
        ("[site]\n[site]\n", 2, "declare"),
        ("a = [1,\n2\n\n", 2, "unclosed"),
        ("x", 1, "syntax"),
    ],
)
def test_a_fault_of_syntax_has_its_line(tmp_path: Path, text: str, line: int, got: str) -> None:
    problem = one(tmp_path, text)
    assert problem.line == line
    assert got in problem.got


@pytest.mark.parametrize("text", ["a=" + "[" * 20_000, "a=" + "{a=" * 5_000, "a = " + "9" * 10_000])
def test_hostile_nesting_and_numbers_are_one_fault(tmp_path: Path, text: str) -> None:
    assert one(tmp_path, text)


def test_a_file_that_is_not_utf_8_names_the_line(tmp_path: Path) -> None:
    problem = one(tmp_path, b"[site]\nname = '\xe4'\n")
    assert (problem.line, problem.expected) == (2, "UTF-8 text")


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    assert "KiB" in one(tmp_path, b"#" * (MAX_BYTES + 1)).expected


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file; copy config\.toml"):
        load(tmp_path / "nowhere.toml")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a folder"):
        load(tmp_path)


def test_relative_paths_are_relative_to_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc" / "config.toml"
    path.write_text(
        "[trust]\nfolder = 'trust'\n[state]\nfolder = '/var/x'\n[[lane]]\ncamera.source = 'film.mp4'\n"
        "thermometer.port = 'tty'\ngate.port = 'socket://host:1'\n"
    )
    monkeypatch.chdir(tmp_path)
    found = load(Path("etc/config.toml"))
    assert found.trust.folder == tmp_path / "etc" / "trust"
    assert found.state.folder == Path("/var/x")
    assert found.control.socket == tmp_path / "etc" / "state" / "control.sock"
    assert found.lane[0].camera.source == str(tmp_path / "etc" / "film.mp4")
    assert found.lane[0].thermometer.port == str(tmp_path / "etc" / "tty")
    assert found.lane[0].gate.port == "socket://host:1"


def test_a_problem_is_one_line_with_place_key_and_guess() -> None:
    problem = Problem("config.toml", 3, "site.nmae", "one of the keys name", 'the unknown key "nmae"', "name")
    assert describe(problem) == (
        'config.toml:3: site.nmae: expected one of the keys name, got the unknown key "nmae"; did you mean name?'
    )
    assert describe(Problem("x", None, "", "a file", "nothing")) == "x: expected a file, got nothing"


def test_every_pattern_of_the_model_has_words() -> None:
    source = (ROOT / "scanner" / "config" / "model.py").read_text()
    used = re.findall(r'pattern=r"([^"]+)"', source)
    assert used
    assert set(used) <= set(PATTERNS)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    found: tuple[Problem, ...] | None = None
    try:
        read(Configuration, data, "x")
    except ConfigError as error:
        found = error.problems
    assert found != ()
    assert all("\n" not in describe(problem) for problem in found or ())


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[lane.camera]\nsource = 'none'", "lane[1].camera.source", "a reader in [lane.reader]"),
        ("[lane.reader]\ndriver = 'gm65'\nport = ''", "lane[1].reader.port", "the path of a serial port"),
        (
            "[lane.gate]\ndriver = 'modbus'\nrelay = 2\nmodbus.timed_by = 'relay'",
            "lane[1].gate.modbus.timed_by",
            "its first relay only",
        ),
        (
            "[lane.gate]\ndriver = 'modbus'\nenergised = 'holds'\nmodbus.timed_by = 'relay'",
            "lane[1].gate.modbus.timed_by",
            "opens by off",
        ),
        (
            "[lane.thermometer]\ndriver = 'modbus'\nmodbus.function = 6",
            "lane[1].thermometer.modbus.function",
            "a whole number from 3 to 4",
        ),
        (
            "[lane.thermometer]\noffset_taken = '2026-02-30'",
            "lane[1].thermometer.offset_taken",
            "a date of the calendar",
        ),
        (
            "[lane.thermometer]\ndriver = 'lu90614'\nport = 'x'\n[lane.gate]\ndriver = 'lcus'\nport = 'x'",
            "lane[1].gate.port",
            "a serial port of its own",
        ),
    ],
)
def test_devices_that_cannot_be_so_are_named(tmp_path: Path, text: str, key: str, words: str) -> None:
    problem = one(tmp_path, f"[[lane]]\n{text}\n")
    assert (problem.key, words in problem.expected) == (key, True), problem


def test_a_lane_may_have_a_reader_instead_of_a_camera(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[[lane]]\ncamera.source = 'none'\nreader = { driver = 'gm65', port = 'reader' }\n")
    lane = load(path).lane[0]
    assert lane.camera.source == "none"
    assert lane.reader.port == str(tmp_path / "reader")


def test_two_lanes_without_a_camera_share_none(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    lanes = [
        f"[[lane]]\nname = '{name}'\ncamera.source = 'none'\nreader = {{ driver = 'keyboard', port = '{name}' }}\n"
        for name in ("east", "west")
    ]
    path.write_text("".join(lanes))
    assert len(load(path).lane) == 2
