"""From values to the words and numbers a guard reads. Pure: no widget, no colour, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from firmware_bridge.values import Light, LinkState
from keys.reasons import Reason
from keys.verdict import Colour
from scanner import credential_words
from scanner.control import outcomes
from scanner.control.messages import DegradationView, LaneView, PassageView, ResultView, View
from scanner.ui.scene import Absence, Scene
from scanner.ui.shapes import Shape
from scanner.ui.themes import Role
from scanner.values import ClockTrust, GuardStep, Outcome, TemperatureRule

GRAVITY = (
    "journal_failed",
    "journal_readonly",
    "journal_full",
    "camera_lost",
    "reader_lost",
    "decoder_failing",
    "staff_called",
    "door_forced",
    "gate_unconfirmed",
    "gate_lost",
    "keys_missing",
    "lists_missing",
    "lists_stale",
    "trust_refused",
    "clock_untrusted",
    "thermometer_lost",
    "seal_key_missing",
    "door_held",
    "memory_lost",
    "control_unavailable",
    "sound_lost",
    "lists_old",
    "update_refused",
    "retired",
    "log_altered",
    "log_refused",
    "hub_doubted",
    "log_waiting",
    "hub_unreachable",
    "hub_undated",
    "policy_default",
    "offset_expired",
    "camera_poor",
)
"""Degradations, gravest first: what stops the lane, then what refers everybody, then what is merely worth knowing."""

DEVICE_DIGITS = 8
"""Hexadecimal digits of the device id in the number that people quote."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What the panel shows from afar: a shape, a word, a colour."""

    shape: Shape
    word: str
    """Key of the big word, without `screen.`."""
    role: Role


_RESULTS = {
    Outcome.PASS: Sign(Shape.CHECK, "big_pass", Role.PASS),
    Outcome.REFER: Sign(Shape.EXCLAMATION, "big_refer", Role.REFER),
    Outcome.STOP: Sign(Shape.CROSS, "big_stop", Role.STOP),
}
_SHOW_CODE = Sign(Shape.CODE, "big_show_code", Role.IDLE)
_MEASURE = Sign(Shape.THERMOMETER, "big_measure", Role.BUSY)
_WAIT = Sign(Shape.HOURGLASS, "big_wait", Role.BUSY)
CLOSED = Sign(Shape.BARS, "big_closed", Role.CLOSED)
_GONE = Sign(Shape.BROKEN, "big_gone", Role.CLOSED)
_STATES = {
    "waiting": _SHOW_CODE,
    "measuring": _MEASURE,
    "remeasuring": _MEASURE,
    "cooling": _WAIT,
    "recording": _WAIT,
    "seated": _SHOW_CODE,
    "releasing": _WAIT,
    "overriding": _WAIT,
    "out_of_service": CLOSED,
}
_LIGHTS = {Light.IDLE: _SHOW_CODE, Light.MEASURING: _MEASURE, Light.OUT_OF_SERVICE: CLOSED}
"""For a state this screen has never heard of."""

BIG_RESULTS = tuple(found.word for found in _RESULTS.values())
BIG_WORDS = (*BIG_RESULTS, *(found.word for found in (_SHOW_CODE, _MEASURE, _WAIT, CLOSED, _GONE)))
"""Keys of every word that is drawn big."""


def sign(scene: Scene) -> Sign:
    """Return what the panel shows from afar."""
    lane = scene.lane
    if scene.outage is not None or lane is None:
        return _GONE
    if lane.result is not None:
        return outcome_sign(effective_outcome(lane.result))
    if lane.waiting:
        return _WAIT
    return waiting_sign(scene)


def waiting_sign(scene: Scene) -> Sign:
    """Return what the panel shows while no result stands: what the person, or the next one, must do."""
    lane = scene.lane
    if lane is None:
        return _GONE
    if lane.result is not None:
        return _SHOW_CODE
    return _STATES.get(lane.state) or _LIGHTS.get(lane.light, _WAIT)


def outcome_sign(outcome: Outcome) -> Sign:
    """Return shape, word and colour of an outcome."""
    return _RESULTS[outcome]


effective_outcome = outcomes.effective_outcome


def duration(scene: Scene, seconds: float) -> str:
    """Return a length of time in one unit."""
    whole = max(0, int(seconds))
    for limit, size, key in ((60, 1, "duration_s"), (3600, 60, "duration_m"), (172_800, 3600, "duration_h")):
        if whole < limit:
            return scene.say(key, n=whole // size)
    return scene.say("duration_d", n=whole // 86_400)


def degrees(centi: int) -> str:
    """Return hundredths of °C with one decimal, cut and never rounded up: 37.29 must not read as 37.3."""
    sign_, whole = ("-" if centi < 0 else ""), abs(centi)
    return f"{sign_}{whole // 100}.{whole % 100 // 10}"


def limit_degrees(centi: int) -> str:
    """Return a limit exactly, without a needless last zero."""
    text = f"{centi // 100}.{centi % 100:02d}"
    return text[:-1] if text.endswith("0") else text


def colour_word(scene: Scene, colour: Colour) -> str:
    """Return the name of a code's colour."""
    return scene.say(f"colour_{colour.name.lower()}")


def identity(scene: Scene, result: ResultView) -> str:
    """Return masked name, document tail, issuer, colour and term of the code, as far as they were proved."""
    return "  ".join(identity_parts(scene, result))


def identity_parts(scene: Scene, result: ResultView) -> list[str]:
    """Return what `identity` says, one thing an item, so that a line breaks between two of them."""
    parts: list[str] = []
    if result.name:
        parts.append(result.name)
    if result.document_type is not None and result.document_tail:
        document = scene.say(f"document_{result.document_type.name.lower()}")
        parts.append(scene.say("document_tail", document=document, tail=result.document_tail))
    if result.colour is not None:
        colour = colour_word(scene, result.colour)
        if result.colour_until is not None:
            until = date(1970, 1, 1) + timedelta(days=result.colour_until)
            colour += f" {scene.say('colour_until', date=f'{until:%m-%d}')}"
        parts.append(colour)
    if result.credential is not None:
        parts.append(credential_words.title(scene.texts, result.credential.format))
    if result.issuer:
        foreign = result.credential is not None
        parts.append(credential_words.issuer(scene.texts, result.issuer) if foreign else result.issuer)
    if result.credential is not None:
        parts += [credential_words.fact(scene.texts, fact) for fact in result.credential.facts]
    if result.carrier is not None:
        parts.append(scene.say(f"carrier_{result.carrier.name.lower()}"))
    if result.days_left:
        parts.append(scene.say("days_left", n=result.days_left))
    return parts


def reasons(scene: Scene, result: ResultView) -> list[str]:
    """Return the reasons as sentences, gravest first; staff's own word before them."""
    codes = ([result.overridden] if result.overridden else []) + [*result.reasons]
    if not codes:
        return [scene.say("no_reasons")]
    return [_reason(scene, result, code) for code in codes]


def _reason(scene: Scene, result: ResultView, code: Reason) -> str:
    """Return a reason as a sentence; of a rule that is not met, which one."""
    found = result.credential
    if found is None:
        return scene.texts.get(f"reason.{code}")
    if code is Reason.RULE_NOT_MET and found.rule is not None:
        return credential_words.rule(scene.texts, found.rule, dict(found.rule_words))
    return credential_words.reason(scene.texts, code)


def steps(scene: Scene, result: ResultView) -> list[str]:
    """Return what the guard must do, one step an item."""
    if result.overridden or result.guard is GuardStep.NOTHING:
        return []
    return [step.strip() for step in scene.texts.get(f"guard.{result.guard}").split("\n") if step.strip()]


def hint(scene: Scene) -> str:
    """Return what to tell the person now."""
    if scene.outage is not None:
        keys = {Absence.CONNECTING: "connecting", Absence.GONE: "gone", Absence.MISMATCH: "mismatch"}
        return scene.say(keys[scene.outage.absence])
    if scene.lane is None or not scene.lane.hint:
        return ""
    return scene.texts.get(scene.lane.hint) if scene.texts.has(scene.lane.hint) else scene.lane.hint


def sight(scene: Scene) -> str:
    """Return in few words what keeps the code in the camera's picture from being read; empty where nothing does."""
    hint_key = scene.lane.hint if scene.lane is not None and scene.outage is None else None
    key = (hint_key or "").replace("hint.", "sight.", 1)
    return scene.texts.get(key) if key.startswith("sight.") and scene.texts.has(key) else ""


def waiting_codes(scene: Scene, lane: LaneView) -> list[str]:
    """Return the codes shown together, each with the number key that says whose holder stands there."""
    out: list[str] = []
    for place, code in enumerate(lane.waiting, 1):
        tail = f"…{code.document_tail}" if code.document_tail else ""
        colour = colour_word(scene, code.colour) if code.colour is not None else ""
        out.append("  ".join(part for part in (f"[{place}]", code.name or "*", tail, colour) if part))
    return out


def number(scene: Scene, result: ResultView) -> str:
    """Return the journal's number of the entry, by which people quote it."""
    if result.seq is None:
        return scene.say("not_recorded")
    device = scene.hello.device[:DEVICE_DIGITS] if scene.hello else ""
    return scene.say("number", number=f"{device}-{result.seq}")


def countdown(scene: Scene, result: ResultView) -> str:
    """Return when the result clears."""
    if result.countdown_s is None:
        return scene.say("stays")
    left = max(0.0, result.countdown_s - scene.elapsed)
    return scene.say("clears_in", n=int(left + 0.999))


def state(scene: Scene) -> str:
    """Return the lane's state."""
    lane = scene.lane
    if lane is None:
        return ""
    key = f"screen.state_{lane.state}"
    return scene.texts.get(key) if scene.texts.has(key) else lane.state


def degradations(scene: Scene) -> list[str]:
    """Return every degradation in words, gravest first, each once; the lane is named where there are several."""
    if scene.view is None:
        return []
    several = len(scene.view.lanes) > 1
    words = [degradation(scene, fault, name_lane=several) for fault in sorted(scene.view.degraded, key=_gravity)]
    return list(dict.fromkeys(words))


def headline(text: str) -> str:
    """Return the first clause of a degradation: what is wrong, without what to do about it."""
    ends = [place for mark in ("：", "。", ": ", ". ") if (place := text.find(mark)) > 0]
    return text[: min(ends)] if ends else text


def _gravity(fault: DegradationView) -> int:
    return GRAVITY.index(fault.code) if fault.code in GRAVITY else 0


def degradation(scene: Scene, fault: DegradationView, *, name_lane: bool = False) -> str:
    """Return what is not as it should be in words, with the name of its lane where asked for."""
    key = f"degraded.{fault.code}"
    text = scene.texts.get(key) if scene.texts.has(key) else f"{fault.code} {fault.detail}".strip()
    return f"{fault.lane}: {text}" if name_lane and fault.lane else text


def standing(scene: Scene, view: View) -> list[str]:
    """Return the facts that are always visible: lists' age, entries waiting, clock, guard."""
    now = scene.now or view.now
    if view.lists_age is None:
        lists = scene.say("no_lists")
    else:
        lists = scene.say("lists_age", age=duration(scene, view.lists_age + scene.elapsed))
    if view.waiting <= 0:
        waiting = scene.say("nothing_waiting")
    elif view.oldest_waiting is None:
        waiting = scene.say("waiting", n=view.waiting)
    else:
        waiting = scene.say("waiting_oldest", n=view.waiting, age=duration(scene, now - view.oldest_waiting))
    clock = scene.say("clock_trusted" if view.clock is ClockTrust.TRUSTED else "clock_untrusted")
    guard = scene.say("on_shift", guard=view.shift.staff) if view.shift else scene.say("nobody_on_shift")
    return [*_update(scene, view), lists, waiting, clock, guard]


def _update(scene: Scene, view: View) -> list[str]:
    if view.update.running:
        return [scene.say("updating")]
    stick = view.update.stick
    if stick is None:
        return []
    return [scene.say("stick_offered", stick=stick if scene.terminal.can_show(stick) else "USB")]


def update_ended(scene: Scene, before: View | None, after: View) -> str:
    """Return what to say of an update that has just ended, empty where none has; a refusal is a degradation besides."""
    was, now = before.update if before is not None else None, after.update
    if was is None or now.at is None or (now.at, now.result) == (was.at, was.result):
        return ""
    key = f"screen.update_{now.result}"
    return scene.texts.get(key) if scene.texts.has(key) else ""


def devices(scene: Scene, lane: LaneView) -> list[str]:
    """Return the state of the lane's devices, and its counts."""
    eyes = []
    if lane.camera is not None:
        up = lane.camera is LinkState.UP
        state = scene.say("fps", n=round(lane.camera_fps)) if up else scene.say(f"link_{lane.camera}")
        eyes.append(f"{scene.say('camera')} {state}")
    if lane.reader is not None:
        eyes.append(f"{scene.say('reader')} {scene.say(f'link_{lane.reader}')}")
    return [
        *eyes,
        f"{scene.say('thermometer')} {scene.say(f'link_{lane.thermometer}')}",
        f"{scene.say('gate')} {scene.say(f'link_{lane.gate}')}",
        scene.say("counts", passed=lane.passed, referred=lane.referred, stopped=lane.stopped),
    ]


@dataclass(frozen=True, slots=True)
class Temperature:
    """A temperature as words: the digits drawn big, the verdict on it, and what is worth knowing besides."""

    digits: str
    """Such as 36.5; dashes where nothing was measured."""
    word: str
    high: bool = False
    notes: tuple[str, ...] = ()


NO_DIGITS = "--.-"


def temperature(scene: Scene) -> Temperature:
    """Return the temperature of the person before the lane. The probe's live reading is a note, never the result."""
    lane = scene.lane
    if lane is None:
        return Temperature(NO_DIGITS, "")
    live = (
        (scene.say("probe", value=degrees(lane.object_centi)),)
        if lane.present and lane.object_centi is not None
        else (scene.say("nobody"),)
    )
    if lane.temperature_rule is TemperatureRule.OFF:
        return Temperature(NO_DIGITS, scene.say("no_temperature"))
    measured = lane.result.temperature if lane.result else None
    if measured is None:
        ambient = (scene.say("ambient", value=degrees(lane.ambient_centi)),) if lane.ambient_centi is not None else ()
        return Temperature(NO_DIGITS, scene.say("not_measured"), notes=(*live, *ambient))
    notes = [scene.say(f"method_{measured.method.name.lower()}")]
    if measured.raw_centi is not None:
        notes.append(scene.say("raw", value=degrees(measured.raw_centi)))
    if measured.ambient_centi is not None:
        notes.append(scene.say("ambient", value=degrees(measured.ambient_centi)))
    if measured.result_centi is None:
        why = (scene.say(f"why_{measured.why_not}"),) if measured.why_not else ()
        return Temperature(NO_DIGITS, scene.say("unmeasurable"), notes=(*why, *notes))
    high = measured.result_centi >= lane.limit_centi
    word = scene.say("high" if high else "normal")
    return Temperature(degrees(measured.result_centi), word, high, tuple(notes))


def passage(scene: Scene, view: PassageView) -> tuple[str, str]:
    """Return time and shape of a passage, and what was found, without a name."""
    shape = outcome_sign(view.outcome).shape
    mark = shape.text if scene.terminal.wide else shape.ascii
    head = f"{scene.local(view.at):%H:%M:%S} {mark} "
    parts = [] if view.colour is None else [colour_word(scene, view.colour)]
    if view.temperature_centi is not None:
        parts.append(degrees(view.temperature_centi))
    parts += [scene.texts.get(f"reason.{code}") for code in view.reasons]
    return head, "  ".join(parts)
