"""Files of foreign trust: a JWK Set, a DID document, or certificates in PEM or DER, told apart by their content."""

from __future__ import annotations

import base64
import binascii
import re

from keys import jwk
from keys.certificate import read_certificate
from keys.errors import DerError, JsonError, TrustError
from keys.foreign_jwk import is_foreign_set, read_foreign_keys
from keys.foreign_key import ForeignKey, keys_of_certificate
from keys.json_bounded import read_json

_PEM = b"-----BEGIN "
_PEM_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----")


def is_json(data: bytes) -> bool:
    """Whether a file means to be JSON."""
    return data.lstrip().startswith((b"{", b"["))


def is_foreign_json(data: bytes) -> bool:
    """Whether JSON is other issuers' trust. What is no JSON is left to the reader of our own lists to say."""
    try:
        return is_foreign_set(read_json(data, limit=jwk.MAX_BYTES))
    except JsonError:
        return False


def read_foreign_file(data: bytes, *, source: str) -> tuple[ForeignKey, ...]:
    """Read a file of foreign trust; `source` names it in messages. Raises TrustError: nothing of it is believed."""
    return read_foreign_keys(data, source=source) if is_json(data) else read_certificates(data, source)


def read_certificates(data: bytes, source: str) -> tuple[ForeignKey, ...]:
    """Read certificates in PEM, or one in DER. Raises TrustError."""
    if b"PRIVATE KEY-----" in data:
        raise TrustError(f"trust file {source}: it holds a private key; take it out of here and replace the key")
    try:
        if data.lstrip().startswith(_PEM):
            found = [base64.b64decode(b"".join(block.split())) for block in _PEM_CERTIFICATE.findall(data)]
        else:
            found = [data]
        certificates = [read_certificate(each) for each in found]
    except (DerError, binascii.Error):
        certificates = []
    if not certificates:
        raise TrustError(f"trust file {source}: it is neither a JWK Set nor a PEM or DER certificate")
    return tuple(key for certificate in certificates for key in keys_of_certificate(certificate))
