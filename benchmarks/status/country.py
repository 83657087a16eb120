"""A made-up country: 48 full lists of ours, which codes are not green, and who changes in an hour and in a day.

Everything is drawn from one seed, at random indices, so that nothing is easier to compress than it would be. 4 of 100
codes are not green. What they are instead decides a good part of the lists' size: most are yellow, as in an outbreak.
Changes keep the share: as many codes turn green again as cease to be; a revoked one stays so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import Final, TypeAlias

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from numpy.typing import NDArray

from keys import cose
from keys.issuer import list_uri
from keys.key_id import key_id
from keys.status_delta import DeltaBundle, ListChange, diff, write_delta
from keys.status_token import OWN_ENTRIES, StatusValue, write_status_list
from keys.trust_list import TrustedKey, Use

ISSUER: Final = "CN-33"
LISTS: Final = 48
"""50,331,648 codes."""
NOT_GREEN: Final = 0.04
MIX: Final[Mapping[StatusValue, float]] = {
    StatusValue.YELLOW: 0.85,
    StatusValue.SUSPENDED: 0.05,
    StatusValue.ORANGE: 0.05,
    StatusValue.RED: 0.025,
    StatusValue.REVOKED: 0.025,
}
"""Of those that are not green."""
EVEN_MIX: Final[Mapping[StatusValue, float]] = dict.fromkeys(MIX, 1 / len(MIX))
"""The hardest to compress: each of the five as often."""
CHANGING: Final = 0.01
"""Of all codes, in a day."""
NOW: Final = 1_772_600_400
HOUR: Final = 3600
DAY: Final = 24 * HOUR
BUILDERS: Final = 2
"""Threads that sign and compress: zlib needs no lock of the interpreter."""

Values: TypeAlias = NDArray[np.uint8]
"""One value an entry."""


@dataclass(frozen=True, slots=True)
class Publication:
    """The lists at one moment."""

    iat: int
    arrays: Sequence[bytes]
    """Packed, in the order of their numbers, from 1."""


@dataclass(frozen=True, slots=True)
class Country:
    """Three publications: a day ago, an hour after that, and now."""

    status_key: ec.EllipticCurvePrivateKey
    base: Publication
    hour_later: Publication
    day_later: Publication

    @property
    def trusted(self) -> TrustedKey:
        """Return the key that signs the lists, as a trust list names it."""
        public = self.status_key.public_key()
        return TrustedKey(
            issuer=ISSUER,
            kid=key_id(public),
            public_key=public,
            alg=cose.algorithm_of(public),
            uses=frozenset((Use.STATUS,)),
            nbf=NOW - 30 * DAY,
            exp=NOW + 365 * DAY,
        )


def make(seed: int = 33) -> Country:
    """Draw the country, in a few seconds."""
    draw = np.random.default_rng(seed)
    moments: list[list[bytes]] = [[], [], []]
    for _ in range(LISTS):
        values = population(draw)
        for moment, share in zip(moments, (0, CHANGING / 24, CHANGING), strict=True):
            moment.append(pack_values(_changed(draw, values, share)))
    times = NOW - DAY, NOW - DAY + HOUR, NOW
    publications = (Publication(iat, arrays) for iat, arrays in zip(times, moments, strict=True))
    return Country(ec.generate_private_key(ec.SECP256R1()), *publications)


def population(draw: np.random.Generator, mix: Mapping[StatusValue, float] = MIX) -> Values:
    """Return the values of one full list."""
    values = np.zeros(OWN_ENTRIES, np.uint8)
    affected = np.flatnonzero(draw.random(OWN_ENTRIES) < NOT_GREEN)
    values[affected] = _colours(draw, len(affected), mix)
    return values


def pack_values(values: Values) -> bytes:
    """Pack one value an entry into 4 bits an entry."""
    return (values[0::2] | values[1::2] << 4).tobytes()


def _colours(draw: np.random.Generator, number: int, mix: Mapping[StatusValue, float]) -> Values:
    return draw.choice(np.array(list(mix), np.uint8), number, p=list(mix.values()))


def _changed(draw: np.random.Generator, values: Values, share: float) -> Values:
    """Return `values` with `share` of them changed: half of these turn green, half of them something else."""
    half = round(len(values) * share / 2)
    changed = values.copy()
    ill = np.flatnonzero((values != StatusValue.VALID) & (values != StatusValue.REVOKED))
    well = np.flatnonzero(values == StatusValue.VALID)
    changed[draw.choice(ill, half, replace=False)] = StatusValue.VALID
    changed[draw.choice(well, half, replace=False)] = _colours(draw, half, MIX)
    return changed


def sign_lists(country: Country, publication: Publication) -> list[bytes]:
    """Sign and compress every list, as an authority publishes them, on two processors."""

    def sign(number: int, packed: bytes) -> bytes:
        iat = publication.iat
        return write_status_list(
            country.status_key, uri=list_uri(ISSUER, number), packed=packed, iat=iat, exp=iat + 7 * DAY, ttl=HOUR
        )

    with ThreadPoolExecutor(BUILDERS) as pool:
        return list(pool.map(sign, count(1), publication.arrays))


def sign_bundle(country: Country, base: Publication, new: Publication) -> bytes:
    """Sign what changed from `base` to `new`, as an authority publishes it, on two processors."""

    def change(number: int, before: bytes, after: bytes) -> ListChange:
        return ListChange(
            uri=list_uri(ISSUER, number),
            base_iat=base.iat,
            base_sha256=sha256(before).digest(),
            iat=new.iat,
            exp=new.iat + 7 * DAY,
            ttl=HOUR,
            sha256=sha256(after).digest(),
            changes=diff(before, after),
        )

    with ThreadPoolExecutor(BUILDERS) as pool:
        changes = tuple(pool.map(change, count(1), base.arrays, new.arrays))
    return write_delta(country.status_key, DeltaBundle(ISSUER, changes))
