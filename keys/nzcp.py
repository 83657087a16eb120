"""New Zealand COVID Pass: `NZCP:/1/` + base32( COSE_Sign1( CWT )), technical specification version 1.

    Protected header   kid (4) and alg (1) = ES256, in the protected header alone
    Claims             iss (1) a did:web, nbf (5), exp (4), cti (7) an RFC 4122 UUID of 16 bytes, "vc"
    vc                 @context, version "1.0.0", type VerifiableCredential and PublicCovidPass, credentialSubject

The pass says that its issuer's conditions are met, and not which: no vaccination is read into it.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from typing import Final

from keys.cbor_bounded import LooseValue, decode_bounded
from keys.errors import MalformedError, RefusedError
from keys.facts import Fact, Kind, Person, Statement, day_of, read_date, read_name
from keys.foreign_code import ForeignCode, identity_of
from keys.foreign_cose import SIGN1_TAG, read_sign1
from keys.numeric_date import is_whole_second
from keys.reasons import Reason
from keys.rule_input import rule_input
from keys.scheme import Scheme
from keys.verdict import CodeFormat

START: Final = "NZCP:/"
PREFIX: Final = "NZCP:/1/"
MAX_BYTES: Final = 4096
_BASE32 = re.compile(r"[A-Z2-7]+", re.ASCII)
_ISS, _EXP, _NBF, _CTI, _VC = 1, 4, 5, 7, "vc"
_UUID_BYTES: Final = 16
_DID = re.compile(r"did:web:[A-Za-z0-9.%:_-]{1,200}", re.ASCII)
_CONTEXTS: Final = ("https://www.w3.org/2018/credentials/v1", "https://nzcp.covid19.health.nz/contexts/v1")
_TYPES: Final = ("VerifiableCredential", "PublicCovidPass")
_DAY_LENGTH: Final = 10


def read(text: str) -> ForeignCode:
    """Read a pass (section 3.1 and 4). Raises MalformedError, and RefusedError for another version's prefix."""
    if not text.startswith(PREFIX):
        raise RefusedError(Reason.UNSUPPORTED_FORMAT, "a New Zealand pass of another version than 1")
    signed = read_sign1(_base32(text[len(PREFIX) :]), tags=((SIGN1_TAG,),), protected_only=True, limit=MAX_BYTES)
    if signed.scheme is not Scheme.ES256 or signed.kid is None:
        raise MalformedError("pass whose protected header is not of a kid and ES256")
    claims = decode_bounded(signed.payload, limit=MAX_BYTES)
    if type(claims) is not dict:
        raise MalformedError("claims that are no map")
    issuer = claims.get(_ISS)
    if type(issuer) is not str or not _DID.fullmatch(issuer):
        raise MalformedError("iss that is no did:web")
    not_before, expires_at = _time(claims.get(_NBF), "nbf"), _time(claims.get(_EXP), "exp")
    identifier = claims.get(_CTI)
    if type(identifier) is not bytes or len(identifier) != _UUID_BYTES:
        raise MalformedError("cti that is no UUID")
    person = _read_credential(claims.get(_VC))
    return ForeignCode(
        format=CodeFormat.NZCP,
        issuer=issuer,
        kid=signed.kid,
        scheme=signed.scheme,
        message=signed.message,
        signature=signed.signature,
        statement=Statement(
            person, (Fact(Kind.PASS, day_of(not_before), until=day_of(expires_at)),), rule_input(person)
        ),
        identity=identity_of(issuer, str(uuid.UUID(bytes=identifier))),
        issued_at=None,
        not_before=not_before,
        expires_at=expires_at,
    )


def _base32(text: str) -> bytes:
    """Read base32 (RFC 4648 section 6) without its padding, or with all of it (section 4.7). Raises MalformedError."""
    bare = text.rstrip("=")
    if not _BASE32.fullmatch(bare):
        raise MalformedError("pass with a character that is not of base32")
    padded = bare + "=" * (-len(bare) % 8)
    if text not in (bare, padded):
        raise MalformedError("pass whose padding is not whole")
    try:
        data = base64.b32decode(padded)
    except binascii.Error:
        raise MalformedError("pass of a length that base32 cannot have") from None
    if base64.b32encode(data).decode("ascii") != padded:
        raise MalformedError("pass whose last character carries bits that nobody reads")
    return data


def _read_credential(credential: LooseValue) -> Person:
    """Read the `vc` claim (section 2.4). Raises MalformedError."""
    if type(credential) is not dict:
        raise MalformedError("pass without a credential")
    contexts, types = credential.get("@context"), credential.get("type")
    if type(contexts) is not list or not contexts or contexts[0] != _CONTEXTS[0] or _CONTEXTS[1] not in contexts:
        raise MalformedError("credential of another context")
    if type(types) is not list or types[:1] != [_TYPES[0]] or _TYPES[1] not in types:
        raise MalformedError("credential of another type")
    if credential.get("version") != "1.0.0":
        raise MalformedError("credential of another version than 1.0.0")
    subject = credential.get("credentialSubject")
    if type(subject) is not dict:
        raise MalformedError("credential without a subject")
    given = read_name(subject.get("givenName"), "given name")
    born = read_date(subject.get("dob"), "date of birth")
    if not given or len(born) != _DAY_LENGTH:
        raise MalformedError("pass without a given name, or without a whole date of birth")
    return Person(read_name(subject.get("familyName"), "surname"), given, born)


def _time(value: LooseValue, what: str) -> int:
    if not is_whole_second(value):
        raise MalformedError(f"{what} that is no whole time in seconds")
    return value
