"""The buzzer: patterns that ears tell apart, and alarms that give way to results."""

import itertools

from firmware_bridge.firmware import buzzer
from firmware_bridge.firmware.buzzer import Buzzer, Piezo
from scanner.sound.tones import STROKES, Tone
from scanner.values import Outcome

RESULTS = {Outcome.PASS: buzzer.PASS, Outcome.REFER: buzzer.REFER, Outcome.STOP: buzzer.STOP}
ALL = (*RESULTS.values(), buzzer.OUT_OF_SERVICE, buzzer.CALLED, buzzer.HELD, buzzer.FORCED)


class Heard(Piezo):
    def __init__(self) -> None:
        self.now = 0
        self.tones: list[tuple[int, int]] = []

    def tone(self, hertz: int) -> None:
        self.tones.append((self.now, hertz))


class Ear:
    def __init__(self) -> None:
        self.piezo = Heard()
        self.buzzer = Buzzer(self.piezo)

    def listen(self, milliseconds: int) -> list[int]:
        """What was heard in that time: the tones as they begin, 0 for silence."""
        begun = len(self.piezo.tones)
        for _ in range(milliseconds):
            self.buzzer.tick(self.piezo.now)
            self.piezo.now += 1
        return [hertz for _, hertz in self.piezo.tones[begun:]]


def tones(melody):
    return [hertz for hertz, _ in melody if hertz]


def test_results_have_as_many_tones_as_on_the_guards_screen():
    counts = [len(tones(RESULTS[outcome])) for outcome in (Outcome.PASS, Outcome.REFER, Outcome.STOP)]
    assert counts == [STROKES[tone] for tone in (Tone.PASS, Tone.REFER, Tone.STOP)]


def test_each_graver_result_is_lower_by_an_octave_and_longer():
    for milder, graver in itertools.pairwise(RESULTS.values()):
        assert min(tones(milder)) >= 2 * max(tones(graver))
        assert max(ms for _, ms in graver) >= 1.5 * max(ms for _, ms in milder)


def test_no_two_melodies_have_the_same_course():
    """Up, down or level, and by how much: told apart whatever the pitch."""
    courses = {tuple(b / a for a, b in itertools.pairwise(tones(melody))) for melody in ALL}
    assert len(courses) == len(ALL)


def test_every_tone_is_within_what_old_ears_and_small_buzzers_can():
    assert all(400 <= hertz <= 3000 for melody in ALL for hertz in tones(melody))


def test_a_melody_is_played_once_and_then_there_is_silence():
    ear = Ear()
    ear.buzzer.play(buzzer.REFER)
    assert ear.listen(5000) == [1200, 0, 1200, 0]
    starts = [at for at, _ in ear.piezo.tones]
    assert [b - a for a, b in itertools.pairwise(starts)] == [200, 100, 200]


def test_the_newest_melody_replaces_the_one_that_plays():
    ear = Ear()
    ear.buzzer.play(buzzer.STOP)
    assert ear.listen(100) == [600]
    ear.buzzer.play(buzzer.PASS)
    assert ear.listen(1000) == [2400, 0]


def test_an_alarm_repeats_until_it_is_over():
    ear = Ear()
    ear.buzzer.alarm(buzzer.FORCED)
    assert ear.listen(1000) == [2800, 1400, 2800, 1400, 2800]
    ear.buzzer.alarm(())
    assert ear.listen(1000) == [0]


def test_an_alarm_gives_way_to_a_result_and_comes_back():
    ear = Ear()
    ear.buzzer.alarm(buzzer.FORCED)
    ear.listen(300)
    ear.buzzer.play(buzzer.PASS)
    assert ear.listen(500)[:2] == [2400, 2800]


def test_an_alarm_that_comes_during_a_result_waits_for_its_end():
    ear = Ear()
    ear.buzzer.play(buzzer.STOP)
    ear.listen(10)
    ear.buzzer.alarm(buzzer.FORCED)
    assert ear.listen(1300) == [0, 600, 0, 600, 2800]
