"""Where each key and value of a TOML text stands. For text that tomllib has already accepted.

tomllib tells values without their places; a person who must repair a file needs the line. Because the grammar has
been checked before, this reader only has to follow the structure: headers, dotted keys, strings, arrays and inline
tables (TOML 1.0.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

KeyPath = tuple[str | int, ...]
"""Keys and array positions from the root, such as ("lane", 1, "camera", "width")."""

_SPACE = " \t"
_BLANK = " \t\r\n"
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything stands, as offsets into the text."""

    values: Mapping[KeyPath, tuple[int, int]]
    """Each value of a key, from its first character to behind its last."""
    headers: Mapping[KeyPath, int]
    """Each table that has a header of its own, behind the header's closing bracket."""
    owners: Mapping[KeyPath, KeyPath]
    """Each key, and the table under whose header, or in whose braces, it is written."""


def index_places(text: str) -> Places:
    """Return where the values and headers of a valid TOML text stand."""
    reader = _Reader(text)
    reader.document()
    return Places(MappingProxyType(reader.values), MappingProxyType(reader.headers), MappingProxyType(reader.owners))


def index_lines(text: str) -> Mapping[KeyPath, int]:
    """Return the line, from 1, on which each key, table and array element of a valid TOML text begins."""
    reader = _Reader(text)
    reader.document()
    return MappingProxyType(reader.lines)


class _Reader:
    """One pass over one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[KeyPath, int] = {}
        self.values: dict[KeyPath, tuple[int, int]] = {}
        self.headers: dict[KeyPath, int] = {}
        self.owners: dict[KeyPath, KeyPath] = {}
        self.arrays: dict[KeyPath, int] = {}
        """Arrays of tables and the position of their newest element."""

    def document(self) -> None:
        table: KeyPath = ()
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.text):
                return
            if self._peek() == "#":
                self._comment()
            elif self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _step(self, count: int = 1) -> str:
        taken = self.text[self.at : self.at + count]
        self.at += count
        self.line += taken.count("\n")
        return taken

    def _skip(self, characters: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in characters:
            self._step()

    def _comment(self) -> None:
        while self.at < len(self.text) and self._peek() != "\n":
            self._step()

    def _filler(self) -> None:
        """Skip what may stand between the elements of an array."""
        self._skip(_BLANK)
        while self._peek() == "#":
            self._comment()
            self._skip(_BLANK)

    def _note(self, path: KeyPath, line: int) -> None:
        self.lines.setdefault(path, line)

    def _header(self) -> KeyPath:
        line = self.line
        is_array = self.text.startswith("[[", self.at)
        self._step(2 if is_array else 1)
        keys = self._keys("]")
        self._step(2 if is_array else 1)
        path: KeyPath = ()
        for number, key in enumerate(keys):
            path += (key,)
            self._note(path, line)
            last = number == len(keys) - 1
            if is_array and last:
                self.arrays[path] = self.arrays.get(path, -1) + 1
            if path in self.arrays:
                path += (self.arrays[path],)
                self._note(path, line)
        self.headers[path] = self.at
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self.line
        path = table
        for key in self._keys("="):
            path += (key,)
            self._note(path, line)
        self._step()
        self._skip(_SPACE)
        start = self.at
        self._value(path)
        end = start + len(self.text[start : self.at].rstrip(_BLANK))
        self.values[path] = start, end
        self.owners[path] = table

    def _keys(self, end: str) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            character = self._peek()
            if not character or character == end:
                return keys
            if character == ".":
                self._step()
            elif character in "\"'":
                keys.append(self._string())
            else:
                start = self.at
                while self._peek() and self._peek() not in f"{_SPACE}.{end}":
                    self._step()
                keys.append(self.text[start : self.at])

    def _value(self, path: KeyPath) -> None:
        character = self._peek()
        if character and character in "\"'":
            self._string()
        elif character == "[":
            self._array(path)
        elif character == "{":
            self._inline_table(path)
        else:
            while self._peek() and self._peek() not in ",]}#\n":
                self._step()

    def _array(self, path: KeyPath) -> None:
        self._step()
        number = 0
        while True:
            self._filler()
            if self._peek() in ("]", ""):
                self._step()
                return
            if self._peek() == ",":
                self._step()
                continue
            element = (*path, number)
            self._note(element, self.line)
            self._value(element)
            number += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._step()
        while True:
            self._filler()
            if self._peek() in ("}", ""):
                self._step()
                return
            if self._peek() == ",":
                self._step()
                continue
            self._pair(path)

    def _string(self) -> str:
        quote = self._peek()
        if self.text.startswith(quote * 3, self.at):
            return self._long_string(quote)
        self._step()
        found: list[str] = []
        while self._peek() not in (quote, ""):
            found.append(self._escaped() if quote == '"' and self._peek() == "\\" else self._step())
        self._step()
        return "".join(found)

    def _long_string(self, quote: str) -> str:
        """Skip a multi-line string; it cannot be a key, so its value is not wanted."""
        self._step(3)
        while self._peek() and not self.text.startswith(quote * 3, self.at):
            self._step(2 if quote == '"' and self._peek() == "\\" else 1)
        self._step(3)
        # Up to two quotes may stand just before the closing three.
        while self._peek() == quote:
            self._step()
        return ""

    def _escaped(self) -> str:
        self._step()
        kind = self._step()
        if kind in "uU":
            return chr(int(self._step(4 if kind == "u" else 8), 16))
        return _ESCAPES.get(kind, "")
