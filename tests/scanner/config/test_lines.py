"""Where keys stand."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.config.lines import KeyPath, index_lines


def paths(value: object, path: KeyPath = ()) -> set[KeyPath]:
    found = {path} if path else set()
    if isinstance(value, dict):
        for key, inner in value.items():
            found |= paths(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found |= paths(inner, (*path, number))
    return found


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2", ("b",), 2),
        ("\n[site]\nname = 'x'", ("site",), 2),
        ("\n[site]\nname = 'x'", ("site", "name"), 3),
        ("[a.b]\nc = 1", ("a", "b", "c"), 2),
        ("a.b.c = 1", ("a", "b"), 1),
        ("[[lane]]\nx=1\n[[lane]]\nx=2", ("lane", 1), 3),
        ("[[lane]]\nx=1\n[[lane]]\nx=2", ("lane", 1, "x"), 4),
        ("[[lane]]\n[lane.camera]\nw=1\n[[lane]]\n[lane.camera]\nw=2", ("lane", 1, "camera", "w"), 6),
        ("[[lane]]\n[lane.camera]\nw=1\n[[lane]]\n[lane.camera]\nw=2", ("lane", 0, "camera", "w"), 3),
        ("[[a]]\n[[a.b]]\n[[a.b]]\n[[a]]\n[[a.b]]\nc=1", ("a", 1, "b", 0, "c"), 6),
        ("a = { b = 1, c = { d = 2 } }", ("a", "c", "d"), 1),
        ("a = [\n  1,\n  # two\n  2,\n]\nb = 3", ("a", 1), 4),
        ("a = [\n  1,\n  # two\n  2,\n]\nb = 3", ("b",), 6),
        ("a = [\n { x = 1 },\n { x = 2 }\n]", ("a", 1, "x"), 3),
        ('a = """\nb = 1\n"""\nb = 2', ("b",), 4),
        ("a = '''\n[x]\n'''\nb = 2", ("b",), 4),
        ('a = """x\\""" # not the end\n"""\nb = 2', ("b",), 3),
        ('a = """x"""""\nb = 2', ("b",), 2),
        ("\"a b\".'c.d' = 1", ("a b", "c.d"), 1),
        ('"\\u0041\\n" = 1', ("A\n",), 1),
        ("a = 1 # [b]\nc = 2", ("c",), 2),
        ('a = "x # y ] }"\nb = 2', ("b",), 2),
        ("a = 2026-01-01 00:00:00\r\nb = 2\r\n", ("b",), 2),
    ],
)
def test_each_form_of_toml_has_its_line(text: str, path: KeyPath, line: int) -> None:
    tomllib.loads(text)
    assert index_lines(text)[path] == line


KEYS = st.text(max_size=6) | st.sampled_from(["a", "b", "a-b", "1", "a.b", "#", "[x]", '"'])
STRINGS = st.text(max_size=12)
SCALARS = STRINGS | st.integers(-5, 5) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)


def quoted(text: str) -> str:
    out = ""
    for character in text:
        code = ord(character)
        plain = 0x20 <= code != 0x7F and character not in '"\\' and not 0xD800 <= code <= 0xDFFF
        out += character if plain else f"\\u{code:04X}"
    return f'"{out}"'


def inline(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{quoted(key)} = {inline(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[\n" + ",\n # a comment ] }\n".join(inline(inner) for inner in value) + "\n]"
    return quoted(value) if isinstance(value, str) else repr(value)


@given(st.dictionaries(KEYS, VALUES, max_size=5), st.booleans())
def test_every_key_that_tomllib_finds_has_a_line(tables: dict[str, object], as_headers: bool) -> None:
    text = ""
    for key, value in tables.items():
        if as_headers and isinstance(value, dict):
            continue
        text += f"{quoted(key)} = {inline(value)}\n"
    for key, value in tables.items():
        if as_headers and isinstance(value, dict):
            text += f"[ {quoted(key)} ] # header\n"
            text += "".join(f"{quoted(inner)} = {inline(item)}\n" for inner, item in value.items())
    parsed = tomllib.loads(text)
    assert set(index_lines(text)) == paths(parsed)


@given(st.text(alphabet="ab.=[]{}\"'#\n \\,1", max_size=40))
def test_whatever_tomllib_accepts_is_indexed_completely(text: str) -> None:
    try:
        parsed = tomllib.loads(text)
    except ValueError:
        return
    assert set(index_lines(text)) == paths(parsed)
