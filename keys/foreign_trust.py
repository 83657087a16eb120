"""Foreign trust: which keys may have signed a foreign code, and why the others may not. Immutable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from keys import eu_dcc, vds_nc
from keys.certificate import Certificate, is_issued_by
from keys.countries import is_state, state_of
from keys.foreign_code import ForeignCode
from keys.foreign_key import ForeignKey, spki
from keys.reasons import Reason
from keys.verdict import CodeFormat


class Candidates(NamedTuple):
    """Keys that may have signed a code; where there are none, why."""

    keys: tuple[ForeignKey, ...]
    reason: Reason | None


class ForeignTrust:
    """Every foreign key this appliance believes."""

    __slots__ = ("_authorities", "_bound", "_by_kid", "_keys", "_signers", "_taken_back")

    def __init__(self, keys: Iterable[ForeignKey] = ()) -> None:
        listed = tuple(keys)
        # A key that anybody who is believed here has taken back is back, wherever else it is still listed.
        self._taken_back = frozenset((key.format, spki(key.public_key)) for key in listed if key.revoked)
        self._keys = tuple(key if key.revoked else self._as_listed(key) for key in listed)
        self._bound = frozenset((key.format, issuer) for key in self._keys for issuer in key.bound_to)
        by_kid: dict[CodeFormat, dict[bytes, list[ForeignKey]]] = {family: defaultdict(list) for family in CodeFormat}
        for key in self._keys:
            by_kid[key.format][key.kid].append(key)
        self._by_kid = {family: {kid: tuple(found) for kid, found in named.items()} for family, named in by_kid.items()}
        seals = [key for key in self._keys if key.format is CodeFormat.VDS_NC and key.certificate is not None]
        self._signers = {key.certificate.der: key for key in seals if key.certificate is not None}
        self._authorities = tuple(
            key.certificate for key in seals if key.certificate is not None and key.certificate.authority
        )

    def _as_listed(self, key: ForeignKey) -> ForeignKey:
        taken_back = self._taken_back and (key.format, spki(key.public_key)) in self._taken_back
        return replace(key, revoked=True) if taken_back else key

    def _speaks_for(self, key: ForeignKey, code: ForeignCode) -> bool:
        """Whether `key` may sign for the issuer of `code`.

        A key that nothing binds to an issuer speaks for none to whom others are bound: else any issuer whose keys were
        listed as it publishes them could write cards in another's name.
        """
        if not key.bound_to and code.issuer is not None:
            names = {code.issuer, state_of(code.issuer)} if code.format is CodeFormat.HC1 else {code.issuer}
            if any((code.format, name) in self._bound for name in names):
                return False
        return key.speaks_for(code)

    @property
    def keys(self) -> tuple[ForeignKey, ...]:
        """Every key, in the order given."""
        return self._keys

    def candidates(self, code: ForeignCode, now: int) -> Candidates:
        """Return the keys that may have signed `code`: steps 2 to 4 of the proof at `now`, seconds since 1970."""
        if code.certificate is not None:
            return self._seal_signer(code, code.certificate, now)
        named = self._by_kid[code.format].get(code.kid, ()) if code.kid is not None else ()
        theirs: list[ForeignKey] = []
        allowed: list[ForeignKey] = []
        for key in named:
            if self._speaks_for(key, code):
                theirs.append(key)
                if _may_sign(key, code):
                    allowed.append(key)
        if not theirs:
            # A thumbprint or a name within a DID says nothing without its issuer; an EU certificate's hash does.
            if named and code.format is CodeFormat.HC1:
                return Candidates((), Reason.KEY_NOT_ALLOWED)
            known = any(key.format is code.format and key.speaks_for(code) for key in self._keys)
            return Candidates((), Reason.UNKNOWN_KEY if known else Reason.UNKNOWN_ISSUER)
        return Candidates(tuple(allowed), None if allowed else Reason.KEY_NOT_ALLOWED)

    def _seal_signer(self, code: ForeignCode, certificate: Certificate, now: int) -> Candidates:
        """Return the signer of a seal that brings its certificate: pinned as it is, or issued by its state's authority.

        A signer's certificate whose usage does not name seals signs none, unless the very certificate was pinned.
        """
        pinned = self._signers.get(certificate.der)
        state = code.issuer or ""
        if pinned is None:
            known = [authority for authority in self._authorities if is_state(state, authority.country)]
            if not known or state == vds_nc.SPECIMEN:
                return Candidates((), Reason.UNKNOWN_ISSUER)
            if not any(is_issued_by(certificate, authority) and authority.in_force(now) for authority in known):
                return Candidates((), Reason.UNKNOWN_KEY)
            if vds_nc.SIGNER_USAGE not in certificate.extended_usage:
                return Candidates((), Reason.KEY_NOT_ALLOWED)
            pinned = self._as_listed(
                ForeignKey(CodeFormat.VDS_NC, certificate.kid, certificate.public_key, certificate=certificate)
            )
        specimen = state == vds_nc.SPECIMEN
        fits = (specimen or is_state(state, certificate.country)) and certificate.digital_signature
        if not fits or code.scheme not in pinned.schemes:
            return Candidates((), Reason.KEY_NOT_ALLOWED)
        return Candidates((pinned,), None)


def _may_sign(key: ForeignKey, code: ForeignCode) -> bool:
    """Step 4 for keys that are looked up: the algorithm is the key's, and its certificate is for such statements."""
    if code.scheme not in key.schemes:
        return False
    if key.certificate is None or code.format is not CodeFormat.HC1:
        return True
    # What its usage says of signatures is not asked: Latvia's signers are authorities, for certificates alone.
    return eu_dcc.may_sign(key.certificate.extended_usage, code.statement.facts)
