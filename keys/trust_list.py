"""Trust list: every key this appliance believes, from JWK Sets, certificates, and folders of these.

Certificates and other issuers' JWK Sets are trust for foreign codes alone (`TrustList.foreign`). None of them ever
vouches for a `JKM1` code: `TrustList.candidates` does not offer it, so that such a code is `UNKNOWN_ISSUER` or
`UNKNOWN_KEY`. Two files that disagree about one key are refused,
except that a revocation always wins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys import jwk
from keys.errors import TrustError
from keys.foreign_file import is_foreign_json, is_json, read_foreign_file
from keys.foreign_key import ForeignKey
from keys.foreign_trust import ForeignTrust
from keys.issuer import is_issuer
from keys.trusted_key import TrustedKey, Use, read_jwks, write_jwks

__all__ = [
    "TrustList",
    "TrustedKey",
    "Use",
    "load_trust",
    "read_jwks",
    "write_jwks",
]

JWKS_SUFFIX = ".jwks.json"
_SUFFIXES = frozenset((".json", ".pem", ".crt", ".cer", ".der"))
_TUF_METADATA = "metadata"
_NO_TRUST = (".rules.json", ".crl.json")
"""What a region publishes of other issuers beside their keys: `keys.business_rules`, `keys.card_revocation`."""


class TrustList:
    """Every key this appliance believes. Immutable."""

    __slots__ = ("_by_id", "_keys", "foreign", "issuers", "problems")

    def __init__(
        self,
        keys: Iterable[TrustedKey] = (),
        foreign: Iterable[ForeignKey] = (),
        problems: Iterable[str] = (),
    ) -> None:
        """Raise TrustError when two entries for one key disagree in more than its revocation."""
        self._keys = _reconciled(keys)
        self.foreign = ForeignTrust(foreign)
        """Keys of other issuers, for their codes alone."""
        self.problems = tuple(problems)
        """Files found in a folder and not believed, each in words."""
        by_id: dict[tuple[str, bytes], list[TrustedKey]] = defaultdict(list)
        for key in self._keys:
            by_id[key.issuer, key.kid].append(key)
        self._by_id = {identity: tuple(found) for identity, found in by_id.items()}
        self.issuers = frozenset(key.issuer for key in self._keys)
        """Every issuer that has a key."""

    @property
    def keys(self) -> tuple[TrustedKey, ...]:
        """Every key, in the order given."""
        return self._keys

    def knows(self, issuer: str) -> bool:
        """Whether any key speaks for `issuer`."""
        return issuer in self.issuers

    def candidates(self, issuer: str, kid: bytes) -> tuple[TrustedKey, ...]:
        """Return the keys of `issuer` with this id: usually one, none if unknown, several if their ids collide."""
        return self._by_id.get((issuer, kid), ())

    def by_kid(self, kid: bytes) -> tuple[TrustedKey, ...]:
        """Return the keys of any issuer with this id, for documents that do not name their issuer."""
        return tuple(key for key in self._keys if key.kid == kid)

    def seal_key(self, issuer: str, now: int) -> TrustedKey | None:
        """Return the sealing key of `issuer` to use at `now`: in force, not revoked, the newest."""
        usable = (
            key
            for key in self._keys
            if key.issuer == issuer and Use.SEAL in key.uses and not key.revoked and key.nbf <= now < key.exp
        )
        return max(usable, key=lambda key: (key.nbf, key.exp), default=None)


def _reconciled(keys: Iterable[TrustedKey]) -> tuple[TrustedKey, ...]:
    """Each key of each issuer once. The earliest revocation counts; any other difference is a TrustError."""
    known: dict[tuple[str, bytes], TrustedKey] = {}
    for key in keys:
        spki = key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        other = known.setdefault((key.issuer, spki), key)
        if replace(key, revoked_at=None, revoked_reason=None) != replace(other, revoked_at=None, revoked_reason=None):
            raise TrustError(
                f"two trust lists disagree about key {key.kid.hex()} of {key.issuer}; give only the newer of the two"
            )
        if key.revoked_at is not None and (other.revoked_at is None or key.revoked_at < other.revoked_at):
            known[key.issuer, spki] = key
    return tuple(known.values())


def load_trust(paths: Sequence[Path]) -> TrustList:
    """Read trust from files (a JWK Set, a PEM or DER certificate) and folders of these, searched recursively.

    Raises TrustError when a path is missing or a file named in `paths` is bad. A bad file inside a folder is left out
    and named in `TrustList.problems`, so that one region's mistake does not close another region's gates.
    """
    keys: list[TrustedKey] = []
    foreign: list[ForeignKey] = []
    problems: list[str] = []
    for path in paths:
        inside = path.is_dir()
        for file in _trust_files(path) if inside else (path,):
            try:
                found_keys, found_foreign = _read_file(file)
            except TrustError as error:
                if not inside:
                    raise
                problems.append(str(error))
                continue
            keys += found_keys
            foreign += found_foreign
    return TrustList(keys, foreign, problems)


def _trust_files(folder: Path) -> list[Path]:
    """Return the files meant as trust: JWK Sets and certificates by their names, and no TUF metadata."""
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix in _SUFFIXES
        and not file.name.endswith(_NO_TRUST)
        and _TUF_METADATA not in file.relative_to(folder).parts
        and file.is_file()
    )


def _read_file(file: Path) -> tuple[tuple[TrustedKey, ...], tuple[ForeignKey, ...]]:
    try:
        with file.open("rb") as stream:
            data = stream.read(jwk.MAX_BYTES + 1)
    except OSError as error:
        raise TrustError(f"trust file {file} cannot be read: {error.strerror or error}") from None
    if not is_json(data) or is_foreign_json(data):
        return (), read_foreign_file(data, source=str(file))
    keys = read_jwks(data, source=str(file))
    named = file.name.removesuffix(JWKS_SUFFIX)
    for key in keys:
        if file.name.endswith(JWKS_SUFFIX) and is_issuer(named) and key.issuer != named:
            raise TrustError(f"trust list {file}: a key of {key.issuer} in the list of {named}; each has its own list")
    return keys, ()
