"""JSON (RFC 8259), read as hostile input: bounded in size and depth, no member twice, no number that is none."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import TypeAlias

from keys.errors import JsonError

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
_MAX_DIGITS = 18
_MAX_FLOAT = 32
_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)
"""A text whole, so that no bracket in it counts; one that never ends takes the rest. Linear, whatever the text."""

Number: TypeAlias = "int | float"
JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


def read_json(
    data: bytes | str,
    *,
    limit: int = MAX_BYTES,
    depth: int = MAX_DEPTH,
    items: int | None = None,
    fractions: bool = True,
) -> JsonValue:
    """Read one JSON document of at most `limit` bytes (characters, of text), `depth` levels and `items` items.

    `items`: of lists and objects, counted by commas and opening brackets, also those within texts; None: no limit.
    Numbers are integers of up to 18 digits and, with `fractions`, finite floats; texts are whole characters. Raises
    JsonError.
    """
    if len(data) > limit:
        raise JsonError(f"JSON of more than {limit} bytes")
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        text.encode("utf-8")
        if items is not None and text.count(",") + text.count("[") + text.count("{") > items:
            raise JsonError(f"JSON of more than {items} items")
        _check_depth(text, depth)
        parsed: JsonValue = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_float if fractions else _no_float,
            parse_int=_int,
            parse_constant=_no_constant,
        )
        if "\\u" in text:  # an escape may stand for half a character (RFC 8259 section 8.2), which nothing can write
            json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise JsonError("JSON that is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"no JSON: {error}") from None
    return parsed


def _check_depth(text: str, most: int) -> None:
    """Count brackets before the parser, which would nest as deep as they do. Raises JsonError."""
    depth = 0
    for found in _TEXT_OR_BRACKET.finditer(text):
        if found[0][0] == '"':
            continue
        depth += 1 if found[0] in "[{" else -1
        if depth > most:
            raise JsonError(f"JSON nested deeper than {most}")


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonError("JSON object with the same member twice")
    return members


def _float(text: str) -> JsonValue:
    number = float(text) if len(text) <= _MAX_FLOAT else math.inf
    if not math.isfinite(number):
        raise JsonError("JSON number that is too large or too long")
    return number


def _no_float(text: str) -> JsonValue:
    raise JsonError(f"JSON with {text[:_MAX_FLOAT]}, which is no integer")


def _int(text: str) -> JsonValue:
    if len(text) > _MAX_DIGITS:
        raise JsonError(f"JSON number of more than {_MAX_DIGITS} digits")
    return int(text)


def _no_constant(text: str) -> JsonValue:
    raise JsonError(f"JSON with {text}, which is no number")


def member(value: JsonValue, name: str) -> JsonValue:
    """Return a member of an object; None where there is none, or `value` is no object."""
    return value.get(name) if type(value) is dict else None


def text_of(value: JsonValue | Mapping[str, JsonValue], name: str) -> str | None:
    """Return a member that is text; None for anything else."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if type(found) is str else None
