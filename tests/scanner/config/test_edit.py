"""One value changes; every other byte stays."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.config.edit import EditError, with_values

CAMERA = ("lane", 0, "camera")
ROOT = Path(__file__).parents[3]


def test_the_shipped_file_changes_in_the_lines_asked_for_only() -> None:
    text = (ROOT / "config.toml").read_text("utf-8")
    changed = with_values(text, CAMERA, {"source": "/dev/v4l/by-id/x", "exposure": 4000, "crop": (0.0, 0.1, 1.0, 0.9)})
    differing = [(old, new) for old, new in zip(text.splitlines(), changed.splitlines(), strict=True) if old != new]
    assert differing == [
        ("source = 0", 'source = "/dev/v4l/by-id/x"'),
        ('exposure = "auto"', "exposure = 4000"),
        ("crop = [0.0, 0.0, 1.0, 1.0]", "crop = [0.0, 0.1, 1.0, 0.9]"),
    ]


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("[[lane]]\n[lane.camera]\nfps = 30 # slow\n", "[[lane]]\n[lane.camera]\nfps = 15 # slow\n"),
        ("[[lane]]\n[lane.camera]\n# fps = 30\n", "[[lane]]\n[lane.camera]\nfps = 15\n# fps = 30\n"),
        (
            "[[lane]]\n[lane.camera]\nwidth = 1 # w\n\n[lane.gate]\n",
            "[[lane]]\n[lane.camera]\nwidth = 1 # w\nfps = 15\n\n[lane.gate]\n",
        ),
        ("[[lane]]\r\n[lane.camera]\r\n", "[[lane]]\r\n[lane.camera]\r\nfps = 15\r\n"),
        ("[[lane]]\n[lane.camera]", "[[lane]]\n[lane.camera]\nfps = 15\n"),
        ("[[lane]]\ncamera.width = 1\n[site]\n", "[[lane]]\ncamera.width = 1\ncamera.fps = 15\n[site]\n"),
        ("[[lane]]\ncamera = {}\n", "[[lane]]\ncamera = { fps = 15 }\n"),
        ("[[lane]]\ncamera = { width = 1 } # c\n", "[[lane]]\ncamera = { width = 1, fps = 15 } # c\n"),
        ("lane = [{ camera = { fps = 1 } }]\n", "lane = [{ camera = { fps = 15 } }]\n"),
        ("[[lane]]\nname = 'a'\n[[lane]]\n", "[[lane]]\nname = 'a'\ncamera.fps = 15\n[[lane]]\n"),
        ("", "[[lane]]\n[lane.camera]\nfps = 15\n"),
        ("[site]\n", "[site]\n\n[[lane]]\n[lane.camera]\nfps = 15\n"),
    ],
)
def test_however_the_table_is_written_the_key_finds_its_place(text: str, changed: str) -> None:
    assert with_values(text, CAMERA, {"fps": 15}) == changed


def test_another_lane_is_left_alone() -> None:
    text = "[[lane]]\n[lane.camera]\nfps = 1\n[[lane]]\n[lane.camera]\nfps = 2\n"
    assert with_values(text, ("lane", 1, "camera"), {"fps": 3}) == text.replace("fps = 2", "fps = 3")


@pytest.mark.parametrize("text", ["[[lane]]\ncamera = {\n width = 1\n}\n", "lane = []\n", "[[lane]]\ncamera = 3\n"])
def test_what_cannot_be_changed_is_refused_instead_of_damaged(text: str) -> None:
    with pytest.raises((EditError, tomllib.TOMLDecodeError)):
        with_values(text, CAMERA, {"fps": 15})


values = st.one_of(
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
)


@given(st.dictionaries(st.sampled_from(["source", "fps", "mirror", "gain"]), values, min_size=1))
def test_any_value_reads_back_as_it_was_set(new: dict[str, str | int | float | bool]) -> None:
    text = "[[lane]]\n[lane.camera] # east\nsource = 0\n\n[site]\n"
    camera = tomllib.loads(with_values(text, CAMERA, new))["lane"][0]["camera"]
    assert {key: camera[key] for key in new} == new
