"""The pages' words: one TOML file a language beside this module; every language has every word, and a test says so."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

DEFAULT = "zh"


@cache
def languages() -> Mapping[str, Mapping[str, str]]:
    """Return every language's words, by language code."""
    found = {}
    for file in sorted(files("hub.pages").joinpath("words").iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml"):
            found[file.name.removesuffix(".toml")] = tomllib.loads(file.read_text("utf-8"))
    return found


def chosen(wanted: str, accept_language: str) -> str:
    """Choose a language: what the person set, else the browser's first that is known, else Chinese."""
    if wanted in languages():
        return wanted
    ranked = []
    for at, one in enumerate(accept_language[:200].split(",")):
        code, _, quality = one.partition(";q=")
        try:
            ranked.append((-float(quality or 1), at, code.strip().lower().split("-")[0]))
        except ValueError:
            continue
    return next((code for _, _, code in sorted(ranked) if code in languages()), DEFAULT)
