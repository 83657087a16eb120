"""What of a person goes into a code: surname and stars (`keys.masking`), and the last two characters of a document."""

from __future__ import annotations

import re
from typing import Final

from authority.errors import RequestError
from keys import masking
from keys.masking import UnmaskableNameError
from keys.verdict import Document, DocumentType

_RESIDENT_ID = re.compile(r"[0-9]{17}[0-9X]")
_DOCUMENT = re.compile(r"[0-9A-Z]{4,32}")
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK: Final = "10X98765432"


def mask_name(name: str) -> str:
    """Return `name` as surname and stars (`keys.masking.mask_name`). Raises RequestError for what is no name."""
    try:
        return masking.mask_name(name)
    except UnmaskableNameError as error:
        raise RequestError(str(error)) from None


def mask_document(kind: DocumentType, number: str) -> Document:
    """Return the document with the last two characters of `number`.

    Raises RequestError when the number cannot be one: a resident ID has 18 characters and a check character
    (GB 11643), other documents 4 to 32 letters and digits.
    """
    plain = document_number(kind, number)
    return Document(kind, plain[-2:])


def document_number(kind: DocumentType, number: str) -> str:
    """Return `number` in its one spelling (capitals, no blanks or hyphens), checked as `mask_document` says."""
    plain = re.sub(r"[\s-]", "", number).upper()
    if kind is DocumentType.RESIDENT_ID:
        if _RESIDENT_ID.fullmatch(plain) is None:
            raise RequestError("A resident ID number has 17 digits and a check character (a digit or X).")
        check = check_character(plain[:17])
        if plain[17] != check:
            raise RequestError(f"The resident ID number is mistyped: with these digits it would end in {check}.")
    elif _DOCUMENT.fullmatch(plain) is None:
        raise RequestError("A document number has 4 to 32 letters and digits.")
    return plain


def check_character(digits: str) -> str:
    """Return the check character of a resident ID's first 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    return _ID_CHECK[sum(int(digit) * weight for digit, weight in zip(digits, _ID_WEIGHTS, strict=True)) % 11]
