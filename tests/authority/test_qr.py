import cv2
import numpy as np
import zxingcpp

from authority import qr
from tests.authority.paper import drawn

BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def text_of(length: int) -> str:
    return ("JKM1:" + BASE45 * 20)[:length]


def read(image: np.ndarray) -> str:
    (found,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    return str(found.bytes.decode())


def test_a_text_keeps_its_version_because_the_error_correction_is_never_boosted() -> None:
    assert [qr.symbol_version(text_of(length)) for length in (277, 300, 311, 312, 500)] == [10, 10, 10, 11, 14]


def test_the_matrix_is_square_with_four_light_modules_around() -> None:
    rows = qr.matrix(text_of(277))
    assert len(rows) == 57 + 8
    assert {len(row) for row in rows} == {57 + 8}
    assert {module for row in rows for module in row} == {0, 1}
    assert not any(any(row) for row in (*rows[:4], *rows[-4:]))
    assert not any(any(row[:4]) or any(row[-4:]) for row in rows)
    assert rows[4][4] == 1


def test_the_matrix_reads_back_as_the_same_text() -> None:
    modules = np.frombuffer(b"".join(qr.matrix(text_of(500))), dtype=np.uint8)
    side = len(qr.matrix(text_of(500)))
    image = np.kron(255 - 255 * modules.reshape(side, side), np.ones((4, 4), dtype=np.uint8))
    assert read(np.ascontiguousarray(image)) == text_of(500)


def test_a_png_reads_back_as_the_same_text() -> None:
    image = cv2.imdecode(np.frombuffer(qr.png(text_of(300), scale=4), dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert image.shape == ((57 + 8) * 4, (57 + 8) * 4)
    assert read(image) == text_of(300)


def test_an_svg_draws_the_same_modules_at_the_size_for_print() -> None:
    drawing = qr.svg(text_of(300))
    rows = qr.matrix(text_of(300))
    assert drawn.modules(drawing).tolist() == [list(row) for row in rows]
    assert f'width="{qr.PRINTED_MM}mm" height="{qr.PRINTED_MM}mm"' in drawing
    assert drawn.read(drawing) == text_of(300)
