"""From what the screen shows to what is heard, and in which order. Pure: what was heard before is an argument.

Results are heard once a person: a tone, and where people are spoken to a prompt or two. Nothing that is said aloud
tells others about a person: neither colour nor temperature, only what to do now. Hints are spoken, without a tone,
not too soon after one another. What is lost, and calls for staff, are alarms; they are heard again while they last.

Remembered are times, numbers of entries and what was said: nothing of a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum, unique
from types import MappingProxyType

from keys.reasons import Reason
from scanner.control.messages import DegradationView, LaneView, ResultView, View
from scanner.control.outcomes import effective_outcome
from scanner.sound.tones import Tone
from scanner.values import GuardStep, Outcome, SpokenTo

SAME_HINT_S = 8.0
"""The same hint is not spoken again within this."""
NEXT_HINT_S = 3.0
"""Nor is any other within this of the last word at the lane."""
SHOW_CODE_S = 2.5
"""Somebody who stands at the thermometer without showing a code is asked for it after this,"""
NO_PHONE_S = 11.0
"""and is told where to go without a phone after this."""
ALARM_AGAIN_S = 120.0
"""What lasts is heard again."""
SAME_ALARM_S = 20.0
"""What comes and goes is not heard more often than this."""


@unique
class Prompt(StrEnum):
    """What can be said: keys of the locale, without `voice.`."""

    PASS = "pass"
    REFER = "refer"
    STOP = "stop"
    STAFFED_LANE = "staffed_lane"
    SHOW_CODE = "show_code"
    NO_PHONE = "no_phone"
    MEASURE = "measure"
    MEASURE_AGAIN = "measure_again"
    CLOSER = "closer"
    FARTHER = "farther"
    HOLD_STILL = "hold_still"
    TOO_BRIGHT = "too_bright"
    TURN_UP_SCREEN = "turn_up_screen"
    CUT_OFF = "cut_off"
    ONE_CODE = "one_code"
    NOT_A_CODE = "not_a_code"
    SHOW_LIVE = "show_live"
    REFRESH = "refresh"
    EXPIRED = "expired"
    DOCUMENT = "document"
    PARTY = "party"
    GATE_FAILED = "gate_failed"
    OUT_OF_SERVICE = "out_of_service"


@unique
class Kind(IntEnum):
    """How an announcement gets its turn, see `turns`."""

    HINT = 0
    RESULT = 1
    ALARM = 2


Utterance = Tone | Prompt


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is heard together, in this order."""

    kind: Kind
    lane: str | None
    """None: no single lane's business."""
    utterances: tuple[Utterance, ...]
    gravity: int = 0
    """Of two results, the greater matters more."""


@dataclass(frozen=True, slots=True)
class LaneMemory:
    """What has been heard at one lane."""

    attended: bool = True
    result: tuple[int, int | None, Outcome] | None = None
    state: str = ""
    present_since: float | None = None
    """Since when somebody has stood there without a code."""
    said: Mapping[Prompt, float] = field(default_factory=lambda: MappingProxyType({}))
    """When each hint was last spoken."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What has been heard."""

    lanes: Mapping[str, LaneMemory] = field(default_factory=lambda: MappingProxyType({}))
    alarms: Mapping[tuple[str, str | None], float] = field(default_factory=lambda: MappingProxyType({}))
    """When each was last heard."""


RESULT_TONES: Mapping[Outcome, Tone] = MappingProxyType(
    {Outcome.PASS: Tone.PASS, Outcome.REFER: Tone.REFER, Outcome.STOP: Tone.STOP}
)
ALARMS: Mapping[str, Tone] = MappingProxyType(
    dict.fromkeys(
        (
            "camera_lost",
            "decoder_failing",
            "reader_lost",
            "thermometer_lost",
            "gate_lost",
            "journal_full",
            "journal_readonly",
            "journal_failed",
        ),
        Tone.DEVICE_LOST,
    )
    | dict.fromkeys(("staff_called", "gate_unconfirmed", "door_forced", "door_held"), Tone.CALLED)
)
"""Degradations that are heard. The others change what becomes of people by and by; the screen says so."""
HINTS: Mapping[str, Prompt] = MappingProxyType(
    {
        f"hint.{prompt}": prompt
        for prompt in (
            Prompt.MEASURE,
            Prompt.CLOSER,
            Prompt.FARTHER,
            Prompt.HOLD_STILL,
            Prompt.TOO_BRIGHT,
            Prompt.TURN_UP_SCREEN,
            Prompt.CUT_OFF,
            Prompt.ONE_CODE,
            Prompt.NOT_A_CODE,
            Prompt.GATE_FAILED,
        )
    }
    | {"hint.choose": Prompt.ONE_CODE}
)
"""Hints that are spoken. Of the others, `measure_again` comes with its tone, `show_code` to those who wait."""
REASONS: Mapping[Reason, Prompt] = MappingProxyType(
    {
        Reason.EXPIRED: Prompt.EXPIRED,
        Reason.PRESENTATION_REQUIRED: Prompt.SHOW_LIVE,
        Reason.PRESENTATION_EXPIRED: Prompt.REFRESH,
        Reason.REPLAYED: Prompt.REFRESH,
        Reason.NOT_A_CODE: Prompt.NOT_A_CODE,
        Reason.STATIC_COPY: Prompt.DOCUMENT,
        Reason.NOT_ACTIVATED: Prompt.DOCUMENT,
        Reason.PARTY_INCOMPLETE: Prompt.PARTY,
    }
)
"""What to say of a reason: where the person can do something, and others may hear it."""


def announce(memory: Memory, view: View, now: float, spoken_to: SpokenTo) -> tuple[Memory, tuple[Announcement, ...]]:
    """Return what `view` sounds like after what was heard before, most urgent first; `now` is monotonic seconds."""
    heard: list[Announcement] = []
    lanes: dict[str, LaneMemory] = {}
    for lane in view.lanes:
        speaks = spoken_to is SpokenTo.EVERYBODY or (spoken_to is SpokenTo.UNATTENDED and not lane.attended)
        before = memory.lanes.get(lane.name, LaneMemory())
        lanes[lane.name] = after = _seen(before, lane, now)
        result = None if lane.result is None or after.result == before.result else _result(lane, lane.result)
        news = result or _state(before, lane)
        if news is not None:
            heard.append(news if speaks else _without_words(news))
        elif speaks and (hint := _hint(after, lane, now)) is not None:
            said = {**after.said, hint: now}
            lanes[lane.name] = replace(after, said=MappingProxyType(said))
            heard.append(Announcement(Kind.HINT, lane.name, (hint,)))
    alarms, sounded = _alarms(memory.alarms, view.degraded, now)
    heard.sort(key=lambda one: (one.kind, one.gravity), reverse=True)
    audible = tuple(one for one in (*heard, *sounded) if one.utterances)
    return Memory(MappingProxyType(lanes), alarms), audible


def announce_outage(memory: Memory, spoken_to: SpokenTo) -> Announcement:
    """Return what is heard when the engine has gone: staff look up, and people at a kiosk are sent elsewhere."""
    alone = memory.lanes and not any(lane.attended for lane in memory.lanes.values())
    words = (Prompt.OUT_OF_SERVICE,) if alone and spoken_to is not SpokenTo.NOBODY else ()
    return Announcement(Kind.ALARM, None, (Tone.DEVICE_LOST, *words))


def _seen(before: LaneMemory, lane: LaneView, now: float) -> LaneMemory:
    waits = lane.present and lane.state == "waiting" and lane.result is None and lane.hint not in HINTS
    since = (now if before.present_since is None else before.present_since) if waits else None
    said = before.said
    if before.present_since is not None and since is None:
        # The next person is asked, too.
        forgotten = (Prompt.SHOW_CODE, Prompt.NO_PHONE)
        said = MappingProxyType({prompt: at for prompt, at in said.items() if prompt not in forgotten})
    return LaneMemory(lane.attended, _key(lane.result), lane.state, since, said)


def _key(result: ResultView | None) -> tuple[int, int | None, Outcome] | None:
    return None if result is None else (result.at, result.seq, effective_outcome(result))


def _result(lane: LaneView, result: ResultView) -> Announcement:
    outcome = effective_outcome(result)
    if lane.state == "seated":
        return Announcement(Kind.RESULT, lane.name, (Tone.SEATED,), outcome)
    words = _words(result, outcome, attended=lane.attended)
    return Announcement(Kind.RESULT, lane.name, (RESULT_TONES[outcome], *words), outcome)


def _words(result: ResultView, outcome: Outcome, *, attended: bool) -> tuple[Prompt, ...]:
    """Return what the person is told: why, where they can do something about it, then where to go."""
    if outcome is Outcome.PASS:
        return (Prompt.PASS,)
    why = next((REASONS[reason] for reason in result.reasons if reason in REASONS), None)
    if result.overridden is not None or result.guard is GuardStep.HOLD_AND_REPORT:
        return (Prompt.STOP,)
    if why is not None and result.guard is GuardStep.ASK_TO_SHOW_LIVE:
        return (why,)
    if not attended or result.guard is GuardStep.STAFFED_LANE:
        where = Prompt.STAFFED_LANE
    else:
        where = Prompt.REFER if outcome is Outcome.REFER else Prompt.STOP
    return (where,) if why is None else (why, where)


def _state(before: LaneMemory, lane: LaneView) -> Announcement | None:
    """Return what a change of the lane's state sounds like, where there is no new result."""
    if lane.state == before.state:
        return None
    if lane.state == "cooling" or (lane.state == "remeasuring" and before.state != "cooling"):
        return Announcement(Kind.RESULT, lane.name, (Tone.MEASURE_AGAIN, Prompt.MEASURE_AGAIN), Outcome.REFER)
    if lane.state == "passed" and lane.result is None:
        # A vehicle: all of its people may go.
        return Announcement(Kind.RESULT, lane.name, (Tone.PASS, Prompt.PASS), Outcome.PASS)
    if lane.state == "out_of_service":
        return Announcement(Kind.RESULT, lane.name, (Prompt.OUT_OF_SERVICE,))
    return None


def _without_words(announcement: Announcement) -> Announcement:
    tones = tuple(one for one in announcement.utterances if isinstance(one, Tone))
    return replace(announcement, utterances=tones)


def _hint(memory: LaneMemory, lane: LaneView, now: float) -> Prompt | None:
    """Return what the person is to be told now, if it is time to say it."""
    hint = HINTS.get(lane.hint or "")
    if hint is None:
        hint = _invitation(memory, now)
    elif now - memory.said.get(hint, -SAME_HINT_S) < SAME_HINT_S:
        return None
    last = max(memory.said.values(), default=-NEXT_HINT_S)
    return hint if now - last >= NEXT_HINT_S else None


def _invitation(memory: LaneMemory, now: float) -> Prompt | None:
    """Return what somebody hears who stands there without a code: each once."""
    waited = 0.0 if memory.present_since is None else now - memory.present_since
    if waited >= SHOW_CODE_S and Prompt.SHOW_CODE not in memory.said:
        return Prompt.SHOW_CODE
    if waited >= NO_PHONE_S and not memory.attended and Prompt.NO_PHONE not in memory.said:
        return Prompt.NO_PHONE
    return None


def _alarms(
    before: Mapping[tuple[str, str | None], float], degraded: tuple[DegradationView, ...], now: float
) -> tuple[Mapping[tuple[str, str | None], float], Iterator[Announcement]]:
    """Return what is remembered of alarms, and one announcement for each kind of alarm that is due."""
    there = {(one.code, one.lane) for one in degraded if one.code in ALARMS}
    heard = {key: at for key, at in before.items() if key in there or now - at < SAME_ALARM_S}
    due = {key for key in there if key not in heard or now - heard[key] >= ALARM_AGAIN_S}
    tones = sorted({ALARMS[code] for code, _ in due})
    sounded = (Announcement(Kind.ALARM, None, (tone,)) for tone in tones)
    return MappingProxyType({**heard, **dict.fromkeys(due, now)}), sounded
