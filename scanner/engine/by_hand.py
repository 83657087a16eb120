"""A person without a readable code, as staff typed them: checked, masked at once, the rest kept for the seal only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from firmware_bridge.values import Measurement, Method
from keys.reasons import Reason
from keys.verdict import Document, Verdict
from scanner.control.people import ManualEntry, RegisterVisitor
from scanner.engine.vision import CodeSeen
from scanner.journal.personal import Personal
from scanner.masking import masked_name

LOWEST_TYPED_CENTI: Final = 3200
HIGHEST_TYPED_CENTI: Final = 4300
"""Outside of what a clinical thermometer reads, somebody has mistyped."""
TYPED: Final = "typed"
"""Stands for the device of a reading that staff typed."""
_TAIL: Final = 2


class FormError(Exception):
    """Something typed cannot be taken; `key` names the words for it in the locale."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True, repr=False)
class Form:
    """One person as staff registered them. Its repr shows nothing, so that no log can."""

    name: str
    """Masked."""
    document: Document
    typed: str
    """Everything as typed, for the seal: a line `key=value` each."""
    staff: str
    slip: int | None
    """Number of a visitor's slip."""

    def __repr__(self) -> str:
        return "Form(…)"

    def personal(self) -> Personal:
        """Return what is sealed to the authority."""
        return Personal(name=self.name, document=self.document, text=self.typed)


def filled_in(command: ManualEntry, staff: str, slip: int | None) -> Form:
    """Check a form. Raises FormError."""
    name, document = _line(command.name), _line(command.document)
    if not name:
        raise FormError("entry.no_name")
    if len(document) < _TAIL or not document.isprintable():
        raise FormError("entry.document")
    typed = _lines(
        {
            "name": name,
            "document": document,
            "contact": command.contact,
            "from": command.origin,
            "to": command.destination,
            "host": command.host,
            "purpose": command.purpose,
        }
    )
    return Form(masked_name(name), Document(command.document_type, document[-_TAIL:].upper()), typed, staff, slip)


def visit(command: RegisterVisitor) -> Personal:
    """Return what is sealed of a visitor whose code names them already."""
    return Personal(
        text=_lines({"contact": command.contact, "host": command.host, "purpose": command.purpose}),
    )


def sighting(at: float) -> CodeSeen:
    """Return what stands for the code of a person who showed none, at monotonic seconds."""
    return CodeSeen(f"by hand {secrets.token_hex(8)}", Verdict(Reason.NOT_A_CODE), at, at)


def typed_temperature(centi: int, at: float) -> Measurement:
    """Return a contact thermometer's reading as a measurement; hundredths of °C. Raises FormError."""
    if not LOWEST_TYPED_CENTI <= centi <= HIGHEST_TYPED_CENTI:
        raise FormError("entry.temperature")
    return Measurement(
        result_centi=centi,
        why_not=None,
        raw_centi=centi,
        ambient_centi=None,
        device_offset_centi=0,
        site_offset_centi=0,
        spread_centi=None,
        method=Method.CONTACT,
        device=TYPED,
        at=at,
        presence=-1,
    )


def _lines(typed: dict[str, str]) -> str:
    return "\n".join(f"{key}={_line(value)}" for key, value in typed.items() if _line(value))


def _line(typed: str) -> str:
    return " ".join(typed.split())
