"""Changes single values in a TOML text and leaves every other byte as it is: comments, order, line ends. Pure."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Final

from scanner.config.lines import KeyPath, Places, index_places

Value = str | int | float | bool | tuple[float, ...]


class EditError(Exception):
    """The text cannot be changed so; the message says what to do by hand."""


def with_values(text: str, table: KeyPath, values: Mapping[str, Value]) -> str:
    """Return `text`, valid TOML, with these keys of a table set; a table that is not written yet is added.

    `table` is a path such as ("lane", 0, "camera"), whose array exists. Raises EditError when the text is written in a
    way in which it cannot be done; the text is read again afterwards, and nothing but the keys asked for may differ.
    """
    changed = text
    for key, value in values.items():
        changed = _with_value(changed, table, key, value)
    before, after = tomllib.loads(text), tomllib.loads(changed)
    _put(before, table, values)
    if before != after:
        raise EditError(f"the table {_dotted(table)} is written in an unusual way; change it by hand")
    return changed


def _with_value(text: str, table: KeyPath, key: str, value: Value) -> str:
    places = index_places(text)
    path = (*table, key)
    if path in places.values:
        start, end = places.values[path]
        return text[:start] + literal(value) + text[end:]
    if table in places.values:
        return _into_braces(text, places.values[table], key, value)
    if table in places.headers:
        return _below(text, _last(places, table, places.headers[table]), f"{key} = {literal(value)}")
    owner = next((owner for key_path, owner in places.owners.items() if key_path[: len(table)] == table), None)
    if owner is None and table[:-1] in places.headers:
        owner = table[:-1]
    if owner is not None:  # as in [[lane]] with camera.source = 0
        dotted = _dotted((*table[len(owner) :], key))
        return _below(text, _last(places, owner, places.headers.get(owner, 0)), f"{dotted} = {literal(value)}")
    return _at_end(text, table, f"{key} = {literal(value)}")


def _last(places: Places, owner: KeyPath, header: int) -> int:
    """Return where the last value under a header ends, or the header itself."""
    return max([header, *(places.values[path][1] for path, under in places.owners.items() if under == owner)])


def _below(text: str, position: int, line: str) -> str:
    """Insert a line below the one in which `position` lies."""
    newline = _newline(text)
    end = text.find("\n", position)
    if end < 0:
        return f"{text}{newline}{line}{newline}"
    return f"{text[: end + 1]}{line}{newline}{text[end + 1 :]}"


def _into_braces(text: str, place: tuple[int, int], key: str, value: Value) -> str:
    start, end = place
    inside = text[start + 1 : end - 1].rstrip()
    separator = ", " if inside.strip() else " "
    if "\n" in inside:
        raise EditError("an inline table over several lines cannot be changed; change it by hand")
    return f"{text[: start + 1]}{inside}{separator}{key} = {literal(value)} {text[end - 1 :]}"


def _at_end(text: str, table: KeyPath, line: str) -> str:
    newline = _newline(text)
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    names = [part for part in table if isinstance(part, str)]
    header = f"[{'.'.join(names)}]"
    if any(isinstance(part, int) for part in table):
        header = f"[[{names[0]}]]{newline}{header}"
    return f"{text}{gap}{header}{newline}{line}{newline}"


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def literal(value: Value) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return f"[{', '.join(literal(one) for one in value)}]"
    return repr(value)


_MISSING: Final = object()


def _put(tables: dict[str, object], table: KeyPath, values: Mapping[str, Value]) -> None:
    """Set the values in what tomllib read, as the changed text ought to read."""
    here: object = tables
    for part, following in zip(table, (*table[1:], ""), strict=True):
        if isinstance(here, dict) and isinstance(part, str):
            here = here.setdefault(part, [] if isinstance(following, int) else {})
        elif isinstance(here, list) and isinstance(part, int):
            if part == len(here):
                here.append({})
            here = here[part] if part < len(here) else _MISSING
    if not isinstance(here, dict):
        raise EditError(f"there is no table {_dotted(table)} to change")
    here.update({key: list(value) if isinstance(value, tuple) else value for key, value in values.items()})


def _dotted(path: KeyPath) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
