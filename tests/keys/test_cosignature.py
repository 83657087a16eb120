"""Cosignatures, held against the format of c2sp.org/tlog-cosignature."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.cosignature import cosign, read_cosigned, told_at
from keys.errors import TreeHeadError
from keys.tree_head import TreeHead, sign_head

LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
HEAD = TreeHead("checkpoint/00", 7, sha256(b"root").digest())
NOTE = sign_head(HEAD, LOG)
AT = 1_700_000_000


def test_a_cosigned_head_says_what_was_seen_and_when() -> None:
    seen = read_cosigned(cosign(NOTE, "hub.example", WITNESS, AT), LOG.public_key(), WITNESS.public_key())
    assert (seen.head, seen.seen_at) == (HEAD, AT)


def test_the_time_of_a_note_that_was_checked_before_is_told_without_its_witness() -> None:
    assert told_at(cosign(cosign(NOTE, "hub.example", WITNESS, AT), "other", STRANGER, AT + 5)) == AT + 5
    for note in (NOTE, "", "no note"):
        with pytest.raises(TreeHeadError, match="no witness"):
            told_at(note)


def test_the_line_is_that_of_the_standard() -> None:
    line = cosign(NOTE, "hub.example", WITNESS, AT).splitlines()[-1]
    blob = b64decode(line.split(" ")[2])
    raw = WITNESS.public_key().public_bytes_raw()
    assert line.startswith("— hub.example ")
    assert blob[:4] == sha256(b"hub.example\n\x04" + raw).digest()[:4]
    assert blob[4:12] == AT.to_bytes(8, "big")
    WITNESS.public_key().verify(blob[12:], f"cosignature/v1\ntime {AT}\n{HEAD.text}".encode())


def test_a_head_that_only_a_stranger_has_cosigned_counts_for_nothing() -> None:
    with pytest.raises(TreeHeadError, match="witness"):
        read_cosigned(cosign(NOTE, "hub.example", STRANGER, AT), LOG.public_key(), WITNESS.public_key())


def test_a_cosignature_without_the_logs_own_signature_counts_for_nothing() -> None:
    forged = sign_head(HEAD, STRANGER)
    with pytest.raises(TreeHeadError):
        read_cosigned(cosign(forged, "hub.example", WITNESS, AT), LOG.public_key(), WITNESS.public_key())


@pytest.mark.parametrize("place", [0, 4, 11, 12, 75])
def test_a_cosignature_with_one_bit_turned_is_refused(place: int) -> None:
    note = cosign(NOTE, "hub.example", WITNESS, AT)
    before, _, encoded = note.rstrip("\n").rpartition(" ")
    blob = bytearray(b64decode(encoded))
    blob[place] ^= 1
    altered = f"{before} {b64encode(blob).decode()}\n"
    with pytest.raises(TreeHeadError):
        read_cosigned(altered, LOG.public_key(), WITNESS.public_key())


def test_a_cosignature_moved_to_another_head_is_refused() -> None:
    line = cosign(NOTE, "hub.example", WITNESS, AT).splitlines()[-1]
    other = sign_head(TreeHead(HEAD.origin, 8, HEAD.root), LOG)
    with pytest.raises(TreeHeadError):
        read_cosigned(f"{other}{line}\n", LOG.public_key(), WITNESS.public_key())


def test_of_two_cosignatures_the_later_time_counts() -> None:
    note = cosign(cosign(NOTE, "hub", WITNESS, AT + 60), "hub", WITNESS, AT)
    assert read_cosigned(note, LOG.public_key(), WITNESS.public_key()).seen_at == AT + 60


@pytest.mark.parametrize("name", ["", "two words", "a+b"])
def test_a_witness_needs_a_name_that_can_stand_in_a_note(name: str) -> None:
    with pytest.raises(TreeHeadError):
        cosign(NOTE, name, WITNESS, AT)
