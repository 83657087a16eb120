from __future__ import annotations

import gzip
import socket
import time
from pathlib import Path

import pytest

from keys.errors import FetchError, NotThereError, UpdateCause
from keys.update import open_source
from keys.update.http_source import HttpSource
from tests.keys.update.appliance import Appliance
from tests.keys.update.repository import HOME, HOUR, NOW, Repository
from tests.keys.update.servers import Answer, answering, self_signed, serving


def plain(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> Answer:
    """Always the same answer."""

    def answer(connection: socket.socket, _: str) -> None:
        said = len(body) if length is None else length
        head = "\r\n".join((f"HTTP/1.1 {status}", *headers, f"Content-Length: {said}", "", ""))
        connection.sendall(head.encode() + body)
        if said != len(body):
            connection.shutdown(socket.SHUT_RDWR)

    return answer


def refused(answer: Answer, limit: int = 100, **patience: float) -> FetchError:
    """What fetching a file from such a server is refused with."""
    with answering(answer) as url, pytest.raises(FetchError) as raised:
        HttpSource(url, **patience).fetch("metadata/timestamp.json", limit)  # type: ignore[arg-type]
    return raised.value


def test_a_repository_is_the_same_over_http_as_in_a_folder(appliance: Appliance, repository: Repository) -> None:
    appliance.now = NOW + HOUR
    repository.publish(HOME, NOW + HOUR, {1: {5: 3}})
    repository.release(NOW + HOUR)
    with serving(repository.folder) as (url, server):
        source = open_source(url)
        outcome = appliance.update(source)
        assert (outcome.changed, outcome.source, outcome.refused) == (True, url, ())
        again = appliance.update(source)
        assert (again.changed, again.requests) == (False, 2)
        assert server.connections == 1
        source.close()
    assert appliance.value("jkm:33/1", 5) == 3


def test_a_compressed_answer_counts_as_what_went_over_the_wire(repository: Repository) -> None:
    content = (repository.folder / f"metadata/1.{HOME}.json").read_bytes()
    with serving(repository.folder, compressed=True) as (url, _):
        source = HttpSource(url + "/")
        assert source.fetch(f"metadata/1.{HOME}.json", len(content)) == content
        assert source.received == len(gzip.compress(content, 9)) < len(content)
        source.close()


def test_a_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    def answer(connection: socket.socket, path: str) -> None:
        plain(b"{}")(connection, path)
        connection.shutdown(socket.SHUT_RDWR)  # though it said nothing of closing

    with answering(answer) as url:
        source = HttpSource(url)
        assert [source.fetch("metadata/timestamp.json", 100) for _ in range(3)] == [b"{}"] * 3


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "410 Gone"])
def test_a_file_that_is_not_there(status: str) -> None:
    error = refused(plain(b"<html>no</html>", status=status))
    assert isinstance(error, NotThereError)
    assert "holds no metadata/timestamp.json" in str(error)


def test_the_connection_is_kept_over_a_file_that_is_not_there(repository: Repository) -> None:
    with serving(repository.folder) as (url, server):
        source = HttpSource(url)
        for _ in range(3):
            with pytest.raises(NotThereError):
                source.fetch("metadata/9.root.json", 100)
        assert server.connections == 1
        source.close()


def test_lying_server_with_an_error_page_instead_of_metadata(appliance: Appliance) -> None:
    """A hotel's network answers everything with its own page, and calls it success."""
    page = plain(b"<html><body>Welcome! Please accept our terms.</body></html>", "Content-Type: text/html")
    with answering(page) as url, appliance.refusing(r"2\.root\.json is no TUF metadata; perhaps an error page"):
        appliance.update(HttpSource(url))


def test_lying_server_that_fails() -> None:
    error = refused(plain(b"", status="503 Service Unavailable"))
    assert error.cause is UpdateCause.UNREACHABLE
    assert "answers 503" in str(error)


@pytest.mark.parametrize("place", ["/metadata/timestamp.json", "http://127.0.0.1:1/", "file:///etc/passwd"])
def test_lying_server_with_a_redirect_loop(place: str) -> None:
    error = refused(plain(b"", f"Location: {place}", status="302 Found"))
    assert "sends us elsewhere for metadata/timestamp.json: not followed" in str(error)
    assert error.cause is UpdateCause.WRONG_CONTENT


def test_lying_server_with_less_than_it_announced() -> None:
    error = refused(plain(b'{"signed"', length=90))
    assert error.cause is UpdateCause.UNREACHABLE
    assert "cannot be read" in str(error)


def test_lying_server_with_less_than_was_signed(later: Appliance, repository: Repository) -> None:
    for issuer in repository.regions:
        repository.publish(issuer, NOW + HOUR, bundles=False)
        file = repository.stored(f"status/{issuer}/1.cwt")
        file.write_bytes(file.read_bytes()[:-7])
    repository.release(NOW + HOUR)
    with serving(repository.folder) as (url, _):
        source = HttpSource(url)
        with later.refusing(r"status/CN-33/1\.cwt is not the file that CN-33 signed for"):
            later.update(source)
        source.close()


@pytest.fixture
def later(appliance: Appliance) -> Appliance:
    appliance.now = NOW + HOUR
    return appliance


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_lying_server_with_an_encoding_nobody_asked_for(encoding: str) -> None:
    error = refused(plain(b"x", f"Content-Encoding: {encoding}"))
    assert "for which nobody asked" in str(error)
    assert error.cause is UpdateCause.WRONG_CONTENT


@pytest.mark.parametrize("body", [b"no gzip at all", gzip.compress(b"x" * 90)[:-12]], ids=["none", "half"])
def test_lying_server_with_a_broken_encoding(body: bytes) -> None:
    assert refused(plain(body, "Content-Encoding: gzip")).cause is UpdateCause.WRONG_CONTENT


def test_endless_data_announced() -> None:
    error = refused(plain(b"x" * 101))
    assert error.cause is UpdateCause.ENDLESS_DATA
    assert "sends more than 100 bytes" in str(error)


def test_endless_data_in_chunks() -> None:
    sent = 0

    def answer(connection: socket.socket, _: str) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            sent += connection.send(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    error = refused(answer, limit=100_000)
    assert error.cause is UpdateCause.ENDLESS_DATA
    assert sent < 16 << 20  # what the sockets' buffers took


def test_endless_data_in_a_gzip_bomb() -> None:
    error = refused(plain(gzip.compress(bytes(10 << 20), 9), "Content-Encoding: gzip"), limit=20_000)
    assert error.cause is UpdateCause.ENDLESS_DATA
    assert "inflates to more than 20000 bytes" in str(error)


def test_endless_data_in_headers() -> None:
    def answer(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for number in range(200_000):
            connection.sendall(b"X-%d: again and again\r\n" % number)

    assert refused(answer).cause is UpdateCause.UNREACHABLE


def dripping(piece: bytes, before: bytes = b"") -> Answer:
    """Send a little now and then, always before the reader would think that nothing comes."""

    def answer(connection: socket.socket, _: str) -> None:
        connection.sendall(before)
        while True:
            connection.sendall(piece)
            time.sleep(0.02)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        dripping(b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        dripping(b"1\r\nx\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        dripping(b"1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        dripping(b"X: y\r\n", b"HTTP/1.1 200 OK\r\n"),
        dripping(b"x", b"HTTP/1.1 200 OK\r\nX: "),
    ],
    ids=["body", "chunks", "a chunk's length", "headers", "one header"],
)
def test_slow_retrieval(answer: Answer) -> None:
    start = time.monotonic()
    error = refused(answer, limit=1000, grace_s=0.3, silence_s=5.0)
    assert error.cause is UpdateCause.SLOW_RETRIEVAL
    assert "too slowly (less than 2048 bytes a second)" in str(error)
    assert time.monotonic() - start < 3


def test_slow_retrieval_by_silence() -> None:
    error = refused(lambda *_: time.sleep(2), silence_s=0.2, grace_s=5.0)
    assert error.cause is UpdateCause.SLOW_RETRIEVAL
    assert "has sent nothing of metadata/timestamp.json for 0.2 seconds" in str(error)


def test_a_slow_line_above_the_floor_is_waited_for() -> None:
    body = bytes(6000)

    def answer(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6000\r\n\r\n")
        for start in range(0, 6000, 500):
            connection.sendall(body[start : start + 500])
            time.sleep(0.05)

    with answering(answer) as url:
        assert HttpSource(url, grace_s=0.3, floor=2048).fetch("metadata/timestamp.json", 6000) == body


def test_slow_retrieval_ends_the_update_and_not_only_a_region(appliance: Appliance) -> None:
    appliance.now = NOW + HOUR
    with answering(dripping(b"X: y\r\n", b"HTTP/1.1 200 OK\r\n")) as url, appliance.refusing("too slowly"):
        appliance.update(HttpSource(url, grace_s=0.2))


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        free = found.getsockname()[1]
    for url, words in ((f"http://127.0.0.1:{free}", "Connection refused"), ("http://nowhere.invalid", "resolve")):
        with pytest.raises(FetchError, match=words) as raised:
            HttpSource(url).fetch("metadata/timestamp.json", 100)
        assert raised.value.cause is UpdateCause.UNREACHABLE
        assert "object at 0x" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["ftp://host/", "http://", "http:///path", "http://user:word@host/", "http://host/?a=b", "http://[::1"]
)
def test_what_is_no_address_of_a_repository(url: str) -> None:
    with pytest.raises(FetchError):
        open_source(url)


def test_tls_with_a_certificate_that_the_system_trusts(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(repository.folder, certificate=certificate) as (url, _):
        source = HttpSource(url)
        assert (
            source.fetch("metadata/1.root.json", 1 << 19) == (repository.folder / "metadata/1.root.json").read_bytes()
        )
        source.close()


def test_tls_with_a_certificate_that_nobody_vouches_for(repository: Repository, tmp_path: Path) -> None:
    with (
        serving(repository.folder, certificate=self_signed(tmp_path)) as (url, _),
        pytest.raises(FetchError, match="certificate verify failed") as raised,
    ):
        HttpSource(url).fetch("metadata/1.root.json", 1 << 19)
    assert raised.value.cause is UpdateCause.UNREACHABLE
