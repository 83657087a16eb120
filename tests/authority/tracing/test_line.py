"""The authority's line to a hub that lies, drips or never ends: an error in words, and soon."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import time
from collections.abc import Callable

import pytest

from authority.errors import HubLineError
from authority.tracing import line as line_module
from authority.tracing.line import HubLine
from tests.keys.update.servers import answering

CREDENTIAL = "c" * 43


def saying(body: bytes, *headers: str) -> Callable[[socket.socket, str], None]:
    def answer(connection: socket.socket, _: str) -> None:
        lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode() + body)

    return answer


def drip(connection: socket.socket, _: str) -> None:
    with contextlib.suppress(OSError):
        for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\nX: "):
            connection.sendall(bytes((byte,)))
            time.sleep(0.02)


LOG = {"number": 1, "device": "0" * 32, "public_key": "0" * 64, "site": "x", "size": 1 << 62, "head": ""}
LIES = {
    "nested_for_ever": saying(b"[" * 200_000),
    "no_json": saying(b"ok"),
    "a_bomb": saying(bytes(60), "Content-Encoding: gzip"),
    "a_size_beyond_columns": saying(json.dumps({"logs": [LOG], "more": False}).encode()),
    "without_end": saying(b" " * ((16 << 20) + 9)),
    "dripping": drip,
}


@pytest.mark.parametrize("lie", LIES)
def test_a_hub_that_lies_is_an_error_in_words(lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_module, "ANSWER_S", 0.6 if lie == "dripping" else 20.0)
    with answering(LIES[lie]) as url:
        line = HubLine(url, CREDENTIAL)
        began = time.monotonic()
        with pytest.raises(HubLineError):
            list(line.logs())
        assert time.monotonic() - began < 5
        line.close()


@pytest.mark.parametrize(
    "url", ["http://hub.example.org", "http://192.0.2.1:8600", "ftp://127.0.0.1", "https://a:b@hub.example", "hub"]
)
def test_the_credential_goes_to_no_line_that_others_can_read(url: str) -> None:
    with pytest.raises(HubLineError):
        HubLine(url, CREDENTIAL)
