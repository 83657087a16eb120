"""A federation of one region with 50 million codes, publishing as in earnest: its repository at three moments.

The lists and the two bundles that are fetched are real. The other bundles a region keeps (48 hourly ones, 7 daily ones)
are only named by its metadata, so a few bytes stand for each: their names and hashes are what an update has to fetch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from authority.publication import Publication
from authority.records import Order
from authority.repository.federation import Federation
from authority.store import Authority
from benchmarks.status.country import DAY, HOUR, ISSUER, Country, sign_bundle, sign_lists
from benchmarks.status.country import Publication as Lists
from keys.trust_list import write_jwks
from scanner.policy_source import default_policy

HOURLY: Final = 48
DAILY: Final = 7
_PASSPHRASE: Final = b"a benchmark's"
_ORDER: Final = Order(by="benchmark", reason="to measure")
_CHEAP: Final = 4
"""The least scrypt: what is measured is not this."""


class Publisher:
    """The region and the federation above it, with keys of their own, in a folder."""

    def __init__(self, folder: Path, country: Country) -> None:
        """Found both, and admit the region, a day before the country's first publication."""
        self.repository = folder / "repository"
        self._country = country
        founded = country.base.iat - DAY
        self._federation = Federation.create(folder / "federation", _PASSPHRASE, founded, stretch_log2=_CHEAP)
        authority = Authority.create(folder / "authority", ISSUER, _PASSPHRASE, founded, stretch_log2=_CHEAP)
        self._region = authority.region()
        key = self._region.add_key(founded, order=_ORDER)
        self._federation.admit(ISSUER, key, founded, order=_ORDER)

    @property
    def root(self) -> bytes:
        """The root to pin."""
        return self._federation.roots[0]

    def publish(self, lists: Lists, base: Lists | None = None) -> None:
        """Publish `lists`, with the bundle that leads there from `base`, and release."""
        bundles = _usual_bundles(lists.iat)
        if base is not None:
            bundles.popitem()
            bundles[_bundle(base.iat, lists.iat)] = sign_bundle(self._country, base, lists)
        targets = {
            f"trust/{ISSUER}.jwks.json": write_jwks([self._country.trusted]),
            f"policy/{ISSUER}.toml": f'issuer = "{ISSUER}"\n'.encode() + default_policy(),
            **{
                f"status/{ISSUER}/{number}.cwt": content
                for number, content in enumerate(sign_lists(self._country, lists), start=1)
            },
            **bundles,
        }
        self._region.publish(self.repository, Publication(lists.iat, targets))
        released = self._federation.release(self.repository, lists.iat)
        if released.refused:
            raise RuntimeError(f"the benchmark's own publication is refused: {released.refused[0]}")


def _usual_bundles(at: int) -> dict[str, bytes]:
    """Return stand-ins for the bundles a region keeps at time `at`: none leads there."""
    ends = [(at - hour * HOUR, HOUR) for hour in range(1, HOURLY + 1)] + [
        (at - day * DAY - HOUR, DAY) for day in range(DAILY)
    ]
    return {_bundle(end - length, end): f"{end}".encode() for end, length in ends}


def _bundle(base: int, to: int) -> str:
    return f"status/{ISSUER}/{base}-{to}.delta"
