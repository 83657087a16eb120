"""How a person's name is shown: surname and stars, on codes and on screens alike. Pure.

A masked name never shows a whole name. Rules, in order:

- 张三 → 张*, 欧阳娜娜 → 欧阳**: one character of surname, two for the compound surnames, a star for each other one;
- 阿卜杜拉·买买提 → 阿*******: a name written with a middle dot has no surname, so only its first character stays;
- SMITH, John → SMITH *; John SMITH → SMITH *; John Smith → Smith *; ZHANG SAN → ZHANG *: the surname stands before a
  comma; it is the only word in capitals; it is the first word of a name all in capitals, for that was copied from a
  document, where the primary identifier comes first (ICAO 9303-3 section 4.6, GB/T 28039); else it is the last word. A
  star for each other one; an initial is no word in capitals;
- Sukarno → S***: a single name of letters keeps its first letter.
"""

from __future__ import annotations

import unicodedata
from typing import Final

NAME_BYTES: Final = 24
"""A masked name has at most so many UTF-8 bytes."""
LONGEST_NAME: Final = 128
"""Characters of a name as it is written."""

_SINGLE_NAME_STARS: Final = 3
_DOTS: Final = "·•・‧∙"

# The compound surnames in use (百家姓 and the name register's reports).
_COMPOUND_SURNAMES: Final = """
欧阳 歐陽 太史 端木 上官 司马 司馬 东方 東方 独孤 獨孤 南宫 南宮 万俟 萬俟 闻人 聞人 夏侯 诸葛 諸葛
尉迟 尉遲 公羊 赫连 赫連 澹台 澹臺 皇甫 宗政 濮阳 濮陽 公冶 太叔 申屠 公孙 公孫 慕容 仲孙 仲孫 钟离
鍾離 长孙 長孫 宇文 司徒 鲜于 鮮于 司空 闾丘 閭丘 子车 子車 亓官 司寇 巫马 巫馬 公西 颛孙 顓孫 壤驷
壤駟 公良 漆雕 乐正 樂正 宰父 谷梁 穀梁 拓跋 夹谷 夾谷 轩辕 軒轅 令狐 段干 百里 呼延 东郭 東郭 南门
南門 羊舌 微生 公户 公戶 公玉 梁丘 左丘 东门 東門 西门 西門 第五 公祖 完颜 完顏 纳兰 納蘭 叶赫 葉赫
耶律 侯莫 贺兰 賀蘭
"""
_COMPOUND: Final = frozenset(_COMPOUND_SURNAMES.split())


class UnmaskableNameError(ValueError):
    """What stands for a name is none. The text says why in a sentence, and never repeats it."""


def mask_name(name: str) -> str:
    """Return `name` as surname and stars, at most `NAME_BYTES` bytes of UTF-8.

    Raises UnmaskableNameError for an empty name and for one with control or other invisible characters.
    """
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not plain or len(plain) > LONGEST_NAME:
        raise UnmaskableNameError(
            f"The name is empty or longer than {LONGEST_NAME} characters; give surname and given name."
        )
    if not plain.isprintable() and any(unicodedata.category(character).startswith("C") for character in plain):
        raise UnmaskableNameError("The name holds control or invisible characters; type it anew.")
    if _is_east_asian(plain):
        return _mask_characters(plain)
    return _mask_words(plain)


def mask_parts(family: str, given: str) -> str | None:
    """Return the masked name of a person whose surname is told apart; None where nothing of it can be shown."""
    if family.isalpha() and given.isalpha() and family.isascii() and given.isascii() and len(family) < NAME_BYTES - 1:
        return family + " *"
    surname = _visible(family)[: LONGEST_NAME // 2 - 1].strip()
    others = _visible(given)[: LONGEST_NAME // 2 - 1].strip()
    if not surname or not others:
        only = surname or others
        return mask_name(only.split()[0]) if only else None
    if _is_east_asian(surname):
        return mask_name(surname + others)
    return _fit(surname, " " + "*" * (others.count(" ") + 1))


def _visible(part: str) -> str:
    """Return a part of a name without invisible characters, and without the comma that would split it."""
    if part.isascii() and part.isalpha():
        return part
    plain = part.replace(",", " ")
    if not plain.isprintable():
        plain = "".join(character for character in plain if not unicodedata.category(character).startswith("C"))
    plain = " ".join(plain.split())
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain)


def _is_east_asian(name: str) -> bool:
    """Whether the name is written in Chinese, Japanese or Korean characters, which take no spaces."""
    if name[0].isascii():
        return False
    first = unicodedata.name(name[0], "")
    return first.startswith(("CJK ", "HANGUL ", "HIRAGANA ", "KATAKANA "))


def _mask_characters(name: str) -> str:
    dotted = any(dot in name for dot in _DOTS)
    characters = [character for character in name if character not in _DOTS and not character.isspace()]
    if len(characters) == 1:
        return "*"
    shown = 2 if not dotted and len(characters) > 2 and "".join(characters[:2]) in _COMPOUND else 1
    return _fit("".join(characters[:shown]), "*" * (len(characters) - shown))


def _mask_words(name: str) -> str:
    before, comma, after = name.partition(",")
    if comma and before.strip() and after.strip():
        return _fit(before.strip(), " " + "*" * len(after.split()))
    words = name.replace(",", " ").split()
    if not words:
        raise UnmaskableNameError("The name has no letters; give surname and given name.")
    if len(words) == 1:
        return _fit(words[0][0], "*" * _SINGLE_NAME_STARS)
    capitals = [word for word in words if word.isupper() and sum(map(str.isalpha, word)) > 1]
    copied = len(capitals) > 1 and all(word.isupper() for word in words)
    surname = capitals[0] if len(capitals) == 1 or copied else words[-1]
    return _fit(surname, " " + "*" * (len(words) - 1))


def _fit(shown: str, stars: str) -> str:
    """Join both, cutting stars first (one stays) and then the shown part at a character to keep `NAME_BYTES`."""
    if len(shown) + len(stars) <= NAME_BYTES and shown.isascii():
        return shown + stars
    least = stars[: stars.index("*") + 1]
    while len(shown.encode()) > NAME_BYTES - len(least):
        shown = shown[:-1]
    return shown + stars[: NAME_BYTES - len(shown.encode())]
