import io

import pytest

from authority.csv_file import Fault, Row, read_rows
from authority.errors import RequestError

COLUMNS = ("name", "colour")


def read(content: bytes) -> list[Row | Fault]:
    return list(read_rows(io.BytesIO(content), "people.csv", COLUMNS))


def test_cells_come_by_the_names_of_their_columns_in_any_order_and_without_blanks() -> None:
    assert read(b"Colour, name\nred,  \xe5\xbc\xa0\xe4\xb8\x89 \n\n,x\n") == [
        Row(2, {"colour": "red", "name": "张三"}),
        Row(4, {"colour": "", "name": "x"}),
    ]


def test_what_a_spreadsheet_writes_is_read() -> None:
    assert read(b'\xef\xbb\xbfname,colour\r\n"Smith, John",red\r\n"a\r\nb",green\r\n') == [
        Row(2, {"name": "Smith, John", "colour": "red"}),
        Row(4, {"name": "a\r\nb", "colour": "green"}),
    ]


def test_a_row_of_another_length_is_a_fault_with_its_line_and_the_others_are_read() -> None:
    assert read(b"name,colour\na\nb,red\nc,red,x\n,\n" + b"y" * 2000 + b",red\n") == [
        Fault(2, "it has 1 cells, and the first line names 2"),
        Row(3, {"name": "b", "colour": "red"}),
        Fault(4, "it has 3 cells, and the first line names 2"),
        Row(5, {"name": "", "colour": ""}),
        Fault(6, "a cell has more than 1024 characters"),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"name,color\n", "'color'"),
        (b"name,name\n", "twice"),
        ("name,colour\n张三,red\n".encode("gbk"), "is not UTF-8"),
        (b'name,colour\n"a,red\nb,green\n', "no CSV"),
        (b'name,colour\n"a"b,red\n', "no CSV at line 2"),
        (b"name,colour\n" + b"x" * 200_000 + b",red\n", "no CSV at line 2"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_place(content: bytes, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        read(content)


def test_the_stream_stays_open_for_its_owner() -> None:
    stream = io.BytesIO(b"name\nx\n")
    list(read_rows(stream, "x", COLUMNS))
    assert not stream.closed
