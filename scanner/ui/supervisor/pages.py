"""The supervisor's pages as lines: from the view, a report and entries of the log. Pure; readable without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from rich.cells import cell_len

from scanner.control.duty import HourCount, LogRow, Report
from scanner.control.messages import LaneView, View
from scanner.locale import Texts, languages
from scanner.ui import sheets, words
from scanner.ui.painted import Line, Span, fit, pad, wrap
from scanner.ui.scene import Scene
from scanner.ui.supervisor.findings import Findings, Page
from scanner.ui.themes import THEMES, Role
from scanner.ui.viewfinder import STALE_S

_BARS = ("█", "▒", "╳")
_BARS_ASCII = ("#", "!", "X")
"""Of people who passed, were referred, and were stopped: told apart by shape."""
_HOUR_COLUMNS = 6
_COUNT_COLUMNS = 18
_INDENT = 9
"""Columns of an entry's number; what follows is wrapped behind it."""


def lines(scene: Scene, findings: Findings, width: int) -> list[Line]:
    """Return the whole page, `width` cells wide; the screen shows as much of it as there is room for."""
    view = scene.view
    if findings.note:
        return [_plain(part, Role.ALERT) for part in wrap(findings.note, width)]
    if view is None:
        return []
    match findings.page:
        case Page.DAY:
            return [*_day(scene, findings.report, width)]
        case Page.LOG:
            rows = findings.log.rows if findings.log is not None else None
            return [*_log(scene, rows, width)]
        case Page.DEVICES:
            return [line for lane in view.lanes for line in _lane(scene, view, lane, width)]
        case Page.TRUST:
            return [*_trust(scene, view, width)]
        case Page.LOOK:
            return [*_look(scene)]


def _plain(text: str, role: Role = Role.BODY, *, bold: bool = False) -> Line:
    return (Span(f" {text}", role, bold),)


def _pair(label: str, value: str, width: int, role: Role = Role.BODY) -> Line:
    """Return a label and its value in two columns."""
    column = max(8, min(30, width // 2))
    return (Span(f" {pad(label, column - 2)} ", Role.FAINT), Span(fit(value, width - column), role))


def _day(scene: Scene, report: Report | None, width: int) -> Iterator[Line]:
    if report is None:
        yield _plain(scene.say("sending"), Role.FAINT)
        return
    passed, referred, stopped = (
        sum(getattr(hour, kind) for hour in report.hours) for kind in ("passed", "referred", "stopped")
    )
    span = f"{scene.local(report.since):%m-%d %H:%M} – {scene.local(report.until):%m-%d %H:%M}"
    yield _plain(f"{span}   {scene.say('counts', passed=passed, referred=referred, stopped=stopped)}", bold=True)
    since = f"{scene.local(report.distinct_since):%m-%d %H:%M}"
    yield _plain(scene.say("report_distinct", n=report.distinct_codes, time=since))
    yield ()
    yield _plain(
        scene.say("report_hours", passed=_bars(scene)[0], referred=_bars(scene)[1], stopped=_bars(scene)[2]), Role.FAINT
    )
    begun = next((n for n, hour in enumerate(report.hours) if hour.passed + hour.referred + hour.stopped), None)
    if begun is None:
        yield _plain(scene.say("none_yet"))
    else:
        most = max(hour.passed + hour.referred + hour.stopped for hour in report.hours)
        for hour in report.hours[begun:]:
            yield _hour(scene, hour, most, width)
    yield ()
    yield _plain(scene.say("reasons"), Role.FAINT)
    for one in report.reasons:
        yield _plain(f"{one.count:>6}  {fit(scene.texts.get(f'reason.{one.reason}'), width - 10)}")
    if not report.reasons:
        yield _plain(scene.say("none_yet"))
    yield ()
    yield _plain(scene.say("report_guards"), Role.FAINT)
    for guard in report.guards:
        done = scene.say(
            "report_guard",
            admitted=guard.admitted,
            refused=guard.refused,
            activated=guard.activated,
            hand=guard.by_hand,
        )
        yield _plain(f"{pad(guard.staff, 8)} {fit(done, width - 11)}")
    if not report.guards:
        yield _plain(scene.say("none_yet"))


def _bars(scene: Scene) -> tuple[str, ...]:
    return _BARS if scene.terminal.wide else _BARS_ASCII


def _hour(scene: Scene, hour: HourCount, most: int, width: int) -> Line:
    """Return one hour: its bar in three fillings, then its three counts."""
    counts = (hour.passed, hour.referred, hour.stopped)
    room = max(0, width - _HOUR_COLUMNS - _COUNT_COLUMNS - 2)
    # Nothing that happened is too small to be seen.
    sizes = [max(1, room * count // most) if count else 0 for count in counts]
    bar = "".join(mark * size for mark, size in zip(_bars(scene), sizes, strict=True))
    tail = "{:>5} {:>5} {:>5}".format(*counts)
    return (
        Span(f" {scene.local(hour.at):%H:00}", Role.FAINT),
        Span(f" {pad(bar[:room], room)} ", Role.STRONG),
        Span(tail, Role.BODY),
    )


def _log(scene: Scene, rows: Sequence[LogRow] | None, width: int) -> Iterator[Line]:
    if rows is None:
        yield _plain(scene.say("sending"), Role.FAINT)
        return
    if not rows:
        yield _plain(scene.say("log_no_more"), Role.FAINT)
    for row in rows:
        for place, part in enumerate(wrap(_entry(scene, row), max(10, width - _INDENT - 1))):
            head = f" {row.seq:>7} " if place == 0 else " " * _INDENT
            yield (Span(head, Role.FAINT), Span(part, Role.BODY))


def _entry(scene: Scene, row: LogRow) -> str:
    """Return the clear part of one entry in words."""
    key = f"screen.kind_{row.kind}"
    parts = [f"{scene.local(row.at):%m-%d %H:%M:%S}", row.lane]
    parts.append(scene.texts.get(key) if scene.texts.has(key) else row.kind)
    if row.outcome is not None:
        shape = words.outcome_sign(row.outcome).shape
        mark = shape.text if scene.terminal.wide else shape.ascii
        parts.append(f"{mark} {scene.texts.get(f'outcome.{row.outcome.name.lower()}')}")
    if row.colour is not None:
        parts.append(words.colour_word(scene, row.colour))
    if row.temperature_centi is not None:
        parts.append(f"{words.degrees(row.temperature_centi)} ℃")
    if row.staff:
        parts.append(scene.say("log_staff", staff=row.staff))
    if row.refers_to is not None:
        parts.append(f"→ {row.refers_to}" if scene.terminal.wide else f"-> {row.refers_to}")
    parts += [scene.texts.get(f"reason.{reason}") for reason in row.reasons]
    return "  ".join([*(part for part in parts if part), *([row.detail] if row.detail else [])])


def _lane(scene: Scene, view: View, lane: LaneView, width: int) -> Iterator[Line]:
    yield _plain(f"{lane.name}  {_state(scene, lane)}", Role.STRONG, bold=True)
    say = scene.say
    if lane.camera is not None:
        still = lane.camera_age_s or 0.0
        age = f"  {say('frozen', age=words.duration(scene, still))}" if still >= STALE_S else ""
        yield _pair(say("camera"), f"{say(f'link_{lane.camera}')}  {say('fps', n=round(lane.camera_fps))}{age}", width)
    if lane.reader is not None:
        yield _pair(say("reader"), say(f"link_{lane.reader}"), width)
    seen = "" if lane.object_centi is None else f"  {say('probe', value=words.degrees(lane.object_centi))}"
    around = "" if lane.ambient_centi is None else f"  {say('ambient', value=words.degrees(lane.ambient_centi))}"
    yield _pair(say("thermometer"), f"{say(f'link_{lane.thermometer}')}{seen}{around}", width)
    if lane.offset is not None:
        yield _pair(say("offset_title"), sheets.offset(scene, lane.offset), width)
    yield _pair(say("gate"), say(f"link_{lane.gate}"), width)
    yield _pair(say("temperature"), say("limit", limit=words.limit_degrees(lane.limit_centi)), width)
    counts = say("counts", passed=lane.passed, referred=lane.referred, stopped=lane.stopped)
    yield _pair(say("today"), counts, width)
    for fault in view.degraded:
        if fault.lane in {None, lane.name} and (fault.lane is not None or lane is view.lanes[0]):
            since = f"{scene.local(fault.since):%m-%d %H:%M}"
            text = words.degradation(scene, fault)
            for place, part in enumerate(wrap(text, max(10, width - 15))):
                mark = ("▲" if scene.terminal.wide else "!") if place == 0 else " "
                yield (
                    Span(
                        f" {mark} {since if place == 0 else ' ' * cell_len(since)} {part}", Role.BODY, bold=place == 0
                    ),
                )
    yield ()


def _state(scene: Scene, lane: LaneView) -> str:
    key = f"screen.state_{lane.state}"
    return scene.texts.get(key) if scene.texts.has(key) else lane.state


def _trust(scene: Scene, view: View, width: int) -> Iterator[Line]:
    say = scene.say
    for label, age in (
        ("trust_keys", view.keys_age),
        ("trust_lists", view.lists_age),
        ("trust_policy", view.policy_age),
    ):
        told = say("age", age=words.duration(scene, age + scene.elapsed)) if age is not None else say("trust_none")
        yield _pair(say(label), told, width, Role.BODY if age is not None else Role.ALERT)
    clock = say("clock_untrusted" if view.clock.value else "clock_trusted")
    yield _pair(say("trust_clock"), f"{scene.local(scene.now or view.now):%Y-%m-%d %H:%M:%S}  {clock}", width)
    yield ()
    update = view.update
    yield _pair(say("trust_stick"), update.stick or say("trust_no_stick"), width)
    if update.running:
        yield _pair(say("trust_update"), say("updating"), width)
    elif update.at is not None:
        key = f"screen.update_{update.result}"
        told = scene.texts.get(key) if scene.texts.has(key) else str(update.result)
        yield _pair(say("trust_update"), f"{scene.local(update.at):%m-%d %H:%M}  {told}", width)
        for part in wrap(update.why, max(10, width - 2)) if update.why else ():
            yield _plain(part)
    else:
        yield _pair(say("trust_update"), say("none_yet"), width)
    yield ()
    yield _pair(say("trust_entries"), str(view.entries), width)
    oldest = "" if view.oldest_waiting is None else f"{scene.local(view.oldest_waiting):%m-%d %H:%M}"
    yield _pair(say("trust_waiting"), f"{view.waiting}  {oldest}", width)
    if scene.hello is not None:
        yield _pair(say("trust_device"), scene.hello.device, width)
        yield _pair(say("trust_software"), scene.hello.software, width)


def _look(scene: Scene) -> Iterator[Line]:
    yield _plain(f"L  {scene.say('key_language')}", bold=True)
    for name in languages():
        own = _own_name(name)
        chosen = _chosen(scene, name == scene.texts.language)
        yield _plain(f"   {chosen} {own if scene.terminal.can_show(own) else name}")
    yield ()
    yield _plain(f"T  {scene.say('key_theme')}", bold=True)
    for name in THEMES:
        yield _plain(f"   {_chosen(scene, name == scene.theme.name)} {scene.say(f'theme_{name}')}")


@cache
def _own_name(language: str) -> str:
    """Return what a language calls itself."""
    return Texts.load(language).get("screen.own_name")


def _chosen(scene: Scene, chosen: bool) -> str:
    marks = ("●", "○") if scene.terminal.wide else ("*", " ")
    return marks[0] if chosen else marks[1]
