"""Published test cases of other people's code families, run as they are: what each states, and what became of it.

A case is a line of JSON. What it states is compared, and nothing else: an absent expectation claims nothing. A case
that cannot be run, because it has no text, no key, or is of a family that is not read here, is not applicable and says
why.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from cli.conformance_eu import eu_stages, read_clock
from keys import smart_health_card, vds_nc
from keys.card_reading import CardReading
from keys.card_revocation import read_card_revocations
from keys.certificate import Certificate, read_certificate
from keys.certlogic import compile_logic
from keys.certlogic_values import CertLogicError
from keys.errors import KeysError, RefusedError
from keys.families import family_of
from keys.foreign_code import ForeignCode
from keys.foreign_jwk import read_foreign_keys
from keys.foreign_key import ForeignKey, keys_of_certificate
from keys.foreign_status import ForeignLists
from keys.json_bounded import JsonValue, member
from keys.jwk import write_json
from keys.reasons import Reason
from keys.status_list import StatusLists
from keys.trust_list import TrustList
from keys.verdict import CodeFormat, Verdict
from keys.verifier import Verifier

Case = dict[str, JsonValue]
_MAKING: Final = frozenset({"SCHEMAVALIDATION", "VALIDOBJECT", "VALIDJSON", "ENCODE", "PICTUREDECODE"})
"""Of the making of a code, of its picture and of the schema: none of it is a verifier's to meet."""
_STAGES: Final = {"B45": "B45DECODE", "EXPIRATION": "EXPIRATIONCHECK"}
"""Other names of stages → those that most cases use."""


@unique
class Result(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case's result, and in words what differed, or why it was not run."""

    name: str
    result: Result
    words: str = ""


def run_case(case: Case) -> Outcome:
    """Run one case. Raises nothing for any content: a case that is none of ours is not applicable."""
    kind, name = case.get("kind"), _name(case)
    runner = _RUNNERS.get(kind) if type(kind) is str else None
    if runner is None:
        return Outcome(name, Result.NOT_APPLICABLE, f"codes of the family {kind} are not read here")
    try:
        differences = list(runner(case))
    except _NotApplicableError as reason:
        return Outcome(name, Result.NOT_APPLICABLE, str(reason))
    except KeysError as error:
        return Outcome(name, Result.FAILED, str(error))
    return Outcome(name, Result.FAILED if differences else Result.PASSED, "; ".join(differences))


class _NotApplicableError(Exception):
    """A case cannot be run; says why."""


def _name(case: Case) -> str:
    for label in ("name", "src"):
        value = case.get(label)
        if type(value) is str:
            return value
        if type(value) is list:
            return ", ".join(map(str, value))
    return "a case without a name"


def _eu(case: Case) -> Iterator[str]:
    text, certificate = case.get("text"), _certificate(case)
    expected = _expected(case)
    if type(text) is not str:
        raise _NotApplicableError("it has a picture and no text")
    wanted = {_STAGES.get(name, name): value for name, value in expected.items() if name not in _MAKING}
    clock = case.get("clock")
    moment = read_clock(clock) if type(clock) is str else _issued_at(text)
    if certificate is None:
        wanted = {name: value for name, value in wanted.items() if name not in ("VERIFY", "KEYUSAGE")}
    wanted = {name: value for name, value in wanted.items() if name not in ("REVOKED", "INVALIDATED")}
    if not wanted:
        raise _NotApplicableError("nothing it states can be judged by what comes with it")
    stages = eu_stages(text, certificate, moment)
    for name, value in wanted.items():
        if stages.get(name, False) is not value:
            yield f"{name} should be {value}"
    if certificate is not None and type(clock) is not str and expected.get("VERIFY") is True and moment is not None:
        # A signer may be certified from later on than it dates its codes: judged as soon as both are in force.
        begins = max(int(moment), certificate.nbf)
        yield from _whole(Verifier(_trust(keys_of_certificate(certificate)), StatusLists()).verify(text, begins))


def _whole(verdict: Verdict) -> Iterator[str]:
    if not verdict.valid:
        yield f"the verifier says {verdict.reason}"


def _issued_at(text: str) -> float | None:
    """Return when a code without a clock was issued: it is judged at that time."""
    try:
        family = family_of(text)
        return family.read(text).issued_at if family is not None else None
    except RefusedError:
        return None


def _nzcp(case: Case) -> Iterator[str]:
    key = case.get("jwk")
    text, kid, issuer = (case.get(name) for name in ("text", "kid", "iss"))
    if type(key) is not dict or type(text) is not str:
        raise _NotApplicableError("it has no key, or no text")
    trust = _trust(_keys({**key, "kid": kid, "iss": issuer, "formats": ["NZCP"]}))
    verdict = Verifier(trust, StatusLists()).verify(text, int(_clock(case)))
    outcome = str(_expected(case).get("OUTCOME"))
    wanted = _PASS_OUTCOMES.get(outcome, outcome)
    # Of a refusal in others' words, all that can be compared is that it is one.
    met = verdict.reason == wanted if wanted in (None, *Reason) else not verdict.valid
    if not met:
        yield f"{outcome} expected, the verifier says {verdict.reason or 'VALID'}"


_PASS_OUTCOMES: Final = {"VALID": None, "NOT_ACTIVE": Reason.NOT_YET_VALID}
"""What a pass's case states, where it is no reason's own name → the reason; None: it is valid."""
_TRAILING: Final = "TRAILING_CHARACTERS"
_SHC_REASONS: Final = {
    _TRAILING: {Reason.MALFORMED},
    "JWS_HEADER_ERROR": {Reason.MALFORMED},
    "JWS_VERIFICATION_ERROR": {Reason.BAD_SIGNATURE, Reason.UNKNOWN_KEY, Reason.MALFORMED},
    "SIGNATURE_FORMAT_ERROR": {Reason.MALFORMED},
    "INVALID_NUMERIC_QR_HEADER": {Reason.MALFORMED, Reason.CODE_INCOMPLETE},
    "INVALID_NUMERIC_QR": {Reason.MALFORMED},
    "MISSING_QR_CHUNK": {Reason.CODE_INCOMPLETE},
    "INVALID_ISSUER_URL": {Reason.MALFORMED},
    "JSON_PARSE_ERROR": {Reason.MALFORMED},
    "ISSUER_NOT_TRUSTED": {Reason.UNKNOWN_ISSUER},
    "ISSUER_KID_MISMATCH": {Reason.UNKNOWN_KEY, Reason.UNKNOWN_ISSUER},
    "REVOCATION_ERROR": {Reason.STATUS_UNKNOWN, Reason.UNKNOWN_KEY},
    "JWS_PAYLOAD_ERROR": {Reason.MALFORMED},
    "INFLATION_ERROR": {Reason.MALFORMED},
    "EXPIRATION_ERROR": {Reason.EXPIRED},
    "NOT_YET_VALID": {Reason.NOT_YET_VALID},
    "CRITICAL_DATA_MISSING": {Reason.MALFORMED},
}
"""An error of the validator that these cases come from → the reasons that say the same."""
_NO_REFUSAL: Final = frozenset({"QR_CHUNKING_DEPRECATED", "JWS_TOO_LONG"})
"""What that validator calls an error and a reader must bear: the card itself is in order."""
_NOT_JUDGED: Final = frozenset({"FHIR_SCHEMA_ERROR", "PROFILE_ERROR"})
"""What an issuer owes FHIR and its profiles; no verifier judges it."""
_NOT_LISTED: Final = "not in trusted directory"
_NOBODY: Final = "https://no-issuer.example"


def _shc(case: Case) -> Iterator[str]:
    verdict = _judge_card(case, _card_texts(case))
    expected = _expected(case)
    errors = expected.get("errors")
    if type(errors) is list:
        judged = [str(error) for error in errors if error not in _NOT_JUDGED]
        if errors and not judged:
            raise _NotApplicableError("it states what an issuer owes FHIR alone")
        yield from _against_errors([error for error in judged if error not in _NO_REFUSAL], verdict)
        return
    wanted = Reason.REVOKED if expected.get("REVOKED") is True else None
    valid = expected.get("VERIFY") is not False
    if (valid and verdict.reason is not wanted) or (not valid and verdict.valid):
        yield f"{wanted or expected} expected, the verifier says {verdict.reason or 'VALID'}"


def _against_errors(errors: Sequence[str], verdict: Verdict) -> Iterator[str]:
    if not errors:
        yield from _whole(verdict)
        return
    if verdict.reason is None:
        yield f"{', '.join(errors)} expected, the verifier says VALID"
        return
    known = [_SHC_REASONS[error] for error in errors if error in _SHC_REASONS]
    if known and not any(verdict.reason in reasons for reasons in known):
        yield f"{', '.join(errors)} expected, the verifier says {verdict.reason}"


def _card_texts(case: Case) -> list[str]:
    text = case.get("text")
    texts = [text] if type(text) is str else [each for each in text if type(each) is str] if type(text) is list else []
    if not texts:
        raise _NotApplicableError("it has no text")
    if case.get("kind") != "SHC-jws":
        return texts
    # White space round a JWS is of the file that held it, unless the case says that it is the fault.
    errors = member(case.get("expected"), "errors")
    if not (type(errors) is list and _TRAILING in errors):
        texts = [each.strip() for each in texts]
    return [smart_health_card.text_of_jws(each) for each in texts]


def _judge_card(case: Case, texts: Sequence[str]) -> Verdict:
    """Return the verdict on the last of the texts, shown one after another; on the first that is malformed, on that."""
    keys = member(case.get("jwks"), "keys")
    if type(keys) is not list:
        raise _NotApplicableError("no key comes with it")
    # The one circumstance that a case states by its name alone: that its issuer is not listed.
    bound: Case = {"formats": ["SHC"]}
    if _NOT_LISTED in _name(case):
        bound["iss"] = _NOBODY
    trust = _trust(_keys(*[{**key, **bound} for key in keys if type(key) is dict]))
    listed = case.get("crl")
    lists = None if listed is None else ForeignLists(cards=[read_card_revocations(write_json_of(listed), source="crl")])
    verifier = Verifier(trust, StatusLists(), foreign_status=lists)
    verdict = _shown(verifier, texts, int(_clock(case)))
    errors = _expected(case).get("errors")
    if (
        verdict.reason is Reason.NOT_YET_VALID
        and type(errors) is list
        and not {"NOT_YET_VALID"} & set(map(str, errors))
    ):
        # Some cases carry cards that were issued anew after the time at which they were first judged.
        return _shown(verifier, texts, verdict.issued_at or 0)
    return verdict


def _shown(verifier: Verifier, texts: Sequence[str], now: int) -> Verdict:
    """Return the verdict on texts that are shown one after another."""
    reading, verdict = CardReading(), Verdict(Reason.NOT_A_CODE)
    for text in texts:
        verdict = verifier.verify(reading.whole(text, now), now)
        if verdict.reason is Reason.MALFORMED:
            break
    return verdict


def _seal(case: Case) -> Iterator[str]:
    text = case.get("text")
    if type(text) is not str:
        raise _NotApplicableError("it has no text")
    expected = _expected(case)
    decodes, verifies = expected.get("DECODE"), expected.get("VERIFY")
    try:
        code = vds_nc.read(text)
    except RefusedError as refusal:
        if decodes is True or (decodes is None and verifies is not False):
            yield str(refusal)
        return
    if decodes is False:
        yield "it can be read, and should not be"
        return
    verdict = Verifier(_trust(_own_signer(code)), StatusLists()).verify(text, _within(code))
    if verifies is not None and verdict.valid is not verifies:
        yield f"VERIFY should be {verifies}, the verifier says {verdict.reason or 'VALID'}"
    elif verdict.reason not in (None, Reason.BAD_SIGNATURE, Reason.KEY_NOT_ALLOWED):
        yield f"a wrong signature expected, the verifier says {verdict.reason}"


def _own_signer(code: ForeignCode) -> tuple[ForeignKey, ...]:
    """Return the seal's own certificate as the one that is pinned: these cases come without any authority's."""
    return () if code.certificate is None else keys_of_certificate(code.certificate)


def _within(code: ForeignCode) -> int:
    """Return a time in the validity of a seal's certificate: these cases state no other."""
    return 0 if code.certificate is None else code.certificate.nbf


def _rule(case: Case) -> Iterator[str]:
    wanted = _expected(case).get("RESULT")
    data: JsonValue = {"payload": case.get("payload"), "external": case.get("external")}
    try:
        logic = compile_logic(case.get("logic"))
        value, how = logic.evaluate(data), ""  # type: ignore[arg-type]  # JSON is a part of what it takes
    except CertLogicError as error:
        # A rule that is none, or cannot be evaluated, is not met (CertLogic specification, "Introduction").
        value, how = False, f": {error}"
    if type(value) is not type(wanted) or value != wanted:
        yield f"{wanted} expected, the rule says {value}{how}"


def _expected(case: Case) -> dict[str, JsonValue]:
    expected = case.get("expected")
    if type(expected) is not dict or not expected:
        raise _NotApplicableError("it states nothing")
    return expected


def _clock(case: Case) -> float:
    clock = case.get("clock")
    if type(clock) is not str:
        raise _NotApplicableError("it does not say when it is judged")
    return read_clock(clock)


def _certificate(case: Case) -> Certificate | None:
    written = case.get("cert")
    if type(written) is not str or not written:
        return None
    # Some are in several lines, or whole PEM files.
    lines = [line.strip() for line in written.splitlines() if not line.startswith("-----")]
    try:
        return read_certificate(base64.b64decode("".join(lines), validate=True))
    except binascii.Error:
        raise _NotApplicableError("its certificate is not base64") from None


def _trust(keys: Sequence[ForeignKey]) -> TrustList:
    return TrustList((), keys)


def _keys(*members: Case) -> tuple[ForeignKey, ...]:
    return read_foreign_keys(write_json_of({"keys": list(members)}), source="the case's own keys")


def write_json_of(value: JsonValue) -> bytes:
    """Write a part of a case as the file that it would be."""
    return write_json(value)  # type: ignore[arg-type]  # these hold no fractions


def _card_or_mixed(case: Case) -> Iterator[str]:
    if case.get("jwks") is None and type(case.get("text")) is str:
        raise _NotApplicableError("no key comes with it")
    return _shc(case)


_RUNNERS: Final[dict[str, Callable[[Case], Iterator[str]]]] = {
    CodeFormat.HC1.value: _eu,
    CodeFormat.SHC.value: _card_or_mixed,
    "SHC-jws": _shc,
    "SHC-qrnumeric": _shc,
    CodeFormat.NZCP.value: _nzcp,
    CodeFormat.VDS_NC.value: _seal,
    "CERTLOGIC": _rule,
}
