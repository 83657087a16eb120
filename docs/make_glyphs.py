"""Draws the big letters of the guard's screen: `scanner/ui/glyphs/<pixels>.hex`, from Noto Sans CJK (OFL 1.1).

Run by hand when a big word changes; the files it writes are kept, so no appliance needs a font. It wants Pillow
(`pip install pillow`), which nothing else here does, and Debian's `fonts-noto-cjk`:

    python docs/make_glyphs.py

A line is `<code point>:<width>:<rows>`: hexadecimal code point, width in pixels, then every row from the top as
hexadecimal digits, the first pixel in the highest bit of ceil(width / 4) digits.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"
SIMPLIFIED, TRADITIONAL = 2, 3
"""Faces inside the collection."""
FOLDER = Path(__file__).parents[1] / "scanner" / "ui" / "glyphs"
SIZES = (16, 24, 32)
OVERSAMPLING = 16
CONDENSED = 0.82
"""Width of Latin letters against the font's: REFER must fit 80 columns beside its shape."""

WORDS_SIMPLIFIED = "放行人工核验禁止通行请亮码请测温请稍候暂停服务未连接道"
WORDS_TRADITIONAL = "核驗請亮碼請測溫暫務連線"
LATIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-?!/"

SMALL = {
    "0": (".####.", "##..##", "##..##", "##..##", "##..##", "##..##", "##..##", ".####."),
    "1": ("..##..", ".###..", "..##..", "..##..", "..##..", "..##..", "..##..", ".####."),
    "2": (".####.", "##..##", "....##", "...##.", "..##..", ".##...", "##....", "######"),
    "3": (".####.", "##..##", "....##", "..###.", "....##", "....##", "##..##", ".####."),
    "4": ("...##.", "..###.", ".#.##.", "##.##.", "##.##.", "######", "...##.", "...##."),
    "5": ("######", "##....", "##....", "#####.", "....##", "....##", "##..##", ".####."),
    "6": ("..###.", ".##...", "##....", "#####.", "##..##", "##..##", "##..##", ".####."),
    "7": ("######", "....##", "....##", "...##.", "..##..", "..##..", ".##...", ".##..."),
    "8": (".####.", "##..##", "##..##", ".####.", "##..##", "##..##", "##..##", ".####."),
    "9": (".####.", "##..##", "##..##", ".#####", "....##", "....##", "...##.", ".###.."),
    ".": ("..", "..", "..", "..", "..", "..", "##", "##"),
    "-": ("....", "....", "....", "####", "####", "....", "....", "...."),
}
"""Digits of eight pixels are drawn by hand: an outline font falls apart at that size."""


def rasterise(character: str, size: int, face: int) -> list[list[bool]]:
    """Return rows of pixels, `size` rows high; an ideograph is as wide as high, a letter as wide as its ink."""
    latin = character in LATIN
    em = size * OVERSAMPLING
    # An ideograph fills its em square; a capital letter is 0.733 em high and is drawn to fill the rows but one.
    font = ImageFont.truetype(FONT, round(em * (1.0 if not latin else (size - 1) / size / 0.733)), index=face)
    threshold = 140 if size <= 16 else 120
    if latin:
        left, _, right, _ = font.getbbox(character, anchor="ls")
        ink = right - left
        width = -(-round(ink * CONDENSED) // OVERSAMPLING)
        image = Image.new("L", (ink, em), 0)
        baseline = em - OVERSAMPLING // 2
        ImageDraw.Draw(image).text((-left, baseline), character, font=font, fill=255, anchor="ls")
    else:
        width = size
        image = Image.new("L", (em, em), 0)
        ImageDraw.Draw(image).text((em / 2, em / 2), character, font=font, fill=255, anchor="mm")
    image = image.resize((width, size), Image.Resampling.BOX)
    return [[image.getpixel((x, y)) > threshold for x in range(width)] for y in range(size)]


def line(character: str, rows: list[list[bool]]) -> str:
    """One line of the file."""
    width = len(rows[0])
    digits = -(-width // 4)
    body = "".join(f"{int(''.join('01'[p] for p in row).ljust(digits * 4, '0'), 2):0{digits}X}" for row in rows)
    return f"{ord(character):04X}:{width}:{body}\n"


def main() -> None:
    """Write every size."""
    for size in SIZES:
        lines = {c: line(c, rasterise(c, size, SIMPLIFIED)) for c in WORDS_SIMPLIFIED + LATIN}
        lines |= {c: line(c, rasterise(c, size, TRADITIONAL)) for c in WORDS_TRADITIONAL if c not in lines}
        (FOLDER / f"{size}.hex").write_text("".join(lines[c] for c in sorted(lines)), encoding="ascii")
    small = {c: line(c, [[p == "#" for p in row] for row in rows]) for c, rows in SMALL.items()}
    (FOLDER / "8.hex").write_text("".join(small[c] for c in sorted(small)), encoding="ascii")


if __name__ == "__main__":
    main()
