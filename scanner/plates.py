"""Chinese number plates as officers type them: which are possible, in one spelling, and how they are shown. Pure.

After GA 36-2018: a province's character, the letter of its issuing office, then five characters (ordinary vehicles) or
six (new-energy ones). The letters I and O are never used, since they read as 1 and 0. Some kinds end in a character
that says what they are (学 挂 警 港 澳 领 使 试 超).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
EMBASSY: Final = "使"
ENDINGS: Final = "学挂警港澳试超领"
"""Characters that stand last on plates of their kind; `EMBASSY` may too."""
_REGIONS: Final = {
    "京津冀晋蒙": (11, 12, 13, 14, 15),
    "辽吉黑": (21, 22, 23),
    "沪苏浙皖闽赣鲁": (31, 32, 33, 34, 35, 36, 37),
    "豫鄂湘粤桂琼": (41, 42, 43, 44, 45, 46),
    "渝川贵云藏": (50, 51, 52, 53, 54),
    "陕甘青宁新": (61, 62, 63, 64, 65),
}
"""Provinces by the first two digits of GB/T 2260."""
_PROVINCE_OF: Final = {
    f"{number}": province
    for provinces, numbers in _REGIONS.items()
    for province, number in zip(provinces, numbers, strict=True)
}
_CHARACTER: Final = "[A-HJ-NP-Z0-9]"
_LETTER: Final = "[A-HJ-NP-Z]"
_OFFICE: Final = "[A-HJ-NP-Z]"
_KINDS: Final = (
    # Ordinary; then trailers, learners, police, cross-border, test cars, oversize and consular ones.
    rf"[{PROVINCES}]{_OFFICE}{_CHARACTER}{{5}}",
    rf"[{PROVINCES}]{_OFFICE}{_CHARACTER}{{4}}[{ENDINGS}]",
    # New energy: small ones have D or F (or one of A B C E G H J K) first, large ones last.
    rf"[{PROVINCES}]{_OFFICE}[A-HJK]{_CHARACTER}[0-9]{{4}}",
    rf"[{PROVINCES}]{_OFFICE}[0-9]{{5}}[A-HJK]",
    # Embassies: three digits of the country, three of the vehicle.
    r"使[0-9]{6}",
    r"[0-9]{6}使",
    # The armed police, and military vehicles.
    rf"WJ[{PROVINCES}]?[0-9]{{4}}[0-9A-Z]",
    rf"[VZKHBSLJNGCE]{_LETTER}[0-9]{{5}}",
)
_PLATE: Final = re.compile("|".join(f"(?:{kind})" for kind in _KINDS))
_SEPARATORS: Final = re.compile(r"[\s·•.\-‧・]+")
_NEW_ENERGY: Final = re.compile(rf"[{PROVINCES}]{_OFFICE}(?:[A-HJK]{_CHARACTER}[0-9]{{4}}|[0-9]{{5}}[A-HJK])")


def spelled(typed: str) -> str:
    """Return what was typed in one spelling: half-width capitals, without dots, hyphens and spaces."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", typed)).upper()


def is_plate(typed: str) -> bool:
    """Whether this is a possible plate, in any spelling."""
    return _PLATE.fullmatch(spelled(typed)) is not None


def is_new_energy(typed: str) -> bool:
    """Whether it is the plate of a new-energy vehicle."""
    return _NEW_ENERGY.fullmatch(spelled(typed)) is not None


def province_of(region: str) -> str:
    """Return the character on the plates of a region, empty where it has none. `region`: a code of GB/T 2260."""
    return _PROVINCE_OF.get(region[:2], "")


def masked(typed: str) -> str:
    """Return a plate as screens show it: its first two characters and its last two."""
    plate = spelled(typed)
    return plate if len(plate) <= 4 else f"{plate[:2]}{'*' * (len(plate) - 4)}{plate[-2:]}"
