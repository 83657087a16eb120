"""Issuing codes and changing what is known of them: every change under the person's tag and with an audit line."""

from __future__ import annotations

import secrets
from typing import Final
from zoneinfo import ZoneInfo

from authority.errors import RequestError, UnknownCodeError
from authority.keyring import Keyring
from authority.masking import mask_document, mask_name
from authority.person import person_tag
from authority.records import AT_ONCE_S, Act, AuditLine, Order, RegisteredCode
from authority.register import Register
from authority.request import CodeRequest, IssuedCode, check_region
from authority.validity import check_period, default_expiry
from keys.health_code import HealthCode
from keys.health_code import issue as sign_code
from keys.issuer import list_uri, parse_list_uri
from keys.status_list import OWN_ENTRIES
from keys.trust_list import TrustedKey, Use
from keys.verdict import Carrier, CodeFormat, CodeIdentity, Colour

_INDEX_DIGITS: Final = 10
_LIST_DIGITS: Final = 6
_ISSUING: Final = Order(by="authority", reason="issue")
_REISSUE: Final = Order(by="authority", reason="re-issued")
_UNORDERED: Final = frozenset((Colour.GREEN, Colour.GREY))
"""Colours a new person may be given without an order."""


class Codes:
    """The desk of one authority: its register, its keys, and the key of its person tags."""

    def __init__(self, issuer: str, zone: ZoneInfo, register: Register, keyring: Keyring, tag_key: bytes) -> None:
        self._issuer = issuer
        self._zone = zone
        self._register = register
        self._keyring = keyring
        self._tag_key = tag_key

    def issue(self, request: CodeRequest, now: int) -> IssuedCode:
        """Issue a code, signed and registered.

        A phone's code keeps its index when it is made anew; paper and cards draw a new one and revoke the old. A colour
        other than the person's needs an order, and reaches the person's other codes too. Raises RequestError.
        """
        name = mask_name(request.name)
        document = mask_document(request.document_type, request.document_number)
        check_region(self._issuer, request.region)
        person = person_tag(self._tag_key, request.document_type, request.document_number)
        issued_at = self._time_of_issue(now) if request.issued_at is None else request.issued_at
        expires_at = request.expires_at
        if expires_at is None:
            expires_at = default_expiry(request.carrier, issued_at, self._zone)
        check_period(request.carrier, issued_at, request.not_before, expires_at)
        key = self._key_for(request, now, expires_at)
        private = self._keyring.signing_key(key.kid)
        with self._register.transaction():
            known = self._register.codes_of(person)
            colour = self._colour_at_issue(known, request, now)
            live = [code for code in known if code.carrier is request.carrier and code.revoked_at is None]
            replaced: tuple[CodeIdentity, ...] = ()
            if live and request.carrier is Carrier.PHONE:
                number, index = live[-1].list_number, live[-1].index
                self._register.refresh(number, index, issued_at, expires_at)
            else:
                replaced = tuple(self._revoke(code, now, _REISSUE) for code in live)
                number, index = self._register.draw(secrets.randbelow, OWN_ENTRIES)
                self._register.add(
                    RegisteredCode(number, index, person, request.carrier, colour, issued_at, expires_at, None)
                )
            identity = self._identity(number, index)
            if not (live and request.carrier is Carrier.PHONE):
                self._register.write_audit(
                    AuditLine(now, Act.ISSUE, str(identity), None, _word(colour), request.order or _ISSUING)
                )
            code = HealthCode(
                identity=identity,
                issued_at=issued_at,
                expires_at=expires_at,
                colour=colour,
                name=name,
                document=document,
                carrier=request.carrier,
                not_before=request.not_before,
                region=request.region,
                colour_reason=request.colour_reason,
                colour_until=request.colour_until,
                group=request.group,
                holder=request.holder_key,
            )
            try:
                text = sign_code(code, private)
            except ValueError as error:
                raise RequestError(f"No code can be issued like this: {error}.") from error
        return IssuedCode(text, identity, request.carrier, colour, key.kid, issued_at, expires_at, replaced)

    def set_colour(self, identity: CodeIdentity, colour: Colour, order: Order, now: int) -> tuple[CodeIdentity, ...]:
        """Give the holder of a code another colour; it reaches gates with the next published lists.

        Returns the codes changed: every one of that person that is not revoked. Raises UnknownCodeError, and
        RequestError for a revoked code.
        """
        with self._register.transaction():
            code = self.code(identity)
            if code.revoked_at is not None:
                raise RequestError(f"The code {identity} is revoked; a revoked code has no colour any more.")
            return self._recolour(self._register.codes_of(code.person), colour, order, now)

    def activate(self, identity: CodeIdentity, order: Order, now: int) -> bool:
        """Turn the holder of a grey code green; False where it is not grey, and stays what it is.

        Looked at and changed in one transaction: whoever orders another colour meanwhile is not overruled. Raises
        UnknownCodeError.
        """
        with self._register.transaction():
            code = self.code(identity)
            if code.colour is not Colour.GREY or code.revoked_at is not None:
                return False
            self._recolour(self._register.codes_of(code.person), Colour.GREEN, order, now)
            return True

    def revoke(self, identity: CodeIdentity, order: Order, now: int) -> None:
        """Revoke one code, for good. Raises UnknownCodeError, and RequestError when it was revoked already."""
        with self._register.transaction():
            code = self.code(identity)
            if code.revoked_at is not None:
                raise RequestError(f"The code {identity} was revoked already.")
            self._revoke(code, now, order)

    def code(self, identity: CodeIdentity) -> RegisteredCode:
        """Return what the register knows of a code. Raises UnknownCodeError."""
        return registered_code(self._register, self._issuer, identity)

    def _time_of_issue(self, now: int) -> int:
        """Return `now`, or the first second after the newest lists, which cannot know a code issued in their second."""
        newest = self._register.newest_publication()
        if newest is None or newest < now:
            return now
        if newest > now + AT_ONCE_S:
            raise RequestError(f"Lists with the time {newest} were published and it is only {now}; set the clock.")
        return newest + 1

    def _key_for(self, request: CodeRequest, now: int, expires_at: int) -> TrustedKey:
        keys = self._keyring.in_force(Use.CODE, now)
        if request.signing_key is not None:
            keys = tuple(key for key in keys if key.kid == request.signing_key)
            if not keys:
                raise RequestError(f"The key {request.signing_key.hex()} signs no codes at this time.")
            return keys[0]
        for key in keys:
            if expires_at <= key.exp and may_sign(key, request.region):
                return key
        raise RequestError("No signing key is in force for as long as the code; make one with: authority add-key")

    def _colour_at_issue(self, known: tuple[RegisteredCode, ...], request: CodeRequest, now: int) -> Colour:
        if not known:
            colour = Colour.GREEN if request.colour is None else request.colour
            if colour not in _UNORDERED and request.order is None:
                raise RequestError(f"A new person's {_word(colour)} needs an order: who ordered it, and why.")
            return colour
        current = known[-1].colour
        if request.colour is None or request.colour is current:
            return current
        if request.order is None:
            raise RequestError(
                f"This person is {_word(current)}; {_word(request.colour)} needs an order: who ordered it, and why."
            )
        self._recolour(known, request.colour, request.order, now)
        return request.colour

    def _recolour(
        self, codes: tuple[RegisteredCode, ...], colour: Colour, order: Order, now: int
    ) -> tuple[CodeIdentity, ...]:
        changed = []
        for code in codes:
            identity = self._identity(code.list_number, code.index)
            self._register.set_colour(code.list_number, code.index, colour)
            if code.revoked_at is None:
                self._register.write_audit(
                    AuditLine(now, Act.SET_COLOUR, str(identity), _word(code.colour), _word(colour), order)
                )
                changed.append(identity)
        return tuple(changed)

    def _revoke(self, code: RegisteredCode, now: int, order: Order) -> CodeIdentity:
        identity = self._identity(code.list_number, code.index)
        self._register.revoke(code.list_number, code.index, now)
        self._register.write_audit(AuditLine(now, Act.REVOKE, str(identity), _word(code.colour), "revoked", order))
        return identity

    def _identity(self, number: int, index: int) -> CodeIdentity:
        return CodeIdentity(self._issuer, list_uri(self._issuer, number), index)


def registered_code(register: Register, issuer: str, identity: CodeIdentity) -> RegisteredCode:
    """Return what the register of `issuer` knows of a code. Raises UnknownCodeError."""
    owner = parse_list_uri(identity.uri)
    if owner is None or owner[0] != issuer or identity.issuer != issuer:
        raise UnknownCodeError(f"The code {identity} is not of {issuer}.")
    code = register.code(owner[1], identity.index)
    if code is None:
        raise UnknownCodeError(f"No code {identity} was ever issued here.")
    return code


def may_sign(key: TrustedKey, region: str | None) -> bool:
    """Whether a key may sign a code for `region` (GB/T 2260 prefix, None for the issuer's whole region)."""
    if key.formats is not None and CodeFormat.JKM1 not in key.formats:
        return False
    return key.regions is None or (region is not None and region.startswith(key.regions))


def read_identity(issuer: str, text: str) -> CodeIdentity:
    """Read `CN-33/jkm:33/1/7`, `jkm:33/1/7` or `1/7` (list and index) as a code of `issuer`.

    Raises RequestError for anything else and for another issuer's.
    """
    rest = text.removeprefix(f"{issuer}/")
    uri, _, index = rest.rpartition("/")
    if uri.isascii() and uri.isdigit() and len(uri) <= _LIST_DIGITS:
        uri = list_uri(issuer, int(uri))
    owner = parse_list_uri(uri)
    if owner is None or not (index.isascii() and index.isdigit() and len(index) <= _INDEX_DIGITS):
        raise RequestError(f"{text!r} is no code of {issuer}; write list and index, such as 1/7, or the whole code_id.")
    if owner[0] != issuer:
        raise RequestError(f"{text!r} is a code of {owner[0]}, and this is the authority of {issuer}.")
    return CodeIdentity(issuer, uri, int(index))


def _word(colour: Colour) -> str:
    return colour.name.lower()
