"""Writes single keys into a configuration file; nothing else in it changes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import fail

if TYPE_CHECKING:
    from scanner.config.edit import Value
    from scanner.config.lines import KeyPath


def write_keys(config: Path, table: KeyPath, changes: Mapping[str, Value]) -> Iterator[str]:
    """Write what differs and yield a line for each key. The file is read again: only its text counts.

    `table` is a path such as ("lane", 0, "camera"). Fails with a sentence.
    """
    from scanner.config import ConfigError, load_document  # noqa: PLC0415 - `--help` loads nothing of this
    from scanner.config.edit import EditError, literal, with_values  # noqa: PLC0415
    from scanner.files import replace_file  # noqa: PLC0415

    path = config.resolve()  # a link stays a link
    try:
        before: object = load_document(path).model
        for part in table:
            before = before[part] if isinstance(part, int) and isinstance(before, tuple) else getattr(before, str(part))
        differing = {key: value for key, value in changes.items() if getattr(before, key) != value}
        if not differing:
            yield f"{config} says so already"
            return
        text = path.read_bytes().decode("utf-8")
        data = with_values(text, table, differing).encode()
        replace_file(path, data, mode=stat.S_IMODE(path.stat().st_mode))
    except (EditError, ConfigError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{config} cannot be written: {error.strerror or os.strerror(error.errno or 0)}")
    for key, value in differing.items():
        was = getattr(before, key)
        yield f"{key}: {'not set' if was is None else literal(was)} → {literal(value)}"
