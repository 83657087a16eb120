"""Other issuers' codes: text to facts against the bare signature verification inside it, rule sets, the worst input.

Reference and product are measured in turn, pair by pair, as in `bench_verify`.
"""

from __future__ import annotations

import json
import statistics
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from benchmarks.row import Row
from demo.foreign_issuers import CardIssuer, CertificateIssuer, PassIssuer, SealIssuer, person, vaccination
from keys import base45, cose, vds_nc
from keys.business_rules import Circumstances, RuleSet, read_rule_set
from keys.certificate import read_certificate
from keys.families import family_of
from keys.foreign_code import ForeignCode
from keys.foreign_jwk import read_foreign_keys
from keys.foreign_key import keys_of_certificate
from keys.hash_list import HashKind, HashList, read_hash_list, write_hash_list
from keys.json_bounded import JsonValue
from keys.key_id import key_id
from keys.smart_health_card import text_of_jws
from keys.status_list import StatusLists
from keys.trust_list import TrustedKey, TrustList, Use
from keys.verifier import Verifier

LIMIT: Final = 2.0
"""EU text to facts over the bare verification."""
RULES_LIMIT_MS: Final = 1.0
WORST_LIMIT_MS: Final = 50.0
_PAIRS: Final = 1500
_RULES: Final = 20
_HASHES: Final = 1_000_000
_NOW: Final = 1_772_600_400
_DAY: Final = 86_400
_ES256 = ec.ECDSA(hashes.SHA256())


def rows() -> Iterator[Row]:
    """Measure and yield the rows, in about four seconds."""
    france = CertificateIssuer("FR", _NOW)
    signer = france.certificate()
    texts = {
        "hc1": france.text(signer, {**person("Martin", "Claire", "1985-06-30"), "v": [vaccination("2026-01-15")]}),
    }
    california = CardIssuer("https://california.example/issuer")
    doses = {"2025-11-01": "208", "2025-12-01": "208"}
    texts["shc"] = california.text(california.payload("Rivera", "Maria", "1990-03-04", doses, _NOW - _DAY))
    zealand = PassIssuer("did:web:nzcp.example", _NOW)
    texts["nzcp"] = zealand.text(zealand.claims("Walker", "Aroha", "1979-11-02"))
    japan = SealIssuer("JPN", "JP", _NOW)
    sealer = japan.signer(japan.authority(), (vds_nc.SIGNER_USAGE,))
    texts["vds_nc"] = japan.text(japan.data("SUZUKI  HANA", "1991-02-18", tuple(doses)), sealer)
    jwks = json.dumps({"keys": [california.jwk(iss=california.url), zealand.jwk()]}).encode()
    keys = [*read_foreign_keys(jwks, source="benchmark")]
    for certificate in (signer, sealer):
        keys += keys_of_certificate(read_certificate(certificate))
    verifier = Verifier(TrustList((), keys), StatusLists())

    privates = {"hc1": france.key, "shc": california.key, "nzcp": zealand.key, "vds_nc": japan.key}
    for name, text in texts.items():
        private = privates[name]
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise TypeError("the benchmark signs with P-256")
        value, ratio = _compare(_judging(verifier, text), _bare(private.public_key(), text))
        limit = LIMIT if name == "hc1" else None
        ok = None if limit is None else ratio <= limit
        yield Row(f"formats.{name}", value, "µs", "bare ECDSA P-256 verification", ratio, limit, ok)

    rules, statement = _rule_set(), _read(texts["hc1"]).statement
    around = Circumstances(_NOW, "CN", "FR", _NOW - _DAY, _NOW + _DAY)
    if rules.failed(statement, around) is not None:
        raise RuntimeError("the benchmark's own rules are not met")
    took = _median(lambda: rules.failed(statement, around), 400)
    yield Row(f"formats.rules_{_RULES}", took, "ms", None, None, RULES_LIMIT_MS, took <= RULES_LIMIT_MS)

    listed, code = _hash_list(), _read(texts["hc1"])
    yield Row("formats.hash_list_lookup", 1000 * _median(lambda: listed.names(code), 2000), "µs")

    worst = max(_median(lambda text=text: verifier.verify(text, _NOW), 3) for text in _pathological(california))  # type: ignore[misc]
    yield Row("formats.worst_text", worst, "ms", None, None, WORST_LIMIT_MS, worst <= WORST_LIMIT_MS)


def _read(text: str) -> ForeignCode:
    family = family_of(text)
    if family is None:
        raise RuntimeError("the benchmark's own code is of no family")
    return family.read(text)


def _judging(verifier: Verifier, text: str) -> Callable[[], object]:
    verdict = verifier.verify(text, _NOW)
    if not verdict.valid:
        raise RuntimeError(f"the benchmark's own code is refused: {verdict.reason}")
    return lambda: verifier.verify(text, _NOW)


def _bare(key: ec.EllipticCurvePublicKey, text: str) -> Callable[[], object]:
    """Return the verification alone, with everything it needs at hand."""
    code = _read(text)
    half = len(code.signature) // 2
    r, s = int.from_bytes(code.signature[:half], "big"), int.from_bytes(code.signature[half:], "big")
    der, message = encode_dss_signature(r, s), code.message
    return lambda: key.verify(der, message, _ES256)


def _compare(product: Callable[[], object], reference: Callable[[], object]) -> tuple[float, float]:
    """Return the median of the product in µs, and of the pairs' ratios."""
    clock = time.perf_counter_ns
    products: list[int] = []
    ratios: list[float] = []
    for _ in range(_PAIRS):
        start = clock()
        reference()
        between = clock()
        product()
        end = clock()
        products.append(end - between)
        ratios.append((end - between) / (between - start))
    return statistics.median(products) / 1000, statistics.median(ratios)


def _median(work: Callable[[], object], times: int) -> float:
    """Return the median of a piece of work in milliseconds of this thread's own time."""
    clock = time.thread_time_ns
    took: list[int] = []
    for _ in range(times):
        start = clock()
        work()
        took.append(clock() - start)
    return statistics.median(took) / 1e6


def _rule_set() -> RuleSet:
    """Return twenty rules as large as published ones: dates, doses and products."""

    def shift(days: int) -> JsonValue:
        return {"plusTime": [{"var": "payload.v.0.dt"}, days, "day"]}

    clock: JsonValue = {"plusTime": [{"var": "external.validationClock"}, 0, "day"]}
    logic: JsonValue = {
        "if": [
            {"var": "payload.v.0"},
            {
                "and": [
                    {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]},
                    {"in": [{"var": "payload.v.0.mp"}, {"var": "external.valueSets.products"}]},
                    {"not-after": [shift(14), clock, shift(270)]},
                ]
            },
            True,
        ]
    }
    entries: list[JsonValue] = [
        {
            "Identifier": f"VR-CN-{number:04d}",
            "Type": "Acceptance",
            "Country": "CN",
            "Version": "1.0.0",
            "Engine": "CERTLOGIC",
            "CertificateType": "General",
            "Description": [],
            "ValidFrom": "2020-01-01T00:00:00Z",
            "ValidTo": "2030-01-01T00:00:00Z",
            "Logic": logic,
        }
        for number in range(_RULES)
    ]
    products: list[JsonValue] = [f"EU/1/20/{number}" for number in range(1500, 1530)]
    document: JsonValue = {"rules": entries, "valueSets": {"products": products}}
    return read_rule_set(json.dumps(document).encode(), source="benchmark")


def _hash_list() -> HashList:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    uses = frozenset({Use.STATUS})
    trusted = TrustedKey("CN-33", key_id(public), public, cose.algorithm_of(public), uses, _NOW - _DAY, _NOW + _DAY)
    hashed = (number.to_bytes(8, "big") * 2 for number in range(_HASHES))
    data = write_hash_list(key, country="FR", iat=_NOW, exp=_NOW + _DAY, hashes={HashKind.IDENTIFIER: hashed})
    return read_hash_list(data, TrustList([trusted]), _NOW)


def _pathological(issuer: CardIssuer) -> list[str]:
    """Return texts that are made to take long: bombs, deep nesting, many members, long names and numbers."""
    bomb = zlib.compress(b"\x9f" * 16_000, 9)
    wide = zlib.compress(b"\xd2\x84\x40\xa0\x59\x3f\x00" + b"\xa0" * 16_128 + b"\x40", 9)
    nested = issuer.jws(b'{"a":' * 30 + b"1" + b"}" * 30)
    quotes = issuer.jws(b'["' + b'\\\\"' * 80_000)
    crowds = [issuer.jws(f'{{"x":[{item * (260_000 // len(item))}0]}}'.encode()) for item in ("[],", "{},", "1,")]
    most = issuer.jws(f'{{"x":[{"{}," * 8190}"{"a" * 230_000}"]}}'.encode())
    members = issuer.jws(json.dumps({str(number): number for number in range(20_000)}).encode())
    return [
        "HC1:" + base45.encode(zlib.compress(b"\x00" * 4_000_000, 9))[:4290],
        "HC1:" + base45.encode(bomb),
        "HC1:" + base45.encode(wide),
        "HC1:" + "0" * 4290,
        "NZCP:/1/" + "A" * 4280,
        *(text_of_jws(jws)[:38_000] for jws in (nested, quotes, members, most, *crowds)),
        "shc:/" + "00" * 19_000,
        '{"data":{"hdr":' + "[" * 4200,
        '{"hdr":"' + "\\" * 4200,
    ]
