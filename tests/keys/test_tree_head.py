from __future__ import annotations

import re
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import TreeHeadError
from keys.merkle import leaf_hash
from keys.tree_head import TreeHead, log_origin, note_key_id, open_note, read_head, sign_head, sign_note

# The note of the Go reference implementation, golang.org/x/mod/sumdb/note, note_test.go.
PETER = "PeterNeumann"
PETER_PRIVATE = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PETER_PUBLIC = b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")[1:]
PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_NOTE = (
    PETER_TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
HEAD = TreeHead(log_origin(bytes(16)), 4711, leaf_hash(b"root"))


def test_the_published_note_is_written_byte_for_byte() -> None:
    key = Ed25519PrivateKey.from_private_bytes(PETER_PRIVATE)
    assert sign_note(PETER_TEXT, PETER, key) == PETER_NOTE
    assert note_key_id(PETER, key.public_key()).hex() == "c74f20a3"


def test_the_published_note_opens() -> None:
    assert open_note(PETER_NOTE, PETER, Ed25519PublicKey.from_public_bytes(PETER_PUBLIC)) == PETER_TEXT


def test_a_head_is_three_lines_and_a_signature_under_the_origin() -> None:
    lines = sign_head(HEAD, KEY).split("\n")
    assert lines[:4] == ["checkpoint/" + "00" * 16, "4711", b64encode(HEAD.root).decode(), ""]
    assert lines[4].startswith("— checkpoint/" + "00" * 16 + " ")
    assert lines[5:] == [""]


@given(st.binary(min_size=16, max_size=16), st.integers(0, (1 << 63) - 1), st.binary(min_size=32, max_size=32))
def test_every_head_reads_as_it_was_signed(device: bytes, size: int, root: bytes) -> None:
    head = TreeHead(log_origin(device), size, root)
    assert read_head(sign_head(head, KEY), KEY.public_key()) == head


@given(st.text())
def test_no_text_is_taken_for_a_head(text: str) -> None:
    with pytest.raises(TreeHeadError):
        read_head(text, KEY.public_key())


def test_no_altered_byte_of_a_head_goes_unnoticed() -> None:
    note = sign_head(HEAD, KEY).encode()
    for at in range(len(note)):
        for bit in range(8):
            altered = bytearray(note)
            altered[at] ^= 1 << bit
            try:
                text = altered.decode()
            except UnicodeDecodeError:
                continue
            with pytest.raises(TreeHeadError):
                read_head(text, KEY.public_key())


def test_a_head_signed_by_another_key_is_refused() -> None:
    with pytest.raises(TreeHeadError, match="nobody called"):
        read_head(sign_head(HEAD, OTHER), KEY.public_key())


def test_a_forged_signature_under_the_right_key_id_is_refused() -> None:
    forged = OTHER.sign(HEAD.text.encode())
    blob = b64encode(note_key_id(HEAD.origin, KEY.public_key()) + forged).decode()
    with pytest.raises(TreeHeadError, match="altered or forged"):
        read_head(f"{HEAD.text}\n— {HEAD.origin} {blob}\n", KEY.public_key())


def test_a_witness_may_add_its_line_and_the_head_still_reads() -> None:
    witnessed = sign_head(HEAD, KEY) + sign_note(HEAD.text, "hub.example", OTHER).split("\n\n")[1]
    assert read_head(witnessed, KEY.public_key()) == HEAD
    assert open_note(witnessed, "hub.example", OTHER.public_key()) == HEAD.text


def test_a_good_line_does_not_excuse_a_bad_one_by_the_same_key() -> None:
    good = sign_head(HEAD, KEY)
    bad = sign_note("other text\n", HEAD.origin, KEY).split("\n\n")[1]
    with pytest.raises(TreeHeadError, match="does not hold"):
        read_head(good + bad, KEY.public_key())


@pytest.mark.parametrize("size", ["007", "-1", "1.0", "", "٣", "1" * 20])
def test_only_a_plain_decimal_is_a_tree_size(size: str) -> None:
    note = sign_note(f"{HEAD.origin}\n{size or ' '}\n{b64encode(HEAD.root).decode()}\n", HEAD.origin, KEY)
    with pytest.raises(TreeHeadError, match="tree size"):
        read_head(note, KEY.public_key())


@pytest.mark.parametrize(
    "root", ["", "AAAA", b64encode(bytes(32)).decode()[:-1], b64encode(bytes(31) + b"\1").decode() + "="]
)
def test_only_32_bytes_in_base64_are_a_root(root: str) -> None:
    note = sign_note(f"{HEAD.origin}\n1\n{root or '!'}\n", HEAD.origin, KEY)
    with pytest.raises(TreeHeadError, match="root hash"):
        read_head(note, KEY.public_key())


def test_extension_lines_are_refused_because_our_logs_have_none() -> None:
    with pytest.raises(TreeHeadError, match="three lines"):
        read_head(sign_note(HEAD.text + "more\n", HEAD.origin, KEY), KEY.public_key())


def test_a_note_needs_a_final_newline_and_a_plain_key_name() -> None:
    for text, name in (("text", "a"), ("a\x07\n", "a"), ("a\n", ""), ("a\n", "a b"), ("a\n", "a+b")):
        with pytest.raises(TreeHeadError):
            sign_note(text, name, KEY)


def test_a_head_of_impossible_size_is_not_signed() -> None:
    for head in (TreeHead("o", -1, bytes(32)), TreeHead("o", 1, bytes(31))):
        with pytest.raises(TreeHeadError, match=re.escape(f"not {head.size} and {len(head.root)}")):
            sign_head(head, KEY)
