"""The personal part of an entry: what is sealed to the authority, and never stands on the box in clear."""

from __future__ import annotations

from dataclasses import dataclass

from keys import cbor
from keys.errors import CborError
from keys.verdict import CodeIdentity, Document, DocumentType
from scanner.journal import shape
from scanner.journal.errors import EntryError

MAX_TEXT = 256
"""UTF-8 bytes of one text: a name, a plate, a table."""
MAX_TYPED = 1536
"""UTF-8 bytes of what staff typed: name, document, contact, from, to, host and purpose, a line each."""


@dataclass(frozen=True, slots=True, repr=False)
class Personal:
    """Who it was, as far as the code, the plate or the person told. Its repr shows nothing, so that no log can."""

    identity: CodeIdentity | None = None
    name: str | None = None
    """Masked."""
    document: Document | None = None
    text: str | None = None
    """What staff typed, a line `key=value` each (docs/formats.md)."""
    plate: str | None = None
    table: str | None = None
    """Restaurants register a table."""

    def __repr__(self) -> str:
        return "Personal(…)"


def encode(personal: Personal) -> bytes:
    """Write the plaintext to be sealed: `{1 [issuer, uri, index], 2 name, 3 [type, tail], 4 text, 5 plate, 6 table}`.

    Absent fields are left out. Raises EntryError when a text is too long.
    """
    fields: list[bytes] = []
    identity, document = personal.identity, personal.document
    if identity is not None:
        issuer, uri, index = _write(identity.issuer), _write(identity.uri), cbor.integer(_index(identity.index))
        fields.append(b"\x01" + cbor.array_head(3) + issuer + uri + index)
    if personal.name is not None:
        fields.append(b"\x02" + _write(personal.name))
    if document is not None:
        fields.append(b"\x03" + cbor.array_head(2) + cbor.integer(document.type) + _write(document.tail))
    if personal.text is not None:
        fields.append(b"\x04" + _write(personal.text, MAX_TYPED))
    if personal.plate is not None:
        fields.append(b"\x05" + _write(personal.plate))
    if personal.table is not None:
        fields.append(b"\x06" + _write(personal.table))
    return cbor.map_head(len(fields)) + b"".join(fields)


def decode(data: bytes) -> Personal:
    """Read what `encode` wrote. Raises EntryError for anything else."""
    try:
        value = cbor.decode(data)
    except CborError as error:
        raise EntryError(f"the personal part is not readable: {error.detail}") from error
    if type(value) is not dict or not value.keys() <= {1, 2, 3, 4, 5, 6}:
        raise EntryError("the personal part is not a map of its six fields")
    texts = {number: _text(value[number], _limit(number)) for number in (2, 4, 5, 6) if number in value}
    return Personal(
        identity=_identity(value[1]) if 1 in value else None,
        name=texts.get(2),
        document=_document(value[3]) if 3 in value else None,
        text=texts.get(4),
        plate=texts.get(5),
        table=texts.get(6),
    )


def _identity(value: object) -> CodeIdentity:
    if type(value) is not list or len(value) != 3:
        raise EntryError("the code identity is not [issuer, uri, index]")
    return CodeIdentity(_text(value[0]), _text(value[1]), _index(value[2]))


def _document(value: object) -> Document:
    if type(value) is not list or len(value) != 2:
        raise EntryError("the document is not [type, tail]")
    return Document(shape.member(DocumentType, value[0], "document type"), _text(value[1]))


def _index(value: object) -> int:
    return shape.uint(value, "index")


def _limit(number: int) -> int:
    return MAX_TYPED if number == 4 else MAX_TEXT


def _write(value: str, limit: int = MAX_TEXT) -> bytes:
    return cbor.text(_text(value, limit))


def _text(value: object, limit: int = MAX_TEXT) -> str:
    if type(value) is not str or len(value.encode("utf-8", "surrogatepass")) > limit:
        raise EntryError(f"this personal text must be text of at most {limit} bytes")
    return value
