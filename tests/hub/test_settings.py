"""What the hub refuses to start as."""

from __future__ import annotations

import datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.errors import SetupError
from hub.retention import Retention
from hub.settings import Settings


def certificate(folder: Path) -> tuple[str, bytes]:
    """A certificate file, and the pin an appliance gets for it."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hub")])
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day)
        .not_valid_after(day + datetime.timedelta(days=9))
        .sign(key, None)
    )
    path = folder / "hub.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return str(path), sha256(spki).digest()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"host": "0.0.0.0"}, "TLS only"),
        ({"host": "192.0.2.7"}, "TLS only"),
        ({"host": "hub.example.org"}, "TLS only"),
        ({"certificate": "x"}, "needs both"),
        ({"certificate": "missing.pem", "key": "k"}, "no certificate"),
        ({"url": "http://hub.example.org"}, "https"),
        ({"url": "hub.example.org"}, "--url"),
        ({"timezone": "Mars/Olympus"}, "time zone"),
        ({"timezone": "Asia"}, "time zone"),
        ({"entries_a_day": 9_999}, "at least 10000"),
    ],
)
def test_what_would_be_open_or_wrong_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(SetupError, match=words):
        Settings(folder="f", repository="r", **change).checked()  # type: ignore[arg-type]  # of whatever type


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_needs_no_tls(host: str) -> None:
    assert not Settings(folder="f", repository="r", host=host).checked().secure


def test_with_tls_the_code_pins_the_servers_key(tmp_path: Path) -> None:
    path, pin = certificate(tmp_path)
    settings = Settings(folder="f", repository="r", host="0.0.0.0", certificate=path, key="k", port=443).checked()
    assert (settings.pin(), settings.secure) == (pin, True)


def test_another_process_reads_the_same_settings() -> None:
    settings = Settings(folder="f", repository="r", port=9, retention=Retention(sealed_days=3))
    assert Settings.from_text(settings.to_text()) == settings
