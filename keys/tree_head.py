"""Tree heads as C2SP checkpoints: origin, size and root as a note signed with Ed25519.

The formats are c2sp.org/tlog-checkpoint and c2sp.org/signed-note. The note is text, so that a person can photograph
it or a hub can add its cosignature below. A key is known by its name and a 4-byte id; signatures of other keys are
left alone, as the note format demands.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from keys.errors import TreeHeadError
from keys.merkle import HASH_SIZE

MAX_NOTE = 16 * 1024
"""Characters: room for the 16 signatures that c2sp.org/signed-note asks readers to accept."""
_ED25519 = b"\x01"
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a log says of itself at one moment."""

    origin: str
    """Which log: `checkpoint/<device id hex>`."""
    size: int
    """Number of entries."""
    root: bytes
    """32 bytes, RFC 6962."""

    @property
    def text(self) -> str:
        """The note's text, the bytes that are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def log_origin(device_id: bytes) -> str:
    """Name the origin line of an appliance's log."""
    return f"checkpoint/{device_id.hex()}"


def sign_head(head: TreeHead, private_key: Ed25519PrivateKey) -> str:
    """Sign the head as a note; the key's name is the origin, as c2sp.org/tlog-checkpoint asks."""
    if len(head.root) != HASH_SIZE or not 0 <= head.size < 1 << 63:
        raise TreeHeadError(f"a tree head needs a size and a root of 32 bytes, not {head.size} and {len(head.root)}")
    return sign_note(head.text, head.origin, private_key)


def read_head(note: str, public_key: Ed25519PublicKey) -> TreeHead:
    """Check a note and read the head in it; the signer's name must be the origin.

    Raises TreeHeadError: not a note, not a checkpoint, extension lines (our logs have none), not signed by this
    key, or a signature by this key that does not hold.
    """
    name = note.split("\n", 1)[0]
    lines = open_note(note, name, public_key).split("\n")
    if len(lines) != 4:
        raise TreeHeadError(f"a tree head has three lines above its signatures, this one has {len(lines) - 1}")
    origin, size, encoded, _ = lines
    if not _SIZE.fullmatch(size):
        raise TreeHeadError(f"the tree size {size[:24]!r} is not a plain decimal number")
    return TreeHead(origin, int(size), _base64(encoded, HASH_SIZE, "root hash"))


def own_note(note: str, public_key: Ed25519PublicKey) -> str:
    """Return a head that `read_head` has checked with the log's own signature line alone: others' lines prove nothing.

    Raises TreeHeadError: there is no line by this key.
    """
    text, _, tail = note.rpartition("\n\n")
    name = text.split("\n", 1)[0]
    key_id = note_key_id(name, public_key)
    for line in tail.split("\n"):
        match = _SIGNATURE.fullmatch(line)
        if match is not None and match["name"] == name and _base64(match["blob"], None, "signature")[:4] == key_id:
            return f"{text}\n\n{line}\n"
    raise TreeHeadError(f"nobody called {name} with the expected key has signed this note")


def sign_note(text: str, name: str, private_key: Ed25519PrivateKey) -> str:
    """`text`, a blank line and one signature line by the key called `name`."""
    if not text.endswith("\n") or not _plain(text):
        raise TreeHeadError("the text of a note ends with a newline and holds no other control character")
    if not name or re.search(r"[\s+]", name):
        raise TreeHeadError(f"{name!r} cannot name a key: no spaces, no plus sign")
    blob = note_key_id(name, private_key.public_key()) + private_key.sign(text.encode())
    return f"{text}\n— {name} {b64encode(blob).decode()}\n"


def open_note(note: str, name: str, public_key: Ed25519PublicKey) -> str:
    """Return the text of a note that the key called `name` has signed.

    Raises TreeHeadError when the note is malformed, when no line is by this key, or when any line by this key
    fails (c2sp.org/signed-note, "Signatures").
    """
    if len(note) > MAX_NOTE or not _plain(note):
        raise TreeHeadError("this is no signed note: it is too long or holds control characters")
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise TreeHeadError("this is no signed note: a blank line and signature lines must follow the text")
    text = head + "\n"
    key_id = note_key_id(name, public_key)
    verified = False
    for line in tail[:-1].split("\n"):
        match = _SIGNATURE.fullmatch(line)
        if match is None:
            raise TreeHeadError("this is no signed note: a line below the blank line is no signature")
        blob = _base64(match["blob"], None, "signature")
        if match["name"] != name or blob[:4] != key_id:
            continue
        try:
            public_key.verify(blob[4:], text.encode())
        except InvalidSignature:
            raise TreeHeadError(f"the signature of {name} does not hold: the note was altered or forged") from None
        verified = True
    if not verified:
        raise TreeHeadError(f"nobody called {name} with the expected key has signed this note")
    return text


def note_key_id(name: str, public_key: Ed25519PublicKey) -> bytes:
    """4 bytes: SHA-256(name ‖ 0x0A ‖ 0x01 ‖ 32-byte key), c2sp.org/signed-note "Ed25519 signatures"."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key.public_bytes_raw()).digest()[:4]


def _plain(text: str) -> bool:
    if any(character < " " and character != "\n" for character in text):
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _base64(text: str, length: int | None, what: str) -> bytes:
    """Strict RFC 4648 §4: padding required, no other spelling of the same bytes."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise TreeHeadError(f"the {what} is not base64") from None
    if b64encode(data).decode() != text or (length is not None and len(data) != length):
        raise TreeHeadError(f"the {what} has the wrong length or spelling")
    return data
