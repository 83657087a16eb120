from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from scanner.camera import CameraError, open_camera
from scanner.camera.network import without_password
from scanner.config.model import CameraSection
from tests.scanner.pictures import jpeg, number_in, numbered


class Sender(http.server.BaseHTTPRequestHandler):
    """A network camera that sends five pictures and breaks."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for number in range(5):
            picture = jpeg(numbered(number))
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()
            self.wfile.write(head + picture + b"\r\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sender) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://guard:secret@127.0.0.1:{server.server_port}/camera"
        server.shutdown()


def test_pictures_come_and_the_end_of_the_stream_is_a_loss(address: str) -> None:
    camera = open_camera(CameraSection(source=address))
    assert camera.live
    seen = []
    with pytest.raises(CameraError, match="stopped sending"):  # noqa: PT012 - the reads before the last succeed
        while (frame := camera.read()) is not None:
            seen.append(number_in(frame.grey))
    camera.close()
    assert seen[:4] == [0, 1, 2, 3]


def test_an_address_where_nobody_answers_is_an_error_without_its_password() -> None:
    with pytest.raises(CameraError, match="does not answer") as error:
        open_camera(CameraSection(source="http://guard:secret@127.0.0.1:9/camera"))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://guard:s@cret@cam.local:554/1", "rtsp://cam.local:554/1"),
        ("http://cam.local/", "http://cam.local/"),
        ("http://[bad", "an address that cannot be read"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert without_password(address) == shown
