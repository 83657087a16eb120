"""Says in plain words what a key of a model takes, from the model itself."""

from __future__ import annotations

import types
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

PATTERNS = {
    r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$": "an issuer such as CN-33",
    r"^[0-9]{2,6}$": "2 to 6 digits, a GB/T 2260 code such as 330110",
    r"^\d{4}-\d{2}-\d{2}$": 'a date in quotes such as "2026-12-31"',
    r"^[a-z0-9-]{1,16}$": "1 to 16 of the characters a-z, 0-9 and -",
    r"^[A-Za-z0-9.:-]{1,32}$": "1 to 32 letters, digits, points, colons and hyphens",
    r"^[a-z]{2,3}(_[A-Z]{2})?$": "a language such as zh_CN",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": 'a time of day in quotes such as "22:00"',
    r"^[A-Za-z0-9][A-Za-z0-9_.:,=-]{0,79}$": 'the name of a sound device such as "plughw:CARD=Device"',
    r"^[a-z0-9_]+(\+[a-z0-9_]+)*$": "a key's name such as f9 or ctrl+f10",
}
"""Each pattern of a model, in words; a test finds one without."""


def expected(annotation: object, metadata: Sequence[object] = ()) -> str:
    """Return what an annotated field takes, such as "a whole number from 1 to 60"."""
    return _describe(annotation, tuple(metadata))


def choices(annotation: object) -> tuple[str, ...]:
    """Return the words that an annotation allows, empty where they cannot be listed."""
    origin = get_origin(annotation)
    if origin is Literal:
        return tuple(str(value) for value in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(str(member.value) for member in annotation)
    found: tuple[str, ...] = ()
    for part in get_args(annotation):
        found += choices(part)
    return found


def _describe(annotation: object, metadata: tuple[object, ...]) -> str:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return " or ".join(_describe(part, metadata) for part in parts)
    if hasattr(annotation, "__metadata__"):
        inner, *more = get_args(annotation)
        return _describe(inner, tuple(_flatten(more)) + metadata)
    if words := choices(annotation if origin is not tuple else None):
        return f'"{words[0]}"' if len(words) == 1 else "one of " + ", ".join(f'"{word}"' for word in words)
    if origin is tuple:
        return _list(annotation)
    if origin is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return "a table"
    return _scalar(annotation, metadata)


def _list(annotation: object) -> str:
    parts = get_args(annotation)
    inner = _describe(parts[0], ())
    if len(parts) == 2 and parts[1] is Ellipsis:
        return "one or more tables" if inner == "a table" else f"a list of: {inner}"
    return "[" + ", ".join(_describe(part, ()) for part in parts) + "]"


def _flatten(metadata: list[Any]) -> list[object]:
    found: list[object] = []
    for item in metadata:
        found += item.metadata if isinstance(item, FieldInfo) else [item]
    return found


def _scalar(annotation: object, metadata: tuple[object, ...]) -> str:
    if annotation is bool:
        return "true or false"
    if annotation is int:
        return "a whole number" + _range(metadata)
    if annotation is float:
        return "a number" + _range(metadata)
    if annotation is Path:
        return "a path in quotes"
    for item in metadata:
        pattern = getattr(item, "pattern", None)
        if isinstance(pattern, str):
            return PATTERNS.get(pattern, f"text matching {pattern}")
    return "text in quotes" + _length(metadata)


def _range(metadata: tuple[object, ...]) -> str:
    low = next((item.ge for item in metadata if isinstance(item, Ge)), None)
    high = next((item.le for item in metadata if isinstance(item, Le)), None)
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return "" if low is None else f" of at least {low}"


def _length(metadata: tuple[object, ...]) -> str:
    low = next((item.min_length for item in metadata if isinstance(item, MinLen)), None)
    high = next((item.max_length for item in metadata if isinstance(item, MaxLen)), None)
    return f" of {low} to {high} characters" if low is not None and high is not None else ""
