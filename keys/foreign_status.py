"""What became of foreign credentials: the lists there are, and which credentials they cover.

EU certificates have a hash list by country. Where a country is said to have one and it is missing, damaged or past its
end, the status of its certificates is unknown. SMART Health Cards have a revocation list by key: a card with a `rid`
whose key announces a list (`crlVersion`) is unknown without that list in at least that version. New Zealand's passes
and ICAO's seals know no revocation; there, keys and certificates are taken back instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from keys.card_revocation import MAX_BYTES, CardRevocations, read_card_revocations
from keys.card_revocation import SUFFIX as CARDS_SUFFIX
from keys.countries import common_name, is_country, state_of
from keys.errors import StatusListError
from keys.foreign_code import ForeignCode
from keys.foreign_key import ForeignKey
from keys.foreign_proof import ForeignAnswer, Standing, issuer_of
from keys.hash_list import SUFFIX as HASHES_SUFFIX
from keys.hash_list import HashList, open_hash_list
from keys.jwk import read_base64url, write_base64url
from keys.trust_list import TrustList
from keys.verdict import CodeFormat

NOT_COVERED = ForeignAnswer(Standing.GOOD)


class ForeignLists:
    """Verified lists about foreign credentials. Immutable."""

    __slots__ = ("_cards", "_countries", "_hashes", "_kids", "problems")

    def __init__(
        self,
        hashes: Iterable[HashList] = (),
        cards: Iterable[CardRevocations] = (),
        *,
        covered: Iterable[str] = (),
        covered_kids: Iterable[bytes] = (),
        problems: Iterable[str] = (),
    ) -> None:
        """`covered`, `covered_kids`: countries and keys that must have a list. The newest of each counts."""
        self._hashes: dict[str, HashList] = {}
        for one in hashes:
            if one.country not in self._hashes or one.iat > self._hashes[one.country].iat:
                self._hashes[one.country] = one
        self._cards: dict[bytes, CardRevocations] = {}
        for each in cards:
            if each.kid not in self._cards or each.version > self._cards[each.kid].version:
                self._cards[each.kid] = each
        self._countries = frozenset(covered)
        self._kids = frozenset(covered_kids)
        self.problems = tuple(problems)
        """Files that are not believed, each in words."""

    def standing(self, code: ForeignCode, key: ForeignKey, now: int) -> ForeignAnswer:
        """Return what is known at `now`, seconds since 1970, of a code that `key` signed."""
        if code.format is CodeFormat.HC1:
            return self._certificate(code, _revokers(code, key), now)
        if code.format is CodeFormat.SHC and code.kid is not None:
            return self._card(code, code.kid, key)
        return NOT_COVERED

    def _certificate(self, code: ForeignCode, countries: Sequence[str], now: int) -> ForeignAnswer:
        """Ask the list of every country that may have revoked a certificate: the gravest answer counts."""
        answers = [self._of_country(code, country, now) for country in countries]
        for standing in (Standing.REVOKED, Standing.UNKNOWN):
            found = next((answer for answer in answers if answer.standing is standing), None)
            if found is not None:
                return found
        return next((answer for answer in answers if answer is not NOT_COVERED), NOT_COVERED)

    def _of_country(self, code: ForeignCode, country: str, now: int) -> ForeignAnswer:
        listed = self._hashes.get(country)
        if listed is None:
            return ForeignAnswer(Standing.UNKNOWN) if country in self._countries else NOT_COVERED
        uri = f"hashes:{country}"
        if listed.names(code):  # what was revoked once stays so, however old the list
            return ForeignAnswer(Standing.REVOKED, uri, listed.iat)
        return ForeignAnswer(Standing.GOOD if now < listed.exp else Standing.UNKNOWN, uri, listed.iat)

    def _card(self, code: ForeignCode, kid: bytes, key: ForeignKey) -> ForeignAnswer:
        if code.unique_id is None:
            return NOT_COVERED
        listed = self._cards.get(kid)
        if listed is None:
            expected = key.list_version is not None or kid in self._kids
            return ForeignAnswer(Standing.UNKNOWN) if expected else NOT_COVERED
        uri = f"crl:{write_base64url(kid)}"
        if listed.revokes(code.unique_id, code.issued_at or 0):
            return ForeignAnswer(Standing.REVOKED, uri, listed.version)
        current = key.list_version is None or listed.version >= key.list_version
        return ForeignAnswer(Standing.GOOD if current else Standing.UNKNOWN, uri, listed.version)


def _revokers(code: ForeignCode, key: ForeignKey) -> tuple[str, ...]:
    """Return the countries whose lists may name an EU certificate: its own, and its signer's."""
    country = issuer_of(code, key)
    signer = None if key.certificate is None else key.certificate.country
    return tuple(dict.fromkeys(name for name in (country, state_of(country), signer, key.issuer) if name is not None))


def load_foreign_lists(paths: Sequence[Path], trust: TrustList, now: int) -> ForeignLists:
    """Read hash lists and card revocation lists from files and folders, and verify them at `now`.

    A file named in `paths` that is bad raises StatusListError. A bad one inside a folder is left out and named in
    `problems`; what it was to cover is unknown from then on: its file's name says what (`FR.hashes`, `<kid>.crl.json`).
    """
    hashes: list[HashList] = []
    cards: list[CardRevocations] = []
    names: list[str] = []
    problems: list[str] = []
    for path in paths:
        inside = path.is_dir()
        for file in _files(path) if inside else (path,):
            names.append(file.name)
            try:
                if file.name.endswith(HASHES_SUFFIX):
                    hashes.append(open_hash_list(file, trust, now))
                else:
                    cards.append(read_card_revocations(_content(file), source=f"revocation list {file}"))
            except StatusListError as error:
                if not inside or (not covered_countries([file.name]) and not covered_keys([file.name])):
                    raise  # nothing tells what it was to cover
                problems.append(str(error))
    return ForeignLists(
        hashes, cards, covered=covered_countries(names), covered_kids=covered_keys(names), problems=problems
    )


def covered_countries(names: Iterable[str]) -> frozenset[str]:
    """Return the countries whose hash lists have these file names."""
    stems = (name.removesuffix(HASHES_SUFFIX).upper() for name in names if name.endswith(HASHES_SUFFIX))
    return frozenset(stem for stem in map(common_name, stems) if is_country(stem))


def covered_keys(names: Iterable[str]) -> frozenset[bytes]:
    """Return the ids of the keys whose cards' revocation lists have these file names."""
    stems = (name.removesuffix(CARDS_SUFFIX) for name in names if name.endswith(CARDS_SUFFIX))
    return frozenset(kid for stem in stems if (kid := read_base64url(stem)))


def is_foreign_list(path: Path) -> bool:
    """Whether a file is meant as a list about foreign credentials, by its name."""
    return path.name.endswith((HASHES_SUFFIX, CARDS_SUFFIX))


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if is_foreign_list(file) and file.is_file())


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise StatusListError(f"revocation list {file} cannot be read: {error.strerror or error}") from None
