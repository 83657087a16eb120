"""The clock believes nothing without evidence, and never a time before its floor."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.clock import FILE_NAME, LATEST, STEP_S, Clock, ClockError, ClockStep, Evidence, EvidenceKind, Probe
from scanner.values import ClockTrust

BUILD = 1_000_000
DAY = 86_400
NTP = Evidence(EvidenceKind.NTP, "test")


class Box:
    """A machine with a wall clock and a steady one."""

    def __init__(self, folder: Path, wall: float = BUILD + 100.0) -> None:
        self.folder = folder
        self.wall = wall
        self.steady = 50.0
        self.boot = "boot-1"
        self.synchronised = False

    def probe(self, wall: float) -> Evidence | None:
        assert wall == self.wall
        return NTP if self.synchronised else None

    def clock(self) -> Clock:
        probes: tuple[Probe, ...] = (self.probe,)
        return Clock(
            self.folder,
            probes=probes,
            boot=self.boot,
            wall=lambda: self.wall,
            steady=lambda: self.steady,
            build_time=BUILD,
        )

    def run(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def reboot(self, wall: float) -> None:
        self.wall, self.steady, self.boot, self.synchronised = wall, 1.0, self.boot + "+", False


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_without_evidence_the_time_is_untrusted(box: Box) -> None:
    clock = box.clock()
    assert clock.now() == BUILD + 100
    assert clock.now_ms() == (BUILD + 100) * 1000
    assert clock.trust() is ClockTrust.UNTRUSTED
    assert clock.evidence is None


def test_ntp_at_start_is_evidence(box: Box) -> None:
    box.synchronised = True
    clock = box.clock()
    assert clock.trust() is ClockTrust.TRUSTED
    assert clock.evidence == NTP


def test_ntp_later_is_found_by_polling(box: Box) -> None:
    clock = box.clock()
    box.synchronised = True
    assert clock.trust() is ClockTrust.UNTRUSTED
    assert clock.poll() is None
    assert clock.trust() is ClockTrust.TRUSTED


def test_evidence_stays_when_the_network_goes(box: Box) -> None:
    box.synchronised = True
    clock = box.clock()
    box.synchronised = False
    box.run(DAY)
    assert clock.poll() is None
    assert clock.trust() is ClockTrust.TRUSTED


def test_below_the_build_date_even_evidence_does_not_count(tmp_path: Path) -> None:
    box = Box(tmp_path, wall=BUILD - 3.0)
    box.synchronised = True
    assert box.clock().trust() is ClockTrust.UNTRUSTED


def test_a_supervisor_confirms_the_shown_time(box: Box) -> None:
    clock = box.clock()
    clock.confirm("1001")
    assert clock.trust() is ClockTrust.TRUSTED
    assert clock.evidence == Evidence(EvidenceKind.SUPERVISOR, "1001")


def test_a_supervisor_cannot_confirm_a_time_before_the_floor(box: Box) -> None:
    clock = box.clock()
    clock.raise_floor(BUILD + 5000, "journal")
    with pytest.raises(ClockError, match="later than"):
        clock.confirm("1001")
    assert clock.trust() is ClockTrust.UNTRUSTED


def test_the_floor_only_rises(box: Box) -> None:
    clock = box.clock()
    clock.raise_floor(BUILD + 5000, "journal")
    clock.raise_floor(BUILD + 10, "journal")
    assert (clock.floor, clock.floor_source) == (BUILD + 5000, "journal")


def test_a_floor_above_the_time_ends_trust(box: Box) -> None:
    clock = box.clock()
    clock.confirm("1001")
    clock.raise_floor(BUILD + 5000, "journal")
    assert clock.trust() is ClockTrust.UNTRUSTED


@pytest.mark.parametrize("seconds", [-1, LATEST, 10**18])
def test_an_absurd_floor_is_refused_and_changes_nothing(box: Box, seconds: int) -> None:
    clock = box.clock()
    with pytest.raises(ClockError, match="no plausible time"):
        clock.raise_floor(seconds, "list")
    with pytest.raises(ClockError, match="no plausible time"):
        clock.accept_signed_time(seconds, "list")
    assert clock.floor == BUILD


def test_an_older_signed_time_raises_the_floor_and_proves_nothing(box: Box) -> None:
    clock = box.clock()
    assert not clock.accept_signed_time(BUILD + 50, "jkm:33/7")
    assert clock.floor == BUILD + 50
    assert clock.trust() is ClockTrust.UNTRUSTED


def test_a_newer_signed_time_moves_the_clock_ahead_and_is_evidence(box: Box) -> None:
    clock = box.clock()
    assert clock.accept_signed_time(BUILD + 9000, "jkm:33/7")
    assert clock.now() == BUILD + 9000
    assert clock.trust() is ClockTrust.TRUSTED
    assert clock.evidence == Evidence(EvidenceKind.SIGNED_TIME, "jkm:33/7")
    box.run(10)
    assert clock.now() == BUILD + 9010
    assert clock.poll() is None


@pytest.mark.parametrize("supervised", [True, False])
def test_an_authority_whose_clock_is_fast_neither_moves_a_clock_that_is_right_nor_shuts_the_gate(
    box: Box, supervised: bool
) -> None:
    """Else one list signed two minutes ahead refuses every phone's live code, or refers everybody."""
    box.synchronised = not supervised
    clock = box.clock()
    if supervised:
        clock.confirm("1001")
    evidence = clock.evidence
    for ahead in (120, 240, 300):
        assert not clock.accept_signed_time(int(box.wall) + ahead, "jkm:33/7")
        assert clock.now() == box.wall
        assert clock.trust() is ClockTrust.TRUSTED
        assert clock.evidence == evidence
    box.run(10)
    clock.raise_floor(clock.now(), "log")
    assert clock.trust() is ClockTrust.TRUSTED
    box.wall -= 20
    assert clock.trust() is ClockTrust.UNTRUSTED
    box.wall += 20
    clock.raise_floor(clock.now() + 301, "log")
    assert clock.trust() is ClockTrust.UNTRUSTED


def test_a_fast_list_seen_before_the_night_proves_nothing_after_it(box: Box) -> None:
    box.synchronised = True
    clock = box.clock()
    fast = int(box.wall) + 200
    clock.accept_signed_time(fast, "jkm:33/7")
    box.reboot(wall=box.wall + 60)
    clock = box.clock()
    assert not clock.accept_signed_time(fast, "jkm:33/7")
    assert clock.trust() is ClockTrust.UNTRUSTED


def test_many_fast_lists_do_not_walk_the_clock_away(box: Box) -> None:
    box.synchronised = True
    clock = box.clock()
    for _ in range(50):
        clock.accept_signed_time(clock.now() + 300, "jkm:33/7")
        box.run(2)
    assert clock.now() == box.wall
    assert clock.trust() is ClockTrust.TRUSTED


def test_a_list_seen_before_the_night_proves_nothing_after_it(box: Box) -> None:
    """A box wakes up before the date of a list it already has: that list must not vouch for the time."""
    clock = box.clock()
    clock.accept_signed_time(BUILD + 9000, "jkm:33/7")
    box.reboot(wall=BUILD + 8000.0)
    clock = box.clock()
    assert not clock.accept_signed_time(BUILD + 9000, "jkm:33/7")
    assert clock.trust() is ClockTrust.UNTRUSTED
    assert clock.now() == BUILD + 8000


def test_after_thirty_days_in_a_cupboard_the_time_of_shutdown_is_not_believed(box: Box) -> None:
    box.synchronised = True
    clock = box.clock()
    box.run(10 * DAY)
    clock.raise_floor(clock.now(), "journal")
    box.reboot(wall=box.wall)
    assert box.clock().trust() is ClockTrust.UNTRUSTED


def test_evidence_survives_a_restart_of_the_program(box: Box) -> None:
    clock = box.clock()
    clock.confirm("1001")
    box.run(600)
    assert box.clock().evidence == Evidence(EvidenceKind.SUPERVISOR, "1001")


def test_a_move_ahead_survives_a_restart_of_the_program(box: Box) -> None:
    box.clock().accept_signed_time(BUILD + 9000, "jkm:33/7")
    box.run(60)
    clock = box.clock()
    assert clock.now() == BUILD + 9060
    assert clock.trust() is ClockTrust.TRUSTED


def test_evidence_does_not_survive_a_reboot(box: Box) -> None:
    box.clock().confirm("1001")
    box.reboot(wall=box.wall + 5)
    assert box.clock().trust() is ClockTrust.UNTRUSTED


def test_evidence_does_not_survive_a_step_while_the_program_was_down(box: Box) -> None:
    box.clock().confirm("1001")
    box.wall += 3600
    assert box.clock().trust() is ClockTrust.UNTRUSTED


def test_evidence_does_not_survive_where_boots_cannot_be_told_apart(box: Box) -> None:
    box.clock().confirm("1001")
    unknown = Clock(box.folder, wall=lambda: box.wall, steady=lambda: box.steady, build_time=BUILD)
    assert unknown.trust() is ClockTrust.UNTRUSTED


@pytest.mark.parametrize("by", [2.5, -2.5, 3600.0, -86_400.0])
def test_a_step_is_reported_once_with_both_times(box: Box, by: float) -> None:
    clock = box.clock()
    box.run(10)
    before = box.wall
    box.wall += by
    step = clock.poll()
    assert step == ClockStep(int(before * 1000), int((before + by) * 1000))
    assert step.by_ms == int(by * 1000)
    assert clock.poll() is None


@pytest.mark.parametrize("by", [2.0, -2.0, 0.5])
def test_a_slight_correction_is_no_step(box: Box, by: float) -> None:
    clock = box.clock()
    clock.confirm("1001")
    box.run(3600)
    box.wall += by
    assert clock.poll() is None
    assert clock.trust() is ClockTrust.TRUSTED


def test_a_slight_correction_backwards_refers_nobody(box: Box) -> None:
    clock = box.clock()
    clock.confirm("1001")
    clock.raise_floor(clock.now(), "journal")
    box.wall -= 1.5
    assert clock.trust() is ClockTrust.TRUSTED


def test_small_corrections_add_up_to_a_step(box: Box) -> None:
    clock = box.clock()
    box.wall += 1.5
    assert clock.poll() is None
    box.wall += 1.5
    assert clock.poll() is not None


def test_a_step_takes_back_a_supervisors_word(box: Box) -> None:
    clock = box.clock()
    clock.confirm("1001")
    box.wall += 3600
    assert clock.poll() is not None
    assert clock.trust() is ClockTrust.UNTRUSTED


def test_a_step_by_ntp_is_trusted_at_once(box: Box) -> None:
    clock = box.clock()
    box.wall += 30 * DAY
    box.synchronised = True
    assert clock.poll() is not None
    assert clock.trust() is ClockTrust.TRUSTED


def test_a_step_ends_a_move_ahead(box: Box) -> None:
    clock = box.clock()
    clock.accept_signed_time(BUILD + 9000, "jkm:33/7")
    box.wall = BUILD + 20_000.0
    step = clock.poll()
    assert step == ClockStep((BUILD + 9000) * 1000, (BUILD + 20_000) * 1000)
    assert clock.now() == BUILD + 20_000


def test_the_floor_is_kept_in_a_private_file(box: Box) -> None:
    box.clock().accept_signed_time(BUILD + 50, "jkm:33/7")
    path = box.folder / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["floor"] == BUILD + 50
    assert [entry.name for entry in box.folder.iterdir()] == [FILE_NAME]


def test_the_floor_is_not_written_for_every_entry(box: Box) -> None:
    clock = box.clock()
    for second in range(100, 159):
        clock.raise_floor(BUILD + second, "journal")
    first = (box.folder / FILE_NAME).stat().st_ino
    for second in range(159, 215):
        clock.raise_floor(BUILD + second, "journal")
    assert (box.folder / FILE_NAME).stat().st_ino != first
    assert json.loads((box.folder / FILE_NAME).read_text())["floor"] >= BUILD + 159


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"floor": "x"}', b'{"floor": -1}', b'{"floor": 99999999999}', b"\xff", b"[" * 100_000],
)
def test_a_damaged_file_never_makes_the_clock_more_trusted(box: Box, content: bytes) -> None:
    (box.folder / FILE_NAME).write_bytes(content)
    clock = box.clock()
    assert clock.trust() is ClockTrust.UNTRUSTED
    assert clock.floor == BUILD


@pytest.mark.parametrize("change", [{"evidence": ["nonsense", "x"]}, {"offset": "x"}, {"offset": None}, {"boot": 3}])
def test_damaged_evidence_is_none(box: Box, change: dict[str, object]) -> None:
    box.clock().confirm("1001")
    path = box.folder / FILE_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert box.clock().trust() is ClockTrust.UNTRUSTED


def test_a_folder_that_cannot_be_written_costs_only_the_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box = Box(tmp_path / "gone")
    clock = box.clock()
    clock.accept_signed_time(BUILD + 50, "a")
    clock.accept_signed_time(BUILD + 60, "b")
    clock.confirm("1001")
    assert clock.floor == BUILD + 60
    assert clock.trust() is ClockTrust.TRUSTED
    assert len([record for record in caplog.records if "cannot be kept" in record.message]) == 1


def test_a_slow_card_holds_up_nobody_who_asks_for_the_time(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = box.clock()
    asked: list[ClockTrust] = []

    def slow(*_: object, **__: object) -> None:
        asker = threading.Thread(target=lambda: asked.append(clock.trust()), daemon=True)
        asker.start()
        asker.join(timeout=5)

    monkeypatch.setattr("scanner.clock.replace_file", slow)
    clock.raise_floor(BUILD + 3600, "log")
    assert len(asked) == 1


ACTS = st.lists(
    st.tuples(st.sampled_from(["run", "step", "signed", "floor", "reboot", "poll"]), st.integers(-5000, 5000)),
    max_size=20,
)


@given(acts=ACTS)
def test_the_floor_never_falls_and_below_it_nothing_is_trusted(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int]]
) -> None:
    box = Box(tmp_path_factory.mktemp("clock"))
    clock = box.clock()
    signed = 0
    for act, value in acts:
        before = clock.floor
        match act:
            case "run":
                box.run(abs(value))
            case "step":
                box.wall += value
            case "signed":
                clock.accept_signed_time(BUILD + 5000 + value, "list")
            case "floor":
                clock.raise_floor(BUILD + 5000 + value, "journal")
            case "reboot":
                box.reboot(box.wall + value)
            case "poll":
                clock.poll()
        if act == "signed":
            signed = max(signed, BUILD + 5000 + value)
        if act == "reboot":
            clock = box.clock()
            assert clock.trust() is ClockTrust.UNTRUSTED
            assert clock.floor >= signed
        else:
            assert clock.floor >= before
        if clock.now() < clock.floor - STEP_S:
            assert clock.trust() is ClockTrust.UNTRUSTED
