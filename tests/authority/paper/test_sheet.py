import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
import zxingcpp

from authority import qr
from authority.errors import RequestError
from authority.paper.sheet import Paper, Print, Sheet
from authority.request import CodeRequest
from keys.verdict import Carrier, DocumentType
from tests.authority.paper.drawn import read
from tests.world import NOW, SmallWorld

ZONE = ZoneInfo("Asia/Shanghai")
PRINTERS = [shutil.which("chromium"), shutil.which("pdftoppm")]


class Page(HTMLParser):
    """What a browser would make of a file: elements, attributes, and text by the class of the element it stands in."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.classes: list[str] = []
        self.text = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        self.classes += [value for name, value in attrs if name == "class" and value]

    def handle_data(self, data: str) -> None:
        if self.elements[-1:] != ["style"]:
            self.text += f"{data}\n"


def drawings(content: str) -> list[str]:
    return re.findall(r"<svg.*?</svg>", content, re.DOTALL)


def issued(world: SmallWorld, count: int = 1, **changes: object) -> list[str]:
    return [world.code(carrier=Carrier.PAPER, **changes).text for _ in range(count)]  # type: ignore[arg-type]


def test_the_code_on_a_sheet_reads_back_as_the_code_that_was_issued(world: SmallWorld) -> None:
    (text,) = issued(world)
    (drawing,) = drawings(Print(Paper.A6, ZONE, None).file([Sheet.of(text)]))
    assert read(drawing) == text
    assert f'width="{qr.PRINTED_MM}mm"' in drawing


def test_a_sheet_says_whose_it_is_until_when_and_how_to_use_it_in_two_languages(world: SmallWorld) -> None:
    (text,) = issued(world, name="欧阳娜娜", document_number="11010519491231002X", region="330106")
    sheet = Sheet.of(text)
    page = Page(Print(Paper.A6, ZONE, None).file([sheet])).text
    for said in ("欧阳**", "…2X", "330106", str(sheet.code.identity), "2026-03-04 13:00 –", "2026-08-31 13:00"):
        assert said in page
    for topic in (
        "反射",
        "不要折",
        "立即作废",
        "咨询",
        "申诉",
        "reflections",
        "not fold",
        "voids",
        "Questions",
        "Appeal",
    ):
        assert topic in page
    for hidden in ("娜娜", "110105", "green", "绿"):
        assert hidden not in page


def test_whom_to_ask_is_told_on_the_sheet(world: SmallWorld) -> None:
    sheet = Sheet.of(issued(world)[0])
    assert Page(Print(Paper.A6, ZONE, "西湖区 0571-12345").file([sheet])).text.count("西湖区 0571-12345") == 2


def test_nothing_on_a_sheet_is_markup_or_fetched_whatever_the_texts_are(world: SmallWorld) -> None:
    person = CodeRequest('<img src="//x">, y', "P1234567", DocumentType.PASSPORT, carrier=Carrier.PAPER)
    hostile = Sheet.of(world.authority.issue(person, NOW).text)
    harmless = Sheet.of(issued(world)[0])
    ask = '<script src=x>"{ask}&amp;'
    content = Print(Paper.A6, ZONE, ask).file([hostile])
    page, plain = Page(content), Page(Print(Paper.A6, ZONE, None).file([harmless]))
    assert page.elements == plain.elements
    assert ask in page.text
    assert hostile.code.name in page.text
    assert {name for name, _ in page.attributes} == {name for name, _ in plain.attributes}
    assert not {"src", "href", "srcset", "data", "action"} & {name for name, _ in page.attributes}
    without_namespace = content.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"url\(|@import|https?:", without_namespace)
    assert "default-src 'none'" in content


def test_four_sheets_go_on_a_page_of_a4_and_one_on_a_page_of_a6(world: SmallWorld) -> None:
    sheets = [Sheet.of(text) for text in issued(world, 5)]
    a4, a6 = (Page(Print(paper, ZONE, None).file(sheets)).classes for paper in (Paper.A4, Paper.A6))
    assert [each for each in a4 if each in {"page a4", "sheet"}] == ["page a4", *["sheet"] * 4, "page a4", "sheet"]
    assert [each for each in a6 if each in {"page a6", "sheet"}] == ["page a6", "sheet"] * 5
    assert sum(each.startswith("mark") for each in a4) == 12
    assert sum(each.startswith("mark") for each in a6) == 0


def test_a_phones_code_is_not_printed(world: SmallWorld) -> None:
    with pytest.raises(RequestError, match="phone"):
        Sheet.of(world.code(carrier=Carrier.PHONE).text)


@pytest.mark.parametrize("ask", ["", " ", "a\nb", "x" * 65, "窗" * 33, "\u202e"])
def test_whom_to_ask_fits_its_line(world: SmallWorld, ask: str) -> None:
    with pytest.raises(RequestError, match="one line"):
        Print(Paper.A6, ZONE, ask).file([Sheet.of(issued(world)[0])])


@pytest.mark.skipif(None in PRINTERS, reason="needs chromium and pdftoppm")
def test_a_printed_sheet_is_a6_and_its_code_has_the_size_that_gates_read_well(
    world: SmallWorld, tmp_path: Path
) -> None:
    """Printed by a real browser, rasterised by another program, and read by the appliance's decoder."""
    (text,) = issued(world)
    (tmp_path / "sheet.html").write_text(Print(Paper.A6, ZONE, "窗" * 32).file([Sheet.of(text)]))
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'home'}"]
    browser += ["--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'sheet.pdf'}", f"file://{tmp_path}/sheet.html"]
    subprocess.run(browser, check=True, capture_output=True, timeout=60)
    raster = ["pdftoppm", "-r", "254", "-gray", "-png", tmp_path / "sheet.pdf", tmp_path / "page"]  # 10 pixels a mm
    subprocess.run(raster, check=True, timeout=60)
    (page,) = tmp_path.glob("page*.png")
    image = cv2.imread(str(page), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    assert np.allclose(image.shape, (1480, 1050), atol=6)
    (found,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    assert found.bytes.decode() == text
    corner = found.position
    modules = len(qr.matrix(text, border=0))
    side_mm = (corner.top_right.x - corner.top_left.x) / 10
    assert side_mm == pytest.approx(qr.PRINTED_MM * modules / (modules + 2 * qr.QUIET_ZONE), abs=0.5)
    assert corner.bottom_left.y < 720, "the code reaches the fold, which is 74 mm from the top"
    assert image[1440:, :].min() == 255, "something is printed in the last 4 mm"
