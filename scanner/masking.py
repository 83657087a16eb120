"""What a screen shows of a name that staff typed: surname and stars, whatever was typed. Pure."""

from __future__ import annotations

import unicodedata

from keys.masking import LONGEST_NAME, UnmaskableNameError, mask_name


def masked_name(typed: str) -> str:
    """Return surname and stars of a typed name, at most `keys.masking.NAME_BYTES` bytes of UTF-8; never a whole name.

    `masked_name("张三丰") == "张**"`, `masked_name("欧阳娜娜") == "欧阳**"`, `masked_name("John Smith") == "Smith *"`.
    Invisible characters are left out; what is no name at all is shown as one star.
    """
    visible = "".join(
        " " if character.isspace() else character
        for character in typed
        if character.isspace() or not unicodedata.category(character).startswith("C")
    )
    try:
        return mask_name(" ".join(visible.split())[:LONGEST_NAME])
    except UnmaskableNameError:
        return "*"
