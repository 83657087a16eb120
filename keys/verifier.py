"""The verifier: the text of a QR code and the time → a `Verdict`. Pure; the first step that fails is the reason.

The ten steps and their order are those of docs/formats.md, "Verification". A code that is both forged and expired is
forged, because nothing it says of its time is proved; so a presentation's own signature belongs to step 5 as well, and
step 9 judges only its time.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from keys import base45, cose, foreign_proof, health_code, presentation
from keys.errors import MalformedError, RefusedError
from keys.families import MAX_TEXT, Family, family_of
from keys.foreign_proof import ForeignStatus
from keys.health_code import HealthCode
from keys.presentation import Presentation
from keys.reasons import Reason
from keys.status_list import FOREIGN_COLOURS, OWN_COLOURS, StatusEntry, StatusLookup, StatusValue
from keys.trust_list import TrustedKey, TrustList, Use
from keys.verdict import CodeFormat, Colour, StatusEvidence, Verdict

AHEAD_S = 300
"""How far an authority's clock may be ahead of ours; expiry has no tolerance."""

_UNSUPPORTED = re.compile(r"HC[0-9]:|LT1:|NL[0-9]:|JK[MP][0-9]:")
"""Codes of other families and versions, told from a shop's poster by how they begin."""


class _Shown(NamedTuple):
    """What a text turned out to hold; nothing of it is proved."""

    format: CodeFormat
    signed: cose.Sign1
    kid: bytes
    code: HealthCode
    presentation: Presentation | None


class Verifier:
    """Proves codes against one trust list and one set of status lists."""

    __slots__ = ("_ahead_s", "_foreign_status", "_status", "_trust", "_window_s")

    def __init__(
        self,
        trust: TrustList,
        status: StatusLookup,
        *,
        window_s: int = presentation.WINDOW_S,
        ahead_s: int = presentation.AHEAD_S,
        foreign_status: ForeignStatus | None = None,
    ) -> None:
        """Presentations count for `window_s` seconds; the phone's clock may be `ahead_s` seconds ahead of ours.

        `foreign_status` is asked about codes of other issuers; without it their revocation is not looked up.
        """
        self._trust = trust
        self._status = status
        self._window_s = window_s
        self._ahead_s = ahead_s
        self._foreign_status = foreign_status

    def verify(self, text: str, now: int, *, presentations_from: int = 0) -> Verdict:
        """Prove `text` at `now` (seconds since 1970 UTC). Never raises, whatever the text.

        A presentation made before `presentations_from` is `PRESENTATION_EXPIRED`: after a start the appliance does not
        remember which ones it has already let in.
        """
        family = family_of(text)
        if family is not None:
            return self._verify_foreign(family, text, now)
        # 1 parse
        try:
            shown = _parse(text)
        except RefusedError as refusal:
            return Verdict(refusal.reason, _claimed_format(text))
        code, signed = shown.code, shown.signed
        identity = code.identity
        issuer, kid = identity.issuer, shown.kid

        # 2 issuer known
        if not self._trust.knows(issuer):
            return Verdict(Reason.UNKNOWN_ISSUER, shown.format, issuer, kid)

        # 3 key known
        candidates = self._trust.candidates(issuer, kid)
        if not candidates:
            return Verdict(Reason.UNKNOWN_KEY, shown.format, issuer, kid)

        # 4 key allowed for this use
        allowed = [key for key in candidates if _may_sign(key, signed, code)]
        if not allowed:
            return Verdict(Reason.KEY_NOT_ALLOWED, shown.format, issuer, kid)

        # 5 signature, and the holder's own where the code is shown live
        key = _signer(allowed, signed)
        if key is None or not _shown_by_holder(shown):
            return Verdict(Reason.BAD_SIGNATURE, shown.format, issuer, kid)

        # From here on the claims are the issuer's. The status is looked up before the reason is known, so that staff
        # who may admit an expired code see that it is red.
        entry = self._status.lookup(issuer, identity.uri, identity.index)
        status_reason, colour = _current_colour(entry, code, now)
        reason: Reason | None

        # 6 key revoked
        if key.revoked:
            reason, entry, colour = Reason.KEY_REVOKED, None, None  # anybody may have signed this
        # 7 key expired
        elif not key.nbf - AHEAD_S <= now < key.exp:
            reason = Reason.KEY_EXPIRED
        # 8 not yet valid, expired
        elif code.issued_at > now + AHEAD_S or (code.not_before or 0) > now + AHEAD_S:
            reason = Reason.NOT_YET_VALID
        elif now >= code.expires_at:
            reason = Reason.EXPIRED
        # 9 presentation
        elif shown.presentation is None and code.holder is not None:
            reason = Reason.PRESENTATION_REQUIRED
        elif shown.presentation is not None and not self._in_time(shown.presentation, now, presentations_from):
            reason = Reason.PRESENTATION_EXPIRED
        # 10 status
        else:
            reason = status_reason
        return Verdict(
            reason,
            shown.format,
            issuer,
            kid,
            identity,
            colour,
            code.colour_reason,
            code.colour_until,
            code.name,
            code.document,
            code.carrier,
            code.region,
            code.group,
            code.issued_at,
            code.expires_at,
            code.holder is not None,
            None if shown.presentation is None else shown.presentation.presented_at,
            None if entry is None else StatusEvidence(identity.uri, entry.issued_at, entry.value),
        )

    def _verify_foreign(self, family: Family, text: str, now: int) -> Verdict:
        """Prove a code of another issuer's family."""
        try:
            if len(text) > family.most:
                raise MalformedError(f"text of {len(text)} characters")
            code = family.read(text)
        except RefusedError as refusal:
            return Verdict(refusal.reason, family.format)
        return foreign_proof.prove(code, self._trust.foreign, self._foreign_status, now)

    def _in_time(self, shown: Presentation, now: int, presentations_from: int) -> bool:
        """Whether a presentation was made within the window. One from too far ahead is no more live than an old one."""
        made = shown.presented_at
        return now - self._window_s <= made <= now + self._ahead_s and made >= presentations_from


def _claimed_format(text: str) -> CodeFormat | None:
    if text.startswith(health_code.PREFIX):
        return CodeFormat.JKM1
    if text.startswith(presentation.PREFIX):
        return CodeFormat.JKP1
    return None


def _parse(text: str) -> _Shown:
    """Step 1: read the text's form completely. Raises RefusedError."""
    claimed = _claimed_format(text)
    if claimed is None:
        if len(text) <= MAX_TEXT and _UNSUPPORTED.match(text):
            raise RefusedError(Reason.UNSUPPORTED_FORMAT, "a code of a family that is not read here")
        raise RefusedError(Reason.NOT_A_CODE, "no known beginning")
    if len(text) > MAX_TEXT:
        raise MalformedError(f"text of {len(text)} characters")
    data = base45.decode(text[len(health_code.PREFIX) :])
    if claimed is CodeFormat.JKM1:
        return _parse_code(claimed, data, None)
    shown = presentation.read(data)
    return _parse_code(claimed, shown.code, shown)


def _parse_code(shown_as: CodeFormat, data: bytes, shown: Presentation | None) -> _Shown:
    signed = cose.read_sign1(data, limit=health_code.MAX_BYTES)
    if signed.typ != health_code.TYP or signed.kid is None:
        raise MalformedError("code whose header is not alg, kid and typ jkm1")
    code = health_code.read_claims(signed.payload)
    if shown is not None and code.holder is None:
        raise MalformedError("presentation of a code that names no holder")
    return _Shown(shown_as, signed, signed.kid, code, shown)


def _may_sign(key: TrustedKey, signed: cose.Sign1, code: HealthCode) -> bool:
    """Step 4: whether `key` is for codes of this kind and region, and for the algorithm the message claims."""
    if Use.CODE not in key.uses or key.alg is not signed.alg:
        return False
    if key.formats is not None and CodeFormat.JKM1 not in key.formats:
        return False
    return key.regions is None or (code.region is not None and code.region.startswith(key.regions))


def _signer(allowed: list[TrustedKey], signed: cose.Sign1) -> TrustedKey | None:
    """Step 5: the key that made the signature. Several can share an id; each is tried, and no other."""
    message = cose.signature_input(signed)
    for key in allowed:
        if cose.verify_signature(key.public_key, signed.alg, message, signed.signature):
            return key
    return None


def _shown_by_holder(shown: _Shown) -> bool:
    """Step 5 for a presentation: whether the holder named in the code signed it. True for a static code."""
    if shown.presentation is None or shown.code.holder is None:
        return shown.presentation is None
    signed = shown.presentation.signed
    message = cose.signature_input(signed)
    return cose.verify_signature(shown.code.holder, signed.alg, message, signed.signature)


def _current_colour(entry: StatusEntry | None, code: HealthCode, now: int) -> tuple[Reason | None, Colour | None]:
    """Step 10: what the lists make of the code, and the colour in force ("Current colour")."""
    if entry is None:
        return Reason.STATUS_UNKNOWN, None
    if entry.value == StatusValue.REVOKED:
        return Reason.REVOKED, None
    if entry.expires_at is not None and now >= entry.expires_at:
        return Reason.STATUS_UNKNOWN, None
    code_is_newer = code.issued_at > entry.issued_at
    if entry.own and entry.value == StatusValue.NOT_ISSUED and code_is_newer:
        return None, code.colour
    listed = (OWN_COLOURS if entry.own else FOREIGN_COLOURS).get(entry.value)
    if listed is None:
        return Reason.STATUS_UNKNOWN, None
    return None, code.colour if code_is_newer else listed
