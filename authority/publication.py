"""What an authority publishes: its trust list, its status lists and its policy, each file whole or not at all.

The trust list goes first, so that no list is ever there before the key that vouches for it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from authority.errors import PublishError
from authority.files import PUBLIC_FILE, remove_unfinished, write_whole
from authority.records import RegisteredCode
from keys.cose import SigningKey
from keys.issuer import list_uri
from keys.status_list import OWN_BITS, OWN_ENTRIES, VALUE_OF_COLOUR, StatusValue, write_status_list
from keys.trust_list import TrustedKey, write_jwks

POLICY_FILE: Final = "policy.toml"

LIST_LIFETIME: Final = 7 * 86_400
"""Seconds; gates refer everybody long before, so this only tells foreign readers when to stop."""

LIST_TTL: Final = 3600
"""Seconds after which a reader with a network looks for a newer list."""

_NOBODY: Final = StatusValue.NOT_ISSUED << 4 | StatusValue.NOT_ISSUED


@dataclass(frozen=True, slots=True)
class SignedList:
    """A status list, signed."""

    number: int
    uri: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """What was written, and where."""

    trust: Path
    lists: tuple[Path, ...]
    policy: Path | None


def sign_list(
    issuer: str, number: int, codes: Iterable[RegisteredCode], private_key: SigningKey, issued_at: int
) -> SignedList:
    """Sign list `number` as of `issued_at`: what became of `codes`, and of every other index that nobody has it."""
    uri = list_uri(issuer, number)
    content = write_status_list(
        private_key,
        uri=uri,
        packed=pack_codes(codes),
        iat=issued_at,
        exp=issued_at + LIST_LIFETIME,
        ttl=LIST_TTL,
    )
    return SignedList(number, uri, content)


def pack_codes(codes: Iterable[RegisteredCode]) -> bytes:
    """Return the list's array: 2^20 entries of 4 bits, the lower half of a byte first, NOT_ISSUED where no code is."""
    packed = bytearray(bytes((_NOBODY,)) * (OWN_ENTRIES * OWN_BITS // 8))
    for code in codes:
        value = StatusValue.REVOKED if code.revoked_at is not None else VALUE_OF_COLOUR[code.colour]
        byte, upper = divmod(code.index, 2)
        packed[byte] = packed[byte] & 0x0F | value << 4 if upper else packed[byte] & 0xF0 | value
    return bytes(packed)


def keep_policy(folder: Path, policy: bytes | None) -> bytes | None:
    """Keep `policy` in the authority's folder as the one in force, or return the one kept; None if there is none.

    Raises PublishError when it is no TOML. What it says is judged where it is read.
    """
    kept = folder / POLICY_FILE
    if policy is None:
        return kept.read_bytes() if kept.is_file() else None
    try:
        tomllib.loads(policy.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PublishError(f"The policy is no TOML and was not published: {error}.") from error
    write_whole(kept, policy, PUBLIC_FILE)
    return policy


def write_folder(
    target: Path, issuer: str, keys: tuple[TrustedKey, ...], lists: tuple[SignedList, ...], policy: bytes | None
) -> Published:
    """Write everything under `target`. Raises PublishError when that cannot be written."""
    trust = target / "trust" / f"{issuer}.jwks.json"
    status = target / "status" / issuer
    rules = target / "policy" / f"{issuer}.toml"
    try:
        _put(trust, write_jwks(keys))
        for each in lists:
            _put(status / f"{each.number}.cwt", each.content)
        if policy is not None:
            _put(rules, policy)
        for folder in (trust.parent, status, rules.parent):
            remove_unfinished(folder)
    except OSError as error:
        raise PublishError(f"{error.filename or target} cannot be written: {error.strerror}.") from error
    return Published(trust, tuple(status / f"{each.number}.cwt" for each in lists), None if policy is None else rules)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content, PUBLIC_FILE)
