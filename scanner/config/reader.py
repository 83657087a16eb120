"""TOML bytes to a strict model, with every fault at once, each with its line and in plain words."""

from __future__ import annotations

import datetime
import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from scanner.config.lines import KeyPath, index_lines
from scanner.config.problems import ConfigError, Problem
from scanner.config.words import choices, expected

MAX_BYTES = 256 * 1024
"""A configuration has some kilobytes; whatever is far larger is something else."""

Model = TypeVar("Model", bound=BaseModel)

_PLACE = re.compile(r"^(?P<what>.*?) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Document(Generic[Model]):
    """A file that was read: its model, and where each key stands."""

    model: Model
    file: str
    lines: Mapping[KeyPath, int]

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line of a key, or of the nearest table around it that is written in the file."""
        return line_of(self.lines, path)

    def problem(self, path: KeyPath, wanted: str, got: str, suggestion: str | None = None) -> Problem:
        """Return a fault found at a key by a later check."""
        return Problem(self.file, self.line_of(path), dotted(path), wanted, got, suggestion)


def read(model: type[Model], data: bytes, file: str) -> Document[Model]:
    """Read TOML bytes as `model`.

    Raises ConfigError: with all faults of the file.
    """
    text = _text(data, file)
    tables = _tables(text, file)
    lines = index_lines(text)
    problems = [
        Problem(file, line_of(lines, path), dotted(path), 'text; put the date or time in "quotes"', show(value))
        for path, value in _dates(tables, ())
    ]
    if problems:
        raise ConfigError(problems)
    try:
        # Through JSON, because strict models take enums, paths and tuples from JSON but not from Python values.
        found = model.model_validate_json(json.dumps(tables))
    except ValidationError as error:
        raise ConfigError(_problems(error, model, tables, file, lines)) from None
    return Document(found, file, lines)


def dotted(path: KeyPath) -> str:
    """Return a path as people write it: `lane[1].camera.width`, positions from 1."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return text


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of a path or of the nearest enclosing table that is written."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def near(word: str, words: Sequence[str]) -> str | None:
    """Return the one of `words` that was probably meant."""
    return next(iter(difflib.get_close_matches(word, words, n=1, cutoff=0.6)), None)


def show(value: object) -> str:
    """Return a value as it would stand in the file, shortened, without control characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if len(value) != 0 else "an empty list"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _text(data: bytes, file: str) -> str:
    if len(data) > MAX_BYTES:
        raise ConfigError(
            [
                Problem(
                    file,
                    None,
                    "",
                    f"at most {MAX_BYTES // 1024} KiB",
                    f"{-(-len(data) // 1024)} KiB; is it the right file?",
                )
            ]
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        got = f"byte 0x{data[error.start]:02x}; save the file as UTF-8"
        raise ConfigError([Problem(file, line, "", "UTF-8 text", got)]) from None


def _tables(text: str, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError([Problem(file, None, "", "TOML", "brackets nested too deeply")]) from None
    except ValueError as error:
        match = _PLACE.match(str(error))
        if match is None:
            raise ConfigError([Problem(file, None, "", "TOML", str(error)[:120])]) from None
        last = text.rstrip("\n").count("\n") + 1
        line = int(match["line"]) if match["line"] else last
        got = f"a fault in the syntax: {_lower(match['what'])}"
        if match["column"]:
            got += f" at column {match['column']}"
        raise ConfigError([Problem(file, line, "", "TOML", got)]) from None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _dates(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _dates(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _dates(inner, (*path, number))
    elif isinstance(value, (datetime.date, datetime.time)):
        yield path, value


def _problems(
    error: ValidationError, model: type[BaseModel], tables: dict[str, object], file: str, lines: Mapping[KeyPath, int]
) -> list[Problem]:
    found: dict[KeyPath, Problem] = {}
    for item in error.errors(include_url=False, include_context=False):
        place = _resolve(model, tuple(item["loc"]))
        path = place.path
        if path in found:
            continue
        line = line_of(lines, path)
        if item["type"] == "extra_forbidden":
            wanted = "one of the keys " + ", ".join(place.siblings)
            guess = near(str(path[-1]), place.siblings)
            found[path] = Problem(file, line, dotted(path), wanted, f'the unknown key "{path[-1]}"', guess)
            continue
        value = _at(tables, path)
        got = "nothing; the key is missing" if item["type"] == "missing" else show(value)
        guess = near(value, choices(place.annotation)) if isinstance(value, str) else None
        found[path] = Problem(file, line, dotted(path), expected(place.annotation, place.metadata), got, guess)
    # A list is also reported for lacking the elements that are faulty themselves: that says nothing new.
    problems = [
        problem
        for path, problem in found.items()
        if not any(other[: len(path)] == path for other in found if len(other) > len(path))
    ]
    return sorted(problems, key=lambda problem: (problem.line or 0, problem.key))


@dataclass(frozen=True, slots=True)
class _Place:
    """What a model says of one path."""

    path: KeyPath
    annotation: object
    metadata: tuple[object, ...]
    siblings: tuple[str, ...]
    """The keys that the table around it takes."""


def _resolve(model: type[BaseModel], location: KeyPath) -> _Place:
    """Follow pydantic's location through the models; it may end in names of types, which stand in no file."""
    place = _Place((), model, (), ())
    for part in location:
        annotation = place.annotation
        inner = _model_in(annotation)
        origin = get_origin(annotation)
        path = (*place.path, part)
        if isinstance(part, int) and origin is tuple:
            arguments = get_args(annotation)
            element = arguments[0] if arguments[-1] is Ellipsis else arguments[min(part, len(arguments) - 1)]
            place = _Place(path, element, (), ())
        elif isinstance(part, str) and origin is dict:
            place = _Place(path, get_args(annotation)[1], (), ())
        elif isinstance(part, str) and inner is not None:
            field = inner.model_fields.get(part)
            siblings = tuple(inner.model_fields)
            if field is None:
                return _Place(path, None, (), siblings)
            place = _Place(path, field.annotation, tuple(field.metadata), siblings)
        else:
            break
    return place


def _model_in(annotation: object) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _at(tables: object, path: KeyPath) -> object:
    for part in path:
        if isinstance(tables, dict) and isinstance(part, str):
            tables = tables.get(part)
        elif isinstance(tables, list) and isinstance(part, int) and part < len(tables):
            tables = tables[part]
    return tables
