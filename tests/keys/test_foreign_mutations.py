"""Mutated codes of every foreign family: never raise, never hang, never say anything but what was signed.

Mutations reach every layer: the text, the packed bytes under it, and what lies inflated under those; the signature
stays the old one. A mutant may verify only where it says the very same (blanks in JSON, an unsigned header, the other
s).
"""

from __future__ import annotations

import base64
import random
import time
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from keys import base45, smart_health_card
from keys.errors import KeysError
from keys.reasons import Reason
from keys.status_list import StatusLists
from keys.trust_list import TrustList
from keys.verdict import Verdict
from keys.verifier import Verifier
from tests.keys import test_eu_dcc as eu
from tests.keys import test_foreign_codes as other
from tests.keys.mutator import ODD_BYTES, ODD_CHARACTERS
from tests.keys.realm import NOW

LONGEST_S = 2.0
"""For one text on a busy machine; the benchmark holds the worst to 50 ms."""
CODES = (
    eu.TEXT,
    other.CALIFORNIA.text(other.CARD),
    other.ZEALAND.text(other.ZEALAND.claims("Sparrow", "Jack", "1960-04-16")),
    other.JAPAN.text(other.PROOF, other.SEALER),
)
VERIFIER = Verifier(
    TrustList((), [*other.TRUST.foreign.keys, *eu.keys_of_certificate(eu.read_certificate(eu.SIGNER))]), StatusLists()
)


def mutate_bytes(pick: random.Random, data: bytes) -> bytes:
    """Return bytes with one to three changes."""
    changed = bytearray(data)
    for _ in range(pick.choice((1, 1, 1, 2, 3))):
        at = pick.randrange(len(changed) + 1)
        match pick.randrange(5):
            case 0:
                changed[at : at + 1] = bytes([pick.randrange(256)])
            case 1:
                changed[at : at + 1] = bytes([pick.choice(ODD_BYTES)])
            case 2:
                del changed[at : at + pick.choice((1, 2, 8))]
            case 3:
                changed[at:at] = bytes([pick.choice(ODD_BYTES)]) * pick.choice((1, 2, 40))
            case _:
                if at < len(changed):
                    changed[at] ^= 1 << pick.randrange(8)
        changed = changed or bytearray(b"\x00")
    return bytes(changed)


def mutate_text(pick: random.Random, text: str) -> str:
    """Return a text with one change."""
    at = pick.randrange(len(text))
    match pick.randrange(5):
        case 0:
            return text[:at] + pick.choice(text) + text[at + 1 :]
        case 1:
            return text[:at] + text[at + pick.choice((1, 2, 3)) :]
        case 2:
            return text[:at] + pick.choice(ODD_CHARACTERS) + text[at:]
        case 3:
            return text[:at] + pick.choice(CODES)[at:]
        case _:
            return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


def inside(pick: random.Random, text: str) -> str:
    """Return the same code with its packed content changed, wrapped anew."""
    if text.startswith("HC1:"):
        packed = base45.decode(text[4:])
        if pick.random() < 0.2:
            return "HC1:" + base45.encode(mutate_bytes(pick, packed))
        return "HC1:" + base45.encode(zlib.compress(mutate_bytes(pick, zlib.decompress(packed))))
    if text.startswith("NZCP:"):
        body = text[8:]
        data = mutate_bytes(pick, base64.b32decode(body + "=" * (-len(body) % 8)))
        return "NZCP:/1/" + base64.b32encode(data).decode().rstrip("=")
    if text.startswith("shc:"):
        head, body, signature = smart_health_card.jws_of(text[5:]).split(".")
        part = pick.randrange(3)
        parts = [head, body, signature]
        raw = base64.urlsafe_b64decode(parts[part] + "=" * (-len(parts[part]) % 4))
        if part == 1 and pick.random() < 0.8:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            raw = deflate.compress(mutate_bytes(pick, zlib.decompress(raw, -15))) + deflate.flush()
        else:
            raw = mutate_bytes(pick, raw)
        parts[part] = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return smart_health_card.text_of_jws(".".join(parts))
    return mutate_bytes(pick, text.encode()).decode("utf-8", "surrogateescape")


def attack(seed: int, texts: int) -> Counter[Reason | None]:
    """Judge `texts` mutants; return how often each reason came up, None for those that still say what was signed."""
    pick = random.Random(seed)
    signed: dict[str, Verdict] = {}
    for text in CODES:
        verdict = VERIFIER.verify(text, NOW)
        assert verdict.valid
        assert verdict.format is not None
        signed[verdict.format] = verdict
    kinds: list[Callable[[random.Random, str], str]] = [mutate_text, inside, inside]
    found: Counter[Reason | None] = Counter()
    for number in range(texts):
        text = pick.choice(kinds)(pick, pick.choice(CODES))
        start = time.monotonic()
        verdict = VERIFIER.verify(text, NOW)
        assert time.monotonic() - start < LONGEST_S, f"seed {seed}, text {number} took too long: {text!r}"
        found[verdict.reason] += 1
        if verdict.valid:
            assert verdict.format is not None
            original = signed[verdict.format]
            said = (verdict.statement, verdict.identity, verdict.issuer, verdict.expires_at, verdict.issued_at)
            assert said == (
                original.statement,
                original.identity,
                original.issuer,
                original.expires_at,
                original.issued_at,
            ), f"seed {seed}, text {number} was never signed: {text!r}"
    return found


def check_reach(found: Counter[Reason | None]) -> None:
    """The attack must get to every step it can get to, or it proves little."""
    for reason in (
        Reason.NOT_A_CODE,
        Reason.MALFORMED,
        Reason.UNKNOWN_KEY,
        Reason.KEY_NOT_ALLOWED,
        Reason.BAD_SIGNATURE,
    ):
        assert found[reason] > 0, f"no text came as far as {reason}"
    assert found[Reason.BAD_SIGNATURE] > found.total() * 0.05


def test_two_thousand_mutants_of_every_family() -> None:
    check_reach(attack(20_260_304, 2_000))


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_two_hundred_thousand_mutants_of_every_family() -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        counts = list(pool.map(_in_a_process, (1, 2)))
    assert sum(counts, Counter()).total() == 200_000


def _in_a_process(seed: int) -> Counter[Reason | None]:
    found = attack(seed, 100_000)
    check_reach(found)
    return found


def test_no_reader_raises_anything_but_a_refusal_for_noise() -> None:
    pick = random.Random(7)
    for start in ("HC1:", "shc:/", "shc:/1/2/", "NZCP:/1/", '{"data":{"hdr":{', "[{"):
        for _ in range(300):
            text = start + "".join(
                chr(pick.choice((pick.randrange(32, 127), pick.randrange(0x1F600)))) for _ in range(60)
            )
            try:
                VERIFIER.verify(text, NOW)
            except KeysError as error:
                pytest.fail(f"{text!r}: {error}")
