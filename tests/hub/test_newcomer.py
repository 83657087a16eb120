"""As a new user would: start the hub, follow the address it prints, over plain HTTP here and over TLS."""

from __future__ import annotations

import datetime
import ipaddress
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from urllib3 import PoolManager

from authority.errors import HubLineError
from authority.tracing.line import HubLine
from hub.settings import Settings
from tests.cli.calling import ROOT
from tests.hub.serving import repository

pytestmark = pytest.mark.soak


@contextmanager
def started(folder: Path, *options: str) -> Iterator[str]:
    """The hub as a process; gives the address for the first administrator that it prints."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "cli.main", "hub", "--folder", str(folder / "hub")),
        *("--repository", str(repository(folder)), "--listen", f"127.0.0.1:{port}", *options),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(2)]
        found = re.search(r"https?://\S+/first/\S+", said[1])
        assert found, said
        yield found[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    assert process.returncode in {0, -signal.SIGTERM}


def certificate(folder: Path) -> tuple[str, str]:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hub")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    public, private = folder / "hub.pem", folder / "hub.key"
    public.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(public), str(private)


@pytest.mark.parametrize("tls", [False, True])
def test_the_first_start_prints_where_the_first_administrator_is_made(tmp_path: Path, tls: bool) -> None:
    public, private = certificate(tmp_path)
    options = ("--certificate", public, "--key", private) if tls else ()
    client = PoolManager(retries=False, ca_certs=public)
    with started(tmp_path, *options) as address:
        assert address.startswith("https:" if tls else "http:")
        answer = client.request("GET", address)
        assert answer.status == 200
        assert ("strict-transport-security" in answer.headers) is tls
        client.clear()


def test_a_hub_started_once_more_says_why_it_cannot_and_spoils_nothing(tmp_path: Path) -> None:
    with started(tmp_path) as address:
        port = address.split(":")[2].split("/")[0]
        command = [
            *(sys.executable, "-m", "cli.main", "hub", "--folder", str(tmp_path / "hub")),
            *("--repository", str(repository(tmp_path)), "--listen", f"127.0.0.1:{port}"),
        ]
        again = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
        assert (again.returncode, again.stdout) == (1, "")
        assert again.stderr.count("\n") == 1
        assert f"127.0.0.1:{port}: Address already in use; another hub may be running" in again.stderr
        client = PoolManager(retries=False)
        assert client.request("GET", address).status == 200, "its address for the first administrator holds"
        client.clear()


def test_the_pin_in_the_code_is_that_of_the_key_the_hub_really_shows(tmp_path: Path) -> None:
    public, private = certificate(tmp_path)
    settings = Settings(folder="f", repository="r", certificate=public, key=private)
    with started(tmp_path, "--certificate", public, "--key", private) as address:
        port = int(address.split(":")[2].split("/")[0])
        shown = ssl.get_server_certificate(("127.0.0.1", port))
    (tmp_path / "shown.pem").write_text(shown)
    assert (
        Settings(folder="f", repository="r", certificate=str(tmp_path / "shown.pem"), key="k").pin() == settings.pin()
    )


def test_the_authority_goes_by_the_pin_of_a_hub_that_made_its_certificate_itself(tmp_path: Path) -> None:
    public, private = certificate(tmp_path)
    options = ("--certificate", public, "--key", private)
    with started(tmp_path, *options) as address:
        url = address.partition("/first/")[0]
        command = [
            *(sys.executable, "-m", "cli.main", "hub", "--folder", str(tmp_path / "hub")),
            *("--repository", str(repository(tmp_path)), *options, "credential", "authority"),
        ]
        made = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)
        told = re.search(r"--pin ([0-9a-f]{64})$", made.stderr.strip())
        assert told is not None
        credential, pin = made.stdout.strip(), bytes.fromhex(told[1])
        for given in (bytes(32), None):
            line = HubLine(url, credential, given)
            with pytest.raises(HubLineError):
                list(line.logs())
            line.close()
        line = HubLine(url, credential, pin)
        assert list(line.logs()) == []
        line.close()
