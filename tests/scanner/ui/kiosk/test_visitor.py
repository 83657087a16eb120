"""Whose language a kiosk speaks."""

from __future__ import annotations

from scanner.ui.kiosk.visitor import FORGOTTEN_S, VisitorLanguage, languages

SITE = VisitorLanguage("zh_CN", ("zh_CN", "en"))


def test_the_site_s_language_is_first_and_unknown_ones_are_left_out() -> None:
    found = languages("zh_TW", ("zh_CN", "zh_TW", "xx", "en"), ("en", "zh_CN", "zh_TW"))
    assert found.offered == ("zh_TW", "zh_CN", "en")
    assert found.now == "zh_TW"


def test_a_touch_switches_and_another_switches_back() -> None:
    assert SITE.switched(0.0).now == "en"
    assert SITE.switched(0.0).switched(1.0).now == "zh_CN"


def test_the_language_goes_with_the_visitor_s_result() -> None:
    chosen = SITE.switched(0.0).follow((1, 1), busy=False, moment=1.0)
    assert chosen.now == "en"
    assert chosen.follow(None, busy=False, moment=2.0).now == "zh_CN"


def test_the_next_visitor_s_result_is_in_the_site_s_language() -> None:
    chosen = SITE.switched(0.0).follow((1, 1), busy=False, moment=1.0)
    assert chosen.follow((2, 2), busy=False, moment=2.0).now == "zh_CN"


def test_a_visitor_who_switches_while_reading_the_result_keeps_it_until_it_clears() -> None:
    reading = SITE.follow((1, 1), busy=False, moment=0.0).switched(1.0)
    assert reading.follow((1, 1), busy=False, moment=5.0).now == "en"
    assert reading.follow(None, busy=False, moment=6.0).now == "zh_CN"


def test_a_visitor_who_walks_away_is_forgotten_but_one_who_is_measured_is_not() -> None:
    chosen = SITE.switched(0.0)
    assert chosen.follow(None, busy=False, moment=FORGOTTEN_S - 1).now == "en"
    assert chosen.follow(None, busy=False, moment=FORGOTTEN_S).now == "zh_CN"
    assert chosen.follow(None, busy=True, moment=FORGOTTEN_S + 5).now == "en"
