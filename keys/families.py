"""The registry of foreign code families: which text is whose, and who reads it.

A family is one module with a `read` (text → `ForeignCode`), one line here, and a member of `CodeFormat`. What a text is
taken for is decided by its beginning or its shape alone, before anything of it is parsed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from keys import card_parts, eu_dcc, nzcp, smart_health_card, vds_nc
from keys.foreign_code import ForeignCode
from keys.verdict import CodeFormat

MAX_TEXT: Final = 4296
"""Characters a QR code can hold (version 40-L, alphanumeric)."""


@dataclass(frozen=True, slots=True)
class Family:
    """One family of codes."""

    format: CodeFormat
    claims: Callable[[str], bool]
    """Whether a text means to be of this family. Cheap, for it sees every poster."""
    read: Callable[[str], ForeignCode]
    """Reads a text it claims. Raises RefusedError, mostly MalformedError."""
    most: int = MAX_TEXT
    """Characters of a text that are read."""


FAMILIES: Final = (
    Family(CodeFormat.HC1, lambda text: text.startswith(eu_dcc.PREFIX), eu_dcc.read),
    Family(CodeFormat.SHC, card_parts.is_card, smart_health_card.read, most=card_parts.MAX_TEXT),
    Family(CodeFormat.NZCP, lambda text: text.startswith(nzcp.START), nzcp.read),
    Family(CodeFormat.VDS_NC, vds_nc.is_seal, vds_nc.read),
)


def family_of(text: str) -> Family | None:
    """Return the family whose code a text means to be; None for none."""
    for family in FAMILIES:
        if family.claims(text):
            return family
    return None
