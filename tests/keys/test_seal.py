from __future__ import annotations

import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.errors import SealError
from keys.seal import BLOCK, OVERHEAD, journal_info, seal, unseal

KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
INFO = journal_info(bytes(16), 7)


def _extract(salt: bytes, suite: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, "sha256")


def _expand(prk: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(prk, block + labelled + bytes([counter]), "sha256")
        out, counter = out + block, counter + 1
    return out[:length]


def _open_as_rfc_9180_says(private: X25519PrivateKey, info: bytes, sealed: bytes, aad: bytes = b"") -> bytes:
    """RFC 9180 §4.1, §5.1 and §5.2 written out for base mode, X25519, HKDF-SHA256, AES-128-GCM, sequence 0."""
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x01"
    enc, ciphertext = sealed[:32], sealed[32:]
    shared = private.exchange(X25519PublicKey.from_public_bytes(enc))
    context = enc + private.public_key().public_bytes_raw()
    secret = _expand(_extract(b"", kem, b"eae_prk", shared), kem, b"shared_secret", context, 32)
    schedule = b"\x00" + _extract(b"", suite, b"psk_id_hash", b"") + _extract(b"", suite, b"info_hash", info)
    prk = _extract(secret, suite, b"secret", b"")
    key = _expand(prk, suite, b"key", schedule, 16)
    nonce = _expand(prk, suite, b"base_nonce", schedule, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, aad)


def test_the_reading_of_rfc_9180_used_here_opens_its_published_vector() -> None:
    # RFC 9180, appendix A.1.1.1, sequence number 0.
    private = X25519PrivateKey.from_private_bytes(
        bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
    )
    enc = bytes.fromhex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431")
    ciphertext = bytes.fromhex(
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    )
    plaintext = _open_as_rfc_9180_says(private, b"Ode on a Grecian Urn", enc + ciphertext, aad=b"Count-0")
    assert plaintext == b"Beauty is truth, truth beauty"


def test_sealed_bytes_are_hpke_as_rfc_9180_says_over_the_padded_plaintext() -> None:
    sealed = seal(KEY.public_key(), INFO, b"Zhang**")
    assert _open_as_rfc_9180_says(KEY, INFO, sealed) == b"Zhang**\x80" + bytes(56)


def test_the_info_is_the_words_the_device_and_the_number_in_eight_bytes() -> None:
    assert journal_info(b"\xaa" * 16, 258) == b"checkpoint journal" + b"\xaa" * 16 + bytes(6) + b"\x01\x02"


@settings(max_examples=60)
@given(st.binary(max_size=200) | st.binary(max_size=140).map(lambda data: data + b"\x80\x00\x00"))
def test_whatever_is_sealed_opens_to_the_same_bytes(plaintext: bytes) -> None:
    sealed = seal(KEY.public_key(), INFO, plaintext)
    assert (len(sealed) - OVERHEAD) % BLOCK == 0
    assert len(sealed) - OVERHEAD - BLOCK <= len(plaintext) < len(sealed) - OVERHEAD
    assert unseal(KEY, INFO, sealed) == plaintext


def test_the_same_plaintext_never_seals_to_the_same_bytes() -> None:
    assert seal(KEY.public_key(), INFO, b"a") != seal(KEY.public_key(), INFO, b"a")


def test_no_altered_byte_opens() -> None:
    sealed = seal(KEY.public_key(), INFO, b"secret")
    for at in range(len(sealed)):
        altered = bytearray(sealed)
        altered[at] ^= 1
        if at == 31:
            altered[at] ^= 0x41  # the top bit of an X25519 point is ignored by definition; change another
        with pytest.raises(SealError):
            unseal(KEY, INFO, bytes(altered))


def test_another_key_another_entry_or_a_cut_part_does_not_open() -> None:
    sealed = seal(KEY.public_key(), INFO, b"secret")
    with pytest.raises(SealError, match="does not open"):
        unseal(X25519PrivateKey.generate(), INFO, sealed)
    with pytest.raises(SealError, match="does not open"):
        unseal(KEY, journal_info(bytes(16), 8), sealed)
    with pytest.raises(SealError, match="cut"):
        unseal(KEY, INFO, sealed[:-1])
    with pytest.raises(SealError, match="cut"):
        unseal(KEY, INFO, b"")


@pytest.mark.parametrize("padded", [bytes(64), b"a" * 64, b"\x80" + bytes(127), b"a" * 63 + b"\x81"])
def test_a_wrong_padding_is_told_apart_from_a_wrong_key(padded: bytes) -> None:
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
    with pytest.raises(SealError, match="padding"):
        unseal(KEY, INFO, suite.encrypt(padded, KEY.public_key(), INFO))


def test_a_sealing_key_of_small_order_is_refused_in_words() -> None:
    with pytest.raises(SealError, match="unusable"):
        seal(X25519PublicKey.from_public_bytes(bytes(32)), INFO, b"a")
