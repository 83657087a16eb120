"""Every language says everything, and texts evaluate nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.values import LinkState, Method, Unmeasurable
from keys.reasons import Reason
from keys.verdict import Carrier, Colour, DocumentType
from scanner.engine.degradations import Cause
from scanner.journal.detail import EntryKind
from scanner.lane import State
from scanner.locale import LocaleError, Texts, languages
from scanner.locale.texts import placeholders, read_texts
from scanner.values import GuardStep, Outcome, Role

ROOT = Path(__file__).parents[3]
ANSWERS = frozenset({"hint", "command", "override", "staff", "cause", "shift", "entry", "activation", "visitor"}) | {
    "choose",
    "compare",
    "party",
    "unlock",
}
"""Sections of what the engine says by key."""
LANGUAGES = languages()


@cache
def entries(language: str) -> dict[str, str | tuple[str, str]]:
    data = (resources.files("scanner.locale") / f"{language}.toml").read_bytes()
    return dict(read_texts(data, language))


def test_the_three_languages_are_there() -> None:
    assert {"en", "zh_CN", "zh_TW"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things(language: str) -> None:
    assert set(entries(language)) == set(entries("en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_takes_the_same_parameters_in_every_language(language: str) -> None:
    english = entries("en")
    for key, entry in entries(language).items():
        assert placeholders(entry) == placeholders(english[key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_untidy(language: str) -> None:
    for key, entry in entries(language).items():
        for text in [entry] if isinstance(entry, str) else entry:
            assert text == text.strip() != "", key
            assert text.count("{") == text.count("}") == sum(text.count(f"{{{name}}}") for name in placeholders(text))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "key",
    [f"reason.{reason}" for reason in Reason]
    + [f"next.{reason}" for reason in Reason]
    + [f"guard.{step}" for step in GuardStep]
    + [f"outcome.{outcome.name.lower()}" for outcome in Outcome]
    + [f"degraded.{code}" for code in Cause]
    + [f"screen.state_{state}" for state in State]
    + [f"screen.colour_{colour.name.lower()}" for colour in Colour]
    + [f"screen.document_{document.name.lower()}" for document in DocumentType]
    + [f"screen.carrier_{carrier.name.lower()}" for carrier in Carrier]
    + [f"screen.method_{method.name.lower()}" for method in Method]
    + [f"screen.why_{why}" for why in Unmeasurable]
    + [f"screen.link_{state}" for state in LinkState]
    + [f"screen.kind_{kind.name.lower()}" for kind in EntryKind]
    + [f"screen.role_{role}" for role in Role]
    + ["appeal"],
)
def test_every_value_has_words(language: str, key: str) -> None:
    assert key in entries(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_told_of_a_fever(language: str) -> None:
    words = " ".join(
        text for entry in entries(language).values() for text in ([entry] if isinstance(entry, str) else entry)
    )
    assert not any(word in words.lower() for word in ("fever", "发烧", "发热", "發燒", "發熱"))


def test_traditional_and_simplified_are_not_mixed() -> None:
    traditional = "".join(str(entry) for entry in entries("zh_TW").values())
    simplified = "".join(str(entry) for entry in entries("zh_CN").values())
    assert not set(traditional) & set("码温请验证录设网络过时间门为将让")
    assert not set(simplified) & set("碼溫請驗證錄設網絡過時間門為將讓")


def words_used() -> Iterator[tuple[str, str]]:
    """Keys that the program asks for in so many words: `say("key")` of the screens, `"hint.key"` anywhere."""
    for folder in ("scanner", "cli", "demo"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say":
                    for part in ast.walk(node.args[0]) if node.args else ():
                        if isinstance(part, ast.Constant) and isinstance(part.value, str) and "{" not in part.value:
                            yield path.name, f"screen.{part.value}"
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    head, _, tail = node.value.partition(".")
                    if head in ANSWERS and tail.isidentifier() and tail.islower():
                        yield path.name, node.value


def test_every_word_the_program_asks_for_exists() -> None:
    known = set(entries("en"))
    prefixes = tuple(known)
    files = {"staff.json", "staff.lock"}
    missing = {
        (file, key)
        for file, key in words_used()
        if key not in known
        and key not in files
        and not (key.endswith("_") and any(k.startswith(key) for k in prefixes))
    }
    assert missing == set()


def test_a_language_that_does_not_exist_is_named() -> None:
    with pytest.raises(LocaleError, match="'xx'; there are en, zh_CN, zh_TW"):
        Texts.load("xx")


@pytest.mark.parametrize("language", ["../en", "en.toml", ""])
def test_a_language_is_no_path(language: str) -> None:
    with pytest.raises(LocaleError, match="there is no language"):
        Texts.load(language)


def test_a_new_language_says_in_english_what_it_does_not_say_yet() -> None:
    texts = Texts("xx", {**entries("en"), **read_texts(b'[reason]\nEXPIRED = "Ouille."', "xx")})
    assert texts.get("reason.EXPIRED") == "Ouille."
    assert texts.get("reason.REVOKED") == Texts.load("en").get("reason.REVOKED")


def test_parameters_are_filled_in_and_surplus_ones_ignored() -> None:
    texts = Texts("xx", {"a": "{n} of {all_of_them}"})
    assert texts.get("a", n=1, all_of_them="two", other=3) == "1 of two"


def test_a_number_chooses_its_text() -> None:
    texts = Texts("xx", {"a": ("{n} day", "{n} days")})
    assert [texts.get("a", n=n) for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]


@pytest.mark.parametrize("text", ["{n.__class__}", "{0}", "{n!r}", "{n:>9999999}", "{{n}}", "%(n)s", "{", "}", "{N}"])
def test_a_text_evaluates_nothing(text: str) -> None:
    found = Texts("xx", {"a": text}).get("a", n=1)
    assert found == text.replace("{n}", "1")


def test_what_is_filled_in_is_not_filled_again() -> None:
    assert Texts("xx", {"a": "{x}{y}"}).get("a", x="{y}", y="{x}") == "{y}{x}"


def test_a_missing_parameter_or_key_is_our_bug() -> None:
    texts = Texts("xx", {"a": "{n}"})
    with pytest.raises(LocaleError, match="'n'"):
        texts.get("a")
    with pytest.raises(LocaleError, match="'b'"):
        texts.get("b")


@pytest.mark.parametrize(
    "data", [b"\xff", b"a = ", b"a = 1", b"a = ['x']", b"[a]\none = 1\nother = 'x'", b"#" * 300_000]
)
def test_a_faulty_file_is_named(data: bytes) -> None:
    with pytest.raises(LocaleError, match=r"xx\.toml"):
        read_texts(data, "xx.toml")


@given(st.text(max_size=60), st.text(max_size=10))
def test_any_text_with_any_parameter_is_text(text: str, value: str) -> None:
    texts = Texts("xx", {"a": text})
    found = texts.get("a", **dict.fromkeys(placeholders(text), value))
    assert isinstance(found, str)
