"""What is read at leisure: the hand-over, the log's signed head, the keys. Lines of text from values. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from scanner.control.duty import Compared, HandOver, OffsetView
from scanner.ui import words
from scanner.ui.keys import Key
from scanner.ui.painted import fit, pad, wrap
from scanner.ui.scene import Scene

_KEY_COLUMNS = 8


def hand_over(scene: Scene, sheet: HandOver, width: int) -> list[str]:
    """Return what one guard tells the next: counts, open matters, devices, and what is degraded."""
    say = scene.say
    since = scene.say("sheet_since_start")
    if sheet.shift is not None:
        began = f"{scene.local(sheet.shift.since):%m-%d %H:%M}"
        since = say("sheet_since", staff=sheet.shift.staff, role=say(f"role_{sheet.shift.role}"), time=began)
    lines = [since, say("counts", passed=sheet.passed, referred=sheet.referred, stopped=sheet.stopped)]
    lines.append(say("sheet_overrides", n=sheet.overrides, hand=sheet.by_hand))
    matters = [matter(scene, item) for item in sheet.open]
    lines += ["", say("sheet_open") if matters else say("sheet_nothing_open")]
    lines += [part for text in matters for part in _item(text, width)]
    lines += ["", say("sheet_devices")]
    view = scene.view
    for lane in view.lanes if view is not None else ():
        lines += _item(f"{lane.name}: {'  '.join(words.devices(scene, lane)[:-1])}", width)
    faults = words.degradations(scene)
    lines += [part for text in faults for part in _item(text, width)] if faults else _item(say("all_well"), width)
    return [part for line in lines for part in (wrap(line, width) if line else [""])]


def head(scene: Scene, sheet: HandOver, width: int) -> list[str]:
    """Return the log's signed head as text, for a terminal that cannot show its code."""
    if not sheet.head:
        return ["", *wrap(scene.say("sheet_no_head"), width)]
    lines = ["", *wrap(scene.say("sheet_head"), width)]
    for line in sheet.head.splitlines():
        lines += [line[start : start + width] for start in range(0, len(line), max(1, width))] or [""]
    return lines


def matter(scene: Scene, item: str) -> str:
    """Return an open matter such as `visitors_inside:3` in words; one this screen has never heard of as it is."""
    name, _, number = item.partition(":")
    key = f"matter.{name}"
    if not scene.texts.has(key):
        return item
    return scene.texts.get(key, n=int(number) if number.isascii() and number.isdigit() else number)


def compared(scene: Scene, found: Compared) -> list[str]:
    """Return the points of a comparison, and the offset that they come to."""
    lines = [
        scene.say(
            "compare_point",
            known=exactly(point.known_centi),
            read=exactly(point.read_centi),
            spread=exactly(point.spread_centi),
        )
        for point in found.points
    ]
    lines.append(scene.say("compare_offset", offset=signed(found.offset_centi), worst=exactly(found.worst_centi)))
    return lines


def offset(scene: Scene, view: OffsetView) -> str:
    """Return what a thermometer's readings are corrected by, since when and until when."""
    if view.taken is None:
        return scene.say("offset_never", offset=signed(view.centi))
    return scene.say("offset", offset=signed(view.centi), taken=view.taken, until=view.expires or "—")


def exactly(centi: int) -> str:
    """Return hundredths of °C with both decimals."""
    return f"{'-' if centi < 0 else ''}{abs(centi) // 100}.{abs(centi) % 100:02d}"


def signed(centi: int) -> str:
    """Return a difference in hundredths of °C with its sign."""
    return exactly(centi) if centi < 0 else f"+{exactly(centi)}"


def keys(scene: Scene, table: Sequence[Key], width: int) -> list[str]:
    """Return the help page: every key with its sentence; a mark stands before those that do something now."""
    seen: set[tuple[str, str]] = set()
    lines: list[str] = []
    for key in table:
        if (key.shown, key.note) in seen:
            continue
        seen.add((key.shown, key.note))
        mark = ("●" if scene.terminal.wide else "*") if key.now(scene) else " "
        name = fit(key.name(scene), _KEY_COLUMNS - 1)
        for place, text in enumerate(wrap(scene.say(key.note), max(4, width - _KEY_COLUMNS - 2))):
            start = f"{mark} {pad(name, _KEY_COLUMNS)}" if place == 0 else " " * (_KEY_COLUMNS + 2)
            lines.append(f"{start}{text}")
    return lines


def _item(text: str, width: int) -> list[str]:
    """Return a sentence of a list, wrapped under its mark."""
    mark = "· "
    return [(mark if n == 0 else " " * cell_len(mark)) + part for n, part in enumerate(wrap(text, width - 2))]
