"""The authority: a folder with keys and a register, which issues codes, sets colours, revokes and publishes.

folder/                 0700
├── register.sqlite     0600  issued codes and the audit (authority.register)
├── private/*.pem       0600  private keys, encrypted (authority.keyring)
├── trust.jwks.json           the public halves, as published
├── role/                     the region's role in the repository (authority.repository.region)
├── policy.toml               the region's rules, as published; absent until given
├── foreign/                  other issuers' trust, as published (authority.foreign); absent until given
└── lock                      held while keys change or something is published
"""

from __future__ import annotations

import fcntl
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from authority import foreign, publication
from authority.bulk_issue import Issued, issue_all, read_requests
from authority.codes import Codes, read_identity
from authority.csv_file import Fault, Row
from authority.errors import PublishError, RequestError
from authority.files import make_private_file, make_private_folder, refuse_shared
from authority.fleet import Fleet
from authority.keyring import LIFETIME, Keyring
from authority.person import STRETCH_LOG2, Stretch, tag_key
from authority.publication import Publication, Published, Publisher
from authority.records import Act, AuditLine, Order, RegisteredCode, RegisteredList
from authority.register import Register
from authority.repository.region import Region
from authority.request import CodeRequest, IssuedCode
from authority.status_changes import Outcome, Progress, apply_changes, read_changes
from authority.unsealing import ClosedEntry, OpenedEntry, open_sealed
from keys.cose import Algorithm
from keys.hash_list import SUFFIX as HASHES_SUFFIX
from keys.hash_list import HashKind, write_hash_list
from keys.issuer import is_issuer
from keys.seal import journal_info, unseal
from keys.trust_list import TrustedKey, TrustList, Use
from keys.verdict import CodeIdentity, Colour

HOME_ZONE: Final = "Asia/Shanghai"

_REGISTER: Final = "register.sqlite"
_LOCK: Final = "lock"
_FOUNDING: Final = Order(by="authority", reason="founding")


class Authority:
    """An open authority. Not for use from several threads at once; several processes may share a folder."""

    def __init__(self, folder: Path, register: Register, keyring: Keyring, tag_key: bytes) -> None:
        self.folder = folder
        self.issuer = register.setting("issuer")
        self.zone = ZoneInfo(register.setting("timezone"))
        self._register = register
        self._keyring = keyring
        self._tag_key = tag_key
        self._codes = Codes(self.issuer, self.zone, register, keyring, tag_key)
        self._publisher = Publisher(folder, self.issuer, self.zone, register, keyring)

    def __repr__(self) -> str:
        return f"Authority({self.issuer}, {self.folder})"

    def __enter__(self) -> Authority:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @classmethod
    def create(
        cls,
        folder: Path,
        issuer: str,
        passphrase: bytes,
        now: int,
        *,
        timezone: str = HOME_ZONE,
        algorithm: Algorithm = Algorithm.ES256,
        stretch_log2: int = STRETCH_LOG2,
    ) -> Authority:
        """Make an authority in a new `folder` with a signing, a status and a sealing key, in force from `now`.

        `timezone` says when a phone's code expires; `stretch_log2` is scrypt's cost. Raises RequestError (issuer or
        zone is none), FolderError (something is there), KeyFileError (no passphrase).
        """
        if not is_issuer(issuer):
            raise RequestError(f"{issuer!r} is no issuing region; give an ISO 3166-2 code such as CN-33.")
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise RequestError(f"There is no time zone {timezone!r}; give one such as {HOME_ZONE}.") from None
        if not passphrase:
            raise RequestError("An authority's keys are never written without a passphrase; give one.")
        make_private_folder(folder)
        make_private_file(folder / _LOCK)
        stretch = Stretch(secrets.token_bytes(16), stretch_log2)
        keyring, secret = Keyring.create(folder, issuer, stretch.apply(passphrase))
        settings = {
            "issuer": issuer,
            "timezone": timezone,
            "stretch_salt": stretch.salt.hex(),
            "stretch_log2": str(stretch.cost_log2),
        }
        # Last the register: a folder without it is no authority's, so a crash before leaves nothing half made in use.
        authority = cls(folder, Register.create(folder / _REGISTER, settings), keyring, tag_key(secret))
        for use in Use:
            authority.add_key(use, now, order=_FOUNDING, algorithm=algorithm)
        return authority

    @classmethod
    def open(cls, folder: Path, passphrase: bytes) -> Authority:
        """Open the authority in `folder`.

        Raises FolderError (none there, damaged, open to others), KeyFileError (wrong passphrase).
        """
        register = open_register(folder)
        try:
            stretch = Stretch(bytes.fromhex(register.setting("stretch_salt")), int(register.setting("stretch_log2")))
            keyring, secret = Keyring.open(folder, register.setting("issuer"), stretch.apply(passphrase))
        except BaseException:
            register.close()
            raise
        return cls(folder, register, keyring, tag_key(secret))

    def close(self) -> None:
        """Close the register."""
        self._register.close()

    # --- keys

    @property
    def keys(self) -> tuple[TrustedKey, ...]:
        """Every key of this authority, revoked ones too, oldest first."""
        return self._keyring.keys

    def trust_list(self) -> TrustList:
        """Return what an appliance believes once this is published."""
        return self._keyring.trust_list()

    def add_key(
        self,
        use: Use,
        now: int,
        *,
        order: Order,
        algorithm: Algorithm = Algorithm.ES256,
        not_before: int | None = None,
        expires_at: int | None = None,
        regions: tuple[str, ...] | None = None,
        formats: tuple[str, ...] | None = None,
    ) -> TrustedKey:
        """Make another key; publish before the first code signed with it reaches a gate."""
        begins = now if not_before is None else not_before
        with self._exclusive():
            key = self._keyring.add(
                use,
                algorithm=algorithm,
                not_before=begins,
                expires_at=begins + LIFETIME[use] if expires_at is None else expires_at,
                regions=regions,
                formats=formats,
            )
            self._write_audit(AuditLine(now, Act.ADD_KEY, key.kid.hex(), None, use.value, order))
        return key

    def revoke_key(self, kid: bytes, order: Order, now: int) -> TrustedKey:
        """Revoke a key, for good: once published, every code it ever signed is refused.

        The reason becomes public, in the trust list.
        """
        with self._exclusive():
            key = self._keyring.revoke(kid, now, order.reason)
            self._write_audit(AuditLine(now, Act.REVOKE_KEY, kid.hex(), None, "revoked", order))
        return key

    # --- codes

    def issue(self, request: CodeRequest, now: int) -> IssuedCode:
        """Issue a code, signed and registered; see `authority.codes.Codes.issue`."""
        return self._codes.issue(request, now)

    def issue_all(
        self, rows: Iterable[Row | Fault], common: CodeRequest, by: str | None, now: Callable[[], int]
    ) -> Iterator[tuple[Issued | Fault, ...]]:
        """Issue a code for each row, some at a time; see `authority.bulk_issue`."""
        return issue_all(self._codes, self._register, read_requests(rows, common, by), now)

    def set_colour(self, identity: CodeIdentity, colour: Colour, order: Order, now: int) -> tuple[CodeIdentity, ...]:
        """Give the holder of a code another colour; see `authority.codes.Codes.set_colour`."""
        return self._codes.set_colour(identity, colour, order, now)

    def activate(self, identity: CodeIdentity, order: Order, now: int) -> bool:
        """Turn a grey code green, and no other; see `authority.codes.Codes.activate`."""
        return self._codes.activate(identity, order, now)

    def revoke(self, identity: CodeIdentity, order: Order, now: int) -> None:
        """Revoke one code, for good; see `authority.codes.Codes.revoke`."""
        self._codes.revoke(identity, order, now)

    def change_status(
        self, rows: Iterable[Row | Fault], order: Order, now: int, *, leave_out_bad: bool, progress: Progress
    ) -> Outcome:
        """Change the colour of many codes, or revoke them; see `authority.status_changes.apply_changes`."""
        changes = read_changes(rows, self.issuer, order)
        return apply_changes(
            self._register, self.issuer, changes, order, now, leave_out_bad=leave_out_bad, progress=progress
        )

    def code(self, identity: CodeIdentity) -> RegisteredCode:
        """Return what the register knows of a code. Raises UnknownCodeError."""
        return self._codes.code(identity)

    def identity(self, text: str) -> CodeIdentity:
        """Return the identity written as `CN-33/jkm:33/1/7`, as `jkm:33/1/7` or as `1/7` (list and index).

        Raises RequestError for anything else and for another issuer's.
        """
        return read_identity(self.issuer, text)

    def audit(self) -> Iterator[AuditLine]:
        """Yield the audit, oldest line first."""
        return self._register.audit()

    def lists(self) -> tuple[RegisteredList, ...]:
        """Return the status lists opened so far."""
        return self._register.lists()

    # --- publishing

    def publication(self, now: int, *, policy: bytes | None = None) -> Publication:
        """Return everything that the region publishes now, signed, by the paths of its targets.

        `policy` is the region's rules from now on (TOML); without it the last ones given are published again. Its time
        is `now`, or later where something was published in this second already: it always grows. Raises
        PublishError: time running backwards, no status key, a policy that is no TOML.
        """
        with self._exclusive():
            return self._publisher.publication(now, policy)

    def publish(self, target: Path, now: int, *, policy: bytes | None = None) -> Published:
        """Write `trust/`, `status/` and `policy/` under `target`, each file whole or not at all.

        `policy` is as above. Raises PublishError as `publication` does, and for a folder that cannot be written.
        """
        with self._exclusive():
            return publication.write_folder(target, self._publisher.snapshot(now, policy))

    # --- the repository

    def trust_foreign(self, name: str, content: bytes, now: int) -> Path:
        """Publish a file of other issuers' trust from now on. Raises PublishError for one that gates could not read."""
        with self._exclusive():
            return foreign.keep(self.folder, name, content, self.trust_list(), now)

    def revoke_foreign(self, country: str, hashes: Mapping[HashKind, Iterable[bytes]], now: int) -> Path:
        """Sign and publish from now on the hash list of a country's revoked certificates, in place of the one before.

        Raises PublishError: no status key, or a list that gates could not read.
        """
        keys = self._keyring.in_force(Use.STATUS, now)
        if not keys:
            raise PublishError("No status key is in force; make one with: authority add-key --use status")
        ends = now + foreign.HASH_LIST_LIFETIME
        private = self._keyring.signing_key(keys[0].kid)
        try:
            content = write_hash_list(private, country=country, iat=now, exp=ends, hashes=hashes)
        except ValueError as error:
            raise PublishError(f"No hash list can say this: {error}.") from error
        return self.trust_foreign(f"{country}{HASHES_SUFFIX}", content, now)

    def region(self) -> Region:
        """Return this region's own role in the repository, under which it publishes to gates everywhere."""
        return Region(self.folder, self.issuer, self._keyring.role_keys(), self._write_audit, self._exclusive)

    def fleet(self) -> Fleet:
        """Return what is ordered of single appliances, and the role it is published under."""
        return Fleet(self.folder, self._keyring.role_keys(), self._write_audit, self._exclusive)

    # --- sealed parts

    def unseal(self, kid: bytes, device_id: bytes, seq: int, sealed: bytes) -> bytes:
        """Open the sealed part of a journal entry. Raises RequestError (not our key), SealError (does not open)."""
        return unseal(self._keyring.sealing_key(kid), journal_info(device_id, seq), sealed)

    def open_journal(
        self, journal: Path, order: Order, now: int, *, entries: Collection[int] = ()
    ) -> Iterator[OpenedEntry | ClosedEntry]:
        """Open the sealed parts of a log, or of some of its entries; see `authority.unsealing.open_sealed`.

        The order stands in the audit before the first part is opened.
        """
        numbers = ",".join(str(seq) for seq in sorted(entries)) or "all"
        self._write_audit(AuditLine(now, Act.UNSEAL, str(journal), None, numbers, order))
        return open_sealed(journal, self.unseal, entries)

    def tracing_key(self) -> bytes:
        """Return the HMAC key, 32 bytes, under which the tracing index knows codes: from the folder's secret."""
        return HKDF(SHA256(), 32, None, b"checkpoint authority: tracing index").derive(self._tag_key)

    def _write_audit(self, line: AuditLine) -> None:
        with self._register.transaction():
            self._register.write_audit(line)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold the folder's lock, with the keys as they are on disk."""
        with (self.folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._keyring.reload()
            yield


def open_register(folder: Path) -> Register:
    """Open the register in an authority's folder, which needs no passphrase. Raises FolderError."""
    refuse_shared(folder)
    return Register.open(folder / _REGISTER)
