"""A whole small world for tests: an authority with every key, a published trust folder, and codes of every kind."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from authority.masking import check_character
from authority.records import Order
from authority.repository.federation import Federation
from authority.request import CodeRequest, IssuedCode
from authority.store import Authority
from demo import specimens
from keys.presentation import present
from keys.seal import SealKey
from keys.status_list import StatusLists, load_status
from keys.trust_list import TrustList, Use, load_trust
from keys.update import FolderSource, Outcome, pin_root_file, update
from keys.verdict import Carrier, Colour, DocumentType, Group, Verdict
from keys.verifier import Verifier

NOW = 1_772_600_400
"""2026-03-04 13:00 in Shanghai: a Wednesday noon, far from any midnight."""

ISSUER = "CN-33"
PASSPHRASE = b"correct horse battery"
ORDER = Order(by="Officer Li", reason="contact of a case")
DAY = 86_400
FOUNDED = 60 * DAY
"""How long before `now` the authority's keys came into force."""


@cache
def _template(issuer: str, founded: int) -> Path:
    """Make an authority's folder once a run, for the tests to copy."""
    parent = Path(tempfile.mkdtemp(prefix="checkpoint-world-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    # The cheapest scrypt: what a test needs is the way, not the half second.
    Authority.create(parent / "authority", issuer, PASSPHRASE, founded, stretch_log2=4).close()
    return parent / "authority"


@cache
def _federation(founded: int) -> Path:
    """Make a federation's folder once a run."""
    parent = Path(tempfile.mkdtemp(prefix="checkpoint-world-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    Federation.create(parent / "federation", PASSPHRASE, founded, stretch_log2=4).close()
    return parent / "federation"


@dataclass(frozen=True, slots=True)
class HeldCode:
    """A code bound to a phone."""

    code: IssuedCode
    phone: ec.EllipticCurvePrivateKey

    def shown(self, at: int) -> str:
        """What the phone shows at a time."""
        return present(self.code.text, self.phone, at)


class SmallWorld:
    """An authority and what an appliance has of it. `publish` brings the appliance up to date."""

    def __init__(self, root: Path, issuer: str, now: int) -> None:
        self.now = now
        self.root = root
        self.trust_folder = root / "published"
        self.passphrase = PASSPHRASE
        # Keys are made once a run and copied: a test needs an authority of its own, not keys of its own.
        shutil.copytree(_template(issuer, now - FOUNDED), root / "authority")
        self.authority = Authority.open(root / "authority", PASSPHRASE)
        self.trust = TrustList()
        self.lists = StatusLists()
        self.verifier = Verifier(self.trust, self.lists)
        self.federation: Federation | None = None
        self.regions = [issuer]
        self._member_of = self
        self._people = 0

    @classmethod
    def create(cls, root: Path, *, issuer: str = ISSUER, now: int = NOW) -> SmallWorld:
        """Make a world under `root`, published a minute before `now`."""
        world = cls(root, issuer, now)
        world.publish(now - 60)
        return world

    @property
    def repository(self) -> Path:
        """What the federation releases: the repository as a server or a stick carries it."""
        return self._member_of.root / "repository"

    @property
    def kept(self) -> Path:
        """The appliance's own trust folder."""
        return self.root / "kept"

    def found(self, founded: int | None = None) -> None:
        """Found a federation that admits this world's region, and let an appliance trust its root."""
        moment = self.now - FOUNDED if founded is None else founded
        shutil.copytree(_federation(moment), self.root / "federation")
        self.federation = Federation.open(self.root / "federation", PASSPHRASE)
        self._admit(self.authority)
        self.kept.mkdir()
        pin_root_file(self.kept, self.federation.roots[0])

    def admit(self, neighbour: SmallWorld) -> None:
        """Let another world's region publish into this world's repository, and the appliance carry it."""
        neighbour.federation, neighbour._member_of = self.federation, self
        self.regions.append(neighbour.authority.issuer)
        self._admit(neighbour.authority)

    def _admit(self, authority: Authority) -> None:
        assert self.federation is not None
        key = authority.region().add_key(self.now, order=ORDER)
        self.federation.admit(authority.issuer, key, self.now, order=ORDER)

    def release(self, at: int | None = None, *, policy: bytes | None = None) -> None:
        """Publish everything of this world's region as of `at` into the repository."""
        assert self.federation is not None
        moment = self.now if at is None else at
        self.authority.region().publish(self.repository, self.authority.publication(moment, policy=policy))
        released = self.federation.release(self.repository, moment)
        assert not released.refused

    def take_in(self, at: int | None = None) -> Outcome:
        """Bring the appliance's trust folder up to date from the repository."""
        moment = self.now if at is None else at
        source = FolderSource(self.repository)
        return update(self.kept, source, self.regions, moment, seen={}, believe_signed_time=False)

    def publish(self, at: int | None = None, *, policy: bytes | None = None) -> None:
        """Publish everything as of `at` (`now` when not given), and let the appliance read it."""
        moment = self.now if at is None else at
        if self.federation is not None:
            self.release(moment, policy=policy)
            self.take_in(moment)
        self.authority.publish(self.trust_folder, moment, policy=policy)
        self.trust = load_trust([self.trust_folder])
        self.lists = load_status([self.trust_folder], self.trust, max(moment, self.now))
        self.verifier = Verifier(self.trust, self.lists)

    def judge(self, text: str, *, at: int | None = None) -> Verdict:
        """What the appliance's verifier says at `at` (`now` when not given)."""
        return self.verifier.verify(text, self.now if at is None else at)

    def document_number(self) -> str:
        """A resident ID number that nobody had before in this world."""
        self._people += 1
        digits = f"33010219900101{self._people:03d}"
        return digits + check_character(digits)

    def code(
        self,
        *,
        name: str = "张小三",
        document_number: str | None = None,
        colour: Colour | None = None,
        carrier: Carrier = Carrier.PHONE,
        region: str | None = None,
        group: Group | None = None,
        holder: ec.EllipticCurvePublicKey | None = None,
        issued_at: int | None = None,
        not_before: int | None = None,
        expires_at: int | None = None,
        signing_key: bytes | None = None,
    ) -> IssuedCode:
        """Issue a code at `now`, to a new person where no document number is given.

        The lists are a minute older, so the code's own colour counts until the next `publish`.
        """
        request = CodeRequest(
            name=name,
            document_number=self.document_number() if document_number is None else document_number,
            document_type=DocumentType.RESIDENT_ID,
            carrier=carrier,
            colour=colour,
            order=None if colour is None else ORDER,
            region=region,
            group=group,
            holder_key=holder,
            issued_at=self.now if issued_at is None else issued_at,
            not_before=not_before,
            expires_at=expires_at,
            signing_key=signing_key,
        )
        return self.authority.issue(request, self.now)

    def held_code(self, *, colour: Colour | None = None) -> HeldCode:
        """Issue a code bound to a new phone."""
        phone = ec.generate_private_key(ec.SECP256R1())
        return HeldCode(self.code(colour=colour, holder=phone.public_key()), phone)

    def expired(self) -> str:
        """A phone's code of the day before yesterday."""
        return self.code(issued_at=self.now - 2 * DAY).text

    def not_yet_valid(self) -> str:
        """A paper code that begins tomorrow."""
        return self.code(carrier=Carrier.PAPER, not_before=self.now + DAY).text

    def forged(self) -> str:
        """Everything right but the signature, which is a stranger's under the real key id."""
        return specimens.forged(self.code().text, ec.generate_private_key(ec.SECP256R1()))

    def altered(self) -> str:
        """One bit of r turned over."""
        return specimens.altered(self.code().text, bit=300)

    def under_revoked_key(self) -> str:
        """A code whose key is revoked afterwards; publish to let the appliance know."""
        key = self.authority.add_key(Use.CODE, self.now - DAY, order=ORDER)
        code = self.code(signing_key=key.kid)
        self.authority.revoke_key(key.kid, ORDER, self.now)
        return code.text

    def revoked(self) -> str:
        """A code that is revoked afterwards; publish to let the appliance know."""
        code = self.code()
        self.authority.revoke(code.identity, ORDER, self.now)
        return code.text

    def of_stranger(self) -> str:
        """A genuine code of an issuer that the appliance has never heard of."""
        return SmallWorld(self.root / "stranger", "CN-65", self.now).code().text

    @property
    def seal_key(self) -> SealKey:
        """The public key that the appliance seals to."""
        key = self.trust.seal_key(self.authority.issuer, self.now)
        assert key is not None
        assert isinstance(key.public_key, X25519PublicKey)
        return SealKey(key.kid, key.public_key)
