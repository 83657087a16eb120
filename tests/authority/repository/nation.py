"""A federation of two regions with a repository, and a reader of it that shares no code with the product.

Built once a run and copied: a test needs a federation of its own, not keys of its own.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Metadata, Root, Targets
from tuf.ngclient import FetcherInterface, Updater

from authority.publication import Publication
from authority.records import AuditLine, Order
from authority.repository.federation import Federation
from authority.repository.region import PublishedRole, Region
from authority.repository.release import Released
from authority.repository.role_keys import RoleKey, RoleKeys
from authority.repository.vault import Kind, Vault
from keys.cose import Algorithm
from keys.key_id import key_id
from keys.trust_list import TrustedKey, Use, write_jwks

DAY = 86_400
NOW = int(time.time()) - DAY
"""Yesterday: the reader goes by the machine's clock."""
PASSPHRASE = b"correct horse battery"
ORDER = Order(by="Key office", reason="a test")
REGIONS = ("CN-33", "CN-3")


class Nation:
    """A federation's folder, two regions' folders, and the repository between them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repository = root / "repository"
        self.federation = Federation.open(root / "federation", PASSPHRASE)
        self.audit: list[AuditLine] = []
        self.regions = {issuer: self._region(issuer) for issuer in REGIONS}

    @classmethod
    def create(cls, root: Path) -> Nation:
        """Copy the nation that was built once, as released at NOW."""
        for part in ("federation", "repository", *REGIONS):
            shutil.copytree(_template() / part, root / part)
        return cls(root)

    def _region(self, issuer: str) -> Region:
        keys = RoleKeys(self.root / issuer / "private", PASSPHRASE)
        return Region(self.root / issuer, issuer, keys, self.audit.append, _unlocked)

    def join(self, issuer: str, at: int) -> RoleKey:
        """Let a region publish that is not admitted yet; returns the key to admit it with."""
        (self.root / issuer / "private").mkdir(parents=True)
        self.regions[issuer] = self._region(issuer)
        key = self.regions[issuer].add_key(at, order=ORDER)
        self.publish(issuer, at)
        return key

    def publish(self, issuer: str, at: int, word: str = "") -> PublishedRole:
        """Let a region publish; `word` changes what it publishes."""
        return self.regions[issuer].publish(self.repository, Publication(at, targets(issuer, at, word)))

    def release(self, at: int) -> Released:
        return self.federation.release(self.repository, at)

    def signer(self, issuer: str) -> CryptoSigner:
        """The key that a region publishes with now: what a thief of it would hold."""
        keys = RoleKeys(self.root / issuer / "private", PASSPHRASE)
        return keys.signer(self.regions[issuer].key().key_id)

    def top_signer(self, key_id: str) -> CryptoSigner:
        """A key of a top role, old ones too."""
        vault = Vault.open(self.federation.folder, Kind.FEDERATION, PASSPHRASE)
        vault.close()
        return vault.keys.signer(key_id)

    def forge(self, issuer: str, version: int, signer: CryptoSigner, alter: Callable[[Targets], None]) -> None:
        """Put a region's metadata into the repository: its newest one, altered and signed by `signer`."""
        file = Metadata[Targets].from_bytes((self.root / issuer / "role" / f"{issuer}.json").read_bytes())
        file.signed.version = version
        alter(file.signed)
        file.sign(signer)
        (self.repository / "metadata" / f"{version}.{issuer}.json").write_bytes(file.to_bytes())

    def reader(self, *, root: bytes | None = None) -> Reader:
        """An appliance that pins `root`, the first one when not given."""
        return Reader(self.repository, self.federation.roots[0] if root is None else root)


class Reader:
    """python-tuf's own client, over a folder, with a cache of its own that it is held to."""

    def __init__(self, repository: Path, root: bytes) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="checkpoint-reader-"))
        atexit.register(shutil.rmtree, self._place, ignore_errors=True)
        (self._place / "targets").mkdir()
        self._repository = repository
        self._root = root
        self.requests: list[str] = []

    def refresh(self) -> Updater:
        """Read root, timestamp, snapshot and targets anew. Raises what the library raises."""
        fetcher = _Folder(self._repository, self.requests)
        updater = Updater(
            str(self._place),
            "http://repository/metadata/",
            str(self._place / "targets"),
            "http://repository/targets/",
            fetcher=fetcher,
            bootstrap=self._root,
        )
        updater.refresh()
        return updater

    def get(self, path: str) -> bytes | None:
        """What a target path leads to now, None where nobody may publish it or nobody has."""
        updater = self.refresh()
        found = updater.get_targetinfo(path)
        return None if found is None else Path(updater.download_target(found)).read_bytes()


class _Folder(FetcherInterface):
    """Serves a repository's folder as a web server would, without the socket."""

    def __init__(self, folder: Path, requests: list[str]) -> None:
        self._folder = folder
        self._requests = requests

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = unquote(urlsplit(url).path).lstrip("/")
        self._requests.append(path)
        try:
            content = (self._folder / path).read_bytes()
        except FileNotFoundError:
            raise DownloadHTTPError(path, 404) from None
        return iter((content,))


def targets(issuer: str, at: int, word: str = "") -> Mapping[str, bytes]:
    """What a region publishes."""
    return {
        f"trust/{issuer}.jwks.json": trust_list(issuer),
        f"policy/{issuer}.toml": f"# {word}\n".encode(),
        f"status/{issuer}/1.cwt": f"list 1 of {issuer} at {at}: {word}".encode(),
        f"status/{issuer}/{at - 3600}-{at}.delta": f"changes of {issuer} until {at}".encode(),
    }


@cache
def trust_list(issuer: str) -> bytes:
    """A region's trust list, with one key."""
    public = Ed25519PrivateKey.generate().public_key()
    key = TrustedKey(issuer, key_id(public), public, Algorithm.EDDSA, frozenset((Use.STATUS,)), NOW, NOW + 900 * DAY)
    return write_jwks([key])


def root_of(content: bytes) -> Root:
    return Metadata[Root].from_bytes(content).signed


def _unlocked() -> AbstractContextManager[None]:
    return nullcontext()


@cache
def _template() -> Path:
    root = Path(tempfile.mkdtemp(prefix="checkpoint-nation-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    Federation.create(root / "federation", PASSPHRASE, NOW - DAY, stretch_log2=4).close()
    for issuer in REGIONS:
        (root / issuer / "private").mkdir(parents=True)
    nation = Nation(root)
    for issuer, region in nation.regions.items():
        key: RoleKey = region.add_key(NOW - DAY, order=ORDER)
        nation.federation.admit(issuer, key, NOW - DAY, order=ORDER)
        nation.publish(issuer, NOW)
    nation.release(NOW)
    nation.federation.close()
    return root
