from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from keys.errors import KeyFileError
from keys.key_file import PrivateKey, read_device_key, read_private, write_device_key, write_private

RAW = (Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    "make", [Ed25519PrivateKey.generate, X25519PrivateKey.generate, lambda: ec.generate_private_key(ec.SECP256R1())]
)
def test_a_key_comes_back_under_its_passphrase(tmp_path: Path, make: Callable[[], PrivateKey]) -> None:
    key = make()
    write_private(tmp_path / "k", key, b"correct horse")
    assert read_private(tmp_path / "k", b"correct horse").private_bytes(*RAW) == key.private_bytes(*RAW)


def test_a_key_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_private(tmp_path / "k", Ed25519PrivateKey.generate(), b"p")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["k"]


def test_the_private_bytes_do_not_stand_in_an_encrypted_file(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    write_private(tmp_path / "k", key, b"p")
    data = (tmp_path / "k").read_bytes()
    assert b"ENCRYPTED PRIVATE KEY" in data
    assert key.private_bytes_raw() not in data


def test_a_key_is_neither_written_nor_read_without_a_passphrase(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="passphrase"):
        write_private(tmp_path / "k", Ed25519PrivateKey.generate(), b"")
    assert not (tmp_path / "k").exists()
    with pytest.raises(KeyFileError, match="passphrase"):
        read_private(tmp_path / "k", b"")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    write_device_key(tmp_path / "k", Ed25519PrivateKey.generate())
    before = (tmp_path / "k").read_bytes()
    with pytest.raises(KeyFileError, match="never overwritten"):
        write_device_key(tmp_path / "k", Ed25519PrivateKey.generate())
    assert (tmp_path / "k").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_another_passphrase_is_told_in_words(tmp_path: Path) -> None:
    write_private(tmp_path / "k", Ed25519PrivateKey.generate(), b"right")
    with pytest.raises(KeyFileError, match="wrong passphrase"):
        read_private(tmp_path / "k", b"wrong")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_may_touch_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    write_device_key(tmp_path / "k", Ed25519PrivateKey.generate())
    (tmp_path / "k").chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        read_device_key(tmp_path / "k")


def test_a_link_a_folder_or_a_pipe_is_no_key_file(tmp_path: Path) -> None:
    write_device_key(tmp_path / "real", Ed25519PrivateKey.generate())
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "folder").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("link", "folder", "pipe", "absent"):
        with pytest.raises(KeyFileError, match=name):
            read_device_key(tmp_path / name)


def test_a_device_key_is_ed25519_and_plain(tmp_path: Path) -> None:
    write_private(tmp_path / "encrypted", Ed25519PrivateKey.generate(), b"p")
    with pytest.raises(KeyFileError, match="encrypted, and must not be"):
        read_device_key(tmp_path / "encrypted")
    write_device_key(tmp_path / "plain", Ed25519PrivateKey.generate())
    with pytest.raises(KeyFileError, match="not encrypted, and must be"):
        read_private(tmp_path / "plain", b"p")
    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "x25519").write_bytes(other)
    (tmp_path / "x25519").chmod(0o600)
    with pytest.raises(KeyFileError, match="Ed25519"):
        read_device_key(tmp_path / "x25519")


@pytest.mark.parametrize("data", [b"", b"nonsense", b"A" * 20_000])
def test_a_damaged_file_is_told_in_words(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "k").write_bytes(data)
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(KeyFileError, match=r"damaged|too long"):
        read_device_key(tmp_path / "k")


def test_a_kind_of_key_that_the_product_does_not_use_is_refused(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "k").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(KeyFileError, match="kind of key"):
        read_device_key(tmp_path / "k")


def test_a_folder_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot write the key"):
        write_device_key(tmp_path / "absent" / "k", Ed25519PrivateKey.generate())
