"""The pages over a real socket: who sees what, which forms are ours, and that words and content policy hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub import passwords
from hub.pages import words
from hub.pages.charts import bars, ceiling
from hub.pages.counts import Period
from hub.service import wall_clock_ms
from hub.storage import alarms, guesses, people
from hub.storage.people import Role
from hub.storage.session import integer
from hub.values import AlarmKind, Finding
from keys.reasons import Reason
from scanner.engine.degradations import Cause
from scanner.journal.detail import EntryKind, FaultDetail, OverrideDetail
from scanner.locale import Texts
from scanner.values import Outcome
from tests.hub.desk import PASSWORD, Desk, staffed_hub
from tests.hub.gate import Gate
from tests.hub.serving import Serving

PAGES = ["/", "/passages", "/overrides?site=West", "/alarms", "/enrolment", "/retention", "/audit", "/people"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with staffed_hub(tmp_path_factory.mktemp("hub")) as made:
        show_something(made)
        yield made


def show_something(made: Serving) -> None:
    """People at a gate, one let through by hand, a lost thermometer, and an alarm with a stranger's words."""
    now_ms = wall_clock_ms()
    gate = Gate().passes(3, time_ms=now_ms).passes(2, time_ms=now_ms, outcome=Outcome.STOP)
    gate.write(EntryKind.OVERRIDE, OverrideDetail(admit=True, cause="relative"), staff="A17", time_ms=now_ms)
    gate.write(EntryKind.FAULT, FaultDetail("thermometer_lost", began=True), time_ms=now_ms)
    made.enrol(gate)
    made.upload(gate, gate.upload())
    with made.parts.database.write() as session:
        alarms.ring(session, 1, AlarmKind.FORKED, now_ms, detail="<script>alert(1)</script>", evidence=b"<b>head</b>")


@pytest.mark.parametrize("path", [*PAGES, "/openapi.json", "/appliance/00"])
def test_nobody_sees_a_page_before_the_login(hub: Serving, path: str) -> None:
    answer = Desk(hub).get(path)
    assert answer.status in {303, 404}
    assert b"A17" not in answer.content


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", [*PAGES, "/passages?period=days_30&site=West+gate", "/?pick=degraded", "APPLIANCE"])
def test_every_page_renders_in_every_language_under_its_policy(hub: Serving, path: str, language: str) -> None:
    desk = Desk(hub, language)
    desk.log_in("administrator")
    if path == "APPLIANCE":
        path = re.search(rb"/appliance/[0-9a-f]{32}", desk.get("/").content)[0].decode()  # type: ignore[index]
    answer = desk.get(path)
    text = answer.content.decode()
    assert answer.status == 200
    assert f'<html lang="{language}">' in text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|https?://", text), "the content policy would forbid it"
    assert re.search(r"<h1>[^<]+</h1>", text)


def test_what_others_wrote_is_shown_and_never_run(boss: Desk) -> None:
    text = boss.get("/alarms").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "&lt;b&gt;head&lt;/b&gt;" in text


def test_the_fleet_page_shows_what_is_degraded_and_how_many_passed(boss: Desk) -> None:
    text = boss.get("/").content.decode()
    assert '▲</span> thermometer lost <span class="lane">(gate-1)</span>' in text
    assert "thermometer_lost" not in text
    assert "<strong>5</strong> people in 24 h" in text
    assert re.search(
        r"A17</th><td class=\"n\">1</td><td class=\"n\">0</td>", boss.get("/overrides?site=West").content.decode()
    )


@pytest.mark.parametrize(
    ("method", "path", "least"),
    [
        ("GET", "/enrolment", Role.OPERATOR),
        ("GET", "/audit", Role.ADMINISTRATOR),
        ("GET", "/people", Role.ADMINISTRATOR),
        ("POST", "/enrolment", Role.OPERATOR),
        ("POST", "/alarms/99", Role.OPERATOR),
        ("POST", "/people/nobody/remove", Role.ADMINISTRATOR),
        ("POST", "/appliance/00/retire", Role.ADMINISTRATOR),
    ],
)
def test_a_role_may_what_it_may_and_no_more(hub: Serving, method: str, path: str, least: Role) -> None:
    for role in Role:
        desk = Desk(hub)
        desk.log_in(role.name.lower())
        answer = desk.get(path) if method == "GET" else desk.post(path, site="West", lanes="gate-1")
        assert (answer.status == 403) is (role < least)


def test_a_form_from_another_site_changes_nothing(hub: Serving, boss: Desk) -> None:
    for token, origin in (("", None), ("0" * 64, None), (None, "https://evil.example"), (None, "null")):
        assert boss.post("/people/viewer/remove", token, origin).status == 403
    with hub.parts.database.read() as session:
        assert "viewer" in {one.name for one in people.everybody(session)}


def test_an_operator_enrols_an_appliance_from_the_page(hub: Serving) -> None:
    desk = Desk(hub)
    desk.log_in("operator")
    text = desk.post("/enrolment", site="南门", lanes="gate-1 gate-2").content.decode()
    assert "<svg" in text
    assert "JKE1:" in text
    assert desk.post("/enrolment", site="<b>", lanes="gate-1").status == 422
    assert desk.post("/enrolment", site="x", lanes="Gate!").status == 422


def test_names_are_blocked_after_wrong_passwords_and_time_frees_them(hub: Serving) -> None:
    with hub.parts.database.write() as session:
        people.put(session, "target", Role.VIEWER, passwords.stretched(PASSWORD))
    desk = Desk(hub)
    for _ in range(guesses.FREE_FAILURES):
        assert desk.log_in("target", "guess").status == 401
    assert desk.log_in("target").status == 401
    with hub.parts.database.write() as session:
        session.run("UPDATE guess SET blocked_ms = 1 WHERE person = 'target'")
    assert desk.log_in("target").status == 303


def test_a_browser_that_its_person_has_used_is_let_in_while_others_guess_from_the_same_address(hub: Serving) -> None:
    with hub.parts.database.write() as session:
        people.put(session, "owner", Role.VIEWER, passwords.stretched(PASSWORD))
    owner, stranger = Desk(hub), Desk(hub)
    known = owner.log_in("owner").headers["set-cookie"].split("checkpoint-known=")[1].split(";")[0]
    for _ in range(3 * guesses.FREE_FAILURES):
        assert stranger.log_in("owner", "guess").status == 401

    def with_cookie(value: str, name: str, password: str) -> int:
        desk = Desk(hub)
        desk.cookie = f"checkpoint-known={value}"
        return desk.post("/login", token=passwords.form_token(""), name=name, password=password).status

    assert with_cookie("A" * len(known), "owner", PASSWORD) == 401, "a token that nobody was given"
    for _ in range(guesses.FREE_FAILURES - 1):
        with_cookie(known, "owner", "typo")
    assert with_cookie(known, "owner", PASSWORD) == 303
    assert with_cookie(known, "owner", PASSWORD) == 401, "each login gives it a new one"


def test_a_login_ends_when_it_is_left_alone(hub: Serving, boss: Desk) -> None:
    with hub.parts.database.write() as session:
        session.run("UPDATE login SET seen_ms = seen_ms - ?", people.IDLE_MS + 1)
    assert boss.get("/").status == 303


def test_logging_out_ends_the_login_at_the_hub(boss: Desk) -> None:
    kept = boss.cookie
    boss.post("/logout")
    boss.cookie = kept
    assert boss.get("/").status == 303


def test_the_first_administrator_is_made_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Serving(tmp_path_factory.mktemp("new"))
    try:
        with other.parts.database.write() as session:
            token = people.first_token(session, wall_clock_ms())
        desk = Desk(other)
        assert desk.get("/first/guess").status == 404
        assert desk.post(f"/first/{token}", name="root", password="short", again="short").status == 422
        assert desk.post(f"/first/{token}", name="root", password=PASSWORD, again=PASSWORD).status == 303
        assert desk.get("/").status == 200
        assert desk.post(f"/first/{token}", name="eve", password=PASSWORD, again=PASSWORD).status == 404
        with other.parts.database.write() as session:
            assert people.first_token(session, wall_clock_ms()) is None
    finally:
        other.close()


def test_the_last_administrator_stays(hub: Serving, boss: Desk) -> None:
    assert boss.post("/people/administrator/remove").status == 422
    low = {"name": "administrator", "role": "VIEWER", "password": PASSWORD, "again": PASSWORD}
    assert boss.post("/people", **low).status == 422
    assert boss.get("/people").status == 200


def test_deeds_are_in_the_audit_log(boss: Desk) -> None:
    boss.post("/alarms/1")
    text = boss.get("/audit").content.decode()
    assert "looked at an alarm" in text


def test_every_language_has_every_word() -> None:
    known = words.languages()
    assert set(known) == {"en", "zh"}
    assert known["en"].keys() == known["zh"].keys()
    assert all(text.strip() for texts in known.values() for text in texts.values())
    needed = [f"{word}_{kind}" for kind in AlarmKind for word in ("alarm", "next")]
    needed += [f"finding_{finding}" for finding in Finding]
    needed += [f"trouble_{cause}" for cause in Cause] + [f"reason_{reason}" for reason in Reason]
    assert [word for word in needed if word not in known["en"]] == []


@pytest.mark.parametrize(("language", "locale"), [("en", "en"), ("zh", "zh_CN")])
def test_causes_of_overrides_bear_the_names_that_guards_choose_them_by(language: str, locale: str) -> None:
    texts = Texts.load(locale)
    causes = [key for key in texts.keys if key.startswith("cause.")]
    assert len(causes) > 5
    for cause in causes:
        assert words.languages()[language][cause.replace(".", "_")] == texts.get(cause)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("finding", "numbers"),
    [
        (Finding.ENTRY_DIFFERS, (20, 18, 5)),
        (Finding.ROOT_DIFFERS, (20, 18)),
        (Finding.SEVERAL, (7, 31)),
        (Finding.GENUINE_HEAD, (3, 12)),
    ],
)
def test_what_rang_is_said_in_the_visitors_words(
    hub: Serving, language: str, finding: Finding, numbers: tuple[int, ...]
) -> None:
    with hub.parts.database.write() as session:
        session.run("DELETE FROM alarm")
        alarms.ring(session, 1, AlarmKind.UNREADABLE, wall_clock_ms(), detail=finding.told(*numbers))
    desk = Desk(hub, language)
    desk.log_in("viewer")
    text = desk.get("/alarms").content.decode()
    sentence = words.languages()[language][f"finding_{finding}"].format(*numbers)
    assert sentence in text
    assert all(str(number) in sentence for number in numbers)


def test_a_site_is_shown_by_its_own_clock_and_the_fleet_by_the_hubs(boss: Desk) -> None:
    with boss.hub.parts.database.write() as session:
        session.run("INSERT INTO site_zone (site, timezone) VALUES (1, 'America/Adak')")
    assert "America/Adak" in boss.get("/passages?site=West").content.decode()
    fleet = boss.get("/passages").content.decode()
    assert "America/Adak" not in fleet
    assert "Asia/Shanghai" in fleet


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "zh"), ("en-GB,en;q=0.9", "en"), ("fr, zh-CN;q=0.8, en;q=0.5", "zh"), ("en;q=x, ;;;", "zh")],
)
def test_a_browsers_language_is_followed(header: str, language: str) -> None:
    assert words.chosen("", header) == language


def test_bars_stand_on_each_other_and_reach_what_they_count() -> None:
    chart = bars(["a", "b"], ["pass", "stop"], {(0, "pass"): 30, (0, "stop"): 10, (1, "pass"): 4}, every=1)
    assert chart.total == 44
    first, second, _ = chart.parts
    assert second.y + second.height == pytest.approx(first.y)
    assert chart.lines[-1].value == ceiling(40) == 40


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Adak", "Asia/Kolkata"])
def test_a_week_is_seven_whole_days_of_the_zone_and_today_is_the_last(zone: str) -> None:
    here = ZoneInfo(zone)
    now = datetime(2026, 3, 9, 0, 20, tzinfo=here)
    first = Period.WEEK.first_hour(int(now.timestamp()) * 1000, here)
    began = datetime.fromtimestamp(first * 3600, here)
    assert timedelta(0) <= began - datetime(2026, 3, 3, tzinfo=here) < timedelta(hours=1)
    assert Period.DAY.first_hour(int(now.timestamp()) * 1000, here) == int(now.timestamp()) // 3600 - 23


def test_causes_of_the_whole_fleet_are_shown_before_a_site_is_chosen(boss: Desk) -> None:
    text = boss.get("/overrides").content.decode()
    assert '<th scope="row">relative</th>' in text, "a cause that this hub has no words for keeps its name"
    assert "A17" not in text


def test_who_settles_an_alarm_about_the_clock_vouches_for_the_time_on_the_page(hub: Serving, boss: Desk) -> None:
    with hub.parts.database.write() as session:
        told = Finding.CLOCK_LEAPT.told(400)
        alarms.ring(session, None, AlarmKind.CLOCK, hub.parts.clock_ms(), detail=told)
        number = integer(session.rows("SELECT number FROM alarm WHERE kind = ?", AlarmKind.CLOCK)[0][0])

    def is_open() -> bool:
        with hub.parts.database.read() as session:
            return alarms.is_open(session, AlarmKind.CLOCK)

    shown = re.search(r'name="clock" value="([0-9]+)"><button>This machine', boss.get("/alarms").content.decode())
    assert shown
    boss.post(f"/alarms/{number}")
    boss.post(f"/alarms/{number}", clock=str(int(shown[1]) - 86_400_000))  # the clock was set since
    assert is_open()
    boss.post(f"/alarms/{number}", clock=shown[1])
    assert not is_open()
