from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys.errors import KeyFileError
from scanner.journal.device import Device, read_public

from .logs import DEVICE


def test_a_device_makes_its_key_once_and_keeps_it(tmp_path: Path) -> None:
    state = tmp_path / "a" / "state"
    first = Device.load_or_create(state)
    again = Device.load_or_create(state)
    assert first.id == again.id
    assert first.key.private_bytes_raw() == again.key.private_bytes_raw()
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / "device.key").stat().st_mode & 0o777 == 0o600


def test_the_id_follows_from_the_key() -> None:
    spki = DEVICE.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert DEVICE.id == sha256(spki).digest()[:16]


def test_the_public_half_stands_beside_for_checking(tmp_path: Path) -> None:
    device = Device.load_or_create(tmp_path)
    assert read_public(tmp_path / "device.pub") == device.public_key
    (tmp_path / "device.pub").unlink()
    Device.load_or_create(tmp_path)
    assert read_public(tmp_path / "device.pub") == device.public_key


def test_nobody_else_writes_the_public_half_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Device.load_or_create(tmp_path / "state")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert modes == {"device.key": 0o600, "device.pub": 0o644}


def test_a_damaged_key_is_told_and_never_replaced(tmp_path: Path) -> None:
    Device.load_or_create(tmp_path)
    (tmp_path / "device.key").write_bytes(b"damaged")
    with pytest.raises(KeyFileError, match="damaged"):
        Device.load_or_create(tmp_path)
    assert (tmp_path / "device.key").read_bytes() == b"damaged"


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    Device.load_or_create(tmp_path)
    (tmp_path / "device.key").chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"):
        Device.load_or_create(tmp_path)


@pytest.mark.parametrize("data", [b"", b"nonsense"])
def test_what_is_no_public_key_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "device.pub").write_bytes(data)
    with pytest.raises(KeyFileError, match="no Ed25519"):
        read_public(tmp_path / "device.pub")
    with pytest.raises(KeyFileError, match="cannot read"):
        read_public(tmp_path / "absent.pub")
